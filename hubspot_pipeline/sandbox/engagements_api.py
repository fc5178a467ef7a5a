"""The first engagements API over HTTP: all activities in one listing.

`Call` on /engagements/v1/engagements -> engagement, associations, attachments, metadata of each activity
"""

import json
from collections.abc import Iterable
from functools import partial
from typing import Any

from hubspot_pipeline.sandbox.answers import Answer, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.endpoints import Endpoint, on, scoped
from hubspot_pipeline.sandbox.instants import DAY, instant
from hubspot_pipeline.sandbox.objects import EMAIL_CONTENT
from hubspot_pipeline.sandbox.pages import offset_paged
from hubspot_pipeline.sandbox.paths import Route
from hubspot_pipeline.sandbox.records import Record
from hubspot_pipeline.sandbox.sandbox import Call

SCOPES = ("crm.objects.contacts.read",)
PAGED_MOST, RECENT_MOST, AFTER_MOST = 250, 100, 1000
RECENT_DAYS, RECENT_ROWS = 30, 10_000
_TYPES = {"calls": "CALL", "meetings": "MEETING", "notes": "NOTE", "tasks": "TASK", "postal_mail": "POSTAL_MAIL"}
_KINDS = ("calls", "emails", "meetings", "notes", "tasks", "communications", "postal_mail")
_ENDS = {"contactIds": "contacts", "companyIds": "companies", "dealIds": "deals", "ticketIds": "tickets"}
_METADATA: dict[str, dict[str, str]] = {
    "calls": {
        "toNumber": "hs_call_to_number", "fromNumber": "hs_call_from_number", "status": "hs_call_status",
        "externalId": "hs_call_external_id", "durationMilliseconds": "hs_call_duration",
        "externalAccountId": "hs_call_external_account_id", "recordingUrl": "hs_call_recording_url",
        "body": "hs_call_body", "disposition": "hs_call_disposition", "title": "hs_call_title",
    },
    "emails": {"subject": "hs_email_subject", "html": "hs_email_html", "text": "hs_email_text",
               "status": "hs_email_status"},
    "meetings": {"body": "hs_meeting_body", "startTime": "hs_meeting_start_time", "endTime": "hs_meeting_end_time",
                 "title": "hs_meeting_title"},
    "notes": {"body": "hs_note_body"},
    "tasks": {"body": "hs_task_body", "subject": "hs_task_subject", "status": "hs_task_status",
              "taskType": "hs_task_type", "completionDate": "hs_task_completion_date"},
    "communications": {"body": "hs_communication_body"},
    "postal_mail": {"body": "hs_postal_mail_body"},
}  # fmt: skip
_TIMES = ("startTime", "endTime", "completionDate")


def endpoint(method: str, route: Route) -> Endpoint | None:
    """Everything below /engagements/v1 that reads."""
    match route.parts[1:]:
        case ("engagements", "paged"):
            return on(method, scoped(SCOPES, paged), "GET")
        case ("engagements", "recent", "modified"):
            return on(method, scoped(SCOPES, recent), "GET")
        case ("engagements", "modified", "after"):
            return on(method, modified_after, "GET")
        case ("engagements", id) if id.isdigit():
            return on(method, scoped(SCOPES, partial(one, id=int(id))), "GET")
    return None


def _number(text: Any) -> int | None:
    return int(text) if str(text or "").isdigit() else None


def _metadata(kind: str, record: Record, withheld: bool) -> Json:
    known = record.properties
    if withheld:
        known = {name: value for name, value in known.items() if name not in EMAIL_CONTENT}
    shown: Json = {name: known[source] for name, source in _METADATA[kind].items() if source in known}
    for name in _TIMES:
        if name in shown:
            shown[name] = instant(shown[name])
    if "durationMilliseconds" in shown:
        shown["durationMilliseconds"] = _number(shown["durationMilliseconds"])
    if kind == "tasks":
        shown["forObjectType"] = "CONTACT"
    if kind == "emails" and not withheld:
        headers = _headers(known.get("hs_email_headers"))
        ends: Json = {"to": [], "cc": [], "bcc": []}
        shown |= ends | {key: value for key, value in headers.items() if key in (*ends, "from", "sender")}
    return shown


def _headers(text: Any) -> Json:
    """Headers as they were logged; a text that is no JSON object has no addresses to show."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _type(kind: str, record: Record) -> str:
    if kind == "emails":
        return str(record.properties.get("hs_email_direction") or "EMAIL")
    if kind == "communications":
        return str(record.properties.get("hs_communication_channel_type") or "SMS")
    return _TYPES[kind]


def _shown(call: Call, kind: str, record: Record) -> Json:
    owner, portal = _number(record.properties.get("hubspot_owner_id")), call.portal
    withheld = kind == "emails" and call.token.lacks("sales-email-read")
    ends: Json = {name: list(portal.linked(kind, record.id, other)) for name, other in _ENDS.items()}
    engagement: Json = {
        "id": record.id, "portalId": portal.portal_id, "active": True, "createdAt": record.created,
        "lastUpdated": record.modified, "type": _type(kind, record),
        "timestamp": instant(record.properties.get("hs_timestamp") or record.created),
        "source": record.properties.get("hs_engagement_source", "CRM_UI"),
    }  # fmt: skip
    if owner is not None:
        engagement["ownerId"] = owner
    files = str(record.properties.get("hs_attachment_ids") or "").split(";")
    return {
        "engagement": engagement,
        "associations": {**ends, "ownerIds": [owner] if owner else [], "workflowIds": []},
        "attachments": [{"id": int(id)} for id in files if id.isdigit()], "scheduledTasks": [],
        "metadata": _metadata(kind, record, withheld),
    }  # fmt: skip


def _all(call: Call) -> Iterable[tuple[str, Record]]:
    for kind in _KINDS:
        shelf = call.portal.shelves[kind]
        for id in shelf.live:
            record = shelf.get(id)
            assert record is not None
            yield kind, record


def _rows(call: Call, low: int = 0) -> list[Json]:
    """What pages are cut from: where each engagement is found and its times."""
    return [{"kind": kind, "id": record.id, "at": record.modified} for kind, record in _all(call)
            if record.modified >= low]  # fmt: skip


def _filled(call: Call, page: Json) -> Json:
    """The page with its engagements in full."""
    shelves = call.portal.shelves
    found = ((row["kind"], shelves[row["kind"]].get(row["id"])) for row in page["results"])
    return {**page, "results": [_shown(call, kind, record) for kind, record in found if record is not None]}


def paged(call: Call) -> Answer:
    """GET: the whole history, oldest first."""
    limit = call.whole("limit", 100, PAGED_MOST)
    return json_answer(_filled(call, offset_paged(call, "results", _rows(call), lambda row: (row["id"],), limit)))


def recent(call: Call) -> Answer:
    """GET: newest change first, of the last 30 days and at most the 10,000 most recent; with `total`."""
    since = max(_stamp(call, "since"), call.portal.now() - RECENT_DAYS * DAY)
    rows = sorted(_rows(call, since), key=lambda row: (-row["at"], row["id"]))[:RECENT_ROWS]
    limit = call.whole("count", 20, RECENT_MOST)
    page = offset_paged(call, "results", rows, lambda row: (-row["at"], row["id"]), limit)
    return json_answer(_filled(call, page) | {"total": len(rows)})


def modified_after(call: Call) -> Answer:
    """GET: oldest change first from `after` in milliseconds; a token without the scope is told nothing."""
    limit = call.whole("limit", 100, AFTER_MOST)
    if not call.token.has_any(SCOPES):
        return json_answer({"results": [], "hasMore": False})
    rows = _rows(call, _stamp(call, "after"))
    return json_answer(_filled(call, offset_paged(call, "results", rows, lambda row: (row["at"], row["id"]), limit)))


def _stamp(call: Call, name: str) -> int:
    text = call.text(name, "0") or "0"
    if not text.isdigit():
        raise invalid(f"{name} must be a time in milliseconds, got {text!r}")
    return int(text)


def one(call: Call, id: int) -> Answer:
    for kind in _KINDS:
        shelf = call.portal.shelves[kind]
        if shelf.is_live(id):
            record = shelf.get(id)
            assert record is not None
            return json_answer(_shown(call, kind, record))
    raise not_found()

"""The first e-mail APIs and communication preferences over HTTP: campaigns, events, subscriptions, their timeline.

`Call` on /email/public/v1 or /communication-preferences -> pages with `hasMore` and an opaque `offset`
"""

from functools import partial

from hubspot_pipeline.sandbox.answers import Answer, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.endpoints import Endpoint, offered, on, scoped
from hubspot_pipeline.sandbox.instants import instant, iso
from hubspot_pipeline.sandbox.objects import envelope
from hubspot_pipeline.sandbox.pages import by_id, offset_paged
from hubspot_pipeline.sandbox.paths import DATED, Route
from hubspot_pipeline.sandbox.sandbox import Call

CONTENT = ("content",)
PREFERENCES = ("communication_preferences.read", "communication_preferences.read_write")
BATCH = ("communication_preferences.statuses.batch.read",)
EVENTS_MOST, CAMPAIGNS_MOST, STATUSES_MOST = 1000, 500, 100
EVENT_TYPES = (
    "SENT", "DROPPED", "PROCESSED", "DELIVERED", "DEFERRED", "BOUNCE", "OPEN", "CLICK", "PRINT", "FORWARD",
    "STATUSCHANGE", "SPAMREPORT", "SUPPRESSED", "UNBOUNCE",
)  # fmt: skip


def endpoint(method: str, route: Route) -> Endpoint | None:
    """Everything below /email/public (version 1 only) and /communication-preferences that reads."""
    match route.parts:
        case ("communication-preferences", "statuses", "batch", "read") if route.version in ("v4", *DATED):
            return on(method, scoped(BATCH, offered("consent_batch", status_batch)), "POST")
        case ("communication-preferences", "statuses", email) if route.version in ("v4", *DATED):
            return on(method, scoped(PREFERENCES, partial(statuses, email=email)), "GET")
        case ("communication-preferences", "definitions") if route.version in ("v3", "v4", *DATED):
            return on(method, scoped(PREFERENCES, definitions), "GET")
        case ("email", "public", *tail) if route.version == "v1":
            handler = {
                ("campaigns",): campaigns, ("campaigns", "by-id"): campaigns, ("events",): events,
                ("subscriptions",): old_definitions, ("subscriptions", "timeline"): timeline,
            }.get(tuple(tail))  # fmt: skip
            if handler is None and len(tail) == 2 and tail[0] == "campaigns" and tail[1].isdigit():
                handler = partial(campaign, id=tail[1])
            if handler is not None:
                return on(method, scoped(CONTENT, offered("email_events", handler)), "GET")
    return None


_ROW = ("id", "appId", "appName", "lastUpdatedTime")


def _number(text: str) -> int | str:
    return int(text) if text.isdigit() else text


def campaigns(call: Call) -> Answer:
    """GET: ids of e-mail campaigns and when they last changed; the rest takes a call per campaign."""
    rows = [{name: one[name] for name in _ROW} for one in call.portal.items["email_campaign"].values()]
    limit = call.whole("limit", 10, CAMPAIGNS_MOST)
    page = offset_paged(call, "campaigns", rows, by_id, limit)
    page["campaigns"] = [{**one, "id": _number(one["id"])} for one in page["campaigns"]]
    return json_answer(page)


def campaign_detail(one: Json) -> Json:
    """What the detail call of a campaign shows: all but the time of its last change."""
    return {key: value for key, value in one.items() if key != "lastUpdatedTime"} | {"id": _number(one["id"])}


def campaign(call: Call, id: str) -> Answer:
    one = call.portal.items["email_campaign"].get(id)
    if one is None or (call.text("appId") and call.text("appId") != str(one["appId"])):
        raise not_found()
    return json_answer(campaign_detail(one))


def inside(call: Call, at: int, low: int | None, high: int | None) -> bool:
    """Whether an instant is in a window with the bounds that the `event_bounds` knob says."""
    bounds = call.sandbox.config.event_bounds
    return (low is None or at > low or ("[" in bounds and at == low)) and (
        high is None or at < high or ("]" in bounds and at == high)
    )


def _stamp(call: Call, name: str) -> int | None:
    text = call.text(name)
    if not text:
        return None
    if not text.isdigit():
        raise invalid(f"{name} must be a time in milliseconds, got {text!r}")
    return int(text)


def _window(call: Call, kind: str, field: str) -> list[Json]:
    low, high, recipient = _stamp(call, "startTimestamp"), _stamp(call, "endTimestamp"), call.text("recipient").lower()
    return [
        one for one in call.portal.items[kind].values()
        if inside(call, one[field], low, high) and (not recipient or str(one["recipient"]).lower() == recipient)
    ]  # fmt: skip


def events(call: Call) -> Answer:
    """GET: newest first; `campaignId` wants `appId` beside it."""
    rows = _window(call, "email_event", "created")
    types = call.words("eventType")
    if not set(types) <= set(EVENT_TYPES):
        raise invalid(f"eventType must be of {', '.join(EVENT_TYPES)}")
    if call.text("campaignId") and not call.text("appId"):
        raise invalid("appId is required with campaignId")
    rows = [one for one in rows if not types or one["type"] in types]
    if call.text("appId"):
        rows = [one for one in rows if str(one["appId"]) == call.text("appId")]
    if call.text("campaignId"):
        rows = [one for one in rows if str(one["emailCampaignId"]) == call.text("campaignId")]
    if call.flag("excludeFilteredEvents"):
        rows = [one for one in rows if not one.get("filteredEvent")]
    return json_answer(
        offset_paged(
            call, "events", rows, lambda one: (-one["created"], one["id"]), call.whole("limit", 10, EVENTS_MOST)
        )
    )


def timeline(call: Call) -> Answer:
    """GET changes of subscriptions: newest first."""
    rows = _window(call, "subscription_change", "timestamp")
    if call.text("changeType"):
        wanted = call.text("changeType")
        rows = [one for one in rows if any(change["changeType"] == wanted for change in one["changes"])]
    limit = call.whole("limit", 10, EVENTS_MOST)
    page = offset_paged(call, "timeline", rows, lambda one: (-one["timestamp"], int(one["id"])), limit)
    page["timeline"] = [call.portal.shown("subscription_change", one) for one in page["timeline"]]
    return json_answer(page)


def definitions(call: Call) -> Answer:
    """GET all subscription definitions."""
    rows = list(call.portal.items["subscription_definition"].values())
    if call.text("businessUnitId"):
        rows = [one for one in rows if str(one["businessUnitId"]) == call.text("businessUnitId")]
    if call.route.version == "v3":
        return json_answer({"subscriptionDefinitions": rows})
    at = iso(call.portal.now())
    return json_answer({"status": "COMPLETE", "results": rows, "startedAt": at, "completedAt": at})


def _statuses(call: Call, email: str) -> list[Json]:
    channel = call.text("channel", "EMAIL")
    return [
        call.portal.shown("consent_status", one) for one in call.portal.items["consent_status"].values()
        if one["subscriberIdString"].lower() == email.lower() and one["channel"] == channel
    ]  # fmt: skip


def statuses(call: Call, email: str) -> Answer:
    """GET what one address has agreed to."""
    at = iso(call.portal.now())
    rows = _statuses(call, email)
    return json_answer({"status": "COMPLETE", "results": rows, "startedAt": at, "completedAt": at})


def status_batch(call: Call) -> Answer:
    """POST what up to 100 addresses have agreed to."""
    inputs = call.object_body().get("inputs")
    if not isinstance(inputs, list) or not inputs or not all(isinstance(one, str) for one in inputs):
        raise invalid("Invalid input JSON: inputs must be a non-empty list of addresses")
    if len(inputs) > STATUSES_MOST:
        raise invalid(f"The maximum number of inputs is {STATUSES_MOST}, got {len(inputs)}")
    return envelope(call, [
        encode({"subscriberIdString": email, "statuses": _statuses(call, email)}) for email in dict.fromkeys(inputs)
    ])  # fmt: skip


def old_definitions(call: Call) -> Answer:
    """GET subscription definitions in the first API's shape."""
    rows = [
        {"id": _number(one["id"]), "portalId": call.portal.portal_id, "name": one["name"],
         "description": one["description"], "active": one["isActive"], "internal": one["isInternal"],
         "category": one["purpose"], "channel": one["communicationMethod"], "order": order,
         "businessUnitId": one["businessUnitId"], "internalName": None,
         "createdAt": instant(one["createdAt"]), "updatedAt": instant(one["updatedAt"])}
        for order, one in enumerate(call.portal.items["subscription_definition"].values())
    ]  # fmt: skip
    return json_answer({"subscriptionDefinitions": rows})

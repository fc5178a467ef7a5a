"""Plain listings over HTTP: marketing events, event definitions, conversations, sequences, currencies, activity logs.

table of paths -> items of one kind as pages, or one of them by its id
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from hubspot_pipeline.sandbox.answers import Answer, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.collection import ITEM_KINDS
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.endpoints import Endpoint, Handler, offered, on, scoped
from hubspot_pipeline.sandbox.instants import instant
from hubspot_pipeline.sandbox.items import shown_currency
from hubspot_pipeline.sandbox.pages import paged
from hubspot_pipeline.sandbox.paths import DATED, Route
from hubspot_pipeline.sandbox.sandbox import Call

V3 = ("v3", *DATED)
CONVERSATIONS = ("v3", "2026-09")
MONEY = (
    "settings.currencies.read", "crm.objects.quotes.read", "crm.objects.quotes.write", "cpq.quotes.read",
    "cpq.quotes.write",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One listing; `usual` and `most` are the rows of a page."""

    path: tuple[str, ...]
    kind: str
    versions: tuple[str, ...]
    scopes: tuple[str, ...]
    feature: str = ""
    """What the plan needs."""
    usual: int = 10
    most: int = 100
    time: str = ""
    """Field that rows are ordered by, newest first, where they are a log."""
    after: str = ""
    before: str = ""
    """Parameters for times later and earlier than which rows are wanted."""
    equal: tuple[tuple[str, str], ...] = ()
    """(parameter, field): rows whose field is that text."""
    required: str = ""
    """Parameter without which the answer is 400."""
    whole: bool = False
    """All rows in one answer."""
    single: bool = True
    """Whether one row can be asked for by its id."""


def _security(what: str, kind: str, time: str, after: str = "", before: str = "", user: str = "userId") -> Listing:
    equal = (("actingUserId", "actingUserId"),) if user == "actingUserId" else (("userId", "userId"),)
    return Listing(
        path=("account-info", "activity", what), kind=kind, versions=V3, scopes=("account-info.security.read",),
        feature="security", time=time, after=after, before=before, equal=equal, single=False,
    )  # fmt: skip


def _conversation(what: str, kind: str, most: int = 100, after: str = "") -> Listing:
    return Listing(
        path=("conversations", "conversations", what), kind=kind, versions=CONVERSATIONS,
        scopes=("conversations.read",), most=most, after=after,
        equal=(("inboxId", "inboxId"), ("associatedContactId", "associatedContactId")),
    )  # fmt: skip


LISTINGS = (
    Listing(path=("marketing", "marketing-events"), kind="marketing_event", versions=V3,
            scopes=("crm.objects.marketing_events.read",)),
    Listing(path=("events", "event-definitions"), kind="event_definition", versions=("v3",),
            scopes=("behavioral_events.event_definitions.read_write",), feature="event_definitions"),
    Listing(path=("events", "custom", "event-definitions"), kind="event_definition", versions=DATED,
            scopes=("behavioral_events.event_definitions.read_write",), feature="event_definitions"),
    _conversation("inboxes", "conversation_inbox"),
    _conversation("channels", "conversation_channel"),
    _conversation("threads", "conversation_thread", 500, "latestMessageTimestampAfter"),
    Listing(path=("automation", "sequences"), kind="sequence", versions=("v4", *DATED),
            scopes=("automation.sequences.read",), feature="sequences", equal=(("userId", "userId"),),
            required="userId"),
    Listing(path=("settings", "currencies", "exchange-rates"), kind="exchange_rate", versions=V3, scopes=MONEY,
            usual=100, equal=(("fromCurrencyCode", "fromCurrencyCode"), ("toCurrencyCode", "toCurrencyCode"))),
    Listing(path=("settings", "currencies", "codes"), kind="currency", versions=V3, scopes=MONEY, whole=True,
            single=False),
    _security("audit-logs", "audit_log", "occurredAt", "occurredAfter", "occurredBefore", "actingUserId"),
    _security("login", "login_activity", "loginAt"),
    _security("security", "security_activity", "createdAt", "fromTimestamp", "toTimestamp"),
)  # fmt: skip


def endpoint(method: str, route: Route) -> Endpoint | None:
    """The endpoint of a listing, of one of its rows, or of what belongs to one."""
    match route.parts:
        case ("conversations", "conversations", "threads", id, "messages", *tail) if (
            route.version in CONVERSATIONS and len(tail) < 2
        ):
            return on(method, scoped(("conversations.read",), partial(messages, thread=id, tail=tuple(tail))), "GET")
        case ("automation", "sequences", "enrollments", "contact", id) if route.version in ("v4", *DATED):
            handler = scoped(("automation.sequences.read",), offered("sequences", partial(enrollment, contact=id)))
            return on(method, handler, "GET")
        case ("settings", "currencies", "company-currency"):
            return on(method, scoped(MONEY, company_currency), "GET")
    for one in LISTINGS:
        rest = route.parts[len(one.path) :]
        if route.parts[: len(one.path)] == one.path and route.version in one.versions:
            if not rest:
                return on(method, _behind(one, partial(listing, row=one)), "GET")
            if len(rest) == 1 and one.single:
                return on(method, _behind(one, partial(single, kind=one.kind, id=rest[0])), "GET")
    return None


def _behind(one: Listing, handler: Handler) -> Handler:
    return scoped(one.scopes, offered(one.feature, handler) if one.feature else handler)


def _key(kind: str, time: str = "", descending: bool = False) -> Callable[[Json], tuple[Any, ...]]:
    """Ascending id, numbers first; or a time and the id."""
    field = ITEM_KINDS[kind].id

    def key(one: Json) -> tuple[Any, ...]:
        id = str(one[field])
        own = (0, int(id), "") if id.isdigit() else (1, 0, id)
        at = instant(one[time]) or 0 if time else 0
        return (-at if descending else at, *own)

    return key


def _bound(call: Call, name: str) -> int | None:
    text = call.text(name) if name else ""
    at = instant(text) if text else None
    if text and at is None:
        raise invalid(f"{name} must be a date-time, got {text!r}")
    return at


def listing(call: Call, row: Listing) -> Answer:
    """GET a page, filtered by what the listing can be filtered by."""
    if row.required and not call.text(row.required):
        raise invalid(f"{row.required} is required")
    rows = [one for one in call.portal.items[row.kind].values() if one.get("archived", False) is call.flag("archived")]
    for parameter, field in row.equal:
        if call.text(parameter):
            rows = [one for one in rows if str(one.get(field)) == call.text(parameter)]
    # threads are the one listing that is filtered by a time without being a log
    time = row.time or ("latestMessageTimestamp" if row.after and call.text(row.after) else "")
    low, high = _bound(call, row.after), _bound(call, row.before)
    if time:
        at = {id(one): instant(one[time]) or 0 for one in rows}
        rows = [one for one in rows if (low is None or at[id(one)] > low) and (high is None or at[id(one)] < high)]
    if row.whole:
        return json_answer({"results": [call.portal.shown(row.kind, one) for one in rows]})
    page = paged(call, rows, _key(row.kind, time, bool(row.time)), call.whole("limit", row.usual, row.most))
    page["results"] = [call.portal.shown(row.kind, one) for one in page["results"]]
    return json_answer(page)


def single(call: Call, kind: str, id: str) -> Answer:
    one = call.portal.items[kind].get(id)
    if one is None or one.get("archived", False) is not call.flag("archived"):
        raise not_found()
    return json_answer(call.portal.shown(kind, one))


def messages(call: Call, thread: str, tail: Sequence[str]) -> Answer:
    """GET the messages of a thread, or one of them."""
    if thread not in call.portal.items["conversation_thread"]:
        raise not_found()
    found = call.portal.items["conversation_message"].values()
    rows = [one for one in found if one["conversationsThreadId"] == thread]
    if tail:
        rows = [one for one in rows if one["id"] == tail[0]]
        if not rows:
            raise not_found()
        return json_answer(rows[0])
    return json_answer(paged(call, rows, _key("conversation_message", "createdAt"), call.whole("limit", 10, 100)))


def enrollment(call: Call, contact: str) -> Answer:
    """GET the sequence that a contact is in."""
    for one in reversed(call.portal.items["sequence_enrollment"].values()):
        if str(one["contactId"]) == contact:
            return json_answer(call.portal.shown("sequence_enrollment", one))
    raise not_found()


def company_currency(call: Call) -> Answer:
    return json_answer(shown_currency(call.portal.currency))

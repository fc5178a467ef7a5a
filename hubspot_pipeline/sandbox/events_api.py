"""Web analytics events over HTTP.

`Call` on /events -> events of one record as pages
"""

from hubspot_pipeline.sandbox.answers import Answer, invalid, json_answer
from hubspot_pipeline.sandbox.email_api import inside
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.endpoints import Endpoint, offered, on, scoped
from hubspot_pipeline.sandbox.instants import instant
from hubspot_pipeline.sandbox.pages import paged
from hubspot_pipeline.sandbox.paths import DATED, Route
from hubspot_pipeline.sandbox.sandbox import Call

SCOPES = ("oauth",)
MOST = 100


def endpoint(method: str, route: Route) -> Endpoint | None:
    """Everything below /events that reads: /events/v3/events or /events/event-occurrences/{V}."""
    numbered = route.parts[1:2] == ("events",) and route.version == "v3"
    dated = route.parts[1:2] == ("event-occurrences",) and route.version in DATED
    if numbered or dated:
        handler = {(): events, ("event-types",): event_types}.get(route.parts[2:])
        if handler is not None:
            return on(method, scoped(SCOPES, offered("web_analytics", handler)), "GET")
    return None


def _moment(call: Call, name: str) -> int | None:
    text = call.text(name)
    ms = instant(text) if text else None
    if text and ms is None:
        raise invalid(f"{name} must be a date-time, got {text!r}")
    return ms


def _of(call: Call) -> list[Json]:
    """Events of the record asked for, or of the given ids. Raises 400 where the whole portal is asked for."""
    ids = call.words("id")
    if ids:
        known = call.portal.items["web_event"]
        return [call.portal.shown_event(known[id]) for id in ids if id in known]
    type_, object_id = call.text("objectType"), call.text("objectId")
    if not type_ or not object_id:
        raise invalid("objectType and objectId are required")
    kind = call.kind(type_)
    if not object_id.isdigit():
        raise invalid(f"objectId must be a number, got {object_id!r}")
    shelf = call.portal.shelves[kind.name]
    return call.portal.events_of(kind.name, shelf.survivor(int(object_id)))


def events(call: Call) -> Answer:
    """GET: newest first unless `sort` is ascending; events at the bounds themselves are left out."""
    low, high = _moment(call, "occurredAfter"), _moment(call, "occurredBefore")
    types = call.words("eventType")
    rows = []
    for one in _of(call):
        at = instant(one["occurredAt"])
        assert at is not None
        if inside(call, at, low, high) and (not types or one["eventType"] in types):
            rows.append((at, one))
    ascending = call.text("sort").lower().lstrip("-") in ("ascending", "occurredat") and "-" not in call.text("sort")
    times = {one["id"]: at if ascending else -at for at, one in rows}
    limit = call.whole("limit", MOST, MOST)
    return json_answer(paged(call, [one for _, one in rows], lambda one: (times[one["id"]], one["id"]), limit))


def event_types(call: Call) -> Answer:
    """GET the names of all event types that there are."""
    return json_answer({"eventTypes": call.portal.event_types()})

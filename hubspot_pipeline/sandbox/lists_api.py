"""Lists and their memberships over HTTP.

`Call` on /crm/lists -> list JSON, memberships
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from hubspot_pipeline.sandbox.answers import Answer, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.endpoints import Endpoint, on, scoped
from hubspot_pipeline.sandbox.lists import PROCESSING
from hubspot_pipeline.sandbox.pages import paged
from hubspot_pipeline.sandbox.paths import Route
from hubspot_pipeline.sandbox.sandbox import Call

READ = ("crm.lists.read",)
SEARCH_MOST, OFFSET_MOST, MEMBERS_MOST = 500, 10_000, 250
_SORTS: dict[str, Callable[[Json], Any]] = {
    "HS_LIST_ID": lambda one: int(one["listId"]), "HS_NAME": lambda one: one["name"].lower(),
    "HS_CREATED_AT": lambda one: one["createdAt"], "HS_UPDATED_AT": lambda one: one["updatedAt"],
    "HS_LIST_SIZE": lambda one: int(one["additionalProperties"]["hs_list_size"]),
}  # fmt: skip


def endpoint(method: str, route: Route) -> Endpoint | None:
    """Everything below /crm/lists that reads."""
    match route.parts[2:]:
        case ():
            return on(method, scoped(READ, many), "GET")
        case ("search",):
            return on(method, scoped(READ, search), "POST")
        case ("all",) if route.version == "2026-09":
            return on(method, scoped(READ, everything), "GET")
        case ("records", type_, id, "memberships"):
            return on(method, scoped(READ, partial(lists_of, type_=type_, id=id)), "GET")
        case ("object-type-id", type_, "name", name):
            return on(method, scoped(READ, partial(by_name, type_=type_, name=name)), "GET")
        case (id,) if id.isdigit():
            return on(method, scoped(READ, partial(one_list, id=id)), "GET")
        case (id, "memberships", *rest) if rest in ([], ["join-order"]):
            return on(method, scoped(READ, partial(memberships, id=id, by_time=bool(rest))), "GET")
    return None


def _shown(call: Call) -> list[Json]:
    portal = call.portal
    return [portal.shown_list(id) for id, one in portal.lists.items() if one["deletedAt"] is None]


def _whole(body: Json, name: str, default: int) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not str(value).isdigit():
        raise invalid(f"Invalid input JSON: {name} must be a non-negative integer, got {value!r}")
    return int(value)


def search(call: Call) -> Answer:
    """POST search: a window of `count` lists from `offset` on, at most 10,000 deep; without their filters.

    A larger `count` is taken, as connectors in the field send it, and gives 500.
    """
    body = call.object_body()
    offset, count = _whole(body, "offset", 0), _whole(body, "count", 20)
    if not count:
        raise invalid("count must be positive")
    count = min(count, SEARCH_MOST)
    if offset + count > OFFSET_MOST:
        raise invalid(f"offset and count must not exceed {OFFSET_MOST} together, got {offset} and {count}")
    types = set(body.get("processingTypes") or PROCESSING)
    if not types <= set(PROCESSING):
        raise invalid(f"processingTypes must be of {', '.join(PROCESSING)}")
    ids, text = {str(one) for one in body.get("listIds") or ()}, str(body.get("query") or "").lower()
    type_id = call.kind(str(body["objectTypeId"])).type_id if body.get("objectTypeId") else None
    found = [
        one for one in _shown(call)
        if one["processingType"] in types and (not ids or one["listId"] in ids) and text in one["name"].lower()
        and type_id in (None, one["objectTypeId"])
    ]  # fmt: skip
    sort = str(body.get("sort") or "HS_LIST_ID")
    if sort.lstrip("-") not in _SORTS:
        raise invalid(f"sort {sort!r} is none of {', '.join(_SORTS)}")
    found.sort(key=_SORTS[sort.lstrip("-")], reverse=sort.startswith("-"))
    size = call.sandbox.shape(count)[0] if call.forced_size is None else min(call.forced_size, count)
    chosen = found[offset : offset + size]
    end = offset + len(chosen)
    return json_answer({"lists": chosen, "offset": end, "hasMore": end < len(found), "total": len(found)})


def everything(call: Call) -> Answer:
    """GET all: lists by ascending id, with a cursor."""
    return json_answer(paged(call, _shown(call), lambda one: (int(one["listId"]),), call.whole("limit", 100, 500)))


def _full(call: Call, id: str) -> Json:
    one = call.portal.lists.get(id)
    if one is None or one["deletedAt"] is not None:
        raise not_found(f"List does not exist with ID {id}.")
    shown = call.portal.shown_list(id)
    size = int(shown.pop("additionalProperties")["hs_list_size"])
    extra = {"filterBranch": one["filterBranch"]} if call.flag("includeFilters") and one["filterBranch"] else {}
    return shown | {"size": size} | extra


def one_list(call: Call, id: str) -> Answer:
    return json_answer({"list": _full(call, id)})


def many(call: Call) -> Answer:
    """GET by ids: unknown ones are left out."""
    live = {one["listId"] for one in _shown(call)}
    return json_answer({"lists": [_full(call, id) for id in call.words("listIds") if id in live]})


def by_name(call: Call, type_: str, name: str) -> Answer:
    type_id = call.kind(type_).type_id
    for one in _shown(call):
        if one["name"] == name and one["objectTypeId"] == type_id:
            return one_list(call, one["listId"])
    raise not_found(f"List does not exist with name {name}.")


def memberships(call: Call, id: str, by_time: bool) -> Answer:
    """GET memberships: by ascending record id, descending where only `before` is given, or in the order of joining."""
    _full(call, id)
    rows, limit = call.portal.shown_memberships(id), call.whole("limit", 100, MEMBERS_MOST)
    if by_time:
        return json_answer(paged(call, rows, lambda one: (one["membershipTimestamp"], int(one["recordId"])), limit))
    before = call.text("before")
    if before and not call.text("after"):
        if not before.isdigit():
            raise invalid(f"Invalid paging cursor {before!r}")
        lower = [one for one in reversed(rows) if int(one["recordId"]) < int(before)]
        body: Json = {"results": lower[:limit]}
        if len(lower) > limit:
            last = lower[limit - 1]["recordId"]
            body["paging"] = {"prev": {"before": last, "link": call.link(before=last)}}
        return json_answer(body)
    return json_answer(paged(call, rows, lambda one: (int(one["recordId"]),), limit))


def lists_of(call: Call, type_: str, id: str) -> Answer:
    """GET the lists that a record is in."""
    kind = call.kind(type_)
    rows = []
    for one in _shown(call):
        if one["objectTypeId"] == kind.type_id and id.isdigit():
            found = {row["recordId"]: row for row in call.portal.shown_memberships(one["listId"])}.get(id)
            if found:
                when = found["membershipTimestamp"]
                rows.append({
                    "listId": one["listId"], "listVersion": one["listVersion"], "isPublicList": False,
                    "firstAddedTimestamp": when, "lastAddedTimestamp": when,
                })  # fmt: skip
    return json_answer({"results": rows, "total": len(rows)})

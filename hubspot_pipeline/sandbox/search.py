"""CRM search: request body -> ids in order, with HubSpot's limits and case rules.

body -> `Query` -> ids of the records the index shows

The index may lag: with `portal.index_lag` a changed record shows its earlier state until the lag has passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hubspot_pipeline.sandbox.answers import ApiError, invalid
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.filters import Filter, Key, compiled, key_of
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.records import Record, Shelf

UNSEARCHED = ("hs_email_html", "hs_body_preview", "hs_body_preview_html")
MAX_GROUPS, MAX_PER_GROUP, MAX_FILTERS, MAX_CHARACTERS, MAX_LIMIT = 5, 6, 18, 3000, 200


@dataclass(slots=True)
class Query:
    """A checked search request."""

    groups: list[list[Filter]]
    sort: tuple[str, str, bool] | None
    """(property, type, descending)"""
    text: str
    limit: int
    after: int
    properties: list[str] = field(default_factory=list)


def _whole(value: Any, name: str, default: int) -> int:
    if value is None or value == "":
        return default
    if isinstance(value, bool) or not isinstance(value, (int, str)) or not str(value).isdigit():
        raise invalid(f"Invalid input JSON: {name} must be a non-negative integer, got {value!r}")
    return int(value)


@dataclass(slots=True)
class Rules:
    """Knobs of the search index."""

    result_cap: int = 10_000
    id_compare: str = "numeric"
    sort_noise: int = 0
    wrong_cursor_property: str = "empty"
    epoch_zero_fails: bool = False


class Search:
    """Search over one portal."""

    def __init__(self, portal: Portal, rules: Rules) -> None:
        self.portal, self.rules = portal, rules
        self._found: dict[tuple[str, bytes], tuple[int, int, list[int]]] = {}

    def _type(self, object_type: str, name: str) -> str:
        if name.startswith("associations."):
            return "associations"
        if object_type == "contacts" and name == "hs_lastmodifieddate" and self.rules.wrong_cursor_property == "empty":
            return "nothing"
        definition = self.portal.definitions[object_type].get(name)
        if definition is None or definition["archived"]:
            raise invalid(f"There was a problem with the request. Property {name!r} does not exist")
        if name == "hs_object_id":
            return "number" if self.rules.id_compare == "numeric" else "string"
        return str(definition["type"])

    def query(self, object_type: str, body: Json, size: int) -> Query:
        """Checks a request body of `size` characters. Raises 400."""
        if size > MAX_CHARACTERS:
            raise invalid(f"The request body is {size} characters long, the maximum is {MAX_CHARACTERS}")
        groups = body.get("filterGroups") or []
        if body.get("filters"):
            groups = [*groups, {"filters": body["filters"]}]
        total = sum(len(group.get("filters") or ()) for group in groups)
        if (
            len(groups) > MAX_GROUPS
            or total > MAX_FILTERS
            or any(len(g.get("filters") or ()) > MAX_PER_GROUP for g in groups)
        ):
            raise invalid(
                f"Too many filters: at most {MAX_GROUPS} groups of {MAX_PER_GROUP} filters, {MAX_FILTERS} in all"
            )
        limit = _whole(body.get("limit"), "limit", 10)
        if not 0 < limit <= MAX_LIMIT:
            raise invalid(f"limit must be between 1 and {MAX_LIMIT}, got {limit}")
        after = _whole(body.get("after"), "after", 0)
        if after >= self.rules.result_cap and after:
            raise invalid(f"The paging `after` {after} is beyond the {self.rules.result_cap} results a query can give")
        checked = [[self._compile(object_type, one) for one in group.get("filters") or ()] for group in groups]
        if self.rules.epoch_zero_fails and any(
            one.type in ("date", "datetime") and one.low is not None and one.low <= 0
            for group in checked
            for one in group
        ):
            raise ApiError(500, "internal error", "INTERNAL_ERROR")
        return Query(
            checked, self._sort(object_type, body.get("sorts") or []), str(body.get("query") or ""), limit, after,
            list(body.get("properties") or ()),
        )  # fmt: skip

    def _compile(self, object_type: str, given: Json) -> Filter:
        name = given.get("propertyName")
        if not isinstance(name, str):
            raise invalid("Invalid input JSON: a filter needs a propertyName")
        if name in UNSEARCHED:
            raise invalid(f"Property {name} cannot be searched")
        type_ = self._type(object_type, name)
        if type_ == "associations":
            other = self.portal.kind(name.partition(".")[2])
            if other.custom or self.portal.kinds[object_type].custom:
                raise invalid("associations cannot be searched for custom objects")
            return compiled(f"associations.{other.name}", "string", given)
        return compiled(name, "string" if type_ == "nothing" else type_, given)

    def _sort(self, object_type: str, sorts: Sequence[Any]) -> tuple[str, str, bool] | None:
        if len(sorts) > 1:
            raise invalid("Only one sort is allowed")
        if not sorts:
            return None
        one = sorts[0]
        if isinstance(one, str):
            name, descending = one.lstrip("-"), one.startswith("-")
        else:
            name, direction = one.get("propertyName"), one.get("direction", "ASCENDING")
            if direction not in ("ASCENDING", "DESCENDING"):
                raise invalid(f"Invalid input JSON: direction {direction!r}")
            descending = direction == "DESCENDING"
        return (name, self._type(object_type, name), descending)

    def find(self, object_type: str, query: Query, body: Json) -> list[int]:
        """Ids of all matching records in the requested order; kept between the pages of one query."""
        shelf = self.portal.shelves[object_type]
        shown = {key: value for key, value in body.items() if key not in ("after", "limit", "properties")}
        key = (object_type, encode(shown) + encode([self.rules.id_compare, self.rules.sort_noise]))
        visible = self.portal.now() if shelf.stale else 0
        kept = self._found.get(key)
        if kept is not None and kept[0] == self.portal.version and (kept[1] == visible):
            return kept[2]
        stale = self._stale(shelf, visible)
        ids = self._matching(shelf, query, stale)
        ids = self._ordered(shelf, ids, query, stale)
        if len(self._found) > 200:
            self._found.clear()
        self._found[key] = (self.portal.version, visible, ids)
        return ids

    @staticmethod
    def _stale(shelf: Shelf, visible: int) -> dict[int, Record | None]:
        """Records that the index shows in an earlier state, or not at all; forgets what it has caught up with."""
        shown = {}
        for id, states in list(shelf.stale.items()):
            left = [state for state in states if state[0] > visible]
            if left:
                shelf.stale[id] = left
                shown[id] = left[0][1]
            else:
                del shelf.stale[id]
        return shown

    def state(self, object_type: str, id: int) -> Record | None:
        """The earlier state in which search shows a record; None where it shows the current one."""
        states = self.portal.shelves[object_type].stale.get(id)
        return states[0][1] if states else None

    def _value(self, shelf: Shelf, id: int, name: str, stale: dict[int, Record | None]) -> Any:
        state = stale.get(id)
        if state is not None:
            return state.properties.get(name)
        return shelf.value(id, name)

    def _matching(self, shelf: Shelf, query: Query, stale: dict[int, Record | None]) -> list[int]:
        candidates = self._candidates(shelf, query)
        if stale:
            hidden = {id for id, state in stale.items() if state is None}
            # What changed lately is looked at in any case: its earlier state is not in the index by time.
            candidates = sorted({*candidates, *(id for id, state in stale.items() if state is not None)} - hidden)
        if query.text:
            candidates = [id for id in candidates if self._mentions(shelf, id, query.text, stale)]
        if not query.groups:
            return list(candidates)
        return [id for id in candidates if any(self._passes(shelf, id, group, stale) for group in query.groups)]

    def _candidates(self, shelf: Shelf, query: Query) -> Sequence[int]:
        """Live ids, narrowed by the index on the modified date where the query is one group."""
        if len(query.groups) != 1:
            return shelf.live
        bounds = [one for one in query.groups[0] if one.name == shelf.kind.modified]
        low = max((one.low for one in bounds if one.low is not None), default=None)
        high = min((one.high for one in bounds if one.high is not None), default=None)
        if low is None and high is None:
            return shelf.live
        return sorted(shelf.modified_between(-(1 << 60) if low is None else low, 1 << 60 if high is None else high))

    def _passes(self, shelf: Shelf, id: int, group: list[Filter], stale: dict[int, Record | None]) -> bool:
        for one in group:
            if one.name.startswith("associations."):
                others = self.portal.linked(shelf.kind.name, id, one.name.partition(".")[2])
                keys: list[Key] = [str(other) for other in others] or [None]
                if not any(one.test(key) for key in keys):
                    return False
                continue
            if id not in stale and one.name in (shelf.kind.modified, shelf.kind.created):
                key = shelf.times(id)[one.name == shelf.kind.modified]
            elif one.name == "hs_object_id" and one.type == "number":
                key = id
            else:
                key = key_of(one.type, self._value(shelf, id, one.name, stale))
            if not one.test(key):
                return False
        return True

    def _mentions(self, shelf: Shelf, id: int, text: str, stale: dict[int, Record | None]) -> bool:
        values = [str(self._value(shelf, id, name, stale) or "").lower() for name in shelf.kind.searched]
        return all(any(word in value for value in values) for word in text.lower().split())

    def _ordered(self, shelf: Shelf, ids: list[int], query: Query, stale: dict[int, Record | None]) -> list[int]:
        name, type_, descending = query.sort or (shelf.kind.created, "datetime", False)

        def key(id: int) -> tuple[bool, Key]:
            if id not in stale and name in (shelf.kind.modified, shelf.kind.created):
                return (False, shelf.times(id)[name == shelf.kind.modified])
            if name == "hs_object_id":
                return (False, id if type_ == "number" else str(id))
            found = None if type_ == "nothing" else key_of(type_, self._value(shelf, id, name, stale))
            return (found is None, 0 if found is None else found)

        ordered = sorted(ids, key=key, reverse=descending)
        if self.rules.sort_noise:
            random = Random(f"{self.portal.seed} {len(ids)}")
            places = {id: at + random.random() * self.rules.sort_noise for at, id in enumerate(ordered)}
            ordered.sort(key=places.__getitem__)
        return ordered

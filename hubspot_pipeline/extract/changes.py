"""(object, instant) -> the records changed since, through the search endpoint.

Search lags, caps what a query pages through at 10,000 results, and promises no order. So no page is asked for by its
place: the next one is all that lies above the last id, in the server's own order of ids, whatever that is. Each answer
tells how many records lie there; where a step passed over more than its page showed (a page out of order, a record
that left), what lies between the two ids is read again by place. Where search cannot deliver, `incomplete` says so and
the caller scans the list.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubspot_pipeline.api.client import encoded
from hubspot_pipeline.errors import MalformedAnswer
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.read import Reader, milliseconds
from hubspot_pipeline.extract.unnest import Page, Record
from hubspot_pipeline.extract.windows import SEARCH_CAP, SEARCH_PAGE
from hubspot_pipeline.streams import objects_path

BODY_LIMIT = 2_950
"""Characters of a search body; HubSpot refuses more than 3,000."""
PASSES = 4
"""Times an answer that is short of what it promises is asked for again."""

Filter = dict[str, Any]


@dataclass(slots=True)
class Search:
    """Searches one object type. `wide`: the answers carry all properties, so no batch read is needed."""

    reader: Reader
    until: datetime | None = None
    cap: int = SEARCH_CAP
    wide: bool = False
    incomplete: bool = False
    """Records may be missing in what was read."""
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        widest = [self._between(0, 10**13), _id("GT", "9" * 20), _id("LTE", "9" * 20)]
        body = self._body([widest], list(self.reader.properties), after=str(SEARCH_CAP))
        self.wide = len(encoded(body)) <= BODY_LIMIT

    def count(self, filters: list[Filter] | None = None) -> tuple[int, int]:
        """(number of live records that match, the highest id among them or 0)."""
        page = self._page([filters] if filters else [], limit=1, sort=_by("hs_object_id", "DESCENDING"), narrow=True)
        return page.total or 0, int(page.results[0].id) if page.results else 0

    def newest(self) -> datetime | None:
        """When the newest change of this object was made; None where there is no record."""
        page = self._page([], limit=1, sort=_by(self.reader.stream.modified, "DESCENDING"), narrow=True)
        return unnest.instants([record.updatedAt for record in page.results])[0].as_py() if page.results else None

    def since(self, start: datetime) -> Iterator[list[Record]]:
        """Records whose modified property is at or after `start` (and before `until`), each once."""
        low = milliseconds(start)
        if self.until is not None:
            bounds = self._between(low, milliseconds(self.until) - 1)
        else:
            bounds = {"propertyName": self.reader.stream.modified, "operator": "GTE", "value": str(low)}
        yield from self._ascend([[bounds]], narrow=False)

    def matching(self, groups: list[list[Filter]]) -> Iterator[list[Record]]:
        """Ids and modified instants of the records that match any of up to 5 groups of filters, each once."""
        yield from self._ascend(groups, narrow=True)

    def _ascend(self, groups: list[list[Filter]], *, narrow: bool) -> Iterator[list[Record]]:
        """Everything that matches, by id in the server's order; the totals prove each step."""
        above: list[Filter] = []
        page, passed = self._page(groups, narrow=narrow), set[str]()
        while page.total:
            for _ in range(PASSES):
                if page.results:
                    break
                page = self._page(groups, above, after=page.after, narrow=narrow)
            ids = [str(record.id) for record in page.results]
            yield self._new(page.results)
            if len(set(ids)) >= (total := page.total or 0):
                return
            if not ids or ids[-1] in passed:
                self.incomplete = True
                return
            passed.add(ids[-1])
            beyond = [_id("GT", ids[-1])]
            following = self._page(groups, beyond, narrow=narrow)
            if total - (following.total or 0) > len(set(ids)) or not _ascending(ids):
                yield from self._by_place(groups, [*above, _id("LTE", ids[-1])], narrow=narrow)
            above, page = beyond, following

    def _by_place(self, groups: list[list[Filter]], within: list[Filter], *, narrow: bool) -> Iterator[list[Record]]:
        """All records between two ids by offset, again until what was seen reaches the total."""
        found: set[str] = set()
        for _ in range(PASSES):
            page = self._page(groups, within, narrow=narrow)
            total, empty = page.total or 0, 0
            if total > self.cap:
                break
            while True:
                found |= {str(record.id) for record in page.results}
                yield self._new(page.results)
                empty = 0 if page.results else empty + 1
                if page.after is None or int(page.after) >= self.cap or empty > PASSES:
                    break
                page = self._page(groups, within, after=page.after, narrow=narrow)
            if len(found) >= total:
                return
        self.incomplete = True

    def _new(self, records: list[Record]) -> list[Record]:
        fresh = {str(record.id): record for record in records if str(record.id) not in self.seen}
        self.seen |= fresh.keys()
        return list(fresh.values())

    def _between(self, low: int, high: int) -> Filter:
        name = self.reader.stream.modified
        return {"propertyName": name, "operator": "BETWEEN", "value": str(low), "highValue": str(high)}

    def _page(self, groups: list[list[Filter]], within: list[Filter] | None = None, *, after: str | None = None,
              limit: int = SEARCH_PAGE, sort: dict[str, str] | None = None, narrow: bool) -> Page:  # fmt: skip
        reader = self.reader
        names = list(reader.properties) if self.wide and not narrow else [reader.stream.modified]
        body = self._body([filters + (within or []) for filters in groups], names, after=after, limit=limit, sort=sort)
        path = objects_path(reader.stream, "/search")
        # in the pool, so that the walks of several streams share the search budget side by side
        call = reader.pool.submit(reader.client.post, path, body, parse=_counted, meter=reader.meter)
        reader.pages += 1
        return call.result()

    @staticmethod
    def _body(groups: list[list[Filter]], names: list[str], *, after: str | None, limit: int = SEARCH_PAGE,
              sort: dict[str, str] | None = None) -> dict[str, Any]:  # fmt: skip
        order = sort or _by("hs_object_id", "ASCENDING")
        body: dict[str, Any] = {"limit": limit, "properties": names, "sorts": [order]}
        if groups:
            body["filterGroups"] = [{"filters": filters} for filters in groups]
        return body | ({"after": after} if after is not None else {})


def _counted(content: bytes) -> Page:
    """A search page; one without `total` is malformed, since completeness is proven with it."""
    page = unnest.page(content)
    if page.total is None or not (page.after or "0").isdigit():
        raise MalformedAnswer("a search answer without `total`, or with a cursor that is no number")
    return page


def _ascending(ids: list[str]) -> bool:
    """Whether ids come in the order of numbers or in that of texts; HubSpot's is not documented."""
    return any(order == sorted(order) for order in ([int(id_) for id_ in ids], ids))


def _id(operator: str, value: str) -> Filter:
    return {"propertyName": "hs_object_id", "operator": operator, "value": value}


def _by(name: str, direction: str) -> dict[str, str]:
    return {"propertyName": name, "direction": direction}

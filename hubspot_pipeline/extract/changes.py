"""(object, instant) -> the records changed since, through the search endpoint.

Search lags, caps a query at 10,000 results, and promises no order. So: the span is cut in time until each part is
under the cap; a part is read by `paging.next` until its distinct ids reach its `total`; an instant that holds more
than the cap is drained by id in the server's own order. Where search cannot deliver, `incomplete` says so and the
caller scans the list or leaves the cursor.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hubspot_pipeline.errors import MalformedAnswer
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.read import Reader, milliseconds
from hubspot_pipeline.extract.unnest import Page, Record
from hubspot_pipeline.extract.windows import SEARCH_CAP, SEARCH_PAGE, Span
from hubspot_pipeline.streams import objects_path

BODY_LIMIT = 2_900
"""Characters of a search body; HubSpot refuses more than 3,000."""
PASSES = 4
"""Times a span is read until its distinct ids reach its total."""

Filter = dict[str, Any]


@dataclass(slots=True)
class Search:
    """Searches one object type. `wide`: the answers carry all properties, so no batch read is needed."""

    reader: Reader
    now: datetime
    until: datetime | None = None
    wide: bool = False
    incomplete: bool = False
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        body = {"filterGroups": [{"filters": [_equals("hs_object_id", "9" * 16)] * 3}], "limit": SEARCH_PAGE,
                "properties": list(self.reader.properties), "sorts": [_by_id()]}  # fmt: skip
        self.wide = len(json.dumps(body)) <= BODY_LIMIT

    def count(self, filters: list[Filter] | None = None) -> tuple[int, int]:
        """(number of live records that match, the highest id among them or 0)."""
        page = self._search(filters or [], limit=1, sort=_by_id("DESCENDING"), narrow=True)
        return page.total or 0, int(page.results[0].id) if page.results else 0

    def newest(self) -> datetime | None:
        """When the newest change of this object was made; None where there is no record."""
        page = self._search([], limit=1, sort=_by(self.reader.stream.modified, "DESCENDING"), narrow=True)
        return unnest.instants([record.updatedAt for record in page.results])[0].as_py() if page.results else None

    def since(self, start: datetime) -> Iterator[list[Record]]:
        """Records whose modified property is at or after `start` (and before `until`), each once."""
        spans = [Span(milliseconds(start), None if self.until is None else milliseconds(self.until) - 1)]
        while spans:
            span = spans.pop(0)
            first = self._page(span)
            total = first.total or 0
            if total <= SEARCH_CAP:
                yield from self._read(self._bounds(span), first)
            elif span.is_instant:
                yield from self._drain(span.lo, total)
            else:
                spans = [*self._cut(span, total), *spans]

    def matching(self, groups: list[list[Filter]]) -> Iterator[list[Record]]:
        """Records that match any of up to 5 groups of filters; sets `incomplete` where they exceed the cap."""
        first = self._search_groups(groups)
        self.incomplete |= (first.total or 0) > SEARCH_CAP
        for records in self._follow(groups, first):
            yield self._new(records)

    def _cut(self, span: Span, total: int) -> list[Span]:
        """Smaller spans that hold the same changes; first tightened to where the changes are."""
        ends = [self._page(span, _by(self.reader.stream.modified, d)) for d in ("ASCENDING", "DESCENDING")]
        times = [int(m) for page in ends for r in page.results if (m := _modified_ms(r)) is not None]
        tight = Span(min(times), max(times)) if times else span
        if tight != span and (self._search(self._bounds(tight), limit=1, narrow=True).total or 0) >= total:
            if tight.is_instant:
                return [tight]
            span = Span(tight.lo, tight.hi if span.hi is not None else None)
        return span.parts(total, max(milliseconds(self.now), *times) if times else milliseconds(self.now))

    def _read(self, filters: list[Filter], first: Page) -> Iterator[list[Record]]:
        """One span under the cap, read again until what was seen reaches the total."""
        found: set[str] = set()
        page = first
        for _ in range(PASSES):
            total = page.total or 0
            for records in self._follow([filters], page):
                found |= {str(record.id) for record in records}
                yield self._new(records)
            if len(found) >= total:
                return
            page = self._search(filters)
        self.incomplete = True

    def _follow(self, groups: list[list[Filter]], page: Page) -> Iterator[list[Record]]:
        yield page.results
        while page.after is not None and int(page.after) < SEARCH_CAP:
            page = self._search_groups(groups, after=page.after)
            yield page.results

    def _drain(self, instant: int, total: int) -> Iterator[list[Record]]:
        """More than the cap in one millisecond: by id, the next bound being the last id as the server orders them."""
        here = self._bounds(Span(instant, instant))
        found: set[str] = set()
        bound: list[Filter] = []
        while True:
            last, count = None, 0
            first = self._search(here + bound)
            for records in self._follow([here + bound], first):
                last = str(records[-1].id) if records else last
                count += len(records)
                found |= {str(record.id) for record in records}
                yield self._new(records)
            if (first.total or 0) <= count or last is None:
                break
            bound = [{"propertyName": "hs_object_id", "operator": "GT", "value": last}]
        self.incomplete |= len(found) < total

    def _new(self, records: list[Record]) -> list[Record]:
        fresh = [record for record in records if str(record.id) not in self.seen]
        self.seen |= {str(record.id) for record in fresh}
        return fresh

    def _bounds(self, span: Span) -> list[Filter]:
        modified = self.reader.stream.modified
        if span.hi is None:
            return [{"propertyName": modified, "operator": "GTE", "value": str(span.lo)}]
        return [{"propertyName": modified, "operator": "BETWEEN", "value": str(span.lo), "highValue": str(span.hi)}]

    def _page(self, span: Span, sort: dict[str, str] | None = None) -> Page:
        return self._search(self._bounds(span), sort=sort)

    def _search(self, filters: list[Filter], *, limit: int = SEARCH_PAGE, sort: dict[str, str] | None = None,
                narrow: bool = False) -> Page:  # fmt: skip
        return self._search_groups([filters] if filters else [], limit=limit, sort=sort, narrow=narrow)

    def _search_groups(self, groups: list[list[Filter]], *, after: str | None = None, limit: int = SEARCH_PAGE,
                       sort: dict[str, str] | None = None, narrow: bool = False) -> Page:  # fmt: skip
        reader = self.reader
        names = list(reader.properties) if self.wide and not narrow else [reader.stream.modified]
        body: dict[str, Any] = {"limit": limit, "properties": names, "sorts": [sort or _by_id()]}
        if groups:
            body["filterGroups"] = [{"filters": filters} for filters in groups]
        if after is not None:
            body["after"] = after
        path = objects_path(reader.stream.object, "/search")
        # in the pool, so that the walks of several streams share the search budget side by side
        call = reader.pool.submit(reader.client.post, path, body, parse=_counted, meter=reader.meter)
        reader.pages += 1
        return call.result()


def _counted(content: bytes) -> Page:
    """A search page; one without `total` is malformed, since completeness is proven with it."""
    page = unnest.page(content)
    if page.total is None:
        raise MalformedAnswer("a search answer without `total`")
    return page


def _modified_ms(record: Record) -> int | None:
    instant = unnest.instants([record.updatedAt])[0].as_py()
    return None if instant is None else milliseconds(instant)


def _by_id(direction: str = "ASCENDING") -> dict[str, str]:
    return _by("hs_object_id", direction)


def _by(name: str, direction: str) -> dict[str, str]:
    return {"propertyName": name, "direction": direction}


def _equals(name: str, value: str) -> Filter:
    return {"propertyName": name, "operator": "EQ", "value": value}

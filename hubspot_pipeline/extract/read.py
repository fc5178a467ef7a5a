"""(stream, where to begin) -> records and links, page by page, several calls in flight.

A `Reader` walks one stream. Requests run in the run's thread pool; the walks themselves are plain generators on
the caller's thread, so none of them needs a lock.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import HubSpotError
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.unnest import Page, Record
from hubspot_pipeline.extract.windows import (
    BATCH_INPUTS,
    HISTORY_PAGE,
    LINK_INPUTS,
    LIST_PAGE,
    Chain,
    Chains,
    chunks,
)
from hubspot_pipeline.streams import API_VERSION, Stream, objects_path

T = TypeVar("T")
R = TypeVar("R")

URL_LIMIT = 14_000
"""Characters of a query string; HubSpot publishes no limit, connectors are known to send 15,000."""
WIDTH = 8
"""Calls of one stream in flight: 19 calls a second at about 0.4 s each."""


@dataclass(slots=True)
class Reader:
    """Reads one CRM object stream. `properties` are names, in a fixed order."""

    client: Client
    stream: Stream
    pool: Executor
    properties: Sequence[str] = ()
    meter: Meter = field(default_factory=Meter)
    pages: int = 0

    def scan(self, chains: Chains, *, history: Sequence[str] = (), max_pages: int | None = None) -> Iterator[list[Record]]:
        """All live records of the chains' ranges, one page a step; `chains` tells afterwards what is left.

        Stops early after `max_pages`; pages already requested are still yielded.
        """
        fetch = self._lister({"archived": "false"}, history)
        flying: dict[Future[Page], Chain] = {}
        asked = 0
        while not chains.done:
            while len(flying) < WIDTH and (max_pages is None or asked < max_pages):
                chain = chains.start()
                if chain is None:
                    break
                flying[self.pool.submit(fetch, str(chain.lo) if chain.lo else None)] = chain
                asked += 1
            if not flying:
                return
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                chain, page = flying.pop(future), future.result()
                first = int(page.results[0].id) if page.results else None
                chains.read(chain, first, int(page.after) if page.after is not None else None)
                self.pages += 1
                yield page.results

    def archived(self) -> Iterator[list[Record]]:
        """All archived records of the recycle bin, with the links of the declared pairs inline."""
        params = {"archived": "true"} | ({"associations": ",".join(self.stream.pairs)} if self.stream.pairs else {})
        fetch = self._lister(params, ())
        after: str | None = None
        while True:
            page = fetch(after)
            self.pages += 1
            yield page.results
            after = page.after
            if after is None:
                return

    def batch(self, ids: Iterable[str], *, history: Sequence[str] = (), archived: bool = False) -> Iterator[list[Record]]:
        """Read records by id, all properties. Ids that are gone are missing; a merged-away id gives its survivor."""
        size = HISTORY_PAGE if history else BATCH_INPUTS
        yield from self._ahead(lambda part: self._batch(part, history, archived).results, chunks(list(ids), size))

    def links(self, to_object: str, ids: Iterable[str]) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
        """Links from `ids` to `to_object`: (the ids whose links are now known completely, their rows)."""
        yield from self._ahead(lambda part: self._links(to_object, part), chunks(list(ids), LINK_INPUTS))

    def labels(self, to_object: str) -> list[dict[str, Any]]:
        """Link types between this object and another: `category`, `typeId`, `label`."""
        path = f"/crm/associations/{API_VERSION}/{self.stream.object}/{to_object}/labels"
        return self.client.get(path, parse=unnest.results, meter=self.meter)

    def _lister(self, params: dict[str, str], history: Sequence[str]) -> Callable[[str | None], Page]:
        """One page of the list endpoint with all properties, whatever their number.

        Property names travel in the URL; where they do not fit, the page gives ids and a batch read the rest.
        """
        names = dict(params) | {"properties": ",".join(self.properties)}
        names |= {"propertiesWithHistory": ",".join(history)} if history else {}
        names["limit"] = str(HISTORY_PAGE if history else LIST_PAGE)
        fits = len(urlencode(names)) <= URL_LIMIT

        def fetch(after: str | None) -> Page:
            nonlocal fits
            start = {"after": after} if after else {}
            if fits:
                try:
                    return self._get(names | start)
                except HubSpotError as error:
                    if error.status != 414:
                        raise
                    fits = False
            page = self._get(params | {"properties": "hs_object_id", "limit": str(LIST_PAGE)} | start)
            links = {str(record.id): record.associations for record in page.results}
            found: list[Record] = []
            for part in chunks(list(links), HISTORY_PAGE if history else BATCH_INPUTS):
                found += self._batch(part, history, params["archived"] == "true").results
            for record in found:
                record.associations = links.get(str(record.id))
            page.results = sorted(found, key=lambda record: int(record.id))
            return page

        return fetch

    def _get(self, params: dict[str, str]) -> Page:
        return self.client.get(objects_path(self.stream.object), params, parse=unnest.page, meter=self.meter)

    def _batch(self, ids: list[str], history: Sequence[str], archived: bool) -> Page:
        body: dict[str, Any] = {"inputs": [{"id": id_} for id_ in ids], "properties": list(self.properties)}
        if history:
            body["propertiesWithHistory"] = list(history)
        path = objects_path(self.stream.object, "/batch/read")
        params = {"archived": "true"} if archived else None
        page = self.client.post(path, body, params=params, parse=unnest.page, meter=self.meter)
        self.pages += 1
        return page

    def _links(self, to_object: str, ids: list[str]) -> tuple[list[str], list[dict[str, Any]]]:
        path = f"/crm/associations/{API_VERSION}/{self.stream.object}/{to_object}/batch/read"
        known, rows = set(ids), []
        inputs: list[dict[str, str]] = [{"id": id_} for id_ in ids]
        while inputs:
            page = self.client.post(path, {"inputs": inputs}, parse=unnest.links, meter=self.meter)
            inputs = []
            for linked in page.results:
                from_id = str(linked.from_["id"])
                for target in linked.to:
                    rows += [self._link(from_id, to_object, target.toObjectId, k) for k in target.associationTypes]
                if linked.paging and linked.paging.next:
                    inputs.append({"id": from_id, "after": str(linked.paging.next.after)})
            for problem in page.errors:
                if problem.subCategory != "crm.associations.NO_ASSOCIATIONS_FOUND":
                    # the record is gone or unreadable: what is stored of it stays until it is known again
                    known -= {str(id_) for id_ in problem.context.get("fromObjectId", [])}
        return sorted(known), [row for row in rows if row["from_id"] in known]

    def _link(self, from_id: str, to_object: str, to_id: int | str, kind: dict[str, Any]) -> dict[str, Any]:
        return {
            "from_object": self.stream.object, "from_id": from_id, "to_object": to_object, "to_id": str(to_id),
            "category": str(kind["category"]), "type_id": int(kind["typeId"]), "label": kind.get("label"),
        }  # fmt: skip

    def _ahead(self, fetch: Callable[[T], R], parts: list[T]) -> Iterator[R]:
        """Results of `fetch` for each part, in order, with WIDTH calls in flight."""
        flying: list[Future[R]] = []
        for part in parts:
            flying.append(self.pool.submit(fetch, part))
            if len(flying) >= WIDTH:
                yield flying.pop(0).result()
        for future in flying:
            yield future.result()


def milliseconds(instant: datetime) -> int:
    """Epoch milliseconds of an instant, rounded down."""
    return int(instant.timestamp() * 1000)

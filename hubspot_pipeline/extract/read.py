"""(stream, where to begin) -> records and links, page by page, several calls in flight.

A `Reader` walks one stream. Requests run in the run's thread pool; the walks themselves are plain generators on
the caller's thread, so none of them needs a lock.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlencode

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import HubSpotError, MalformedAnswer, NotListed
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.unnest import LinkPage, LinkType, Page, Problem, Record
from hubspot_pipeline.extract.windows import (
    BATCH_INPUTS,
    HISTORY_PAGE,
    LINK_INPUTS,
    LIST_PAGE,
    PATIENCE,
    Chain,
    Chains,
    chunks,
)
from hubspot_pipeline.streams import API_VERSION, Stream, objects_path

T = TypeVar("T")
R = TypeVar("R")

URL_LIMIT = 14_000
"""Characters of a query string; HubSpot publishes no limit, connectors are known to send 15,000."""
TOO_LONG = (413, 414, 431)
"""Answers to a URL that is longer than some server on the way allows."""
NO_LINK = "crm.associations.NO_ASSOCIATIONS_FOUND"
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
    spelled: Mapping[str, str] = field(default_factory=dict)
    """How paths spell object types that they do not call by name."""
    singular: Mapping[str, str] = field(default_factory=dict)
    """HubSpot's name of one record of each object type."""
    pages: int = 0
    _labels: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @classmethod
    def of(cls, client: Client, stream: Stream, pool: Executor, properties: Sequence[str], meter: Meter,
           objects: Sequence[Stream]) -> "Reader":  # fmt: skip
        """A reader that can read links: it knows how HubSpot calls the portal's object types (streams `objects`)."""
        spelled = {one.object: one.path_name for one in objects}
        return cls(client, stream, pool, properties, meter, spelled, {one.object: one.one for one in objects})

    def scan(self, chains: Chains, *, history: Sequence[str] = (),
             max_pages: int | None = None) -> Iterator[list[Record]]:  # fmt: skip
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
                chains.read(chain, [int(record.id) for record in page.results], _next_id(page.after))
                self.pages += 1
                yield page.results

    def archived(self) -> Iterator[list[Record]]:
        """All archived records of the recycle bin, with the links of the declared pairs inline.

        Raises NotListed where HubSpot refuses just that it lists archived ones, as it does for meetings.
        """
        pairs = ",".join(self.spelled.get(to, to) for to in self.stream.pairs)
        params = {"archived": "true"} | ({"associations": pairs} if pairs else {})
        fetch = self._lister(params, ())
        after: str | None = None
        idle = 0
        while True:
            try:
                page = fetch(after)
            except HubSpotError as error:
                if error.status != 400 or after is not None:
                    raise
                # the same question about live records tells whether the refusal is about archived ones
                self._lister(params | {"archived": "false"}, ())(None)
                raise NotListed(f"HubSpot does not list archived {self.stream.object}.", 400) from None
            self.pages += 1
            yield page.results
            following = page.after
            if following is None and len(page.results) >= LIST_PAGE:
                # as in a scan: a full page need not be the last one
                following = str(max(int(record.id) for record in page.results) + 1)
            if following is None:
                return
            idle = idle + 1 if following == after else 0
            after = following
            if idle > PATIENCE:
                raise MalformedAnswer(f"the list of archived {self.stream.object} does not move on behind {after}")

    def batch(self, ids: Iterable[str], *, history: Sequence[str] = (),
              archived: bool = False) -> Iterator[list[Record]]:  # fmt: skip
        """Read records by id, all properties. Ids that are gone are missing; a merged-away id gives its survivor."""
        size = HISTORY_PAGE if history else BATCH_INPUTS
        yield from self._ahead(lambda part: self._batch(part, history, archived).results, chunks(list(ids), size))

    def links(self, to_object: str, ids: Iterable[str]) -> Iterator[tuple[list[str], list[dict[str, Any]]]]:
        """Links from `ids` to `to_object`: (the ids whose links are now known completely, their rows)."""
        yield from self._ahead(lambda part: self._links(to_object, part), chunks(list(ids), LINK_INPUTS))

    def labels(self, to_object: str) -> list[dict[str, Any]]:
        """Link types between this object and another: `category`, `typeId`, `label`."""
        if to_object not in self._labels:
            path = self._associations_path(to_object, "labels")
            self._labels[to_object] = self.client.get(path, parse=unnest.results, meter=self.meter)
        return self._labels[to_object]

    def _associations_path(self, to_object: str, tail: str) -> str:
        to = self.spelled.get(to_object, to_object)
        return f"/crm/associations/{API_VERSION}/{self.stream.path_name}/{to}/{tail}"

    def _lister(self, params: dict[str, str], history: Sequence[str]) -> Callable[[str | None], Page]:
        """One page of the list endpoint with all properties, whatever their number.

        Property names travel in the URL; where they do not fit, the page gives ids and a batch read the rest.
        """
        names = self._query(params, history)
        fits = len(urlencode(names)) <= URL_LIMIT

        def fetch(after: str | None) -> Page:
            nonlocal fits
            start = {"after": after} if after else {}
            if fits:
                try:
                    return self._get(names | start, history)
                except HubSpotError as error:
                    if error.status not in TOO_LONG:
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

    def fits(self, history: Sequence[str] = ()) -> bool:
        """Whether a page of the list can name all properties, so that no batch read is needed."""
        return len(urlencode(self._query({"archived": "false"}, history))) <= URL_LIMIT

    def _query(self, params: dict[str, str], history: Sequence[str]) -> dict[str, str]:
        names = dict(params) | {"properties": ",".join(self.properties)}
        names |= {"propertiesWithHistory": ",".join(history)} if history else {}
        return names | {"limit": str(HISTORY_PAGE if history else LIST_PAGE)}

    def _get(self, params: dict[str, str], history: Sequence[str] = ()) -> Page:
        parse = partial(_versioned, history=history)
        return self.client.get(objects_path(self.stream), params, parse=parse, meter=self.meter)

    def _batch(self, ids: list[str], history: Sequence[str], archived: bool) -> Page:
        body: dict[str, Any] = {"inputs": [{"id": id_} for id_ in ids], "properties": list(self.properties)}
        if history:
            body["propertiesWithHistory"] = list(history)
        path = objects_path(self.stream, "/batch/read")
        params = {"archived": "true"} if archived else None
        page = self.client.post(
            path, body, params=params, parse=lambda c: _answering(c, ids, history), meter=self.meter
        )
        self.pages += 1
        silent = _unmentioned(page, ids)
        if silent and len(silent) < len(ids):
            # merged-away ids, whose survivor is in the answer; or the answer is short of what was asked
            page.results += self._batch(silent, history, archived).results
        return page

    def _links(self, to_object: str, ids: list[str]) -> tuple[list[str], list[dict[str, Any]]]:
        path = self._associations_path(to_object, "batch/read")
        known, rows = set(ids), dict[tuple[Any, ...], dict[str, Any]]()
        asked: set[tuple[str, str | None]] = set()
        inputs: dict[str, str | None] = dict.fromkeys(ids)
        while inputs:
            body = [{"id": id_} | ({"after": after} if after else {}) for id_, after in inputs.items()]
            page = self.client.post(path, {"inputs": body}, parse=unnest.links, meter=self.meter)
            first_time = {id_ for id_, after in inputs.items() if (id_, after) not in asked}
            asked |= set(inputs.items())
            following: dict[str, str | None] = {}
            for linked in page.results:
                from_id = str(linked.from_.id)
                for to in linked.to:
                    found = [self._link(from_id, to_object, to.toObjectId, kind) for kind in to.associationTypes]
                    rows |= {tuple(row.values())[:-1]: row for row in found}
                if linked.paging and linked.paging.next:
                    following[from_id] = str(linked.paging.next.after)
            _refuse_other(page.errors)
            refused, gaps = _gaps(page)
            silent = inputs.keys() - {str(linked.from_.id) for linked in page.results} - refused - gaps
            # what an answer does not mention is asked for once more before it counts as without links
            following |= {id_: inputs[id_] for id_ in silent & first_time}
            # the record is gone or unreadable: what is stored of it stays until it is known again
            known -= refused | (silent if _vague(page) else set())
            if repeated := {id_ for id_, after in following.items() if id_ not in silent and (id_, after) in asked}:
                raise MalformedAnswer(f"the links of {self.stream.object} {min(repeated)} do not move on")
            inputs = following
        return sorted(known), [row for row in rows.values() if row["from_id"] in known]

    def _link(self, from_id: str, to_object: str, to_id: int | str, kind: LinkType) -> dict[str, Any]:
        return {
            "from_object": self.stream.object, "from_id": from_id, "to_object": to_object, "to_id": str(to_id),
            "category": kind.category, "type_id": kind.typeId, "label": kind.label,
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


def _next_id(after: str | None) -> int | None:
    if after is not None and not after.isdigit():
        raise MalformedAnswer("the cursor of a list is no record id")
    return None if after is None else int(after)


def _unmentioned(page: Page, ids: list[str]) -> list[str]:
    """Ids that a batch answer neither brings nor names in its errors."""
    named = {str(record.id) for record in page.results}
    named |= {str(id_) for problem in page.errors for id_ in problem.context.get("ids", [])}
    return [id_ for id_ in ids if id_ not in named]


def _versioned(content: bytes, history: Sequence[str]) -> Page:
    """A page of records. Raises MalformedAnswer where none has the versions that were asked for, and some a value."""
    page = unnest.page(content)
    if history and all(record.propertiesWithHistory is None for record in page.results):
        values = [unnest.values_of(record) for record in page.results]
        if any(found.get(name) for found in values for name in history):
            raise MalformedAnswer("records came without `propertiesWithHistory`, which was asked for")
    return page


def _answering(content: bytes, ids: list[str], history: Sequence[str]) -> Page:
    """A batch answer. Raises MalformedAnswer where it says nothing of what was asked, or failed for another reason
    than that records are gone: an id missing in it must mean that."""
    page = _versioned(content, history)
    _refuse_other(page.errors)
    if not page.results and _unmentioned(page, ids):
        raise MalformedAnswer("the batch has neither records nor reasons why not")
    return page


def _refuse_other(problems: Iterable[Problem]) -> None:
    """Raises MalformedAnswer where a part of a batch failed for another reason than that something is not there."""
    other = {problem.category for problem in problems if problem.subCategory != NO_LINK} - {"OBJECT_NOT_FOUND"}
    if other:
        raise MalformedAnswer(f"a part of the batch failed ({', '.join(sorted(other))})")


def _gaps(page: LinkPage) -> tuple[set[str], set[str]]:
    """(ids of records that are gone or unreadable, ids of records that have no link)."""
    gone: set[str] = set()
    bare: set[str] = set()
    for problem in page.errors:
        (bare if problem.subCategory == NO_LINK else gone).update(map(str, problem.context.get("fromObjectId", [])))
    return gone, bare


def _vague(page: LinkPage) -> bool:
    """An error that does not say whom it concerns."""
    return any(problem.subCategory != NO_LINK and not problem.context.get("fromObjectId") for problem in page.errors)


def milliseconds(instant: datetime) -> int:
    """Epoch milliseconds of an instant, rounded down."""
    return int(instant.timestamp() * 1000)

"""(stream, parents) -> the items of each parent: members of a list, submissions of a form, events of a record."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import HubSpotError, MalformedAnswer
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.collections import GONE, Item, items_of, pages, rows_of, stamp, value_at
from hubspot_pipeline.extract.conceal import NOTHING, Concealer
from hubspot_pipeline.extract.windows import chunks
from hubspot_pipeline.streams import API_VERSION, Stream

WIDTH = 8
"""Parents read side by side."""


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent: its id, of a record our name and HubSpot's of its object type, and where its last read ended."""

    id: str
    object: str = ""
    type: str = ""
    since: datetime | None = None


Found = tuple[Parent, list[Item] | None]
"""A parent and all its items, or None where HubSpot no longer has the parent."""


@dataclass(slots=True)
class Children:
    """Reads the items of many parents, several at a time, in the parents' order."""

    client: Client
    stream: Stream
    pool: Executor
    meter: Meter
    until: datetime | None = None
    conceal: Concealer = NOTHING

    def read(self, parents: Sequence[Parent]) -> Iterator[Found]:
        endpoint = self.stream.endpoint
        assert endpoint is not None
        size = endpoint.batch or 1
        flying: list[Future[list[Found]]] = []
        for part in chunks(list(parents), size):
            fetch = self._batch if endpoint.batch else self._one
            flying.append(self.pool.submit(fetch, part))
            if len(flying) >= WIDTH:
                yield from flying.pop(0).result()
        for future in flying:
            yield from future.result()

    def _one(self, parents: list[Parent]) -> list[Found]:
        (parent,) = parents
        endpoint = self.stream.endpoint
        assert endpoint is not None
        params: dict[str, Any] = {name: value.format(type=parent.type, id=parent.id) for name, value in endpoint.params}
        if parent.since is not None and endpoint.since:
            params[endpoint.since] = stamp(endpoint, parent.since)
        if self.until is not None and endpoint.until:
            params[endpoint.until] = stamp(endpoint, self.until)
        injected = {endpoint.parent_field: parent.id} if endpoint.parent_field else {"object": parent.object}
        found: list[Item] = []
        try:
            for items, _ in pages(self.client, self.stream, self.meter, params, {"id": parent.id}):
                rows = [row for item in items for row in rows_of(self.stream, injected | item, self.conceal)]
                found += rows
                if endpoint.newest_first and parent.since is not None and self._before(rows, parent.since):
                    break
        except HubSpotError as error:
            if error.status in GONE:
                return [(parent, None)]
            raise
        return [(parent, found)]

    def _before(self, rows: list[Item], since: datetime) -> bool:
        """Whether a page of a list that goes back in time has reached what is known."""
        field = next(field for column, _, field in self.stream.columns if column == self.stream.cursor)
        moments = unnest.instants([value_at(row, field) for row in rows]).to_pylist()
        return any(moment is not None and moment < since for moment in moments)

    def _batch(self, parents: list[Parent]) -> list[Found]:
        found = self._asked(parents)
        silent = [parent for parent in parents if parent.id not in found]
        # what an answer does not mention is asked for once more before it counts as without items
        found |= self._asked(silent) if silent else {}
        return [(parent, found.get(parent.id, [])) for parent in parents]

    def _asked(self, parents: list[Parent]) -> dict[str, list[Item] | None]:
        """Parent id -> its items, None where it is gone; without those that the answer does not mention."""
        endpoint = self.stream.endpoint
        assert endpoint is not None
        body = {"inputs": [{"id": parent.id} for parent in parents]}
        path = endpoint.path.format(v=API_VERSION)

        def parse(content: bytes) -> dict[str, list[Item] | None]:
            answer = unnest.rows(content)
            errors = [error for error in answer.get("errors") or [] if isinstance(error, dict)]
            other = {str(error.get("category")) for error in errors} - {"OBJECT_NOT_FOUND"}
            if other:
                raise MalformedAnswer(f"a part of the batch failed ({', '.join(sorted(other))})")
            shown = {
                str(item.get("id")): rows_of(self.stream, item, self.conceal) for item in items_of(answer, endpoint)
            }
            gone = [str(id_) for error in errors for id_ in (error.get("context") or {}).get("ids", [])]
            return dict.fromkeys(gone) | shown

        return self.client.post(path, body, parse=parse, meter=self.meter)

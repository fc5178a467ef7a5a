"""Streams that are one list each: read to the end, compared with what is stored, and only the difference is handed on.

A list that fails, or may not be read, is left out of the package and keeps its rows.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import AllGone, HubSpotError, MissingScope
from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.collections import GONE, Item, fields_of_key, value_at
from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Mode, Stream, Streams
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.describe import concealer
from hubspot_pipeline.warehouse.plan import Batch, Plan, Tally


@dataclass(slots=True)
class ListReader:
    """Reads collections. `objects`: the object streams of this run, for lists that are read once per object type."""

    client: Client
    pool: Executor
    plan: Plan
    known: Streams
    objects: list[Stream]
    account: dict[str, Any]
    settings: Settings
    schemas: list[Item] | None = None
    """Definitions of custom objects, where they were read already."""

    def read(self, stream: Stream, mode: Mode, stored: Stored | None, meter: Meter,
             tally: Tally) -> list[Item]:  # fmt: skip
        """All items of a list, or with server-side mode those that changed; hidden fields are hidden already."""
        endpoint = stream.endpoint
        assert endpoint is not None
        conceal = concealer(self.settings, stream)
        if endpoint.detail:
            items = collections.read(self.client, stream, meter, since=self.since(stream, mode, stored))
            return self._with_details(stream, items, stored, meter, conceal)
        return [conceal.row(item) for item in self._shown(stream, mode, stored, meter, tally)]

    def _shown(self, stream: Stream, mode: Mode, stored: Stored | None, meter: Meter,
               tally: Tally) -> Iterable[Item]:  # fmt: skip
        """Items as HubSpot shows them."""
        if stream.name == "account_details":
            return [self.account]
        if stream.name == "object_schemas" and self.schemas is not None:
            return self.schemas
        if stream.endpoint is not None and stream.endpoint.each:
            return self._each(stream, meter, tally)
        return collections.read(self.client, stream, meter, since=self.since(stream, mode, stored))

    def since(self, stream: Stream, mode: Mode, stored: Stored | None) -> datetime | None:
        """Where a server-side read goes on; None: it reads all."""
        if mode != "incremental_server_side" or self.plan.thorough or stored is None:
            return None
        if self.plan.since is not None:
            return self.plan.since
        newest = stored.newest(stream.name, stream.cursor)
        return None if newest is None else min(newest, self.plan.started) - self.plan.lookback

    def _each(self, stream: Stream, meter: Meter, tally: Tally) -> Iterator[Item]:
        """A list per object type or pair; one that may not be read leaves a note, one that HubSpot lacks is empty.

        Raises AllGone where HubSpot lacks them all.
        """
        places = [(place, self.pool.submit(collections.read, self.client, stream, meter, place=place))
                  for place in self._places(stream)]  # fmt: skip
        refused: list[MissingScope] = []
        readable = 0
        for place, future in places:
            error = future.exception()
            if error is None:
                readable += 1
                yield from future.result()
            elif isinstance(error, MissingScope):
                refused.append(error)
                tally.partial = True
                named = " to ".join(one.object for one in place.values())
                tally.notes.append(f"Without {named}: {error}")
            elif not (isinstance(error, HubSpotError) and error.status in (400, *GONE)):
                raise error
        if refused and not readable:
            raise refused[0]
        if len(places) > 1 and not readable:
            raise AllGone(stream.name, len(places))

    def _places(self, stream: Stream) -> list[dict[str, Stream]]:
        assert stream.endpoint is not None
        if stream.endpoint.each == "pair":
            linked = [(one, self.known.by_object[to]) for one in self.objects for to in one.pairs]
            both = dict.fromkeys(pair for a, b in linked for pair in ((a.object, b.object), (b.object, a.object)))
            return [{"object": self.known.by_object[a], "to": self.known.by_object[b]} for a, b in both]
        some = stream.endpoint.each == "pipelines"
        return [{"object": one} for one in self.objects if not some or one in self.known.with_pipelines]

    def _with_details(self, stream: Stream, items: list[Item], stored: Stored | None, meter: Meter,
                      conceal: Concealer) -> list[Item]:  # fmt: skip
        fields = fields_of_key(stream)
        changed = next(field for column, _, field in stream.columns if column == stream.cursor)
        before = {} if self.plan.thorough or stored is None else stored.raw_of(stream.name, stream.key)

        def known(item: Item) -> Item | None:
            found = before.get(tuple(str(value_at(item, field)) for field in fields))
            return found if found is not None and value_at(found, changed) == value_at(item, changed) else None

        # what is stored is hidden already: hashed once more it would differ
        return collections.detailed(self.client, stream, items, meter, known, self.pool.submit, conceal)


def difference(stream: Stream, items: list[Item], mode: Mode, whole: bool, stored: Stored, plan: Plan,
               tally: Tally) -> Batch | None:  # fmt: skip
    """What to load of a list that was read: everything in its place, or what is new or different; None for nothing.

    `whole`: the list was read completely, so what it lacks is no more.
    """
    table = collections.table(stream, items, plan.started)
    found = stored.items(stream.name, table, keys=stream.key, whole=whole)
    tally.read, tally.inserted, tally.updated = table.num_rows, found.inserted, found.updated
    gone = found.gone if whole and not tally.partial else []
    if stored.has(stream.name) and not found.rows.num_rows and not gone:
        return None
    if mode == "full_refresh" and not tally.partial:
        tally.removed = len(gone)
        return Batch(stream.name, table, replace=True)
    tally.gone = gone
    return Batch(stream.name, found.rows)

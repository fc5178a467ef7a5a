"""(streams, plan) -> everything read and loaded: catalogues, collections, objects, package by package; then tidied.

`Work` holds what the streams of one run share and what each of them did; `run.py` says when, `outcomes.py` what came
of it.
"""

import copy
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, Protocol

import dlt
import duckdb

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.extract import collections, unnest
from hubspot_pipeline.extract.properties import definitions
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.versions import SCHEMA as VERSIONS
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import BY_NAME, COLLECTIONS, OBJECTS, STREAMS, Stream
from hubspot_pipeline.warehouse import reconcile, store
from hubspot_pipeline.warehouse.catalogue import (
    ObjectCatalogue,
    batch,
    forget_backfills,
    merge,
    note_backfills,
    stored_catalogue,
)
from hubspot_pipeline.warehouse.changes import LINK_SCHEMA, Stored
from hubspot_pipeline.warehouse.load import Job, Landed, load
from hubspot_pipeline.warehouse.objects import Walk
from hubspot_pipeline.warehouse.plan import Batch, Memory, Plan, Tally
from hubspot_pipeline.warehouse.publish import publish

PUBLISH_EVERY = 900.0
"""Seconds between two publications during a long first read."""


class Progress(Protocol):
    """Told while streams are read."""

    def update(self, stream: str, *, rows: int, pages: int, calls: int, expected: int | None, done: bool = False,
               note: str = "") -> None: ...  # fmt: skip


class Work:
    """The streams of one run."""

    def __init__(self, settings: Settings, client: Client, pool: Executor, plan: Plan, selected: list[Stream],
                 account: dict[str, Any], progress: Progress | None) -> None:  # fmt: skip
        self.settings, self.client, self.pool, self.plan = settings, client, pool, plan
        self.account, self.progress = account, progress
        names = {stream.name for stream in selected}
        # a derived stream alone brings the streams that fill it
        names |= {source for stream in selected if not names & set(stream.source) for source in stream.source}
        self.objects = [stream for stream in OBJECTS if stream.name in names]
        self.described = list(OBJECTS) if "properties" in names else self.objects
        """Objects whose property definitions are read."""
        self.collections = [stream for stream in COLLECTIONS if stream.name in names and stream.name != "properties"]
        self.meters = {stream.name: Meter() for stream in STREAMS}
        self.tallies = {stream.name: Tally() for stream in STREAMS}
        self.catalogues: dict[str, ObjectCatalogue] = {}
        self.landed = Landed()
        self._memories = {stream.name: Memory() for stream in self.objects}
        self._attempts: dict[str, tuple[Memory, Tally]] = {}

    def read_and_load(self, pipeline: dlt.Pipeline) -> None:
        """Packages until no stream has more: a long first read takes several, each going on behind the last."""
        self._read_catalogues()
        jobs = [self._catalogue_job(), *self._collection_jobs()]
        jobs += [self._object_job(stream) for stream in self.objects if stream.name in self.catalogues]
        published = time.monotonic()
        while jobs:
            self._attempts = {}
            landed = load(self.settings, pipeline, jobs)
            self.landed.add(landed)
            jobs = [self._object_job(BY_NAME[job.name]) for job in jobs if self._has_more(job.name, landed)]
            if jobs and time.monotonic() - published > PUBLISH_EVERY:
                publish(self.settings)
                published = time.monotonic()

    def tidy(self, con: duckdb.DuckDBPyConnection, run_id: str) -> int:
        """What landed rows leave to do in the warehouse; returns how much that changed."""
        changed = 0
        if store.has_table(con, "owners"):
            view = "CREATE VIEW IF NOT EXISTS hubspot.owners_archived AS"
            con.execute(f"{view} SELECT * FROM hubspot.owners WHERE archived")
        for stream in self.described:
            if stream.name in self.catalogues:
                changed += reconcile.clear_properties(con, stream.name, self.catalogues[stream.name].gone)
        for stream in self.objects:
            if stream.name not in self.catalogues or not store.has_table(con, stream.name):
                continue
            tally, found = self.tallies[stream.name], self.catalogues[stream.name]
            changed += reconcile.flag_merged(con, stream.name, stream.object, self.plan.started)
            if tally.missing:
                changed += reconcile.flag_missing(con, stream.name, stream.object, tally.missing, self.plan.started)
            if tally.backfilled:
                forget_backfills(con, stream.object)
            if self.landed.load_ids and self.landed.rows[stream.name]:
                tally.rejected = reconcile.record_rejects(
                    con, stream.name, stream.object, found.types, self.landed.load_ids, tally.scrubbed, run_id,
                    self.plan.started,
                )  # fmt: skip
        return changed

    def _read_catalogues(self) -> None:
        with store.open_store(self.settings) as con:
            stored = stored_catalogue(con)

        def read(stream: Stream) -> ObjectCatalogue:
            known, meter = stored.get(stream.object, {}), self.meters["properties"]
            live = definitions(self.client, stream.object, meter)
            with_archived = bool(self.plan.phases) or not known
            gone = definitions(self.client, stream.object, meter, archived=True) if with_archived else []
            return merge(live, gone, known)

        for stream, found in self._each(read, self.described):
            self.catalogues[stream.name] = found
            with store.open_store(self.settings) as con:
                note_backfills(con, stream.object, found)

    def _catalogue_job(self) -> Job:
        rows = batch(self.catalogues.values(), self.plan.started)
        tally = self.tallies["properties"]
        tally.read = sum(len(c.columns) for c in self.catalogues.values())
        tally.inserted = sum(c.created for c in self.catalogues.values())
        tally.updated = rows.rows.num_rows - tally.inserted
        histories = [stream.name for stream in STREAMS if stream.is_history]
        links = Batch("associations", LINK_SCHEMA.empty_table())
        empty = [rows, links, *(Batch(name, VERSIONS.empty_table()) for name in histories)]
        with store.open_store(self.settings) as con:
            batches = [b for b in empty if b.rows.num_rows or not store.has_table(con, b.table)]
        return self._job("properties", batches)

    def _collection_jobs(self) -> list[Job]:
        """Collections are read to their end here; one that fails is left out of the package and keeps its rows."""

        def read(stream: Stream) -> Any:
            if stream.name == "account_details":
                return collections.table(stream, [self.account], self.plan.started)
            items = collections.read(self.client, stream, self.meters[stream.name])
            return collections.table(stream, items, self.plan.started)

        jobs = []
        for stream, table in self._each(read, self.collections):
            tally = self.tallies[stream.name]
            tally.read = table.num_rows
            with store.open_store(self.settings) as con:
                missing = not store.has_table(con, stream.name)
                tally.inserted, tally.updated, removed = Stored(con).items(stream.name, table, keys=stream.key)
            if missing or tally.inserted or tally.updated or removed:
                jobs.append(self._job(stream.name, [Batch(stream.name, table)]))
        return jobs

    def _object_job(self, stream: Stream) -> Job:
        catalogue = self.catalogues[stream.name]
        base = self._memories[stream.name], self.tallies[stream.name]
        reader = Reader(self.client, stream, self.pool, sorted(catalogue.columns), self.meters[stream.name])

        def walk(state: dict[str, Any]) -> Iterator[Batch]:
            # a package that fails is read again, so what it counted and remembered is kept only when it landed
            memory, tally = self._attempts[stream.name] = copy.deepcopy(base)
            tally.cursor_before = tally.cursor_before or state.get("cursor")
            with store.open_store(self.settings) as con:
                columns = {name: catalogue.columns[name] for name in reader.properties}
                steps = Walk(reader, self.plan, columns, Stored(con), tally, memory, catalogue.added)
                if not store.has_table(con, stream.name):
                    yield Batch(stream.name, unnest.table([], columns, self.plan.started)[0])
                try:
                    for rows in steps.run(state):
                        self._tell(stream.name, tally, reader)
                        yield rows
                finally:
                    tally.cursor_after = state.get("cursor")
            tally.finished = time.monotonic()
            self._tell(stream.name, tally, reader, done=not tally.unfinished)

        return self._job(stream.name, walk)

    def _has_more(self, name: str, landed: Landed) -> bool:
        """Take over what a stream's walk did in a package that landed; is there more of it to read?"""
        if name in landed.errors:
            self.tallies[name].error = landed.errors[name]
        elif name in self._attempts:
            error = self.tallies[name].error
            self._memories[name], self.tallies[name] = self._attempts[name]
            self.tallies[name].error = error
            return self.tallies[name].unfinished and error is None
        return False

    def _job(self, name: str, batches: list[Batch] | Callable[[dict[str, Any]], Iterator[Batch]]) -> Job:
        def failed(error: Exception) -> None:
            self.tallies[name].error = error

        return Job(name, (lambda _: iter(batches)) if isinstance(batches, list) else batches, failed)

    def _each(self, read: Callable[[Stream], Any], streams: list[Stream]) -> Iterator[tuple[Stream, Any]]:
        """Results of `read` for each stream, side by side; a stream that fails keeps its error as its outcome."""
        flying = [(stream, self.pool.submit(read, stream)) for stream in streams]
        for stream, future in flying:
            error = future.exception()
            if error is None:
                yield stream, future.result()
            elif isinstance(error, Exception):
                self.tallies[stream.name].error = error
            else:
                raise error

    def _tell(self, name: str, tally: Tally, reader: Reader, *, done: bool = False) -> None:
        if self.progress is not None:
            self.progress.update(name, rows=tally.read, pages=reader.pages, calls=reader.meter.calls,
                                 expected=tally.expected, done=done)  # fmt: skip

"""(streams, plan) -> everything read and loaded: catalogues, lists, objects, logs, package by package, then what hangs
on them.

`Work` holds what the streams of one run share and what each of them did; `run.py` says when, `tidy.py` does
what is left then, `outcomes.py` says what came of it.
"""

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any, Protocol

import dlt
import duckdb

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import MissingScope
from hubspot_pipeline.extract import collections, unnest
from hubspot_pipeline.extract.events import Log
from hubspot_pipeline.extract.properties import definitions
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.versions import SCHEMA as VERSIONS
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream, with_sources
from hubspot_pipeline.warehouse import attachments, reconcile, store
from hubspot_pipeline.warehouse.catalogue import (
    ObjectCatalogue,
    batch,
    merge,
    note_backfills,
    stored_catalogue,
)
from hubspot_pipeline.warehouse.changes import LINK_SCHEMA, Stored
from hubspot_pipeline.warehouse.children import ChildWalk
from hubspot_pipeline.warehouse.describe import Described, concealer, mode_of
from hubspot_pipeline.warehouse.hide import hide_once, hide_stored, twins
from hubspot_pipeline.warehouse.lists import ListReader, difference
from hubspot_pipeline.warehouse.load import Job, Landed, load
from hubspot_pipeline.warehouse.logs import LogWalk
from hubspot_pipeline.warehouse.objects import How, Walk
from hubspot_pipeline.warehouse.plan import Batch, Memory, Plan, State, Tally, cursor_of
from hubspot_pipeline.warehouse.publish import owe, publish
from hubspot_pipeline.warehouse.withheld import require_content

PUBLISH_EVERY = 900.0
"""Seconds between two publications during a long first read."""

Walking = Callable[[State, Memory, Tally, duckdb.DuckDBPyConnection], Iterator[Batch]]


class Progress(Protocol):
    """Told while streams are read."""

    def update(self, stream: str, *, rows: int, pages: int, calls: int, expected: int | None, done: bool = False,
               note: str = "") -> None: ...  # fmt: skip


class Work:
    """The streams of one run."""

    def __init__(self, settings: Settings, client: Client, pool: Executor, plan: Plan, selected: list[Stream],
                 account: dict[str, Any], schemas: list[dict[str, Any]] | None, described: Described,
                 progress: Progress | None) -> None:  # fmt: skip
        self.settings, self.client, self.pool, self.plan = settings, client, pool, plan
        self.account, self.progress, self.known = account, progress, settings.streams
        names = self.names = with_sources(selected, settings.chosen)
        """Streams that this run reads."""
        self.found = described
        self.objects = [stream for stream in self.known.objects if stream.name in names]
        self.described = [stream for stream in self.known.objects if stream.name in described.choices]
        """Objects whose property definitions were read."""
        rest = [stream for stream in self.known if stream.name in names and stream.name != "properties"]
        self.lists = [stream for stream in rest if stream.shape == "collection"]
        self.logs = [stream for stream in rest if stream.shape == "events"]
        self.children = [stream for stream in rest if stream.shape == "children"]
        # also those whose definitions may not be read: what is stored of them must not look gone
        chosen = names | {stream.name for stream in settings.chosen}
        asked = [stream for stream in self.known.objects if stream.name in chosen]
        self.lister = ListReader(client, pool, plan, self.known, asked, account, settings, schemas)
        self.meters = {stream.name: Meter() for stream in self.known}
        self.tallies = {stream.name: Tally() for stream in self.known}
        for name, error in described.errors.items():
            self.tallies[name].error = error
        if described.errors and not described.choices:
            self.tallies["properties"].error = next(iter(described.errors.values()))
        self.meters["properties"] = described.meter
        self.catalogues: dict[str, ObjectCatalogue] = {}
        self.landed = Landed()
        self._memories = {stream.name: Memory() for stream in self.known}
        self._attempts: dict[str, tuple[Memory, Tally]] = {}

    def read_and_load(self, pipeline: dlt.Pipeline) -> None:
        """All but children, in packages until no stream has more: a long first read takes several, each going on
        behind the last.
        """
        self._read_catalogues()
        self._leave_out_withheld()
        jobs = [self._catalogue_job(), *self._list_jobs(), *map(self._log_job, self.logs)]
        jobs += [
            self._object_job(stream)
            for stream in self.objects
            if stream.name in self.catalogues and self.tallies[stream.name].error is None
        ]
        self._load_all(pipeline, jobs)
        self._remove_gone([*self.lists, *self.logs])

    def read_and_load_children(self, pipeline: dlt.Pipeline) -> None:
        """Children of what has landed by then, and of what is known to be alive."""
        children = [stream for stream in self.children if not self._refused_with_parents(stream)]
        if children:
            self._load_all(pipeline, [self._child_job(stream) for stream in children])
            self._remove_gone(children)
        if any(stream.name == "files" for stream in self.children):
            with store.open_store(self.settings) as con:
                attachments.fetch(self.settings, self.client, self.pool, con, self.meters["files"],
                                  self.tallies["files"])  # fmt: skip

    def _refused_with_parents(self, stream: Stream) -> bool:
        """Whether all that a child stream's parents come from was refused; then the stream is too."""
        errors = [self.tallies[name].error for name in stream.source]
        if not errors or not all(isinstance(error, MissingScope) for error in errors):
            return False
        self.tallies[stream.name].error = errors[0]
        return True

    def _remove_gone(self, streams: Sequence[Stream]) -> None:
        """Take away the items that HubSpot no longer has of what was read."""
        with store.open_store(self.settings) as con:
            for stream in streams:
                tally = self.tallies[stream.name]
                if tally.gone:  # each was proven by what was read, whatever came later
                    tally.removed += reconcile.remove_items(con, stream.name, stream.key, tally.gone,
                                                            self.landed.load_ids)  # fmt: skip
                    tally.gone = []

    def _load_all(self, pipeline: dlt.Pipeline, jobs: list[Job]) -> None:
        published = time.monotonic()
        while jobs:
            self._attempts = {}
            landed = load(self.settings, pipeline, jobs)
            self.landed.add(landed)
            jobs = [job for job in jobs if self._has_more(job.name, landed)]
            if jobs and time.monotonic() - published > PUBLISH_EVERY:
                publish(self.settings)
                owe(self.settings)
                published = time.monotonic()

    def _read_catalogues(self) -> None:
        with store.open_store(self.settings) as con:
            stored = stored_catalogue(con)

        def read(stream: Stream) -> ObjectCatalogue:
            known, live = stored.get(stream.object, {}), self.found.definitions[stream.name]
            left = {name for name, row in known.items() if not row["archived"]} - {one["name"] for one in live}
            with_archived = bool(self.plan.phases or left) or not known
            gone = definitions(self.client, stream, self.found.meter, archived=True) if with_archived else []
            choice = self.found.choices[stream.name]
            return merge(live, gone, known, choice.selected, choice.hashed)

        for stream, found in self._each(read, self.described):
            self.catalogues[stream.name] = found
            with store.open_store(self.settings) as con:
                note_backfills(con, stream.object, found)
                self._turn(con, stream, found.turned)

    def _turn(self, con: duckdb.DuckDBPyConnection, stream: Stream, turned: dict[str, str]) -> None:
        """What was stored in clear must not lie beside hashes, nor the other way round: it is read again."""
        choice = self.found.choices[stream.name]
        hashed = {name: column for name, column in turned.items() if name in choice.hashed}
        shown = {name: column for name, column in turned.items() if name not in choice.hashed}
        reconcile.hash_gone(con, stream.name, hashed, concealer(self.settings, stream, choice).text)
        reconcile.forget_values(con, stream.name, stream.object, hashed, alive_only=True)
        reconcile.forget_values(con, stream.name, stream.object, shown)

    def _leave_out_withheld(self) -> None:
        """A stream whose parts HubSpot would leave out for this token gets its error here and is not read."""
        for stream in self.objects:
            columns = self.catalogues[stream.name].columns if stream.name in self.catalogues else {}
            parts = {name: columns[name] for name in stream.withheld if name in columns}
            if not parts:
                continue
            reader = Reader(self.client, stream, self.pool, sorted(parts), self.meters[stream.name])
            try:
                with store.open_store(self.settings) as con:
                    require_content(reader, parts, Stored(con))
            except Exception as error:
                self.tallies[stream.name].error = error

    def _catalogue_job(self) -> Job:
        rows = batch(self.catalogues.values(), self.plan.started)
        tally = self.tallies["properties"]
        tally.read = sum(len(c.columns) for c in self.catalogues.values())
        tally.inserted = sum(c.created for c in self.catalogues.values())
        tally.updated = rows.rows.num_rows - tally.inserted
        histories = [f"{s.name}_property_history" for s in self.objects if s.name in self.found.histories]
        links = Batch("associations", LINK_SCHEMA.empty_table())
        empty = [rows, links, *(Batch(name, VERSIONS.empty_table()) for name in histories)]
        with store.open_store(self.settings) as con:
            batches = [b for b in empty if b.rows.num_rows or not store.has_table(con, b.table)]
        return self._job("properties", partial(_only, *batches))

    def _list_jobs(self) -> list[Job]:
        """Lists are read to their end here; one that fails is left out of the package and keeps its rows."""

        def read(stream: Stream) -> Any:
            with store.open_store(self.settings) as con:
                return self.lister.read(stream, mode_of(self.settings, stream), Stored(con), self.meters[stream.name],
                                        self.tallies[stream.name])  # fmt: skip

        jobs = []
        with store.open_store(self.settings) as con:
            for stream in self.lists:
                hidden = hide_stored(con, stream, concealer(self.settings, stream), self.plan)
                self.tallies[stream.name].rewritten += hidden
        for stream, items in self._each(read, [one for one in self.lists if self._is_due(one)]):
            mode = mode_of(self.settings, stream)
            with store.open_store(self.settings) as con:
                stored = Stored(con)
                whole = self.lister.since(stream, mode, stored) is None
                found = difference(stream, items, mode, whole, stored, self.plan, self.tallies[stream.name])
            if found is not None:
                jobs.append(self._job(stream.name, partial(_only, found)))
        return jobs

    def _is_due(self, stream: Stream) -> bool:
        """Whether this run reads a list: some only a reconcile does, once they have rows."""
        if self.plan.thorough or stream.endpoint is None or not stream.endpoint.nightly:
            return True
        with store.open_store(self.settings) as con:
            return Stored(con).is_empty(stream.name)

    def _object_job(self, stream: Stream) -> Job:
        catalogue = self.catalogues[stream.name]
        reader = Reader.of(self.client, stream, self.pool, sorted(catalogue.columns), self.meters[stream.name],
                           self.known.objects)  # fmt: skip
        columns = {name: catalogue.columns[name] for name in reader.properties}
        choice = self.found.choices[stream.name]
        how = How(mode_of(self.settings, stream), choice.history,
                  choice.conditions, concealer(self.settings, stream, choice))  # fmt: skip
        empty = Batch(stream.name, unnest.table([], columns, self.plan.started)[0])

        def walk(state: State, memory: Memory, tally: Tally, con: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
            steps = Walk(reader, self.plan, columns, Stored(con), tally, memory, how, new_properties=catalogue.added)
            for rows in steps.run(state):
                self._tell(stream.name, tally, reader.pages)
                yield rows

        return self._walk_job(stream, walk, empty, lambda: reader.pages)

    def _log_job(self, stream: Stream) -> Job:
        conceal = concealer(self.settings, stream)
        log = Log(self.client, stream, self.meters[stream.name], conceal)

        def walk(state: State, memory: Memory, tally: Tally, con: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
            log.pages = 0
            tally.rewritten += hide_once(con, stream, conceal, self.plan, state)
            for rows in LogWalk(log, self.plan, Stored(con), tally).run(state):
                tally.gone += twins(stream, conceal, state, rows.rows)
                self._tell(stream.name, tally, log.pages)
                yield rows

        return self._walk_job(stream, walk, self._empty(stream), lambda: log.pages)

    def _child_job(self, stream: Stream) -> Job:
        meter, conceal = self.meters[stream.name], concealer(self.settings, stream)

        def walk(state: State, memory: Memory, tally: Tally, con: duckdb.DuckDBPyConnection) -> Iterator[Batch]:
            tally.rewritten += hide_once(con, stream, conceal, self.plan, state)
            steps = ChildWalk(self.client, stream, self.pool, meter, self.plan, Stored(con), tally, self.known,
                              conceal)  # fmt: skip
            for rows in steps.run(state):
                tally.gone += twins(stream, conceal, state, rows.rows)
                self._tell(stream.name, tally, meter.calls)
                yield rows

        return self._walk_job(stream, walk, self._empty(stream), lambda: meter.calls)

    def _empty(self, stream: Stream) -> Batch:
        return Batch(stream.name, collections.table(stream, [], self.plan.started))

    def _walk_job(self, stream: Stream, walking: Walking, empty: Batch, pages: Callable[[], int]) -> Job:
        """A job that keeps its place in the stream's state. `empty` makes the table where there is none yet."""
        name = stream.name

        def walk(state: State) -> Iterator[Batch]:
            # a package that fails is read again, so what it counted and remembered is kept only when it landed
            memory, tally = self._attempts[name] = copy.deepcopy((self._memories[name], self.tallies[name]))
            tally.cursor_before = tally.cursor_before or cursor_of(state)
            with store.open_store(self.settings) as con:
                if not store.has_table(con, name):
                    yield empty
                try:
                    yield from walking(state, memory, tally, con)
                except MissingScope:
                    tally.cursor_after = tally.cursor_before
                    raise
                tally.cursor_after = cursor_of(state)
            tally.finished = time.monotonic()
            self._tell(name, tally, pages(), done=not tally.unfinished)

        return self._job(name, walk)

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

    def _job(self, name: str, walk: Callable[[State], Iterator[Batch]]) -> Job:
        def failed(error: Exception) -> None:
            self.tallies[name].error = error

        return Job(name, walk, failed)

    def _each(self, read: Callable[[Stream], Any], streams: Sequence[Stream]) -> Iterator[tuple[Stream, Any]]:
        """Results of `read` for each stream, side by side; a stream that fails keeps its error as its outcome.

        One that uses the pool for its own parts is read in this thread: waiting inside the pool could fill it.
        """
        flying = [(one, None if _in_parts(one) else self.pool.submit(read, one)) for one in streams]
        for stream, future in flying:
            try:
                found = read(stream) if future is None else future.result()
            except Exception as error:
                self.tallies[stream.name].error = error
            else:
                yield stream, found

    def _tell(self, name: str, tally: Tally, pages: int, *, done: bool = False) -> None:
        if self.progress is not None:
            self.progress.update(name, rows=tally.read, pages=pages, calls=self.meters[name].calls,
                                 expected=tally.expected, done=done)  # fmt: skip


def _only(*batches_and_state: Any) -> Iterator[Batch]:
    return iter(batches_and_state[:-1])


def _in_parts(stream: Stream) -> bool:
    return (
        stream.endpoint is not None
        and stream.shape == "collection"
        and stream.name != "properties"
        and bool(stream.endpoint.each or stream.endpoint.detail)
    )

"""(settings, streams) -> one run: lock, check, read, load, prove, tidy, write the ledger.

Marts and publishing follow in the caller. A stream that fails never stops another and never raises here: its
outcome says so. Raised are only errors before the first write: ConfigError and its kinds.
"""

import copy
import difflib
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import duckdb

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import ConfigError, DailyLimit, MissingScope
from hubspot_pipeline.extract import collections, unnest
from hubspot_pipeline.extract.changes import Search
from hubspot_pipeline.extract.properties import definitions
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.versions import SCHEMA as VERSIONS
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import BY_NAME, COLLECTIONS, OBJECTS, STREAMS, Stream
from hubspot_pipeline.warehouse import ledger, reconcile, store
from hubspot_pipeline.warehouse import load as loading
from hubspot_pipeline.warehouse.catalogue import ObjectCatalogue, batch, merge, stored_catalogue
from hubspot_pipeline.warehouse.changes import LINK_SCHEMA, Stored
from hubspot_pipeline.warehouse.ledger import Outcome, RunHead
from hubspot_pipeline.warehouse.load import CALLS_IN_FLIGHT
from hubspot_pipeline.warehouse.objects import Walk
from hubspot_pipeline.warehouse.plan import PHASES, Batch, Memory, Plan, Tally
from hubspot_pipeline.warehouse.publish import publish

__all__ = ["Outcome", "Progress", "RunResult", "changed_objects", "check_credential", "run", "select"]

PUBLISH_EVERY = 900.0
"""Seconds between two publications during a first full read."""


class Progress(Protocol):
    """Told while streams are read."""

    def update(self, stream: str, *, rows: int, pages: int, calls: int, expected: int | None, done: bool = False,
               note: str = "") -> None: ...  # fmt: skip


@dataclass(slots=True)
class RunResult:
    """What a run did. `changed`: some data table differs from before."""

    run_id: str
    portal_id: str
    is_sandbox: bool
    started_at: datetime
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    changed: bool = False
    resumes_at: datetime | None = None

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes.values() if outcome.status == "failed"]

    @property
    def exit_code(self) -> int:
        """0: all landed or were skipped for a scope; 1: a stream failed; 3: waits for the daily limit."""
        waiting = any(outcome.status == "waiting" for outcome in self.outcomes.values())
        return 1 if self.failed else 3 if waiting else 0


def run(settings: Settings, *, mode: str = "sync", streams: Sequence[str] | None = None, since: datetime | None = None,
        until: datetime | None = None, trigger: str = "cli", dagster_run_id: str | None = None,
        progress: Progress | None = None) -> RunResult:  # fmt: skip
    """Bring the warehouse up to date with the portal. See the module docstring.

    `mode`: sync (changes; small portals also reconcile), reconcile (scan, recycle bin and all links as well), full
    (the same, and nothing is taken as known). `since`/`until`: modified between instead of since the cursor.
    """
    selected = select(streams)
    with store.locked(settings), ThreadPoolExecutor(CALLS_IN_FLIGHT, "hubspot") as pool:
        client = Client(settings, backoff=settings.backoff)
        account = check_credential(client)
        store.create(settings)
        with store.open_store(settings) as con:
            store.bind_portal(con, str(account["portalId"]), str(account.get("timeZone") or "UTC"))
            ledger.interrupt_dead(con)
            small = ledger.alive(con) <= settings.small_portal
        started = client.portal_now or datetime.now(UTC)
        head = RunHead(uuid.uuid4().hex, mode, trigger, dagster_run_id, datetime.now(UTC), started)
        phases = PHASES if mode in ("reconcile", "full") or (small and since is None and until is None) else ()
        plan = Plan(started, settings.lookback, settings.start, phases, since=since, until=until,
                    max_pages=settings.page_window)  # fmt: skip
        return _Run(settings, client, pool, head, plan, selected, account, progress).go()


def select(streams: Sequence[str] | None) -> list[Stream]:
    """Streams by name, in declared order; None: all. Raises ConfigError naming the nearest right name."""
    names = set(BY_NAME if streams is None else streams)
    for name in sorted(names - set(BY_NAME)):
        near = difflib.get_close_matches(name, BY_NAME, 1, 0.4)
        hint = f" Did you mean {near[0]}?" if near else ""
        raise ConfigError(f"There is no stream {name!r}.{hint} Known: {', '.join(BY_NAME)}.")
    return [stream for stream in STREAMS if stream.name in names]


def check_credential(client: Client) -> dict[str, Any]:
    """The portal's account details. Raises CredentialError (or what keeps HubSpot from answering)."""
    return collections.read(client, BY_NAME["account_details"], Meter())[0]


class _Run:
    """The steps of one run, in the order of `go`."""

    def __init__(self, settings: Settings, client: Client, pool: ThreadPoolExecutor, head: RunHead, plan: Plan,
                 selected: list[Stream], account: dict[str, Any], progress: Progress | None) -> None:  # fmt: skip
        self.settings, self.client, self.pool, self.head, self.plan = settings, client, pool, head, plan
        self.account, self.progress = account, progress
        self.selected = [stream.name for stream in selected]
        sources = {source for stream in selected for source in stream.source}
        chosen = {stream.name for stream in selected} | (sources if all(s.shape == "derived" for s in selected) else set())
        self.objects = [stream for stream in OBJECTS if stream.name in chosen]
        self.collections = [stream for stream in COLLECTIONS if stream.name in chosen and stream.name != "properties"]
        self.meters = {stream.name: Meter() for stream in STREAMS}
        self.tallies = {stream.name: Tally() for stream in STREAMS}
        self.memories = {stream.name: Memory() for stream in self.objects}
        self.catalogues: dict[str, ObjectCatalogue] = {}
        self.cursors: dict[str, tuple[str | None, str | None]] = {}
        self.landed = loading.Landed()
        self.clock = time.monotonic()

    def go(self) -> RunResult:
        result = RunResult(self.head.run_id, str(self.account["portalId"]), self.settings.is_loopback, self.plan.started)
        pipeline = loading.make_pipeline(self.settings)
        with store.open_store(self.settings) as con:
            known = ledger.landed_before(con)
            ledger.begin(con, self.head, self.selected)
        loading.settle(pipeline)
        self._read_catalogues()
        jobs = [self._object_job(stream) for stream in self.objects if stream.name in self.catalogues]
        self._load(pipeline, self._collection_jobs() + jobs)
        with store.open_store(self.settings) as con:
            tidied = self._tidy(con)
            result.changed = bool(tidied) or any(self.landed.rows.values())
            result.resumes_at = self._resumes_at()
            result.outcomes = {name: self._outcome(con, BY_NAME[name], known) for name in self.selected}
            ledger.finish(con, self.head, list(result.outcomes.values()),
                          daily_remaining=self.client.pacer.daily_remaining, resumes_at=result.resumes_at)  # fmt: skip
        return result

    # reading

    def _read_catalogues(self) -> None:
        archived_too = bool(self.plan.phases)
        with store.open_store(self.settings) as con:
            stored = stored_catalogue(con)

        def read(stream: Stream) -> ObjectCatalogue:
            known = stored.get(stream.object, {})
            meter = self.meters["properties"]
            live = definitions(self.client, stream.object, meter)
            gone = definitions(self.client, stream.object, meter, archived=True) if archived_too or not known else []
            return merge(live, gone, known)

        for stream, found in self._each(read, self.objects):
            self.catalogues[stream.name] = found
            if self.plan.phases:
                found.added = []  # a scan reads every record anyway

    def _collection_jobs(self) -> list[loading.Job]:
        """Collections are read to their end here; one that fails is left out of the package and keeps its rows."""
        def read(stream: Stream) -> Any:
            if stream.name == "account_details":
                items = [self.account]
            else:
                items = collections.read(self.client, stream, self.meters[stream.name])
            return collections.table(stream, items, self.plan.started)

        jobs = [self._catalogue_job()]
        for stream, table in self._each(read, self.collections):
            tally = self.tallies[stream.name]
            tally.read = table.num_rows
            with store.open_store(self.settings) as con:
                missing = not store.has_table(con, stream.name)
                tally.inserted, tally.updated, removed = Stored(con).items(stream.name, table, keys=stream.key)
            if missing or tally.inserted or tally.updated or removed:
                jobs.append(self._batch_job(stream.name, [Batch(stream.name, table)]))
        return jobs

    def _catalogue_job(self) -> loading.Job:
        rows = batch(self.catalogues.values(), self.plan.started)
        tally = self.tallies["properties"]
        tally.read = sum(len(c.columns) for c in self.catalogues.values())
        tally.inserted = sum(c.created for c in self.catalogues.values())
        tally.updated = rows.rows.num_rows - tally.inserted
        with store.open_store(self.settings) as con:
            empties = [
                b for b in (rows, Batch("associations", LINK_SCHEMA.empty_table()),
                            *(Batch(s.name, VERSIONS.empty_table()) for s in STREAMS if s.key[-1] == "seq"))
                if not store.has_table(con, b.table)
            ]  # fmt: skip
        batches = ([rows] if rows.rows.num_rows else []) + [b for b in empties if not b.rows.num_rows]
        return self._batch_job("properties", batches)

    def _object_job(self, stream: Stream) -> loading.Job:
        catalogue = self.catalogues[stream.name]
        base = self.memories[stream.name], self.tallies[stream.name]
        reader = Reader(self.client, stream, self.pool, sorted(catalogue.columns), self.meters[stream.name])

        def walk(state: dict[str, Any]) -> Iterator[Batch]:
            # a package that fails is read again, so what it counted and remembered is kept only when it landed
            memory, tally = copy.deepcopy(base)
            self.attempts[stream.name] = memory, tally
            before = state.get("cursor")
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
                    self.cursors[stream.name] = self.cursors.get(stream.name, (before, None))[0], state.get("cursor")
            self._tell(stream.name, tally, reader, done=not tally.unfinished)

        return self._job(stream.name, walk)

    def _load(self, pipeline: Any, jobs: list[loading.Job]) -> None:
        """Packages until no stream has more: a long first read takes several, each going on behind the last."""
        published = time.monotonic()
        while jobs:
            self.attempts: dict[str, tuple[Memory, Tally]] = {}
            landed = loading.load(self.settings, pipeline, jobs)
            self.landed.add(landed)
            again = []
            for job in jobs:
                if job.name in landed.errors:
                    self.tallies[job.name].error = landed.errors[job.name]
                elif job.name in self.attempts:
                    failed = self.tallies[job.name].error
                    self.memories[job.name], self.tallies[job.name] = self.attempts[job.name]
                    self.tallies[job.name].error = failed
                    if self.tallies[job.name].unfinished and failed is None:
                        again.append(self._object_job(BY_NAME[job.name]))
            jobs = again
            if jobs and time.monotonic() - published > PUBLISH_EVERY:
                publish(self.settings, changed=True)
                published = time.monotonic()

    def _batch_job(self, name: str, batches: list[Batch]) -> loading.Job:
        return self._job(name, lambda _: iter(batches))

    def _job(self, name: str, walk: Callable[[dict[str, Any]], Iterator[Batch]]) -> loading.Job:
        def failed(error: Exception) -> None:
            self.tallies[name].error = error

        return loading.Job(name, walk, failed)

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

    # tidying and telling

    def _tidy(self, con: duckdb.DuckDBPyConnection) -> int:
        changed = 0
        if store.has_table(con, "owners"):
            con.execute("CREATE VIEW IF NOT EXISTS hubspot.owners_archived AS SELECT * FROM hubspot.owners WHERE archived")
        for stream in self.objects:
            if stream.name not in self.catalogues or not store.has_table(con, stream.name):
                continue
            tally, found = self.tallies[stream.name], self.catalogues[stream.name]
            changed += reconcile.flag_merged(con, stream.name, stream.object, self.plan.started)
            if tally.missing:
                changed += reconcile.flag_missing(con, stream.name, stream.object, tally.missing, self.plan.started)
            for name, column in found.dropped.items():
                reconcile.clear_property(con, stream.name, name, column)
                changed += 1
            if self.landed.load_ids and self.landed.rows[stream.name]:
                tally.rejected = reconcile.record_rejects(
                    con, stream.name, stream.object, found.types, self.landed.load_ids, tally.scrubbed,
                    self.head.run_id, self.plan.started,
                )  # fmt: skip
        return changed

    def _outcome(self, con: duckdb.DuckDBPyConnection, stream: Stream, known: set[str]) -> Outcome:
        tally, meter = self.tallies[stream.name], self.meters[stream.name]
        sources = [self.tallies[name] for name in stream.source]
        error = tally.error or next((t.error for t in sources if t.error is not None), None)
        outcome = Outcome(stream.name, _status(error), previously_landed=stream.name in known,
                          seconds=time.monotonic() - self.clock)  # fmt: skip
        if stream.name == "associations":
            outcome.rows_read = sum(t.links_read for t in sources)
            outcome.rows_inserted = sum(t.links_added for t in sources)
            outcome.rows_archived = sum(t.links_removed for t in sources)
        elif stream.name == "owners_archived" and store.has_table(con, stream.name):
            outcome.rows_read = len(con.execute("SELECT id FROM hubspot.owners_archived").fetchall())
        elif stream.key[-1] == "seq":
            outcome.rows_read = outcome.rows_inserted = sum(t.versions for t in sources)
        else:
            outcome.rows_read, outcome.rows_inserted, outcome.rows_updated = tally.read, tally.inserted, tally.updated
            outcome.rows_archived, outcome.rows_refused, outcome.rows_rejected = tally.archived, tally.refused, tally.rejected
        outcome.calls, outcome.rate_limited = meter.calls, meter.rate_limited
        outcome.retries, outcome.bytes = meter.retries, meter.bytes
        outcome.cursor_before, outcome.cursor_after = self.cursors.get(stream.name, (None, None))
        outcome.message = " ".join(tally.notes) if error is None else str(error)
        outcome.missing_scopes = error.scopes if isinstance(error, MissingScope) else ()
        if error is None and tally.visible is not None:
            outcome.visible_total = tally.visible
            outcome.expected_total = self._expected(con, stream)
        return outcome

    def _expected(self, con: duckdb.DuckDBPyConnection, stream: Stream) -> int:
        row = con.execute(
            f"SELECT count(*) FROM hubspot.{store.quoted(stream.name)} WHERE deletion IS NULL AND created_at <= ?",
            [self.plan.started - self.plan.lookback],
        ).fetchone()
        return int(row[0]) if row else 0

    def _resumes_at(self) -> datetime | None:
        if not any(isinstance(tally.error, DailyLimit) for tally in self.tallies.values()):
            return None
        zone = ZoneInfo(str(self.account.get("timeZone") or "UTC"))
        tomorrow = (self.client.portal_now or datetime.now(UTC)).astimezone(zone).date() + timedelta(days=1)
        return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(UTC)


def _status(error: Exception | None) -> str:
    if error is None:
        return "succeeded"
    if isinstance(error, MissingScope):
        return "skipped"
    return "waiting" if isinstance(error, DailyLimit) else "failed"


def changed_objects(settings: Settings) -> list[str]:
    """Object streams whose newest change is not in the warehouse yet: one search call each, nothing written."""
    with ThreadPoolExecutor(CALLS_IN_FLIGHT, "hubspot") as pool, store.open_store(settings, read_only=True) as con:
        client = Client(settings)
        changed = []
        for stream in OBJECTS:
            newest = Search(Reader(client, stream, pool), datetime.now(UTC)).newest()
            sql = f"SELECT max(updated_at) FROM hubspot.{store.quoted(stream.name)}"
            row = con.execute(sql).fetchone() if store.has_table(con, stream.name) else None
            if newest is not None and (row is None or row[0] is None or newest > row[0]):
                changed.append(stream.name)
        return changed

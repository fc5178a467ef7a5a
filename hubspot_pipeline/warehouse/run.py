"""(settings, streams) -> one run: lock, check, read, load, prove, tidy, write the ledger.

Marts and publishing follow in the caller. A stream that fails never stops another and never raises here: its
outcome says so. Raised are only errors before the first write (ConfigError and its kinds), and LoadError where the
working file cannot be read or written at all.
"""

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.choice.names import nearest
from hubspot_pipeline.errors import ConfigError, DailyLimit, MalformedAnswer, MissingScope
from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.changes import Search
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import STREAMS, Stream, with_sources
from hubspot_pipeline.warehouse import choices, ledger, publish, reconcile, store, typed, views
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.describe import describe, mode_of
from hubspot_pipeline.warehouse.discover import discover
from hubspot_pipeline.warehouse.ledger import Outcome, RunHead
from hubspot_pipeline.warehouse.load import CALLS_IN_FLIGHT, make_pipeline, settle
from hubspot_pipeline.warehouse.outcomes import outcomes
from hubspot_pipeline.warehouse.plan import PHASES, Plan
from hubspot_pipeline.warehouse.tidy import tidy, tidy_objects
from hubspot_pipeline.warehouse.work import Progress, Work

__all__ = ["Outcome", "Progress", "RunResult", "changed_objects", "check_credential", "run", "select"]


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
    discovered: tuple[str, ...] = ()
    """Custom objects that no earlier run knew; their assets show when the definitions are loaded again."""
    lost: tuple[str, ...] = ()
    """Custom objects that the portal no longer has."""

    @property
    def failed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes.values() if outcome.status == "failed"]

    def joined(self, earlier: "RunResult") -> "RunResult":
        """This result with the outcomes of a run just before."""
        self.outcomes = earlier.outcomes | self.outcomes
        self.changed |= earlier.changed
        self.resumes_at = self.resumes_at or earlier.resumes_at
        self.discovered, self.lost = earlier.discovered + self.discovered, earlier.lost + self.lost
        return self

    @property
    def exit_code(self) -> int:
        """0: all landed or were skipped for a scope; 1: a stream failed; 3: waits for the daily limit."""
        waiting = any(outcome.status == "waiting" for outcome in self.outcomes.values())
        return 1 if self.failed else 3 if waiting else 0


def run(settings: Settings, *, mode: str = "sync", streams: Sequence[str] | None = None, since: datetime | None = None,
        until: datetime | None = None, trigger: str = "cli", dagster_run_id: str | None = None,
        progress: Progress | None = None) -> RunResult:  # fmt: skip
    """Bring the warehouse up to date with the portal. See the module docstring.

    `mode`: sync (changes; small portals also reconcile), reconcile (all records, the recycle bin and all links),
    full (the same; the name says that a person asked for it). `since`, `until`: what was modified between, instead
    of since the cursor.
    """
    with store.locked(settings), store.working_file(settings), ThreadPoolExecutor(CALLS_IN_FLIGHT, "hubspot") as pool:
        client = Client(settings)
        told = mode if since is None and until is None else ledger.WINDOW
        head = RunHead(uuid.uuid4().hex, told, trigger, dagster_run_id, datetime.now(UTC))
        try:
            account = check_credential(client)
        except DailyLimit as error:
            return _wait(settings, head, select(settings, streams), error)
        found = discover(settings, client)
        settings = found.settings
        selected = select(settings, streams)
        settings.choice.check_streams(settings.streams.all, discovered=found.schemas is not None)
        described = describe(settings, client, pool, _objects(settings, selected), [stream.name for stream in selected])
        store.create(settings)
        with store.open_store(settings) as con:
            store.bind_portal(con, str(account["portalId"]), str(account.get("timeZone") or "UTC"))
            typed.create(con)
            views.require_names(con)  # better before everything is read
            ledger.interrupt_dead(con)
            found.keep()
            records = ledger.alive(con, settings.streams.objects)
            small = records <= settings.small_portal and since is None and until is None
        plan = Plan(
            client.portal_now or head.started, settings.lookback, settings.start,
            phases=PHASES if mode in ("reconcile", "full") or small else (),
            thorough=mode in ("reconcile", "full"), everything=mode == "full",
            since=since, until=until, max_pages=settings.page_window,
        )  # fmt: skip
        owed = publish.owe(settings)
        # one connection for the whole run: a file that several threads open and close in turns can be caught by one of
        # them while DuckDB is still letting go of it ("unique file handle conflict")
        with store.open_store(settings) as con:
            store.allow_memory(con, max((len(found) for found in described.definitions.values()), default=0))
            work = Work(settings, client, pool, plan, selected, account, found.schemas, described, progress)
            lost = () if found.schemas is None else _lose(con, settings, client, plan.started)
            result = _perform(settings, head, work, selected)
            result.discovered, result.lost = found.new, lost
            result.changed |= bool(lost)
        if not result.changed and not owed:
            publish.owe_nothing(settings)
        return result


def _lose(con: duckdb.DuckDBPyConnection, settings: Settings, client: Client, noticed: datetime) -> tuple[str, ...]:
    """Flag the records of custom objects that are no more, and take their links away: no run asks for them.

    One that is absent from an answer is asked for again before it counts as gone. Returns the objects that had any.
    """
    left = _left(con, settings)
    if left:
        again = discover(settings, client)
        left = {} if again.schemas is None else _left(con, again.settings)
    for table, alive in left.items():
        reconcile.flag_gone(con, table, alive, noticed)
    return tuple(left)


def _left(con: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, list[str]]:
    """Tables of objects that the portal does not name -> their live records; those without any and without links are
    known to be gone.
    """
    stored, known = Stored(con), {stream.name for stream in settings.streams.objects}
    sql = "SELECT 1 FROM hubspot.associations WHERE from_object = ? OR to_object = ? LIMIT 1"
    found = {table: stored.alive_ids(table) for table in sorted(set(views.record_tables(con)) - known)}
    linked = {table for table in found if stored.has("associations") and stored.select(sql, [table, table])}
    return {table: alive for table, alive in found.items() if alive or table in linked}


def _perform(settings: Settings, head: RunHead, work: Work, selected: list[Stream]) -> RunResult:
    names, begun = [stream.name for stream in selected], time.monotonic()
    result = RunResult(head.run_id, str(work.account["portalId"]), settings.is_loopback, work.plan.started)
    pipeline = make_pipeline(settings)
    with store.open_store(settings) as con:
        ledger.begin(con, head, names, work.plan.started)
    settle(pipeline)
    work.read_and_load(pipeline)
    with store.open_store(settings) as con:
        flagged = tidy_objects(con, work)
    work.read_and_load_children(pipeline)
    with store.open_store(settings) as con:
        result.changed = flagged + tidy(con, work, head.run_id) > 0 or any(work.landed.rows.values())
        result.changed |= choices.write(con, settings, checked=True)
        result.outcomes = outcomes(con, work, names, begun, time.monotonic())
        if any(outcome.status == "waiting" for outcome in result.outcomes.values()):
            zone = str(work.account.get("timeZone") or "UTC")
            result.resumes_at = _next_midnight(zone, work.client.portal_now or head.started)
        ledger.finish(con, head, list(result.outcomes.values()), resumes_at=result.resumes_at,
                      daily_remaining=work.client.pacer.daily_remaining)  # fmt: skip
    return result


def _wait(settings: Settings, head: RunHead, selected: list[Stream], error: DailyLimit) -> RunResult:
    """The day's calls were used up by others before this run's first one: every stream waits."""
    known = None
    if settings.working.exists():
        with store.open_store(settings) as con:
            known = store.stored_portal(con)
    if known is None:
        raise error
    result = RunResult(head.run_id, known[0], settings.is_loopback, head.started)
    result.resumes_at = _next_midnight(known[1], head.started)
    result.outcomes = {s.name: Outcome(s.name, "waiting", message=str(error)) for s in selected}
    with store.open_store(settings) as con:
        ledger.begin(con, head, list(result.outcomes), head.started)
        ledger.finish(con, head, list(result.outcomes.values()), resumes_at=result.resumes_at, daily_remaining=0)
    return result


def _next_midnight(time_zone: str, now: datetime) -> datetime:
    """When HubSpot's daily counter starts anew: midnight in the portal's time zone, as UTC."""
    zone = ZoneInfo(time_zone)
    day = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def select(settings: Settings, streams: Sequence[str] | None) -> list[Stream]:
    """Streams by name, in declared order; None: those that are chosen. Raises ConfigError naming the nearest name."""
    if streams is None:
        return settings.chosen
    known = settings.streams.by_name
    for name in sorted(set(streams) - set(known)):
        raise ConfigError(f"There is no stream {name!r}.{nearest(name, known)} Known: {', '.join(known)}.")
    return [stream for stream in settings.streams if stream.name in streams]


def _objects(settings: Settings, selected: list[Stream]) -> list[Stream]:
    """Object streams that a run describes: those it reads, and with the catalogue all that are chosen."""
    names = with_sources(selected, settings.chosen)
    if "properties" in names:
        names |= {stream.name for stream in settings.chosen}
    for stream in selected:
        mode_of(settings, stream)
    return [stream for stream in settings.streams.objects if stream.name in names]


ACCOUNT = next(stream for stream in STREAMS if stream.name == "account_details")


def check_credential(client: Client) -> dict[str, Any]:
    """The portal's account details. Raises CredentialError (or what keeps HubSpot from answering)."""
    account = collections.read(client, ACCOUNT, Meter())[0]
    if not account.get("portalId"):
        raise MalformedAnswer("HubSpot's account details name no portal; nothing was read. Run it again.")
    return account


def changed_objects(settings: Settings) -> dict[str, datetime]:
    """Object streams whose newest change is not in the warehouse -> its instant: one search call each, nothing written.

    Whether the filters keep what changed is not known. Streams that the token may not read are left out.
    """
    stored: dict[str, datetime | None] = {}
    objects = [stream for stream in settings.chosen if stream.shape == "object"]
    with store.open_store(settings, read_only=True) as con:
        for stream in objects:
            sql = f"SELECT max(updated_at) FROM hubspot.{store.quoted(stream.name)}"
            row = con.execute(sql).fetchone() if store.has_table(con, stream.name) else None
            stored[stream.name] = row[0] if row else None
    with ThreadPoolExecutor(CALLS_IN_FLIGHT, "hubspot") as pool:
        client = Client(settings)
        newest = {stream.name: _newest(client, pool, stream) for stream in objects}
    return {
        name: at for name, at in newest.items()
        if at is not None and ((before := stored[name]) is None or at > before)
    }  # fmt: skip


def _newest(client: Client, pool: ThreadPoolExecutor, stream: Stream) -> datetime | None:
    try:
        return Search(Reader(client, stream, pool)).newest()
    except MissingScope:
        return None

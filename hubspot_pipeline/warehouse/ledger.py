"""One row per run and stream in `hubspot.sync_runs`, written when the run starts and completed when it ends."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hubspot_pipeline.errors import WarehouseBusy
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse.store import has_table, is_held, open_file, quoted

Rows = list[dict[str, Any]]

WINDOW = "window"
"""Mode of a run of a named span (`since`, `until`). It need not count a stream; any other run does where it can."""


@dataclass(slots=True)
class Outcome:
    """What became of one stream in one run."""

    stream: str
    status: str = "running"
    """running, succeeded, failed, skipped (scope or plan), waiting (daily limit), interrupted (killed)."""
    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_archived: int = 0
    rows_rejected: int = 0
    rows_refused: int = 0
    calls: int = 0
    rate_limited: int = 0
    retries: int = 0
    bytes: int = 0
    seconds: float = 0.0
    cursor_before: str | None = None
    cursor_after: str | None = None
    visible_total: int | None = None
    expected_total: int | None = None
    message: str = ""
    missing_scopes: tuple[str, ...] = ()
    previously_landed: bool = False
    days: dict[date, int] = field(default_factory=dict)
    """Of a log: rows that landed, by the UTC day they happened on."""


@dataclass(frozen=True, slots=True)
class RunHead:
    """What all rows of one run share."""

    run_id: str
    mode: str
    trigger: str
    dagster_run_id: str | None
    started: datetime


_FIGURES = (
    "status", "rows_read", "rows_inserted", "rows_updated", "rows_archived", "rows_rejected", "rows_refused", "calls",
    "rate_limited", "retries", "bytes", "cursor_before", "cursor_after", "visible_total", "expected_total", "message",
)  # fmt: skip


def interrupt_dead(con: duckdb.DuckDBPyConnection) -> int:
    """Runs still marked as running were killed: the caller holds the lock. Returns the number of rows."""
    dead = con.execute(
        "UPDATE hubspot.sync_runs SET status = 'interrupted', finished_at = now(), "
        "message = 'the process ended before the run did; the next run caught up' WHERE status = 'running'"
    ).fetchone()
    return int(dead[0]) if dead else 0


def left_untidied(con: duckdb.DuckDBPyConnection, stream: str) -> bool:
    """Whether a run was killed since the last one of this stream that reached its end."""
    row = con.execute(
        """
        SELECT count(*) FROM hubspot.sync_runs WHERE status = 'interrupted' AND started_at > coalesce((
            SELECT max(started_at) FROM hubspot.sync_runs
            WHERE stream = ? AND status NOT IN ('running', 'interrupted')
        ), '-infinity')
        """,
        [stream],
    ).fetchone()
    return bool(row and row[0])


def begin(con: duckdb.DuckDBPyConnection, head: RunHead, streams: list[str], portal_started: datetime) -> None:
    """Enter every selected stream as running. `portal_started`: the portal's clock at the start."""
    con.execute(
        'INSERT INTO hubspot.sync_runs (run_id, stream, mode, "trigger", dagster_run_id, status, started_at, '
        "portal_started_at) SELECT ?, unnest(?), ?, ?, ?, 'running', ?, ?",
        [head.run_id, streams, head.mode, head.trigger, head.dagster_run_id, head.started, portal_started],
    )


def finish(con: duckdb.DuckDBPyConnection, head: RunHead, outcomes: list[Outcome], *, daily_remaining: int | None,
           resumes_at: datetime | None) -> None:  # fmt: skip
    """Complete the rows of a run."""
    figures = {name: [getattr(outcome, name) for outcome in outcomes] for name in ("stream", *_FIGURES)}
    sets = ", ".join(f"{name} = done.{name}" for name in _FIGURES)
    with con.cursor() as cursor:
        cursor.register("done", pa.table(figures))
        cursor.execute(  # in one statement, because each looks through the whole ledger
            f"UPDATE hubspot.sync_runs AS r SET {sets}, finished_at = ?, daily_remaining = ?, "
            "resumes_at = CASE done.status WHEN 'waiting' THEN CAST(? AS TIMESTAMPTZ) END "
            "FROM done WHERE r.run_id = ? AND r.stream = done.stream",
            [datetime.now(UTC), daily_remaining, resumes_at, head.run_id],
        )


def forget_quiet(con: duckdb.DuckDBPyConnection, before: datetime) -> int:
    """Take away older rows of streams in which nothing happened, and return how many there were.

    What changed, was rejected, failed or waited stays, and so do a stream's latest row and its latest success.
    """
    row = con.execute(
        f"""
        DELETE FROM hubspot.sync_runs AS r USING (
            SELECT stream, max(started_at) AS newest, max(started_at) FILTER (status = 'succeeded') AS landed
            FROM hubspot.sync_runs GROUP BY stream
        ) AS last
        WHERE r.stream = last.stream AND r.started_at < ? AND r.started_at < last.newest
          AND r.started_at IS DISTINCT FROM last.landed AND {_QUIET} AND r.rows_rejected + r.rows_refused = 0
        """,
        [before],
    ).fetchone()
    return int(row[0]) if row else 0


_QUIET = "status IN ('succeeded', 'skipped') AND rows_inserted + rows_updated + rows_archived = 0"


def quiet_runs(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Dagster's ids of the runs in which nothing changed and nothing failed."""
    sql = f"""
        SELECT dagster_run_id FROM hubspot.sync_runs WHERE dagster_run_id IS NOT NULL GROUP BY 1
        HAVING bool_and({_QUIET})
    """
    return {row[0] for row in con.execute(sql).fetchall()}


def landed_before(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Streams that succeeded at least once."""
    sql = "SELECT DISTINCT stream FROM hubspot.sync_runs WHERE status = 'succeeded'"
    return {row[0] for row in con.execute(sql).fetchall()}


@dataclass(frozen=True, slots=True)
class Status:
    """For `hubspot-pipeline status`: `objects` (one row per stream) and `runs` (the last ten)."""

    objects: Rows = field(default_factory=list)
    runs: Rows = field(default_factory=list)
    busy: bool = False
    """A run is at work: the rows are those of the published file."""
    published: datetime | None = None
    """When that was, where it is."""


def status(settings: Settings) -> Status:
    """What the ledger tells; from the published file while a run works, so that neither waits for the other.

    Figures of the newest run of each stream, totals of the newest that landed and was no window: none where that one
    could not count. `difference` = portal total - warehouse total; `lag_minutes` since the newest success.
    """
    if not is_held(settings.working.parent):
        try:
            return Status(*_status(settings.working))
        except WarehouseBusy:
            pass  # a run that began just now
    path = settings.published
    published = datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None
    return Status(*_status(path), busy=True, published=published)


_TOTALS = f"""
    arg_max([visible_total, expected_total], started_at) FILTER (
        status = 'succeeded' AND (visible_total IS NOT NULL OR mode IS DISTINCT FROM '{WINDOW}')
    )
"""
"""As a pair: both are of one run, and are NULL where that one could not count."""


def _status(path: Path) -> tuple[Rows, Rows]:
    if not path.exists():
        return [], []
    with open_file(path, read_only=True, patience=0) as con:
        if not has_table(con, "sync_runs"):
            return [], []
        newest = _rows(con, f"""
            SELECT stream, arg_max(status, started_at) AS status, arg_max(message, started_at) AS message,
                   ({_TOTALS})[1] AS portal_total, ({_TOTALS})[2] AS warehouse_total,
                   max(finished_at) FILTER (status = 'succeeded') AS last_success,
                   date_diff('minute', max(started_at) FILTER (status = 'succeeded'), now()) AS lag_minutes,
                   arg_max(message, started_at) FILTER (status = 'failed') AS last_error
            FROM hubspot.sync_runs GROUP BY stream ORDER BY stream
        """)  # fmt: skip
        for row in newest:
            portal, ours = row["portal_total"], row["warehouse_total"]
            row["difference"] = None if portal is None or ours is None else portal - ours
        runs = _rows(con, """
            SELECT run_id, any_value(mode) AS mode, any_value("trigger") AS "trigger", min(started_at) AS started_at,
                   max(finished_at) AS finished_at, string_agg(DISTINCT status, ', ' ORDER BY status) AS status,
                   count(*) AS streams, sum(rows_inserted) AS inserted, sum(rows_updated) AS updated,
                   sum(calls) AS calls, max(resumes_at) AS resumes_at
            FROM hubspot.sync_runs GROUP BY run_id ORDER BY started_at DESC LIMIT 10
        """)  # fmt: skip
    return newest, runs


SYNCS = 24
"""How many of the latest syncs tell what changes between two."""


def changes(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    """Stream -> rows that were new or different in one sync, on average of the latest; its first one does not count."""
    found = con.execute(f"""
        SELECT stream, avg(rows_inserted + rows_updated) FROM ({_SYNCS}) WHERE place > 1 AND ago <= {SYNCS} GROUP BY 1
    """).fetchall()
    return {stream: rows for stream, rows in found if rows is not None}


def calls(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[int, int | None]]:
    """Stream -> (calls of its largest run, calls of its latest sync, None before its second)."""
    found = con.execute(f"""
        SELECT stream, max(calls), arg_max(calls, started_at) FILTER (mode = 'sync' AND place > 1)
        FROM ({_LANDED}) GROUP BY 1
    """).fetchall()
    return {stream: (largest or 0, latest) for stream, largest, latest in found}


_LANDED = """
    SELECT *, row_number() OVER (PARTITION BY stream ORDER BY started_at) AS place
    FROM hubspot.sync_runs WHERE status IN ('succeeded', 'skipped')
"""
_SYNCS = f"""
    SELECT *, row_number() OVER (PARTITION BY stream ORDER BY started_at DESC) AS ago
    FROM ({_LANDED}) WHERE mode = 'sync'
"""


def waiting_until(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """When the newest run waits for a new day: the instant at which it may go on."""
    row = con.execute("""
        SELECT max(resumes_at) FROM hubspot.sync_runs
        WHERE run_id = (SELECT run_id FROM hubspot.sync_runs ORDER BY started_at DESC LIMIT 1)
    """).fetchone()
    return row[0] if row else None


def alive(con: duckdb.DuckDBPyConnection, objects: Iterable[Stream]) -> int:
    """Live CRM records in the warehouse."""
    total = 0
    for stream in objects:
        if has_table(con, stream.name):
            row = con.execute(f"SELECT count(*) FROM hubspot.{quoted(stream.name)} WHERE deletion IS NULL").fetchone()
            total += row[0] if row else 0
    return total


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> Rows:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

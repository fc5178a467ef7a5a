"""The working file: created once, with our own tables and the portal it belongs to.

`open_store` -> a DuckDB connection; other modules of this room take connections and give rows.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import tenacity
from filelock import FileLock, Timeout

from hubspot_pipeline.errors import ConfigError, LoadError, WarehouseBusy, WrongPortal
from hubspot_pipeline.settings import Settings

SCHEMA = "hubspot"
_LOCK = "run.lock"
MOMENT = 0.5
"""Seconds to wait for the lock, which another process of ours holds while it looks whether it is free."""
PATIENCE = 3.0
"""Seconds to wait for a file that another process of ours has open for moments, to read the ledger."""
_BROKEN = (duckdb.IOException, duckdb.FatalException, duckdb.SerializationException, duckdb.InternalException)
STORAGE = "v1.2.0"
"""DuckDB storage version: every 1.x tool from 1.2 on opens the file."""

_TABLES = """
CREATE TABLE IF NOT EXISTS hubspot.sync_runs (
    run_id VARCHAR, stream VARCHAR, mode VARCHAR, "trigger" VARCHAR, dagster_run_id VARCHAR, status VARCHAR,
    rows_read BIGINT, rows_inserted BIGINT, rows_updated BIGINT, rows_archived BIGINT, rows_rejected BIGINT,
    rows_refused BIGINT, calls BIGINT, rate_limited BIGINT, retries BIGINT, bytes BIGINT,
    started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ, portal_started_at TIMESTAMPTZ,
    cursor_before VARCHAR, cursor_after VARCHAR, visible_total BIGINT, expected_total BIGINT,
    daily_remaining BIGINT, resumes_at TIMESTAMPTZ, message VARCHAR,
    PRIMARY KEY (run_id, stream)
);
CREATE TABLE IF NOT EXISTS hubspot.rejects (
    object VARCHAR, id VARCHAR, property VARCHAR, raw_value VARCHAR, reason VARCHAR,
    run_id VARCHAR, rejected_at TIMESTAMPTZ
);
CREATE TABLE IF NOT EXISTS hubspot.backfills (object VARCHAR, property VARCHAR, PRIMARY KEY (object, property));
CREATE TABLE IF NOT EXISTS hubspot.portal (portal_id VARCHAR, time_zone VARCHAR, first_synced_at TIMESTAMPTZ);
"""


@contextmanager
def locked(settings: Settings) -> Iterator[None]:
    """Hold the warehouse for one run. Raises WarehouseBusy naming the process that holds it."""
    folder = settings.working.parent
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / "run.pid"
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=MOMENT)
    except Timeout:
        holder = note.read_text().strip() if note.exists() else "unknown"
        raise WarehouseBusy(
            f"Process {holder} is writing {settings.working}; wait until it ends. "
            "If no such process runs any more, start again: the lock goes with its process."
        ) from None
    try:
        note.write_text(str(os.getpid()))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def is_held(folder: Path) -> bool | None:
    """Whether a run holds the warehouse whose working file is in `folder`; None where no run ever did."""
    path = folder / _LOCK
    if not path.exists():
        return None
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def create(settings: Settings) -> None:
    """Create the working file where it is missing; from the published file if only that one is there."""
    path = settings.working
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".copy")
        temporary.unlink(missing_ok=True)
        if settings.published.exists():
            shutil.copyfile(settings.published, temporary)
        else:
            with duckdb.connect() as con:
                con.execute(f"ATTACH {literal(str(temporary))} AS warehouse (STORAGE_VERSION '{STORAGE}')")
                con.execute("DETACH warehouse")
        # what is left of a file that was taken away belongs to no other
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
        temporary.replace(path)
    with open_store(settings) as con:
        con.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        con.execute(_TABLES)


@contextmanager
def open_store(settings: Settings, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to the working file. Raises ConfigError where it cannot be opened."""
    with open_file(settings.working, read_only=read_only) as con:
        yield con


@contextmanager
def open_file(
    path: Path, *, read_only: bool = False, patience: float = PATIENCE
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Connect to a copy of the warehouse. Raises ConfigError where it cannot be opened.

    `patience`: seconds that another process may go on having it open; WarehouseBusy behind that.
    """
    patient = tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_locked), stop=tenacity.stop_after_delay(patience),
        wait=tenacity.wait_fixed(0.05), reraise=True,
    )  # fmt: skip
    try:
        con = patient(duckdb.connect, str(path), read_only=read_only)
    except duckdb.Error as error:
        raise _unopenable(path, error) from None
    try:
        con.execute("SET TimeZone = 'UTC'")
        yield con
    finally:
        con.close()


MEMORY = 1024
"""MiB that DuckDB may take while it writes; beyond that it goes to disk."""
MEMORY_OF_COLUMN = 0.5
"""MiB without which it cannot: a block of 256 KB for each column of a table that it writes, and as much again."""


def allow_memory(con: duckdb.DuckDBPyConnection, columns: int) -> None:
    """Bound DuckDB's memory in this process; `columns`: of the widest table."""
    con.execute(f"SET memory_limit = '{max(MEMORY, int(columns * MEMORY_OF_COLUMN))}MiB'")


@contextmanager
def working_file(settings: Settings) -> Iterator[None]:
    """A working file that turns out to be half written, or that a full disk does not take, becomes a LoadError."""
    try:
        yield
    except Exception as error:
        cause = root(error)
        if not isinstance(cause, _BROKEN):
            raise
        raise LoadError(
            f"{settings.working} could not be read or written ({str(cause).splitlines()[0]}). What people read is "
            "unchanged. If the disk is full, free some space and run again; if not, move the file away and run again: "
            "the pipeline goes on from the published warehouse.duckdb, or reads the portal anew."
        ) from None


def root(error: BaseException) -> BaseException:
    """The error at the bottom of those that dlt wraps around it."""
    while (inner := getattr(error, "exception", None) or error.__cause__) is not None:
        error = inner
    return error


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, duckdb.IOException) and "lock on file" in str(error)


def _unopenable(path: Path, error: duckdb.Error) -> ConfigError:
    text = str(error).splitlines()[0]
    if _is_locked(error):
        return WarehouseBusy(
            f"Another program has {path} open ({text}). Close it; what people open is the published warehouse.duckdb."
        )
    return ConfigError(
        f"{path} cannot be opened: {text}. Move it away and run again: the pipeline goes on from the published "
        "warehouse.duckdb beside it, or reads the portal anew."
    )


def bind_portal(con: duckdb.DuckDBPyConnection, portal_id: str, time_zone: str) -> None:
    """Store the portal at the first sync. Raises WrongPortal, with nothing written, for any other one later."""
    known = stored_portal(con)
    if known and known[0] != portal_id:
        raise wrong_portal(known[0], portal_id)
    if not known:
        con.execute("INSERT INTO hubspot.portal VALUES (?, ?, now())", [portal_id, time_zone])
    elif known[1] != time_zone:
        con.execute("UPDATE hubspot.portal SET time_zone = ?", [time_zone])


def require_portal(settings: Settings, portal_id: str) -> None:
    """Raises WrongPortal where the warehouse, if there is one, holds another portal. Writes nothing."""
    if settings.working.exists():
        with open_store(settings, read_only=True) as con:
            known = stored_portal(con)
        if known and known[0] != portal_id:
            raise wrong_portal(known[0], portal_id)


def wrong_portal(stored: str, other: str) -> WrongPortal:
    """The error for a credential of another portal."""
    return WrongPortal(
        f"This warehouse holds portal {stored}, and the credential belongs to portal {other}. Nothing was written. "
        "Use the credential of the first portal, or another HUBSPOT_DATA_DIR for the second."
    )


def stored_portal(con: duckdb.DuckDBPyConnection) -> tuple[str, str] | None:
    """(portal id, time zone) of this warehouse, None before its first sync."""
    if not has_table(con, "portal"):
        return None
    row = con.execute("SELECT portal_id, time_zone FROM hubspot.portal").fetchone()
    return None if row is None else (row[0], row[1])


def portal_of(settings: Settings) -> str | None:
    """Id of the portal that the warehouse holds, None before its first sync; answers while a run writes, too."""
    paths = [path for path in (settings.working, settings.published) if path.exists()]
    for path in paths:
        try:
            with duckdb.connect(str(path), read_only=True) as con:
                known = stored_portal(con)
        except duckdb.Error as error:
            if path == paths[-1]:
                raise _unopenable(path, error) from None
            continue
        if known:
            return known[0]
    return None


def has_table(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Is there a table or view of this name in schema `hubspot`?"""
    return bool(columns_of(con, table))


def columns_of(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Column names of a table in schema `hubspot`, in order; empty where there is none. As it is committed."""
    # information_schema lists every column of the warehouse first: ten times as slow, and this is asked hundreds of
    # times a run. A cursor of its own, because a table that is not there ends the transaction that asked.
    sql = f"SELECT name FROM pragma_table_info({literal(f'{SCHEMA}.{quoted(table)}')})"
    try:
        return [row[0] for row in con.cursor().execute(sql).fetchall()]
    except duckdb.CatalogException:
        return []


def quoted(name: str) -> str:
    """A name as an SQL identifier, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal, whatever it holds."""
    return "'" + text.replace("'", "''") + "'"


def require_space(folder: Path, bytes_needed: int) -> None:
    """Raises LoadError where the disk lacks room for what is about to be written."""
    free = shutil.disk_usage(folder).free
    if free < bytes_needed:
        raise LoadError(
            f"{folder} has {free / 1e9:.1f} GB free and {bytes_needed / 1e9:.1f} GB are needed. "
            "Free some space and run again; what people read is unchanged."
        )

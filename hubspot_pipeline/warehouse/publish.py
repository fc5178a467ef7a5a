"""The working file -> the file that people open, replaced in one step; and `query` on it."""

import os
import shutil
import warnings
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from hubspot_pipeline.errors import ConfigError, LoadError
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.store import locked, open_store, require_space

READ_ONLY = 0o444


def owe(settings: Settings) -> bool:
    """Note that the working file may differ from the published one from now on; True if that was noted before.

    A run that is killed between its changes and its publication leaves the note to the next one, which may change
    nothing itself.
    """
    note = _note(settings)
    before = note.exists()
    note.touch()
    return before


def owe_nothing(settings: Settings) -> None:
    """Take the note back: nothing was changed."""
    _note(settings).unlink(missing_ok=True)


def _note(settings: Settings) -> Path:
    return settings.working.with_name("unpublished")


def publish(settings: Settings, changed: bool = True) -> bool:
    """Put a copy of the working file in place of the published one; True if that was done.

    Does nothing where nothing changed, nothing is owed and a published file exists. Readers that hold the old file open
    keep it whole. Raises LoadError on a full disk, and then leaves the published file as it is.
    """
    target = settings.published
    _end_swap(settings)
    if not changed and target.exists() and not _note(settings).exists():
        return False
    with open_store(settings) as con:
        con.execute("CHECKPOINT")
    require_space(target.parent, int(settings.working.stat().st_size * 1.1) + (16 << 20))
    temporary = target.with_suffix(".publishing")
    temporary.unlink(missing_ok=True)
    try:
        shutil.copyfile(settings.working, temporary)
        temporary.chmod(READ_ONLY)
        _sync(temporary)
        _keep_previous(settings)
        _set_aside_wal(target)
        temporary.replace(target)
    except OSError as error:
        raise LoadError(
            f"{target} could not be replaced ({error.strerror}). What people read is unchanged; "
            "free some space and run again."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    _sync(target.parent)
    owe_nothing(settings)
    return True


def previous(settings: Settings) -> Path:
    """The file that was published before."""
    return settings.published.with_name("warehouse.previous.duckdb")


def restore(settings: Settings) -> Path:
    """Swap the published file and the one before it; where the published one is missing, the other takes its place.

    Raises ConfigError where there is none before, WarehouseBusy while a run works: it publishes, too.
    """
    older, target, aside = previous(settings), settings.published, _aside(settings)
    with locked(settings):
        if _end_swap(settings):
            return target
        if not older.exists():
            raise ConfigError(f"There is no {older.name} to restore: nothing was published before the present file.")
        _set_aside_wal(target)
        if target.exists():
            target.replace(aside)
        older.replace(target)
        if aside.exists():
            aside.replace(older)
    return target


def _aside(settings: Settings) -> Path:
    """Where the published file waits while the one before it takes its place."""
    return settings.published.with_suffix(".swapping")


def _end_swap(settings: Settings) -> bool:
    """Tidy up behind a `restore` that was killed; True if that was all but done, and is done now.

    One that had not put the older file in place yet is taken back. To be called under the lock.
    """
    older, target, aside = previous(settings), settings.published, _aside(settings)
    if not aside.exists():
        return False
    if not target.exists():
        aside.replace(target)
        return False
    if not older.exists():
        aside.replace(older)
        return True
    aside.unlink()  # somebody put a file in place since
    return False


def _keep_previous(settings: Settings) -> None:
    """A second name for the file about to be replaced: no copy, and at no moment is there no published file."""
    if not settings.published.exists():
        return
    link = settings.published.with_suffix(".linking")
    link.unlink(missing_ok=True)
    try:
        os.link(settings.published, link)
    except OSError:  # a file system without hard links
        shutil.copyfile(settings.published, link)
        link.chmod(READ_ONLY)
    link.replace(previous(settings))


def _set_aside_wal(target: Path) -> None:
    """A WAL beside the published file is a stranger's write; it would make the new file unopenable."""
    wal = target.with_name(target.name + ".wal")
    if wal.exists():
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        aside = wal.replace(wal.with_name(f"{wal.name}.{stamp}.aside"))
        warnings.warn(
            f"{wal.name} beside the published file was set aside as {aside.name}: somebody opened that file to write. "
            "Open it read-only; changes made there are lost with the next run.",
            stacklevel=2,
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def query(sql: str, settings: Settings | None = None) -> pd.DataFrame:
    """Run SQL on the published warehouse, read-only, and give a DataFrame.

    Raises ConfigError where nothing has been published yet. The connection is short-lived, so each call sees the
    newest published file.
    """
    path = (settings or Settings.load()).published
    if not path.exists():
        raise ConfigError(f"There is no {path} yet: run `make demo`, or `hubspot-pipeline sync` with your own token.")
    with duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"}) as con:
        con.execute("SET TimeZone = 'UTC'")
        frame: pd.DataFrame = con.sql(sql).df()
        return frame

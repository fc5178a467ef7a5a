"""Dagster's history -> the same without what it shows of a person: first rows of marts, errors, console output.

Dagster has no way to change an event, so its SQLite files are edited: the texts inside an event, never its shape.
"""

import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from hubspot_pipeline.errors import WarehouseBusy

REMOVED = "Removed when a person was purged."
_PREVIEW = "md_str"
"""Field of an event that holds rows of a mart. It goes whoever it shows: a row can be about a person without a name."""
_PATIENCE = 10.0
"""Seconds to wait for a UI that is reading."""


def forget(home: Path, patterns: Iterable[str]) -> None:
    """Take previews, and texts that one of the patterns (of lower-case texts) finds, out of a Dagster home.

    Raises WarehouseBusy where a UI does not let go of the history.
    """
    found = re.compile("|".join(patterns))
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        if path.suffix == ".db":
            try:
                _edit(path, found)
            except sqlite3.OperationalError as error:
                raise WarehouseBusy(
                    f"Dagster's history is in use ({path.name}: {error}): stop `make ui`, then run the same again."
                ) from None
        elif not path.suffix.startswith((".db-", ".yaml")) and found.search(path.read_text(errors="replace").lower()):
            path.unlink()


def _edit(database: Path, found: re.Pattern[str]) -> None:
    with closing(sqlite3.connect(database, timeout=_PATIENCE, isolation_level=None)) as con:
        for (table,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for column in [row[1] for row in con.execute(f'PRAGMA table_info("{table}")').fetchall()]:
                sql = f"""SELECT rowid, "{column}" FROM "{table}" WHERE typeof("{column}") = 'text'"""
                edits = [(new, row) for row, text in con.execute(sql) if (new := _edited(text, found)) != text]
                con.executemany(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', edits)
        con.execute("VACUUM")  # also of what was deleted earlier and lies in free pages
        (busy, *_) = con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("database is locked")


def _edited(text: str, found: re.Pattern[str]) -> str:
    """A column's text with what must go replaced, wherever it lies in its JSON."""
    if _PREVIEW not in text and not found.search(text.lower()):
        return text
    try:
        event = json.loads(text)
    except ValueError:
        return text
    edited = _without(event, found)
    return text if edited == event else json.dumps(edited)


def _without(value: Any, found: re.Pattern[str]) -> Any:
    if isinstance(value, dict):
        return {
            name: REMOVED if name == _PREVIEW and inner else _without(inner, found) for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_without(inner, found) for inner in value]
    return REMOVED if isinstance(value, str) and found.search(value.lower()) else value

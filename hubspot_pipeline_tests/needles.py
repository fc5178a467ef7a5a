"""Texts that must not be somewhere -> the places that hold them, in whatever a run leaves behind.

`places(folder, needles)` looks into files and into what is packed in them: rows of databases and of parquet files,
which compress or cut a text so that a look at their bytes would miss it.
"""

import base64
import gzip
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import duckdb


def spellings(secret: str) -> set[bytes]:
    """A secret as it is, in a URL, in JSON inside of JSON, and in base64 behind whatever precedes it."""
    raw = secret.encode()
    packed = {base64.b64encode(b" " * before + raw)[4 if before else 0 : -4] for before in range(3)}
    return {raw, quote(secret, safe="").encode(), secret.replace("/", "\\/").encode(), *packed}


def places(folder: Path, needles: Iterable[str]) -> set[str]:
    """Files below the folder, and tables of databases, that hold one of the needles in one of its spellings."""
    wanted = {spelling for needle in needles for spelling in spellings(needle)}
    return {
        place
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        for place, content in _held(path, str(path.relative_to(folder)))
        if any(one in content for one in wanted)
    }


def _held(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    raw = path.read_bytes()
    yield name, raw
    if raw.startswith(b"\x1f\x8b"):
        yield name, gzip.decompress(raw)
    elif raw.startswith(b"SQLite format 3"):
        yield from _sqlite(path, name)
    elif raw.startswith(b"PAR1"):
        with duckdb.connect() as con:
            yield name, _text(con.execute("SELECT t FROM read_parquet(?) AS t", [str(path)]).fetchall())
    elif raw[8:12] == b"DUCK":
        yield from _duckdb(path, name)


def _sqlite(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        for (table,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            yield f"{name}: {table}", _text(con.execute(f'SELECT * FROM "{table}"').fetchall())


def _duckdb(path: Path, name: str) -> Iterator[tuple[str, bytes]]:
    with duckdb.connect(str(path), read_only=True) as con:
        sql = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        for schema, table in con.execute(sql).fetchall():
            rows = con.execute(f'SELECT CAST(t AS VARCHAR) FROM "{schema}"."{table}" AS t').fetchall()
            yield f"{name}: {schema}.{table}", _text(rows)


def _text(rows: list[tuple[object, ...]]) -> bytes:
    cells = (cell for row in rows for cell in row)
    return b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode("utf-8", "replace") for cell in cells)

"""A person -> where texts that name them still are: every table of every DuckDB file, every byte of every file.

Both are needed: tables are compressed, so that bytes alone hide a text, and bytes that no table owns are in no query.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.attachments import strays
from hubspot_pipeline.warehouse.person import Needle, Person, needles
from hubspot_pipeline.warehouse.places import names_contact, tables_of, text_of
from hubspot_pipeline.warehouse.store import literal, open_file, quoted

CHUNK = 1 << 24
"""Bytes of a file that are searched at a time."""
OVERLAP = 1 << 10
"""Bytes that two chunks share: more than any text to be found has."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One place. `rows`: of a table, how many name the person; None of a file. `kinds`: by what."""

    place: str
    kinds: tuple[str, ...]
    rows: int | None = None


@dataclass(slots=True)
class Proof:
    """What was searched, and what was found."""

    tables: int = 0
    files: int = 0
    traces: list[Trace] = field(default_factory=list)


def search(settings: Settings, person: Person) -> Proof:
    """Look for the person everywhere below the data folder but in the sandbox portal's state, which is a portal.

    Content of an attachment that no row names is a trace whatever it says: it can be theirs, and compressed. Raises
    ConfigError where a DuckDB file cannot be opened.
    """
    proof, wanted = Proof(), needles(person)
    paths = sorted(path for path in settings.data_dir.rglob("*") if path.is_file())
    paths = [path for path in paths if not path.is_relative_to(settings.sandbox_dir)]
    covered, inside_others = set(), set()
    for path in (path for path in paths if path.suffix == ".duckdb"):
        with open_file(path, read_only=True) as con:
            for (schema, table), columns in tables_of(con).items():
                found = _in_table(con, schema, table, columns, person, wanted)
                proof.tables += 1
                inside_others |= found.inside_others
                if found.rows:
                    covered.add(path)
                    place = f"{path.relative_to(settings.data_dir)}: {schema}.{table}"
                    proof.traces.append(Trace(place, tuple(sorted(found.kinds)), found.rows))
    patterns = {needle: _of_bytes(needle, as_word=needle in inside_others) for needle in wanted}
    unknown = _unknown(settings)
    for path in paths:
        proof.files += 1
        kinds = () if path in covered else _kinds_in(path, patterns)
        if kinds := (*kinds, *(["attached to nothing"] if path in unknown else [])):
            proof.traces.append(Trace(str(path.relative_to(settings.data_dir)), kinds))
    return proof


def _unknown(settings: Settings) -> set[Path]:
    if not settings.working.exists():
        return set()
    with open_file(settings.working, read_only=True) as con:
        return set(strays(settings, con))


@dataclass(slots=True)
class _Found:
    """Of one table: rows that name the person, by what, and needles that other words contain."""

    rows: int = 0
    kinds: set[str] = field(default_factory=set)
    inside_others: set[Needle] = field(default_factory=set)


def _in_table(con: duckdb.DuckDBPyConnection, schema: str, table: str, columns: Mapping[str, str], person: Person,
              wanted: list[Needle]) -> _Found:  # fmt: skip
    anything = "|".join(re.escape(one) for needle in wanted for one in needle.spellings)
    reading = con.execute(
        f"SELECT text, by_id FROM (SELECT {text_of(columns)} AS text, {names_contact(columns, person)} AS by_id "
        f"FROM {quoted(schema)}.{quoted(table)}) WHERE by_id OR regexp_matches(text, {literal(anything)})"
    )
    found = _Found()
    while rows := reading.fetchmany(1_000):
        for row, by_id in rows:
            near = {needle for needle in wanted if any(one in row for one in needle.spellings)}
            there = {needle for needle in near if re.search(needle.pattern, row)}
            found.inside_others |= near - there
            found.kinds |= {needle.kind for needle in there} | ({"id"} if by_id else set())
            found.rows += bool(there or by_id)
    return found


def _of_bytes(needle: Needle, *, as_word: bool) -> re.Pattern[bytes]:
    """DuckDB and SQLite write cells without anything between them, so a word's ends tell nothing in a file's bytes.

    Only where the texts of other people contain the needle it has to be a word of its own.
    """
    plain = "|".join(map(re.escape, needle.spellings))
    return re.compile((needle.pattern if as_word else plain).encode())


def _kinds_in(path: Path, patterns: dict[Needle, re.Pattern[bytes]]) -> tuple[str, ...]:
    kinds: set[str] = set()
    with suppress(FileNotFoundError):  # a UI that runs makes and deletes journals of its history
        for chunk in _chunks(path):
            kinds |= {needle.kind for needle, pattern in patterns.items() if pattern.search(chunk)}
    return tuple(sorted(kinds))


def _chunks(path: Path) -> Iterator[bytes]:
    """A file in lower case, piece by piece."""
    with path.open("rb") as file:
        kept = b""
        while read := file.read(CHUNK):
            yield kept + read.lower()
            kept = read[-OVERLAP:].lower()

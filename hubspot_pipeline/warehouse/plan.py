"""What a run does with a stream, what a stream did, and what it remembers between two load packages."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from hubspot_pipeline.extract.unnest import Record, Scrubbed

State = dict[str, Any]
"""What a stream keeps from run to run; dlt stores it with the rows."""
PHASES = ("scan", "archived", "links")
CHUNK_ROWS = 5_000
CHUNK_BYTES = 24 << 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows for one table of schema `hubspot`."""

    table: str
    rows: pa.Table
    replace: bool = False
    """These are all rows of the table."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What this run does with every object."""

    started: datetime
    """The portal's clock when the run began."""
    lookback: timedelta
    start: datetime
    """Records modified before are not loaded."""
    phases: tuple[str, ...] = ()
    """Phases to do now whatever the state says."""
    thorough: bool = False
    """A reconcile: also what a sync leaves out to save calls."""
    everything: bool = False
    """A person asked for all: logs are read from the start date on, whatever is known."""
    links: bool = True
    history: bool = True
    since: datetime | None = None
    until: datetime | None = None
    max_pages: int | None = None


@dataclass(slots=True)
class Tally:
    """What one stream did."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    archived: int = 0
    refused: int = 0
    rejected: int = 0
    filtered: int = 0
    """Records read that the filter does not keep."""
    total: int | None = None
    """Records in the portal, kept or not, where it was asked."""
    links_read: int = 0
    links_added: int = 0
    links_removed: int = 0
    versions: int = 0
    expected: int | None = None
    visible: int | None = None
    cursor_before: str | None = None
    cursor_after: str | None = None
    finished: float | None = None
    """When its walk ended, on the monotonic clock."""
    unfinished: bool = False
    backfilled: bool = False
    """Every record that may hold a new property's value was read with it."""
    notes: list[str] = field(default_factory=list)
    scrubbed: list[Scrubbed] = field(default_factory=list)
    gone: list[tuple[Any, ...]] = field(default_factory=list)
    """Keys of stored items that are no more; taken away when all else has landed."""
    removed: int = 0
    rewritten: int = 0
    """Stored rows that were changed in place: values hidden later, files whose content came."""
    partial: bool = False
    """A part of the list may not be read: what it lacks is not gone."""
    days: Counter[date] = field(default_factory=Counter)
    """Of a log: rows that landed, by the UTC day they happened on."""
    missing: list[str] = field(default_factory=list)
    """Live in the warehouse, gone from the portal: neither listed, archived nor readable by id."""
    error: Exception | None = None


@dataclass(slots=True)
class Memory:
    """What one stream knows of its run so far, over all of its load packages."""

    live: set[str] = field(default_factory=set)
    binned: set[str] = field(default_factory=set)
    """Ids read from the recycle bin."""
    changed: dict[str, None] = field(default_factory=dict)
    """What a scan found changed in earlier packages; where no links phase follows, its links are read at the end."""
    later: list[Record] = field(default_factory=list)
    """Records that changed between two readings of one package, which may hold an id only once."""
    from_start: bool = False
    """This run's scan began at the first id, not behind an interrupted one."""
    whole_scan: bool = False
    """It also reached the end."""


class Buffer:
    """Records collected to a chunk worth an Arrow table."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._bytes = 0

    def add(self, records: list[Record]) -> None:
        self._records += records
        self._bytes += sum(len(bytes(record.properties)) for record in records)

    @property
    def full(self) -> bool:
        return len(self._records) >= CHUNK_ROWS or self._bytes >= CHUNK_BYTES

    def take(self) -> list[Record]:
        records, self._records, self._bytes = self._records, [], 0
        return records


def cursor_of(state: State) -> str | None:
    """Where the next read of a stream goes on, as people see it; of a log that is not read whole yet its open end."""
    if state.get("until") and state.get("unread"):
        return str(state["unread"][0][0])
    return state.get("cursor") or state.get("until") or state.get("parents_until")

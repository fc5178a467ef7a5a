"""Records of one object type, kept so that a list page is a join of bytes.

properties -> `Record` on a `Shelf` -> JSON bytes of the record
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json, encode, member
from hubspot_pipeline.sandbox.instants import DAY, iso

BIN_DAYS = 90
"""Days an archived record stays in its listing."""


@dataclass(slots=True)
class Version:
    """One version of a property's value."""

    value: Any
    timestamp: int
    source: str
    source_id: str | None
    seq: int

    def shown(self) -> Json:
        user = None
        if self.source_id and self.source_id.startswith("userId:") and self.source_id[7:].isdigit():
            user = int(self.source_id[7:])
        return {
            "value": "" if self.value is None else self.value, "timestamp": iso(self.timestamp),
            "sourceType": self.source, "sourceId": self.source_id, "sourceLabel": None, "updatedByUserId": user,
        }  # fmt: skip


@dataclass(slots=True)
class Record:
    """One record; `properties` holds non-null values only, history is oldest first."""

    id: int
    properties: dict[str, Any]
    created: int
    modified: int
    archived_at: int | None = None
    history: dict[str, list[Version]] = field(default_factory=dict)
    pieces: dict[str, bytes] | None = None

    def encoded(self) -> dict[str, bytes]:
        """`"name":value` bytes of every property, made once per change of the record."""
        if self.pieces is None:
            self.pieces = {name: member(name) + encode(value) for name, value in self.properties.items()}
        return self.pieces

    def copy(self) -> "Record":
        return Record(self.id, dict(self.properties), self.created, self.modified, self.archived_at)


@dataclass(frozen=True, slots=True)
class Selection:
    """Defined properties of one request, sorted by name, with what stands for an empty one."""

    names: tuple[str, ...]
    nulls: tuple[bytes, ...]

    @classmethod
    def of(cls, names: Iterable[str]) -> "Selection":
        ordered = tuple(sorted(set(names)))
        return cls(ordered, tuple(member(name) + b"null" for name in ordered))


class Block(Protocol):
    """Records computed from their id instead of stored."""

    ids: range

    def record(self, id: int) -> Record: ...
    def value(self, id: int, name: str) -> Any: ...
    def times(self, id: int) -> tuple[int, int]: ...
    def renderer(self, selection: Selection) -> Callable[[int], bytes]: ...


class Shelf:
    """All records of one object type."""

    def __init__(self, kind: Kind, portal_id: int) -> None:
        self.kind = kind
        self.live: list[int] = []
        self.binned: list[int] = []
        self.records: dict[int, Record] = {}
        self.blocks: list[Block] = []
        self.forwards: dict[int, int] = {}
        """Merged-away id -> id of the record it went into."""
        self.stale: dict[int, list[tuple[int, Record | None]]] = {}
        """Per id, oldest first: (instant a change reaches the index, state before it), what search shows until then."""
        self._times: list[tuple[int, int]] | None = None
        self._tail = f'"url":"https://app.hubspot.com/contacts/{portal_id}/record/{kind.type_id}/'.encode()
        self._renderers: dict[tuple[int, Selection], Callable[[int], bytes]] = {}

    def survivor(self, id: int) -> int:
        """The id that `id` resolves to through merges."""
        while id in self.forwards:
            id = self.forwards[id]
        return id

    def block(self, id: int) -> Block | None:
        return next((block for block in self.blocks if id in block.ids), None)

    def get(self, id: int) -> Record | None:
        """The record, live or in the bin; None where there is none (or it was computed and is gone)."""
        record = self.records.get(id)
        if record is None and self.blocks and id not in self.forwards and self.is_live(id):
            block = self.block(id)
            return block.record(id) if block else None
        return record

    def own(self, id: int) -> Record | None:
        """The record, stored from now on: to be called before a change."""
        record = self.get(id)
        if record is not None:
            self.records[id] = record
            record.pieces = None
        return record

    def is_live(self, id: int) -> bool:
        at = bisect_left(self.live, id)
        return at < len(self.live) and self.live[at] == id

    def add(self, record: Record) -> None:
        self.records[record.id] = record
        ids = self.live if record.archived_at is None else self.binned
        if ids and ids[-1] > record.id:
            insort(ids, record.id)
        else:
            ids.append(record.id)
        if record.archived_at is None:
            self.timed(record)

    def remove(self, record: Record) -> None:
        """Takes the record off its listing; the caller decides what else becomes of it."""
        if record.archived_at is None:
            self.untimed(record)
        ids = self.live if record.archived_at is None else self.binned
        at = bisect_left(ids, record.id)
        if at < len(ids) and ids[at] == record.id:
            del ids[at]
        self.records.pop(record.id, None)

    def add_block(self, block: Block) -> None:
        self.blocks.append(block)
        self.live.extend(block.ids)
        self.live.sort()
        self._times = None

    def timed(self, record: Record) -> None:
        if self._times is not None:
            insort(self._times, (record.modified, record.id))

    def untimed(self, record: Record) -> None:
        if self._times is not None:
            at = bisect_left(self._times, (record.modified, record.id))
            if at < len(self._times) and self._times[at] == (record.modified, record.id):
                del self._times[at]

    def times(self, id: int) -> tuple[int, int]:
        """(created, modified) of a live record, without building a computed one."""
        record = self.records.get(id)
        if record is not None:
            return record.created, record.modified
        block = self.block(id)
        assert block is not None
        return block.times(id)

    def value(self, id: int, name: str) -> Any:
        record = self.records.get(id)
        if record is not None:
            return record.properties.get(name)
        block = self.block(id)
        return None if block is None else block.value(id, name)

    def versions(self, id: int, name: str) -> list[Version]:
        """Versions of one property, oldest first; the system's own properties have the one they are."""
        record = self.records.get(id)
        if record is None:
            value = self.value(id, name)
            return [] if value is None else [Version(value, self.times(id)[0], "IMPORT", None, 0)]
        found = record.history.get(name)
        if not found and name in record.properties:
            at = record.modified if name == self.kind.modified else record.created
            return [Version(record.properties[name], at, "INTERNAL_PROCESSING", None, 0)]
        return found or []

    def modified_between(self, low: int, high: int) -> list[int]:
        """Ids of live records last modified in [low, high], in order of that instant."""
        if self._times is None:
            self._times = sorted((self.times(id)[1], id) for id in self.live)
        first = bisect_left(self._times, (low, -1))
        last = bisect_left(self._times, (high + 1, -1))
        return [id for _, id in self._times[first:last]]

    def in_bin(self, now: int) -> list[int]:
        """Ids of archived records that the bin still holds."""
        horizon = now - BIN_DAYS * DAY
        return [id for id in self.binned if (self.records[id].archived_at or 0) > horizon]

    def page(self, archived: bool, after: int, size: int, now: int) -> tuple[list[int], int | None]:
        """Up to `size` ids from `after` on, and the id the next page starts at."""
        ids = self.in_bin(now) if archived else self.live
        start = bisect_left(ids, after)
        chosen = ids[start : start + size]
        following = start + len(chosen)
        return chosen, ids[following] if following < len(ids) else None

    def all_records(self, now: int) -> Iterator[Record]:
        """Live records, then those in the bin, each by ascending id."""
        for id in [*self.live, *self.in_bin(now)]:
            record = self.get(id)
            assert record is not None
            yield record

    def render(self, id: int, selection: Selection, extra: bytes = b"", record: Record | None = None) -> bytes:
        """JSON of one record; `extra` is inserted after the properties (history, associations), ends with a comma."""
        record = record or self.records.get(id)
        if record is None:
            block = self.block(id)
            assert block is not None
            key = (block.ids.start, selection)
            if key not in self._renderers:
                self._renderers[key] = block.renderer(selection)
            body = self._renderers[key](id)
            created, modified = block.times(id)
            archived_at = None
        else:
            body = b",".join(map(record.encoded().get, selection.names, selection.nulls))
            created, modified, archived_at = record.created, record.modified, record.archived_at
        state = (
            b'"archived":false'
            if archived_at is None
            else b'"archived":true,"archivedAt":"%b"' % iso(archived_at).encode()
        )
        return b'{"id":"%d","properties":{%b},%b"createdAt":"%b","updatedAt":"%b",%b,%b%d"}' % (
            id, body, extra, iso(created).encode(), iso(modified).encode(), state, self._tail, id,
        )  # fmt: skip

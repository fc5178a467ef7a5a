"""One CRM object in one run: state of earlier runs -> batches of rows to load, and the state to keep.

Work is a list of phases in the stream's state: `scan` (all live records), `archived` (the recycle bin), `links`
(all associations), and, outside that list, the changes since the cursor. Whatever is handed on is entered into the
state right behind it, so the state may be kept whenever the walk ends, also when it ends in an error.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from hubspot_pipeline.choice.conditions import UNSEARCHED
from hubspot_pipeline.errors import HubSpotError, MalformedAnswer, NotListed
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.changes import Filter, Search
from hubspot_pipeline.extract.conceal import NOTHING, Concealer
from hubspot_pipeline.extract.filters import Condition, matches
from hubspot_pipeline.extract.read import WIDTH, Reader, milliseconds
from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.extract.windows import HISTORY_PAGE, LIST_PAGE, Chains, chunks
from hubspot_pipeline.streams import MODES, Mode, Stream
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.counts import Counts
from hubspot_pipeline.warehouse.links import Links
from hubspot_pipeline.warehouse.plan import PHASES, Batch, Buffer, Memory, Plan, State, Tally
from hubspot_pipeline.warehouse.versions import Versions


@dataclass(frozen=True, slots=True)
class How:
    """What is wanted of one object: how it is read, whose versions and which records are kept, and what is hidden."""

    mode: Mode = MODES[0]
    history: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    conceal: Concealer = NOTHING


class Walk:
    """Reads one object stream. `stored` None: nothing to compare with, everything read is handed on."""

    def __init__(self, reader: Reader, plan: Plan, columns: dict[str, str], stored: Stored | None, tally: Tally,
                 memory: Memory, how: How = How(), *, new_properties: Iterable[str] = ()) -> None:  # fmt: skip
        self.reader = reader
        self.stream: Stream = reader.stream
        self.plan = plan
        self.columns = columns
        self.stored = stored
        self.tally = tally
        self.memory = memory
        self.how = how
        self.new_properties = list(new_properties)
        self.links = Links(reader, plan, stored, tally)
        self.counts = Counts(reader, plan, how.conditions, stored, tally)
        self.versions = Versions(reader, plan, how.history, how.conceal, stored)
        self._history = how.history
        self._rehistory = False
        """Versions of all records are read, not only of those that changed: a property's history is new here."""
        self._given: set[str] = set()
        self._changed: dict[str, None] = {}

    def run(self, state: State) -> Iterator[Batch]:
        """All batches of this package. Raises what the reader raises; `state` is then still right."""
        self.tally.unfinished = False
        if "history" in state:
            # what is not followed now has a gap: it is read for all records when it is followed again
            state["history"] = sorted(set(state["history"]) & set(self._history))
        later, self.memory.later = self.memory.later, []
        yield from self._records(later, state)
        todo: list[str] = state.setdefault("todo", [])
        if "cursor" not in state and not todo:
            todo += PHASES
            state["first"] = True
        todo[:] = [phase for phase in PHASES if phase in {*todo, *self.plan.phases, *self._phases_of_mode(state)}]
        behind = bool(state.get("links_done"))
        try:
            yield from self._phases(todo, state)
        except Exception:
            # what was read is stored, so no later read brings it back: its links must not be forgotten
            if self._changes_so_far and "links" not in todo:
                todo.append("links")
            if behind:
                self.links.owe(self._changes_so_far, state)
            raise
        if self.tally.unfinished:
            self.memory.changed |= self._changed
            if behind or "links" not in todo:
                self.links.owe(self.memory.changed, state)
            return
        state.pop("first", None)
        if self._rehistory:
            state["history"] = sorted(self._history)
        yield from self.links.refused_before(state, self._changes_so_far.keys() - self.memory.binned)
        self.tally.unfinished = bool(self.memory.later)
        if not self.tally.unfinished:
            self.tally.visible = self.counts.visible()

    def _phases(self, todo: list[str], state: State) -> Iterator[Batch]:
        """What is to be done now, in its order; what is done leaves `todo`."""
        # a scan that was broken off has passed records of a span that is named now
        if "scan" not in todo or (self._named and "unread" in state):
            yield from self._changes(state)
        without_links = "scan" in todo and "links" not in todo
        for phase in list(todo):
            yield from getattr(self, f"_{phase}")(state)
            if self.tally.unfinished:
                return
            todo.remove(phase)
        if without_links and self.plan.links:
            yield from self.links.of(self.links.owed(self._changes_so_far, state), state)
            state.pop("links_owed", None)

    @property
    def _changes_so_far(self) -> dict[str, None]:
        """Ids of what this run found changed, in this package and in earlier ones."""
        return self.memory.changed | self._changed

    @property
    def _named(self) -> bool:
        return self.plan.since is not None or self.plan.until is not None

    def _phases_of_mode(self, state: State) -> tuple[str, ...]:
        """What has to be read whole in this run whatever changed."""
        known = set(state.get("history", ())) - set(self.new_properties)
        if self._history and "cursor" in state and not set(self._history) <= known:
            self._rehistory = True
            return ("scan", "archived")
        if "cursor" in state and not set(UNSEARCHED).isdisjoint(self.new_properties):
            return ("scan",)  # no search finds the records that have a value
        if self._named or self.how.mode == "incremental_server_side":
            return ()
        return PHASES if self.how.mode == "full_refresh" else ("scan",)

    # phases

    def _scan(self, state: State) -> Iterator[Batch]:
        if state.get("unread", [[0, None]]) == [[0, None]] and not self._rehistory:
            search = self.counts.fewer_by_search()
            if search is not None:
                yield from self._scan_by_search(search, state)
                return
        # only a first read needs every version; later only those of the records that changed
        history = self._history if state.get("first") or self._rehistory else ()
        if not set(history) <= set(state.get("scan_history", ())):
            state.pop("unread", None)  # broken off when less was followed: what it passed lacks versions
        state["scan_history"] = sorted(history)
        self.memory.from_start |= state.get("unread", [[0, None]]) == [[0, None]]
        state.setdefault("scan_started", self.plan.started.isoformat())
        total, top = self.counts.size()
        self.tally.expected = total
        ranges = [(lo, hi) for lo, hi in state.get("unread", [[0, None]])]
        size = HISTORY_PAGE if history else LIST_PAGE
        chains = Chains(ranges, top=top, total=total, width=WIDTH, page_size=size)
        buffer, failed = Buffer(), None
        try:
            for page in self.reader.scan(chains, history=history, max_pages=self.plan.max_pages):
                buffer.add(self._fresh(page))
                if buffer.full:
                    yield from self._records(buffer.take(), state)
                    state["unread"] = [list(span) for span in chains.unread()]
        except Exception as error:
            failed = error
        # what was read before an error is loaded all the same, and the next run goes on behind it
        yield from self._records(buffer.take(), state)
        state["unread"] = [list(span) for span in chains.unread()]
        if failed is not None:
            raise failed
        if not chains.done:
            self.tally.unfinished = True
            return
        del state["unread"], state["scan_history"]
        if state.get("first"):
            state["history"] = sorted(self._history)
        self.memory.whole_scan = self.memory.from_start
        self.tally.backfilled |= self.memory.whole_scan
        self._advance(state, datetime.fromisoformat(state.pop("scan_started")))

    def _scan_by_search(self, filters: list[Filter], state: State) -> Iterator[Batch]:
        """All records that the filter keeps, by their ids; what else is stored is then asked for by id."""
        started = self.plan.started
        search = Search(self.reader)
        for page in search.matching([filters]):
            for records in self.reader.batch([str(record.id) for record in page], history=self._history):
                yield from self._records(self._fresh(records), state)
        if search.incomplete:
            raise MalformedAnswer("search did not show all records that it counted; the next run asks again")
        if state.get("first"):
            state["history"] = sorted(self._history)
        self.memory.from_start = self.memory.whole_scan = True
        self.tally.backfilled = True
        if "archived" not in state["todo"] and self.stored is not None:
            yield from self._look_for_missing(state)
        self._advance(state, started)

    def _changes(self, state: State) -> Iterator[Batch]:
        since = self.plan.since or datetime.fromisoformat(state.get("cursor", self.plan.start.isoformat()))
        search = Search(self.reader, until=self.plan.until)
        buffer = Buffer()
        for page in search.since(max(since, self.plan.start)):
            if search.wide and not self._history:
                buffer.add(self._fresh(page))
            else:
                self._note_newest(page, state)
                for batch in self.reader.batch(self._unknown(page), history=self._history):
                    buffer.add(self._fresh(batch))
            if buffer.full:
                yield from self._records(buffer.take(), state)
        complete = not search.incomplete
        for group in chunks(self.new_properties, 5):
            # a property that is new to us can hold values on records that did not change since
            filled = Search(self.reader)
            for page in filled.matching([[{"propertyName": name, "operator": "HAS_PROPERTY"}] for name in group]):
                for batch in self.reader.batch([str(r.id) for r in page], history=self._history):
                    buffer.add(self._fresh(batch))
            complete &= not filled.incomplete
        yield from self._records(buffer.take(), state)
        self.tally.backfilled |= complete
        if self.plan.links and "links" not in state["todo"]:
            yield from self.links.of(list(self._changed), state)
        if not complete:
            self.tally.notes.append("search did not show all that it counted: the whole list is read instead")
            state["todo"][:] = [phase for phase in PHASES if phase in state["todo"] or phase != "archived"]
        elif self.plan.until is None and "cursor" in state and since <= datetime.fromisoformat(state["cursor"]):
            self._advance(state, self.plan.started)

    def _archived(self, state: State) -> Iterator[Batch]:
        listed = True
        try:
            for page in self.reader.archived():
                records = self._binned(page)
                yield from self._records(records, state)
                if self.plan.links and records:
                    for to_object in self.links.pairs(state):
                        yield from self.links.of_archived(to_object, records, state)
        except NotListed:
            listed = False
        if self.memory.whole_scan and self.stored is not None:
            yield from self._look_for_missing(state, listed=listed)

    def _links(self, state: State) -> Iterator[Batch]:
        alive = set(self.stored.alive_ids(self.stream.name)) if self.stored and self.plan.links else set()
        ids = (alive | self.memory.live) - self.memory.binned - set(self.tally.missing)
        yield from self.links.of_all(sorted(ids, key=int), self._changes_so_far, state)

    # what the phases share

    def _records(self, records: list[Record], state: State) -> Iterator[Batch]:
        self.memory.later += [record for record in records if str(record.id) in self._given]
        records = [record for record in records if str(record.id) not in self._given]
        if not records:
            return
        self._note_newest(records, state)
        records = self._kept(records)
        for record in records:
            self.how.conceal.record(record)
        rows, scrubbed = unnest.table(records, self.columns, self.plan.started)
        self.tally.read += len(records)
        changed = rows
        if self.stored is not None:
            found = self.stored.records(self.stream.name, rows)
            changed = found.rows
            self.tally.inserted += found.inserted
            self.tally.updated += found.updated
            self.tally.archived += found.archived
            self.tally.refused += found.refused
        else:
            self.tally.inserted += rows.num_rows
        ids = dict.fromkeys(changed["id"].to_pylist())
        # read before the rows are handed on: a row that is stored is not read again for the sake of its history
        known = {str(record.id) for record in records} if self._rehistory else set(ids)
        versions = self.versions.of(records, known) if self._history else None
        self.tally.scrubbed += [value for value in scrubbed if value.id in ids]
        self._given |= ids.keys()
        self._changed |= ids
        if changed.num_rows:
            yield Batch(self.stream.name, changed)
        if versions is not None and versions.rows.num_rows:
            self._given |= set(versions.rows["id"].to_pylist())
            self.tally.versions += versions.rows.num_rows
            yield versions

    def _kept(self, records: list[Record]) -> list[Record]:
        """Records that the filter keeps; others leave the warehouse with their links and versions."""
        if not self.how.conditions:
            return records
        kept = [one for one in records if matches(self.how.conditions, unnest.values_of(one))]
        dropped = {str(one.id) for one in records} - {str(one.id) for one in kept}
        self.tally.filtered += len(dropped)
        if self.stored is not None and dropped:
            self.tally.removed += self.stored.forget(self.stream.name, self.stream.object, sorted(dropped))
        return kept

    def _look_for_missing(self, state: State, *, listed: bool = True) -> Iterator[Batch]:
        """Records that no complete scan shows: each is asked for by id before it counts as gone.

        Without the recycle bin nobody knows of those that are not found whether they lie in it. Where HubSpot does not
        list it, they are asked for there by id, too.
        """
        assert self.stored is not None
        read = self.memory.live | self.memory.binned
        absent = sorted(self.stored.alive_before(self.stream.name, self.plan.started) - read)
        found = [record for page in self.reader.batch(absent) for record in page]
        gone = set(absent) - {str(record.id) for record in found}
        if not listed:
            binned = self._binned(self._in_bin(sorted(gone)))
            gone -= {str(record.id) for record in binned}
            yield from self._records(binned, state)
        if "archived" in state["todo"]:
            self.tally.missing = sorted(gone)
        yield from self._records(self._fresh(found), state)

    def _in_bin(self, ids: list[str]) -> list[Record]:
        """Archived records by id; none where HubSpot refuses that, too."""
        try:
            return [record for page in self.reader.batch(ids, archived=True) for record in page]
        except HubSpotError as error:
            if error.status != 400:
                raise
            return []

    def _unknown(self, records: list[Record]) -> list[str]:
        """Ids whose record is worth reading: not stored alive with the modified instant that search shows."""
        ids = [str(record.id) for record in records]
        if self.stored is None or self.plan.since is not None or not ids:
            return ids  # whoever names a span wants it read, whatever is stored
        known = self.stored.known(self.stream.name, ids, unnest.instants([r.updatedAt for r in records]))
        return [id_ for id_ in ids if id_ not in known]

    def _fresh(self, records: list[Record]) -> list[Record]:
        """Records not handed on yet in this run; an unordered or overlapping page brings doubles."""
        fresh = {str(r.id): r for r in self._wanted(records) if str(r.id) not in self.memory.live}
        self.memory.live |= fresh.keys()
        return list(fresh.values())

    def _binned(self, records: list[Record]) -> list[Record]:
        """Archived records not handed on yet in this run."""
        fresh = [record for record in self._wanted(records) if str(record.id) not in self.memory.binned]
        self.memory.binned |= {str(record.id) for record in fresh}
        return fresh

    def _wanted(self, records: list[Record]) -> list[Record]:
        moments = unnest.instants([record.updatedAt for record in records]).to_pylist()
        return [r for r, moment in zip(records, moments, strict=True) if moment is None or moment >= self.plan.start]

    def _note_newest(self, records: list[Record], state: State) -> None:
        newest = pa.compute.max(unnest.instants([record.updatedAt for record in records])).as_py()
        if newest is not None:
            state["newest"] = max(state.get("newest", 0), milliseconds(newest))

    def _advance(self, state: State, started: datetime) -> None:
        """Cursor = min(start of the read, newest seen) - look-back; it never moves back."""
        newest = datetime.fromtimestamp(state.get("newest", 0) / 1000, UTC)
        if not state.get("newest"):
            state.setdefault("cursor", (started - self.plan.lookback).isoformat())
        else:
            state["cursor"] = max((min(started, newest) - self.plan.lookback).isoformat(), state.get("cursor", ""))

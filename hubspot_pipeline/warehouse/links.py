"""The links of one object's records: read, compared, and what a token may not read left alone.

A pair of object types that may not be read keeps its rows; the state remembers it, and every run asks for it again.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import pyarrow as pa

from hubspot_pipeline.errors import HubSpotError, MissingScope
from hubspot_pipeline.extract.read import WIDTH, Reader
from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.extract.windows import LINK_INPUTS, chunks
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse.changes import LINK_SCHEMA, Stored
from hubspot_pipeline.warehouse.inline import inline_links
from hubspot_pipeline.warehouse.plan import Batch, Plan, State, Tally

MOST_OWED = 10_000
"""Ids that a state keeps of records whose links are owed; where there are more, all links are read."""
NO_SUCH_PAIR = (400, 404)
"""Answers where a portal has no associations between two object types."""


class Links:
    """Reads links of one object stream. `stored` None: nothing to compare with, everything read is handed on."""

    def __init__(self, reader: Reader, plan: Plan, stored: Stored | None, tally: Tally) -> None:
        self.reader, self.plan, self.stored, self.tally = reader, plan, stored, tally
        self.stream: Stream = reader.stream
        self._refused_now: set[str] = set()
        self._given: set[tuple[str, str]] = set()
        """(to object, id) of what this package has: the links of a record may come only once in it."""

    def pairs(self, state: State) -> list[str]:
        """Object types that links are read to: those of the declared pairs that were not refused."""
        return [to for to in self.stream.pairs if to not in state.get("refused", ())]

    def of(self, ids: list[str], state: State, to_objects: Iterable[str] | None = None) -> Iterator[Batch]:
        for to_object in self.pairs(state) if to_objects is None else to_objects:
            try:
                for known, rows in self.reader.links(to_object, ids):
                    yield from self._link_batch(to_object, known, rows)
            except HubSpotError as error:
                if error.status not in NO_SUCH_PAIR or (error.status == 404 and self._has_links(to_object, ids)):
                    raise
                self._refuse(to_object, error, state)
            except MissingScope as error:
                self._refuse(to_object, error, state)

    def of_all(self, ids: list[str], changed: Iterable[str], state: State) -> Iterator[Batch]:
        """Links of all records by id, behind where an earlier reading broke off, and of what changed since.

        `changed`: ids of what this run found changed.
        """
        if not self.plan.links or not self.stream.pairs:
            state.pop("links_done", None)
            state.pop("links_owed", None)
            return
        if state.get("links_done"):
            self.owe(changed, state)
        done: dict[str, int] = state.setdefault("links_done", {})
        owed = set(state.get("links_owed", ()))
        for to_object in self.pairs(state):
            rest = [id_ for id_ in ids if int(id_) > done.get(to_object, -1) or id_ in owed]
            # in groups as wide as the pool, so that the state moves on with what is read
            for group in chunks(rest, LINK_INPUTS * WIDTH):
                yield from self.of(group, state, [to_object])
                if to_object not in self.pairs(state):
                    break
                done[to_object] = max(done.get(to_object, -1), int(group[-1]))
        state.pop("links_done")
        state.pop("links_owed", None)

    def owed(self, changed: Iterable[str], state: State) -> list[str]:
        """Records that changed in this run, or in an earlier one that did not come to read their links."""
        return sorted({*changed, *state.get("links_owed", ())}, key=int)

    def owe(self, changed: Iterable[str], state: State) -> None:
        """Write these down: what is stored is not read again, so a later run would not know of their links."""
        if not self.plan.links:
            return
        owed = self.owed(changed, state)
        if len(owed) <= MOST_OWED:
            state["links_owed"] = owed
            return
        if "links" not in state["todo"]:
            state["todo"].append("links")
        for key in ("links_done", "links_owed"):  # all are read anew
            state.pop(key, None)

    def _has_links(self, to_object: str, ids: list[str]) -> bool:
        """Whether any link of these is stored: then a pair that is not found has not always been none."""
        return self.stored is not None and any(self.stored.linked(self.stream.object, to_object, ids).values())

    def _refuse(self, to_object: str, error: Exception, state: State) -> None:
        """A pair that may not be read keeps its rows; every run asks for it again."""
        self.tally.notes.append(f"Links to {to_object} are not read: {error}")
        self._refused_now.add(to_object)
        state["refused"] = sorted({*state.get("refused", ()), to_object})

    def refused_before(self, state: State, new: Collection[str]) -> Iterator[Batch]:
        """Pairs that an earlier run was refused: all their links, as soon as the token may read them.

        `new`: ids of live records that this package brings.
        """
        refused = [to for to in state.pop("refused", ()) if to in self.stream.pairs]
        if refused:
            state["refused"] = refused
        again = [to for to in refused if to not in self._refused_now]
        ids = sorted({*self.stored.alive_ids(self.stream.name), *new}) if self.stored and again else []
        for to_object in again if ids else ():
            yield from self.of(ids, state, [to_object])
            if to_object not in self._refused_now:
                state["refused"] = [to for to in state["refused"] if to != to_object]
        if not state.get("refused"):
            state.pop("refused", None)

    def of_archived(self, to_object: str, records: list[Record], state: State) -> Iterator[Batch]:
        """An archived record's links, which only its listing shows, if at all: none says nothing until it has."""
        if any(record.associations for record in records):
            state["bin_shows_links"] = True
        if not state.get("bin_shows_links"):
            return
        ids = [str(record.id) for record in records]
        stored = self.stored.linked(self.stream.object, to_object, ids) if self.stored else {}
        one = self.reader.singular.get(to_object, to_object)
        known, rows = inline_links(self.stream, to_object, one, records, stored, lambda: self.reader.labels(to_object))
        # a listing leaves out what the token may not read, without a word
        if stored and not rows and any(stored.values()):
            list(self.of(ids[:1], state, [to_object]))
            if to_object in self._refused_now:
                return
        yield from self._link_batch(to_object, known, rows)

    def _link_batch(self, to_object: str, ids: list[str], rows: list[dict[str, Any]]) -> Iterator[Batch]:
        ids = [id_ for id_ in ids if (to_object, id_) not in self._given]
        self._given |= {(to_object, id_) for id_ in ids}
        fresh = set(ids)
        rows = [row for row in rows if row["from_id"] in fresh]
        self.tally.links_read += len(rows)
        if self.stored is None:
            stamped = [row | {"_deleted": None, "_synced_at": self.plan.started} for row in rows]
            table = pa.Table.from_pylist(stamped, LINK_SCHEMA)
        else:
            table, added, removed = self.stored.links(self.stream.object, to_object, ids, rows, self.plan.started)
            self.tally.links_added += added
            self.tally.links_removed += removed
        if table.num_rows:
            yield Batch("associations", table)

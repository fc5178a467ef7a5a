"""One child stream in one run: parents in the warehouse -> batches of their items.

Items that only ever come (events, submissions) are read behind the newest one stored of each parent; all others are
read whole per parent, compared, and what is no more is taken away. Parents are worked through in one order and the
state says how far, so a pass that takes longer than a day goes on where it stopped.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import AllGone, Retired
from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.children import WIDTH, Children, Parent
from hubspot_pipeline.extract.collections import Item, fields_of_key, value_at
from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.streams import Stream, Streams
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.logs import LATE
from hubspot_pipeline.warehouse.plan import CHUNK_ROWS, Batch, Plan, State, Tally
from hubspot_pipeline.warehouse.store import quoted


class ChildWalk:
    """Reads one child stream. The parents' tables must have landed."""

    def __init__(self, client: Client, stream: Stream, pool: Any, meter: Meter, plan: Plan, stored: Stored,
                 tally: Tally, known: Streams, conceal: Concealer) -> None:  # fmt: skip
        assert stream.endpoint is not None
        self.stream, self.endpoint, self.plan, self.stored, self.tally = stream, stream.endpoint, plan, stored, tally
        self.reader = Children(client, stream, pool, meter, until=plan.until, conceal=conceal)
        self.known = known
        self._seen: set[tuple[str, ...]] = set()

    def run(self, state: State) -> Iterator[Batch]:
        """All batches; `state` is right whenever the walk ends."""
        everybody = self._parents(None)
        part = self._pass(state, whole=self._whole(len(everybody)))
        self._keep(part, state)
        chosen = everybody if part["behind"] is None else self._parents(part["behind"])
        chosen = [parent for parent in chosen if [parent.object, parent.id] > part["last"]]
        # one is asked where none is due: what may no longer be read must not look well
        chosen = chosen or ([] if self._proven_by_parents else everybody[:1])
        buffer: list[Item] = []
        parents: list[Parent] = []
        missing = 0
        for parent, items in self.reader.read(self._with_cursors(chosen, anew=part["anew"])):
            missing += items is None
            if items is not None:
                buffer += items
                parents.append(parent)
            if len(buffer) >= CHUNK_ROWS:
                yield from self._batches(parents, buffer)
                part["last"] = [parent.object, parent.id]
                self._keep(part, state)
                buffer, parents = [], []
        if chosen and missing == len(chosen):
            self._explain(chosen, everybody)
        yield from self._batches(parents, buffer)
        if everybody and self._parent_column and not self.stream.cursor:
            alive = [parent.id for parent in everybody]
            self.tally.gone += self.stored.orphans(self.stream.name, self.stream.key, self._parent_column, alive)
        if not self._named:
            state["parents_until"], state["parents_load"] = part["started"], part["load"]
            state["start"] = part["start"]
            del state["pass"]

    def _explain(self, gone: list[Parent], everybody: list[Parent]) -> None:
        """HubSpot has none of the parents that were due. Raises where it has none of some others either."""
        if self.stream.replaced_by:
            raise Retired(self.stream.label, self.stream.replaced_by)
        if self.endpoint.parent == "hs_attachment_ids":
            return  # what is attached says nothing of whether the file is still there
        due = {(parent.object, parent.id) for parent in gone}
        others = [parent for parent in everybody if (parent.object, parent.id) not in due][:WIDTH]
        asked = len(gone) + len(others)
        if asked > 1 and all(items is None for _, items in self.reader.read(self._with_cursors(others, anew=False))):
            raise AllGone(self.stream.name, asked)

    def _keep(self, part: State, state: State) -> None:
        if not self._named:
            state["pass"] = part

    def _pass(self, state: State, *, whole: bool) -> State:
        """The pass that a run left open, or a new one: of all parents, or of those that came since the last."""
        start, now = self.plan.start.isoformat(), self.plan.started.isoformat()
        earlier = self.plan.start < datetime.fromisoformat(state.get("start", start))
        anew = not self._named and (self.plan.everything or earlier)
        new: State = {"anew": anew, "start": start, "started": now, "last": ["", ""]}
        left: State = new | state.get("pass", {})
        enough = left["start"] <= start and (left["anew"] or not new["anew"])
        if not self._named and "pass" in state and enough and not (whole and left["behind"] is not None):
            return left
        behind = None if whole or new["anew"] else state.get("parents_load")
        return new | {"load": self._newest_load(), "behind": behind}

    @property
    def _named(self) -> bool:
        """A span was named: it is read of all parents and changes no state."""
        return self.plan.since is not None or self.plan.until is not None

    def _whole(self, parents: int) -> bool:
        """Whether this run asks all parents, not only those that changed."""
        if self.plan.thorough or self._named:
            return True
        return parents <= self.endpoint.sweep

    def _newest_load(self) -> str:
        """The latest load of the parents' rows; load ids grow."""
        tables = [quoted(name) for name in self.stream.source if self.stored.has(name)]
        found = [self.stored.select(f"SELECT max(_dlt_load_id) FROM hubspot.{name}")[0][0] for name in tables]
        return max((str(load) for load in found if load is not None), default="")

    def _parents(self, behind: str | None) -> list[Parent]:
        """Parents in the warehouse, in order; `behind`: those whose row came with a later load."""
        found: dict[tuple[str, str], str] = {}
        for name in self.stream.source:
            source = self.known.by_name[name]
            if not self.stored.has(name):
                continue
            attached = self.endpoint.parent == "hs_attachment_ids"
            ids = quoted(self.endpoint.parent)
            if attached:
                ids = "unnest(string_split(json_extract_string(properties, '$.hs_attachment_ids'), ';'))"
            alive = "deletion IS NULL" if source.shape == "object" else "true"
            written = "" if behind is None else " AND _dlt_load_id > ?"
            sql = f"SELECT DISTINCT CAST({ids} AS VARCHAR) FROM hubspot.{quoted(name)} WHERE {alive}{written}"
            for (id_,) in self.stored.select(sql, [] if behind is None else [behind]):
                if attached and (id_ or "").strip().isdigit():
                    found["", id_.strip()] = ""
                elif not attached and id_:
                    found[source.object, id_] = source.segment if source.custom else source.one
        return [Parent(id_, object_, type_) for (object_, id_), type_ in sorted(found.items())]

    def _with_cursors(self, parents: list[Parent], *, anew: bool) -> list[Parent]:
        """Parents with the place behind which they are read; `anew`: from the start date on."""
        if not self.stream.cursor:
            return parents
        if anew:
            return [replace(parent, since=self.plan.start) for parent in parents]
        by = ["object", "object_id"] if self._of_records else [str(self._parent_column)]
        newest = self.stored.newest_by(self.stream.name, by, self.stream.cursor)

        back = LATE if self.plan.thorough else self.plan.lookback

        def since(parent: Parent) -> datetime:
            known = newest.get((parent.object, parent.id) if self._of_records else (parent.id,))
            if known is None:
                return self.plan.start
            # never behind a gap: later reads begin at the newest row, whatever lies before it
            return max(self.plan.start, min(known - back, self.plan.since or known))

        return [replace(parent, since=since(parent)) for parent in parents]

    def _batches(self, parents: list[Parent], items: list[Item]) -> Iterator[Batch]:
        rows = self._fresh(items)
        self.tally.read += len(rows)
        table = collections.table(self.stream, rows, self.plan.started)
        within = None
        if self._parent_column and not self.stream.cursor:
            within = self._parent_column, [parent.id for parent in parents]
        found = self.stored.items(self.stream.name, table, keys=self.stream.key, within=within)
        self.tally.inserted += found.inserted
        self.tally.updated += found.updated
        if within is not None:
            self.tally.gone += found.gone
        if found.rows.num_rows:
            yield Batch(self.stream.name, found.rows)

    def _fresh(self, items: list[Item]) -> list[Item]:
        fields = fields_of_key(self.stream)
        found: dict[tuple[str, ...], Item] = {}
        for item in items:
            key = tuple(str(value_at(item, field)) for field in fields)
            if key not in self._seen:
                found[key] = item
        self._seen |= found.keys()
        return list(found.values())

    @property
    def _proven_by_parents(self) -> bool:
        """Reading the parents took the same scope."""
        return any(set(self.stream.scopes) & set(self.known.by_name[name].scopes) for name in self.stream.source)

    @property
    def _of_records(self) -> bool:
        """The parents are records of one or several types, and their events say so."""
        return any("{type}" in value for _, value in self.endpoint.params)

    @property
    def _parent_column(self) -> str | None:
        columns = {field: column for column, _, field in self.stream.columns}
        return columns.get(self.endpoint.parent_field) if self.endpoint.parent_field else None

"""One log of events in one run: spans of time that are not read yet -> batches, newest first.

The state holds the unread spans and the instant up to which they reach, so a read that stops anywhere goes on behind
what has landed. A named span (a day's partition, `--since`, `--until`) is read and changes no state.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.collections import Item, fields_of_key, value_at
from hubspot_pipeline.extract.events import Log
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.plan import CHUNK_ROWS, Batch, Plan, State, Tally

LATE = timedelta(days=3)
"""How far back a reconcile reads again: events can come late."""
PAGES_PER_PACKAGE = 200


class LogWalk:
    """Reads one log."""

    def __init__(self, log: Log, plan: Plan, stored: Stored | None, tally: Tally) -> None:
        self.log, self.plan, self.stored, self.tally = log, plan, stored, tally
        self.stream: Stream = log.stream
        self._seen: set[tuple[str, ...]] = set()

    def run(self, state: State) -> Iterator[Batch]:
        """All batches of this package; `state` is right whenever the walk ends."""
        self.tally.unfinished = False
        if self.plan.since is not None or self.plan.until is not None:
            low = max(self.plan.since or self.plan.start, self.plan.start)
            yield from self._span(low, self.plan.until or self.plan.started, None)
            return
        unread: list[list[str]] = state.setdefault("unread", [])
        reach = self.plan.started
        if state.get("until") != reach.isoformat():  # not yet in this run
            unread += [[low.isoformat(), high.isoformat()] for low, high in self._new_spans(state, reach)]
        state["until"] = reach.isoformat()
        state["unread"] = unread = _joined(unread)
        while unread:
            low, high = (datetime.fromisoformat(text) for text in unread[-1])
            yield from self._span(low, high, unread)
            if self.tally.unfinished:
                return
            unread.pop()

    def _new_spans(self, state: State, reach: datetime) -> list[tuple[datetime, datetime]]:
        """What is not read yet but for `unread`; from then on all since `start` in the state is."""
        start = self.plan.start
        if "until" not in state or self.plan.everything:
            state["start"] = start.isoformat()
            return [(start, reach)]
        until = datetime.fromisoformat(state["until"])
        begun = datetime.fromisoformat(state.get("start", start.isoformat()))
        if until < start:
            begun = start  # what lies between is not read
        state["start"] = min(start, begun).isoformat()
        back = LATE if self.plan.thorough else self.plan.lookback
        return [(max(until - back, start), reach), *([(start, begun)] if start < begun else [])]

    def _span(self, low: datetime, high: datetime, unread: list[list[str]] | None) -> Iterator[Batch]:
        buffer: list[Item] = []
        for rows, reached in self.log.read(low, high):
            buffer += rows
            if len(buffer) >= CHUNK_ROWS:
                yield from self._batch(buffer)
                buffer = []
                if unread is not None:
                    unread[-1] = [low.isoformat(), reached.isoformat()]
                    if self.log.pages >= PAGES_PER_PACKAGE and reached > low:
                        self.tally.unfinished = True
                        return
        yield from self._batch(buffer)

    def _batch(self, items: list[Item]) -> Iterator[Batch]:
        rows = self._fresh(items)
        self.tally.read += len(rows)
        table = collections.table(self.stream, rows, self.plan.started)
        if self.stored is not None:
            found = self.stored.items(self.stream.name, table, keys=self.stream.key)
            table = found.rows
            self.tally.inserted += found.inserted
            self.tally.updated += found.updated
        else:
            self.tally.inserted += table.num_rows
        if table.num_rows:
            days = pa.compute.cast(table[self.stream.cursor], pa.date32())
            self.tally.days.update(day for day in days.to_pylist() if day is not None)
            yield Batch(self.stream.name, table)

    def _fresh(self, items: list[Item]) -> list[Item]:
        """Rows not handed on in this package yet, which may hold a key only once."""
        fields = fields_of_key(self.stream)
        found: dict[tuple[str, ...], Item] = {}
        for item in items:
            key = tuple(str(value_at(item, field)) for field in fields)
            if key not in self._seen:
                found[key] = item
        self._seen |= found.keys()
        return list(found.values())


def _joined(spans: list[list[str]]) -> list[list[str]]:
    """The same time in spans that do not overlap, ascending."""
    found: list[list[datetime]] = []
    for low, high in sorted([datetime.fromisoformat(text).astimezone(UTC) for text in span] for span in spans):
        if found and low <= found[-1][1]:
            found[-1][1] = max(found[-1][1], high)
        else:
            found.append([low, high])
    return [[moment.isoformat() for moment in span] for span in found]

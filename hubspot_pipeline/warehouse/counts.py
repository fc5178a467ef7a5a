"""How many records one object has: in the portal, in the warehouse, and of those that a filter keeps."""

from collections.abc import Sequence

from hubspot_pipeline.extract.changes import BODY_LIMIT, Filter, Search
from hubspot_pipeline.extract.filters import Condition, search_filters
from hubspot_pipeline.extract.read import Reader, milliseconds
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.plan import Plan, Tally

SEARCH_ROOM = 3
"""Filters of a group that are left beside two of ids or dates and one in reserve."""


class Counts:
    """Asks for numbers of one object stream. `stored` None: nothing is known without asking."""

    def __init__(self, reader: Reader, plan: Plan, conditions: Sequence[Condition], stored: Stored | None,
                 tally: Tally) -> None:  # fmt: skip
        self.reader, self.plan, self.conditions, self.stored, self.tally = reader, plan, conditions, stored, tally

    def size(self) -> tuple[int, int]:
        """(how many records to expect, the highest id): from the warehouse, or asked once."""
        ids = self.stored.alive_ids(self.reader.stream.name) if self.stored else []
        return (len(ids), int(ids[-1])) if ids else Search(self.reader).count()

    def fewer_by_search(self) -> list[Filter] | None:
        """The filter as search takes it, where that costs fewer calls than the whole list."""
        filters = self._filters()
        if not filters:
            return None
        kept, total = Search(self.reader).count(filters)[0], Search(self.reader).count()[0]
        self.tally.total = total
        return filters if 2 * kept < total else None

    def visible(self) -> int | None:
        """Records this token sees now, made before the run's look-back, within the start date and the filter.

        Both counts of the completeness check are of records made until then.
        """
        stream, filters = self.reader.stream, self._filters()
        if self.plan.until is not None or filters is None:
            return None
        made_until = milliseconds(self.plan.started - self.plan.lookback)
        cutoff = {"propertyName": stream.created, "operator": "LTE", "value": str(made_until)}
        begin = {"propertyName": stream.modified, "operator": "GTE", "value": str(milliseconds(self.plan.start))}
        found = Search(self.reader).count([cutoff, begin, *filters])[0]
        if self.conditions and found == 0 and self.tally.filtered + (self.tally.total or 0) > 0:
            self.tally.notes.append(
                f"The filter keeps none of the {self.tally.total or self.tally.filtered:,} records that were seen; "
                f"check filters.{stream.name} in hubspot.yaml."
            )
        return found

    def _filters(self) -> list[Filter] | None:
        return search_filters(self.conditions, room=SEARCH_ROOM, characters=BODY_LIMIT // 3)

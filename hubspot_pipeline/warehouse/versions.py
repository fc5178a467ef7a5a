"""The versions of one object's followed properties, of records that have them along or are read for their sake."""

from collections.abc import Sequence

from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.extract.versions import history_table
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.plan import Batch, Plan


class Versions:
    """Reads versions of one object stream. `stored` None: nothing to compare with, everything read is handed on."""

    def __init__(self, reader: Reader, plan: Plan, history: Sequence[str], conceal: Concealer,
                 stored: Stored | None) -> None:  # fmt: skip
        self.reader, self.plan, self.history, self.conceal, self.stored = reader, plan, history, conceal, stored

    def of(self, records: list[Record], changed: set[str]) -> Batch:
        """History came with the records, or is read now for those that changed (a scan comes without it)."""
        name = f"{self.reader.stream.name}_property_history"
        bare = {str(r.id) for r in records if r.propertiesWithHistory is None and str(r.id) in changed}
        complete = [r for r in records if r.propertiesWithHistory is not None]
        gone = {str(r.id) for r in records if r.archived}
        for archived in (False, True):
            ids = sorted(id_ for id_ in bare if (id_ in gone) == archived)
            for page in self.reader.batch(ids, history=self.history, archived=archived):
                # a record merged away meanwhile answers with its survivor, which comes on its own, and but once
                mine = {str(r.id): r for r in page if str(r.id) in bare}
                bare -= mine.keys()
                for record in mine.values():
                    self.conceal.record(record)
                complete += mine.values()
        rows = history_table(complete, self.plan.started)
        return Batch(name, self.stored.versions(name, rows) if self.stored is not None else rows)

"""What landed rows leave to do in the warehouse: merges and vanished records before children are read, and dropped
properties, rejects and views once all streams of a run are.
"""

import duckdb

from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse import ledger, reconcile, store, views
from hubspot_pipeline.warehouse.catalogue import forget_backfills
from hubspot_pipeline.warehouse.work import Work


def tidy_objects(con: duckdb.DuckDBPyConnection, work: Work) -> int:
    """Flag the records that this run has proven to be merged away or gone. Returns how many rows it rewrote."""
    read = [stream for stream in work.objects if stream.name in work.catalogues and store.has_table(con, stream.name)]
    return sum(_tidy_object(con, work, stream) for stream in read)


def tidy(con: duckdb.DuckDBPyConnection, work: Work, run_id: str) -> int:
    """Bring the tables into the state that this run has proven. Returns how many rows it and the run rewrote."""
    changed = sum(tally.removed + tally.rewritten + tally.links_removed for tally in work.tallies.values())
    for stream in work.described:
        if stream.name in work.catalogues:
            gone, blocked = work.catalogues[stream.name].gone, work.found.choices[stream.name].blocked
            hidden = {name: column for name, column in gone.items() if name in blocked}
            left = {name: column for name, column in gone.items() if name not in blocked}
            changed += reconcile.clear_properties(con, stream.name, left)
            changed += reconcile.forget_values(con, stream.name, stream.object, hidden)
    for stream in work.described:
        if stream.name in work.catalogues and store.has_table(con, stream.name):
            _record_rejects(con, work, stream, run_id)
    views.create(con, work.known)
    return changed


def _tidy_object(con: duckdb.DuckDBPyConnection, work: Work, stream: Stream) -> int:
    tally, started = work.tallies[stream.name], work.plan.started
    changed = reconcile.flag_merged(con, stream.name, stream.object, started)
    if tally.missing:
        changed += reconcile.flag_missing(con, stream.name, stream.object, tally.missing, started)
    if "links" in work.plan.phases:
        changed += reconcile.remove_orphans(con, stream.name, stream.object)
    if tally.backfilled:
        forget_backfills(con, stream.object)
    return changed


def _record_rejects(con: duckdb.DuckDBPyConnection, work: Work, stream: Stream, run_id: str) -> None:
    """Of the rows of this run; of all where a type changed, or a killed run left some that nobody looked at."""
    tally, catalogue = work.tallies[stream.name], work.catalogues[stream.name]
    whole = catalogue.retyped or ledger.left_untidied(con, stream.name)
    if whole or work.landed.rows[stream.name]:
        tally.rejected = reconcile.record_rejects(
            con, stream.name, stream.object, catalogue.types, work.landed.load_ids, tally.scrubbed, run_id,
            work.plan.started, whole=whole,
        )  # fmt: skip

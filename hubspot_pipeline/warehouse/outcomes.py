"""What the streams of a run did -> one `Outcome` each, for the ledger, Dagster and the terminal."""

import duckdb

from hubspot_pipeline.errors import DailyLimit, MissingScope, said
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse import ledger, store
from hubspot_pipeline.warehouse.ledger import Outcome
from hubspot_pipeline.warehouse.plan import Tally
from hubspot_pipeline.warehouse.work import Work


def outcomes(
    con: duckdb.DuckDBPyConnection, work: Work, names: list[str], begun: float, ended: float
) -> dict[str, Outcome]:
    """One outcome per selected stream. `begun`, `ended`: of the run, on the monotonic clock."""
    landed = ledger.landed_before(con)
    found = {}
    for name in names:
        outcome = _outcome(con, work, work.known.by_name[name])
        outcome.previously_landed = name in landed
        outcome.seconds = (work.tallies[name].finished or ended) - begun
        found[name] = outcome
    return found


def _outcome(con: duckdb.DuckDBPyConnection, work: Work, stream: Stream) -> Outcome:
    tally, meter = work.tallies[stream.name], work.meters[stream.name]
    # sources that this run did not read say nothing
    sources = [work.tallies[name] for name in stream.source if name in work.names]
    errors = [source.error for source in sources if source.error is not None]
    refused = [error for error in errors if isinstance(error, MissingScope)]
    broken = [error for error in errors if not isinstance(error, MissingScope)]
    # a stream of several sources lands as long as one of them may be read; the note tells what it lacks
    partly = bool(refused) and len(refused) == len(errors) < len(sources)
    error = tally.error or (None if partly else next(iter([*broken, *refused]), None))
    outcome = Outcome(stream.name, status_of(error))
    _count(con, outcome, stream, tally, sources)
    outcome.calls, outcome.rate_limited = meter.calls, meter.rate_limited
    outcome.retries, outcome.bytes = meter.retries, meter.bytes
    outcome.cursor_before, outcome.cursor_after = tally.cursor_before, tally.cursor_after
    notes = [*tally.notes, *(f"Without some of its sources: {error}" for error in refused[:1] if partly)]
    outcome.message = " ".join(notes) if error is None else said(error)
    outcome.missing_scopes = error.scopes if isinstance(error, MissingScope) else ()
    if error is None and tally.visible is not None:
        outcome.visible_total = tally.visible
        outcome.expected_total = _expected(con, work, stream)
    return outcome


def _count(
    con: duckdb.DuckDBPyConnection, outcome: Outcome, stream: Stream, tally: Tally, sources: list[Tally]
) -> None:
    if stream.name == "associations":
        outcome.rows_read = sum(source.links_read for source in sources)
        outcome.rows_inserted = sum(source.links_added for source in sources)
        outcome.rows_archived = sum(source.links_removed for source in sources)
    elif stream.is_history:
        outcome.rows_read = outcome.rows_inserted = sum(source.versions for source in sources)
    elif stream.shape == "derived":
        if store.has_table(con, stream.name):
            row = con.execute(f"SELECT count(*) FROM hubspot.{store.quoted(stream.name)}").fetchone()
            outcome.rows_read = row[0] if row else 0
    else:
        outcome.rows_read, outcome.rows_inserted, outcome.rows_updated = tally.read, tally.inserted, tally.updated
        outcome.rows_archived, outcome.rows_refused = tally.archived + tally.removed, tally.refused
        outcome.days = dict(tally.days)
        outcome.rows_rejected = tally.rejected


def _expected(con: duckdb.DuckDBPyConnection, work: Work, stream: Stream) -> int:
    """The warehouse's side of the completeness check; the portal's is `Counts.visible`."""
    row = con.execute(
        f"SELECT count(*) FROM hubspot.{store.quoted(stream.name)} "
        "WHERE deletion IS NULL AND created_at <= ? AND updated_at >= ?",
        [work.plan.started - work.plan.lookback, work.plan.start],
    ).fetchone()
    return int(row[0]) if row else 0


def status_of(error: Exception | None) -> str:
    """The ledger's word for how a stream ended."""
    if error is None:
        return "succeeded"
    if isinstance(error, MissingScope):
        return "skipped"
    return "waiting" if isinstance(error, DailyLimit) else "failed"

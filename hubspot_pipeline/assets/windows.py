"""One month of modifications of chosen streams -> read again and merged, from Dagster's backfill page.

Months are partitions of the job, not of the assets: a record moves to another month when it changes, so no month is
ever "the" content of a table. No cursor moves.
"""

from datetime import UTC
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from hubspot_pipeline.assets.failure import UNTOLD
from hubspot_pipeline.assets.instance import POOL, claim
from hubspot_pipeline.assets.raw import key
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.assets.spans import WINDOWS, named, require_loaded, span_of
from hubspot_pipeline.assets.warehouse import MARK, line
from hubspot_pipeline.errors import PipelineError

if TYPE_CHECKING:
    from hubspot_pipeline.warehouse.run import RunResult

JOB = WINDOWS
MONTHS = dg.MonthlyPartitionsDefinition(start_date="2006-06-01", end_offset=1)
"""From HubSpot's first year to the running month."""


class WindowConfig(dg.Config):
    """Which streams are read again."""

    streams: list[str] = Field(default_factory=list, description="CRM streams, e.g. contacts; empty: all.")


@dg.op(pool=POOL)
def resync_window(context: dg.OpExecutionContext, config: WindowConfig, hubspot: HubSpotResource) -> None:
    """Read the records modified in the partition's month again, merge them, publish."""
    from hubspot_pipeline.api.local import portal_for
    from hubspot_pipeline.warehouse.publish import publish
    from hubspot_pipeline.warehouse.run import run
    from hubspot_pipeline.warehouse.store import locked

    claim(context.instance, context.run_id)
    settings, month = hubspot.settings(), context.partition_time_window
    try:
        require_loaded(settings, month.start, month.end)
        with portal_for(settings) as reachable:
            # the marts are older than the tables from here on; the next sync builds them
            settings.working.with_name(MARK).unlink(missing_ok=True)
            objects = [stream.name for stream in settings.chosen if stream.shape == "object"]
            result = run(
                reachable, streams=config.streams or objects, since=month.start.astimezone(UTC),
                until=month.end.astimezone(UTC), trigger="backfill", dagster_run_id=context.run_id,
                progress=hubspot.progress(context.log),
            )  # fmt: skip
        with locked(settings):
            publish(settings, result.changed)
    except PipelineError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from None
    for outcome in result.outcomes.values():
        context.log.info(line(outcome))
        if outcome.status == "succeeded":
            about = f"{month.start:%Y-%m} was read again: {outcome.rows_read:,} rows."
            context.log_event(dg.AssetObservation(key(outcome.stream), about))
    if result.exit_code:
        _fail(context, result, f"{month.start:%Y-%m}")


def _fail(context: dg.OpExecutionContext, result: "RunResult", month: str) -> None:
    """Raise one Failure that names the streams of which the month is missing."""
    missing = [outcome for outcome in result.outcomes.values() if outcome.status in ("failed", "waiting")]
    listed = "\n".join(f"  {outcome.stream}: {outcome.message}" for outcome in missing)
    untold = {named(key(o.stream).to_user_string(), span_of(context.run)): o.message for o in missing}
    raise dg.Failure(
        description=f"Not all of {month} was read:\n{listed}\nRepeat it in the UI: job {JOB}, Partitions, {month}.",
        metadata={UNTOLD: dg.MetadataValue.json(untold)}, allow_retries=False,
    )  # fmt: skip


def job() -> Any:
    """The job with its months; launch some of them from its Partitions page."""

    @dg.job(
        name=JOB, partitions_def=MONTHS, executor_def=dg.in_process_executor,
        description="Reads the records that were modified in one month again and merges them; no cursor moves.",
    )  # fmt: skip
    def hubspot_resync_window() -> None:
        resync_window()

    return hubspot_resync_window

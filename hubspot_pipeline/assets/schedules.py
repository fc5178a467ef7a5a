"""Clock, and changes in the portal -> runs; a tick says why it starts none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

from hubspot_pipeline.assets import raw
from hubspot_pipeline.assets.failure import RESUMES_AT
from hubspot_pipeline.assets.instance import FINISHED, in_progress, read_own
from hubspot_pipeline.assets.jobs import MARTS, RECONCILE, SYNC
from hubspot_pipeline.assets.models import Models
from hubspot_pipeline.assets.reruns import below
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.errors import ConfigError, PipelineError
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream

QUIET_SPELL = timedelta(minutes=10)
"""Least time between two runs that changes start."""
RECONCILED = timedelta(hours=12)


def schedules(*, live: bool) -> list[dg.ScheduleDefinition]:
    """Hourly sync and daily reconcile; `live`: running from the start, because a real portal's credential is set."""
    status = dg.DefaultScheduleStatus.RUNNING if live else dg.DefaultScheduleStatus.STOPPED

    @dg.schedule(
        cron_schedule="7 * * * *", job_name=SYNC, name="hourly_sync", default_status=status,
        description="Every hour, a few minutes past: what changed.",
    )  # fmt: skip
    def hourly_sync(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        reason = why_not(context.instance, datetime.now(UTC))
        return dg.SkipReason(reason) if reason else dg.RunRequest()

    @dg.schedule(
        cron_schedule=[f"37 {hour} * * *" for hour in (3, 4, 5, 6)], job_name=RECONCILE, name="daily_reconcile",
        default_status=status,
        description="Once a night; later ticks take over when a sync was busy at the first.",
    )  # fmt: skip
    def daily_reconcile(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = datetime.now(UTC)
        reason = why_not(context.instance, now) or reconciled_since(context.instance, now - RECONCILED)
        return dg.SkipReason(reason) if reason else dg.RunRequest()

    return [hourly_sync, daily_reconcile]


def sensor(models: Models, streams: Sequence[Stream]) -> dg.SensorDefinition:
    """Starts the streams in which something changed, with the models below them."""

    @dg.sensor(
        name="portal_changes", job_name=SYNC, minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Asks the portal once a minute, one search per object; for portals that must be here in minutes.",
    )  # fmt: skip
    def portal_changes(
        context: dg.SensorEvaluationContext, hubspot: HubSpotResource
    ) -> dg.SensorResult | dg.SkipReason:
        now = datetime.now(UTC)
        last = datetime.fromisoformat(context.cursor) if context.cursor else datetime.min.replace(tzinfo=UTC)
        if now - last < QUIET_SPELL:
            return dg.SkipReason(f"the last run that changes started is {int((now - last).total_seconds())} s ago")
        reason = why_not(context.instance, now)
        if reason:
            return dg.SkipReason(reason)
        try:
            keys = _changed(hubspot.settings(), models, streams)
        except PipelineError as error:
            return dg.SkipReason(str(error))
        if not keys:
            return dg.SkipReason("nothing changed in the portal")
        return dg.SensorResult([dg.RunRequest(asset_selection=sorted(keys))], cursor=now.isoformat())

    return portal_changes


def why_not(instance: dg.DagsterInstance, now: datetime) -> str:
    """Why no sync may start now, or an empty string."""
    for run in in_progress(instance):
        if run.job_name != MARTS:
            return f"run {run.run_id[:8]} of {run.job_name} is {run.status.value.lower()}"
    resumes_at = waits_until(instance)
    if resumes_at is not None and resumes_at > now:
        return f"today's share of HubSpot's daily calls is used up; syncs go on after {resumes_at:%Y-%m-%d %H:%M} UTC"
    return ""


def waits_until(instance: dg.DagsterInstance) -> datetime | None:
    """When the daily limit that stopped the newest sync ends, if it was stopped by it."""
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=FINISHED), limit=20):
        if run.job_name != MARTS:
            resumes_at = read_own(run, RESUMES_AT)
            return datetime.fromisoformat(resumes_at) if resumes_at else None
    return None


def reconciled_since(instance: dg.DagsterInstance, since: datetime) -> str:
    """Says so if a reconcile succeeded since then."""
    done = instance.get_runs(
        filters=dg.RunsFilter(job_name=RECONCILE, statuses=[dg.DagsterRunStatus.SUCCESS], updated_after=since), limit=1
    )
    return f"run {done[0].run_id[:8]} reconciled already" if done else ""


def _changed(settings: Settings, models: Models, streams: Sequence[Stream]) -> set[dg.AssetKey]:
    """Keys of the streams with changes, and of everything below them. Raises PipelineError where it cannot tell."""
    from hubspot_pipeline.warehouse.run import changed_objects

    if not settings.credential.given:
        raise ConfigError("no HubSpot credential is set, and the sandbox changes only when asked to")
    if not settings.working.exists():
        raise ConfigError("there is no warehouse yet; the first sync reads everything")

    parents: dict[Any, set[dg.AssetKey]] = {
        spec.key: {dep.asset_key for dep in spec.deps} for spec in [*raw.specs(streams), *models.specs]
    }
    # a stream that was turned on or found since the definitions were loaded has no asset yet
    changed = {raw.key(name) for name in changed_objects(settings)} & parents.keys()
    return below(changed, parents)

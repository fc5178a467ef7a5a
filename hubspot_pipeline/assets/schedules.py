"""Clock, and changes in the portal -> runs; a tick says why it starts none."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import msgspec

from hubspot_pipeline.assets import raw
from hubspot_pipeline.assets.failure import LIMIT, RESUMES_AT
from hubspot_pipeline.assets.incidents import untold
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
        now, asked = datetime.now(UTC), _Asked.read(context.cursor)
        if now - asked.at < QUIET_SPELL:
            return dg.SkipReason(f"the last run that changes started is {int((now - asked.at).total_seconds())} s ago")
        reason = why_not(context.instance, now)
        if reason:
            return dg.SkipReason(reason)
        try:
            changed = _changed(hubspot.settings())
        except PipelineError as error:
            return dg.SkipReason(str(error))
        keys = _below(asked.news(changed), models, streams)
        if not keys:
            return dg.SkipReason("nothing changed in the portal")
        return dg.SensorResult([dg.RunRequest(asset_selection=sorted(keys))], cursor=asked.then(now, changed))

    return portal_changes


class _Asked(msgspec.Struct):
    """The sensor's cursor: when it last asked for a run, and what was newest in the portal then, by stream.

    What a filter of hubspot.yaml leaves out stays newer than the warehouse for ever: it is asked for once.
    """

    at: datetime = datetime.min.replace(tzinfo=UTC)
    newest: dict[str, datetime] = {}

    @classmethod
    def read(cls, cursor: str | None) -> "_Asked":
        try:
            return msgspec.json.decode(cursor or "", type=cls)
        except msgspec.DecodeError:  # there is none, or one of an earlier release
            return cls()

    def news(self, changed: Mapping[str, datetime]) -> set[str]:
        """Streams with something newer than what a run was asked for before."""
        return {name for name, at in changed.items() if name not in self.newest or at > self.newest[name]}

    def then(self, now: datetime, changed: Mapping[str, datetime]) -> str:
        """The cursor behind a run that is asked for now."""
        return msgspec.json.encode(_Asked(now, {**self.newest, **changed})).decode()


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
    """Says so if a reconcile went through since then, be it that single streams or models failed in it."""
    ended = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    for run in instance.get_runs(filters=dg.RunsFilter(job_name=RECONCILE, statuses=ended, updated_after=since)):
        if run.is_success:
            return f"run {run.run_id[:8]} reconciled already"
        failures = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        named = untold([entry.dagster_event for entry in failures if entry.dagster_event is not None])
        if named and LIMIT not in named:
            return f"run {run.run_id[:8]} reconciled already; it failed for {', '.join(sorted(named))}"
    return ""


def _changed(settings: Settings) -> dict[str, datetime]:
    """Streams with changes -> the instant of the newest. Raises PipelineError where it cannot tell."""
    from hubspot_pipeline.warehouse.run import changed_objects

    if not settings.credential.given:
        raise ConfigError("no HubSpot credential is set, and the sandbox changes only when asked to")
    if not settings.working.exists():
        raise ConfigError("there is no warehouse yet; the first sync reads everything")
    return changed_objects(settings)


def _below(changed: set[str], models: Models, streams: Sequence[Stream]) -> set[dg.AssetKey]:
    """Keys of the streams, and of everything below them."""
    parents: dict[Any, set[dg.AssetKey]] = {
        spec.key: {dep.asset_key for dep in spec.deps} for spec in [*raw.specs(streams), *models.specs]
    }
    # a stream that was turned on or found since the definitions were loaded has no asset yet
    return below({raw.key(name) for name in changed} & parents.keys(), parents)

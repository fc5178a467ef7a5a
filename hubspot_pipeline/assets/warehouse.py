"""Selected streams and models -> one op: sync, checks, `dbt build`, publish, and a failure that says what to repeat.

One op, because Dagster skips a step as soon as an input is missing: with a step of its own dbt would not run when a
single stream failed or may not be read, and people would lose all marts for it.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from hubspot_pipeline.assets import checks, raw
from hubspot_pipeline.assets.build import build
from hubspot_pipeline.assets.failure import fail_for
from hubspot_pipeline.assets.instance import POOL, claim
from hubspot_pipeline.assets.models import Models
from hubspot_pipeline.assets.reruns import Plan, plan
from hubspot_pipeline.assets.resource import HubSpotResource, SyncConfig
from hubspot_pipeline.assets.retention import forget_runs
from hubspot_pipeline.assets.spans import require_loaded
from hubspot_pipeline.errors import ConfigError, LoadError, PipelineError
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream

if TYPE_CHECKING:
    from hubspot_pipeline.warehouse.ledger import Outcome
    from hubspot_pipeline.warehouse.run import RunResult

OP = "warehouse"
MARK = "marts.json"
"""Beside the working file: which state of the tables the marts belong to."""
TRIGGER = "hubspot/trigger"


def assets(models: Models, streams: Sequence[Stream]) -> dg.AssetsDefinition:
    """Every chosen stream and every dbt model in one subsettable op."""

    @dg.multi_asset(
        name=OP,
        specs=[*raw.specs(streams), *(_beside_logs(spec, streams) for spec in models.specs)],
        check_specs=[*raw.check_specs(streams), *models.check_specs],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
    )
    def warehouse(context: dg.AssetExecutionContext, config: SyncConfig, hubspot: HubSpotResource) -> Iterator[Any]:
        claim(context.instance, context.run_id)
        try:
            yield from _work(context, config, hubspot, models, streams)
        except PipelineError as error:
            if isinstance(error, ConfigError):
                hubspot.refused(error)
            raise dg.Failure(description=str(error), allow_retries=False) from None

    return warehouse


def _beside_logs(spec: dg.AssetSpec, streams: Sequence[Stream]) -> dg.AssetSpec:
    """A model without its edge to a log: Dagster would ask a run without days which days the model was made of."""
    logs = {raw.key(stream.name) for stream in streams if stream.is_log}
    return spec.replace_attributes(deps=[dep for dep in spec.deps if dep.asset_key not in logs])


def _work(
    context: dg.AssetExecutionContext, config: SyncConfig, hubspot: HubSpotResource, models: Models,
    streams: Sequence[Stream],
) -> Iterator[Any]:  # fmt: skip
    """The steps in their order. Streams that failed do not keep the others from the marts."""
    from hubspot_pipeline.warehouse.publish import owe, publish
    from hubspot_pipeline.warehouse.store import locked

    settings = hubspot.settings()
    todo = plan(context, models, streams)
    if todo.note:
        context.log.info(todo.note)
    if not todo.streams and not settings.working.exists():
        raise ConfigError("There is no warehouse yet: run `make demo`, or `hubspot-pipeline sync` with your own token.")
    mark = Marts(settings.working.with_name(MARK), models.fingerprint)
    current, result, built = mark.current(), None, None
    if todo.streams:
        result = _sync(context, config, hubspot, settings, todo, mark, whole=len(todo.streams) == len(streams))
        yield from _landings(context, settings, result, todo)
    with _kept(result is not None), locked(settings):
        if result is None and _choose(settings):
            mark.remove()
            current = False
        yield from _checks(settings, result, todo, streams)
        if _must_build(context, todo, quiet=current and result is not None and not result.changed):
            owe(settings)
            built = yield from build(context, models, settings.working, todo.models | todo.tests)
        yield from checks.kept(context.instance, todo.kept if built else todo.kept | todo.tests)
        landed = result is not None and result.changed
        if built is not None and not built.ok:
            mark.remove()
        elif current and not landed if built is None else todo.models >= {spec.key for spec in models.specs}:
            mark.put()
        changed = built is not None or landed
        with _kept(built is not None):
            if (todo.streams or todo.models) and publish(settings, changed):
                context.log.info(f"published {settings.published}")
        quiet = _forget_old(settings) if context.job_name == "hubspot_reconcile" else None
    if quiet is not None:
        forget_runs(context.instance, datetime.now(UTC), timedelta(days=settings.retention_days), quiet)
    fail_for(context, result, built, _logs_by_day(context, settings, todo))


@contextmanager
def _kept(written: bool) -> Iterator[None]:
    """Where something was written already, a ConfigError, which says that nothing was, becomes a LoadError."""
    try:
        yield
    except ConfigError as error:
        if not written:
            raise
        raise LoadError(
            f"{error} What was read or built before is kept; the next run goes on from there and publishes it: "
            "hubspot-pipeline sync"
        ) from None


def _forget_old(settings: Settings) -> set[str]:
    """Delete what the warehouse knows of old runs and nobody asks for. Returns Dagster's ids of the quiet runs."""
    from hubspot_pipeline.warehouse import ledger, load
    from hubspot_pipeline.warehouse.store import open_store

    before = datetime.now(UTC) - timedelta(days=settings.retention_days)
    with open_store(settings) as con:
        quiet = ledger.quiet_runs(con)
        ledger.forget_quiet(con, before)
        load.forget_old(con, before)
    return quiet


def _choose(settings: Settings) -> bool:
    """What hubspot.yaml says of single properties now, for the models; True if it says something else than before.

    Nothing is read for it; a run that reads has done it already.
    """
    from hubspot_pipeline.warehouse import choices
    from hubspot_pipeline.warehouse.store import open_store

    with open_store(settings) as con:
        return choices.write(con, settings)


def _sync(
    context: dg.AssetExecutionContext,
    config: SyncConfig,
    hubspot: HubSpotResource,
    settings: Settings,
    todo: Plan,
    mark: "Marts",
    *,
    whole: bool,
) -> "RunResult":
    from hubspot_pipeline.api.local import portal_for
    from hubspot_pipeline.warehouse.run import run

    watch, days = hubspot.progress(context.log), _days(context)
    since, until = _instant("since", config.since), _instant("until", config.until)
    logs = _logs_by_day(context, settings, todo)
    if logs and days:
        require_loaded(settings, days.start, days.start + timedelta(days=1))
    rest = [name for name in todo.streams if name not in logs]
    given: dict[str, Any] = {
        "trigger": _trigger(context.run.tags), "dagster_run_id": context.run_id, "progress": watch,
    }  # fmt: skip
    result: RunResult | None = None
    with portal_for(settings) as reachable:
        mark.remove()
        if logs and days:
            result = run(reachable, streams=logs, since=days.start, until=days.end, **given)
        if rest or result is None:
            with _kept(result is not None):
                other = run(
                    reachable, mode=config.mode.value, streams=None if whole and not logs else rest, since=since,
                    until=until, **given,
                )  # fmt: skip
            result = other if result is None else other.joined(result)
    hubspot.finished(result)
    if result.discovered:
        context.log.info(
            f"New custom objects: {', '.join(result.discovered)}. They are in the warehouse; their assets show here "
            "when the code location is reloaded (Deployment > Reload)."
        )
    if result.lost:
        context.log.warning(
            f"Custom objects that the portal no longer has: {', '.join(result.lost)}. Their records stay in the "
            "warehouse and count as missing; their assets go when the code location is reloaded (Deployment > Reload)."
        )
    return result


def _days(context: dg.AssetExecutionContext) -> dg.TimeWindow | None:
    """The days that a run of partitions reads of logs; Dagster hands its key to every asset of the run."""
    if not (context.has_partition_key or context.has_partition_key_range):
        return None
    window = context.partition_time_window
    return dg.TimeWindow(window.start.astimezone(UTC), window.end.astimezone(UTC))


def _logs_by_day(context: dg.AssetExecutionContext, settings: Settings, todo: Plan) -> list[str]:
    """Logs of which a run of partitions reads its days alone."""
    return [name for name in todo.streams if settings.streams.by_name[name].is_log] if _days(context) else []


def _landings(
    context: dg.AssetExecutionContext, settings: Settings, result: "RunResult", todo: Plan
) -> Iterator[dg.MaterializeResult[Any] | dg.AssetObservation]:
    """A materialization for what landed, an observation for what the token may not read, nothing for what failed."""
    import duckdb

    with duckdb.connect(str(settings.working), read_only=True) as con:
        for name in todo.streams:
            outcome = result.outcomes.get(name)
            if outcome is None:
                continue
            context.log.log("ERROR" if outcome.status == "failed" else "INFO", line(outcome))
            if outcome.status == "succeeded":
                stream = settings.streams.by_name[name]
                _mark_days(context, stream, outcome)
                yield dg.MaterializeResult(
                    asset_key=raw.key(name),
                    metadata=raw.metadata(outcome, is_sandbox=result.is_sandbox) | raw.table_metadata(con, stream),
                    data_version=dg.DataVersion(raw.data_version(con, name)),
                )
            elif outcome.status == "skipped":
                yield dg.AssetObservation(
                    raw.key(name),
                    description=outcome.message,
                    metadata={"skipped": outcome.message, "any_of_scopes": ", ".join(outcome.missing_scopes)},
                )


def _mark_days(context: dg.AssetExecutionContext, stream: Stream, outcome: "Outcome") -> None:
    """Days of a log in which rows landed by a run without days: they show as filled partitions."""
    if stream.is_log and not (context.has_partition_key or context.has_partition_key_range):
        for day, rows in sorted(outcome.days.items()):
            context.log_event(
                dg.AssetMaterialization(raw.key(stream.name), partition=day.isoformat(), metadata={"rows": rows})
            )


def _checks(
    settings: Settings, result: "RunResult | None", todo: Plan, streams: Sequence[Stream]
) -> Iterator[dg.AssetCheckResult]:
    """Checks of every stream but those that failed just now: their rows and counts are the previous run's."""
    import duckdb

    now = datetime.now(UTC)
    with duckdb.connect(str(settings.working), read_only=True) as con:
        for stream in streams:
            outcome = result.outcomes.get(stream.name) if result else None
            if outcome is not None and outcome.status not in ("succeeded", "skipped"):
                continue
            names = {check.name for check in todo.checks if check.asset_key == raw.key(stream.name)}
            yield from checks.evaluate(con, stream, names, now)


def _must_build(context: dg.AssetExecutionContext, todo: Plan, *, quiet: bool) -> bool:
    """Of a scheduled sync only if something changed; whoever picks models by hand gets them built."""
    if quiet and context.job_name in ("hubspot_sync", "hubspot_reconcile"):
        context.log.info("nothing changed in the portal: the marts stay as they are")
        return False
    return bool(todo.models or todo.tests)


def line(outcome: "Outcome") -> str:
    """What a stream did, for the log."""
    if outcome.status != "succeeded":
        return f"{outcome.stream}: {outcome.status}: {outcome.message}"
    return (
        f"{outcome.stream}: {outcome.rows_read:,} rows read, {outcome.rows_inserted:,} inserted, "
        f"{outcome.rows_updated:,} updated, {outcome.rows_archived:,} archived, {outcome.calls:,} calls, "
        f"{outcome.seconds:.1f} s"
    )


def _instant(name: str, value: str) -> datetime | None:
    """A moment of the run config: a date, or an ISO instant; UTC unless it says otherwise."""
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ConfigError(f"{name} is {value!r}; write it as 2024-01-31 or 2024-01-31T08:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _trigger(tags: Any) -> str:
    if TRIGGER in tags:
        return str(tags[TRIGGER])
    return "schedule" if "dagster/schedule_name" in tags else "sensor" if "dagster/sensor_name" in tags else "dagster"


class Marts:
    """Whether the marts belong to the raw tables: a mark beside the file, gone while a run may change them.

    It carries the project's fingerprint and the day, because ages and due dates in the marts move with the day.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path
        self.text = json.dumps({"models": fingerprint, "day": f"{datetime.now(UTC):%Y-%m-%d}"})

    def current(self) -> bool:
        """All models were built, from this project, today, after the last change of the raw tables."""
        return self.path.exists() and self.path.read_text() == self.text

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def put(self) -> None:
        self.path.write_text(self.text)

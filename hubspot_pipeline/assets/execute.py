"""Settings, streams and options -> one run of a job in this process and in the UI's history -> an exit code."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

from hubspot_pipeline.assets import alerts, raw
from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.instance import PROCESS, dagster_home, history_of, own_tag, require_idle, this_process
from hubspot_pipeline.assets.jobs import RECONCILE, SYNC
from hubspot_pipeline.assets.progress import LogProgress
from hubspot_pipeline.assets.reruns import below
from hubspot_pipeline.assets.resource import Mode
from hubspot_pipeline.assets.warehouse import OP, TRIGGER
from hubspot_pipeline.choice.names import nearest
from hubspot_pipeline.errors import AlertError, ConfigError
from hubspot_pipeline.settings import Settings

if TYPE_CHECKING:
    from hubspot_pipeline.warehouse.ledger import Outcome
    from hubspot_pipeline.warehouse.run import Progress, RunResult


@dataclass
class ExecutionResult:
    """What came of a run. `exit_code`: 0 landed or skipped for a named scope, 1 failed, 3 waits for the daily limit."""

    run_id: str
    success: bool
    message: str = ""
    """What failed, and the command that repeats it."""
    result: "RunResult | None" = None
    """The engine's result; None if no stream was selected."""

    @property
    def outcomes(self) -> "Mapping[str, Outcome]":
        return self.result.outcomes if self.result else {}

    @property
    def exit_code(self) -> int:
        if self.success:
            return 0
        return (self.result.exit_code if self.result else 0) or 1


@dataclass
class _Caller:
    """Stands where `HubSpotResource` stands in a run that somebody waits for: takes its progress, keeps its result."""

    given: Settings
    watcher: "Progress | None"
    result: "RunResult | None" = None
    error: Exception | None = None

    def settings(self) -> Settings:
        return self.given

    def progress(self, log: dg.DagsterLogManager) -> "Progress":
        return self.watcher or LogProgress(log.info)

    def finished(self, result: "RunResult") -> None:
        self.result = result

    def refused(self, error: Exception) -> None:
        self.error = error


def execute(
    settings: Settings,
    *,
    job: str = SYNC,
    streams: Sequence[str] | None = None,
    with_marts: bool = True,
    config: Mapping[str, Any] | None = None,
    progress: "Progress | None" = None,
    trigger: str = "cli",
) -> ExecutionResult:
    """Run a job here and wait for it; `config`: mode, since, until of the sync.

    `streams`: only these, and the models below them. Raises ConfigError (and its kinds: a refused credential, another
    portal, another run in progress) with a message for people; nothing was written then.
    """
    _known(settings, streams or ())
    caller = _Caller(settings, progress)
    resource = dg.ResourceDefinition.hardcoded_resource(caller)
    definition = assemble(settings, resource).resolve_job_def(job)
    with history_of(dagster_home(settings)) as instance:
        require_idle(instance)
        run_id = str(uuid.uuid4())
        done = definition.execute_in_process(
            instance=instance,
            run_id=run_id,
            run_config=_run_config(job, config or {}),
            asset_selection=_selection(definition, streams, with_marts),
            tags={TRIGGER: trigger, **own_tag(run_id, PROCESS, this_process())},
            raise_on_error=False,
        )
        try:
            alerts.tell(settings.alert_webhook, instance, settings.dagster_url)
        except AlertError as error:
            logging.getLogger(__name__).warning("%s", error)
    if caller.error is not None:
        raise caller.error
    return ExecutionResult(done.run_id, done.success, _failure(done), caller.result)


def _known(settings: Settings, names: Sequence[str]) -> None:
    """Raises ConfigError for a name that is no stream, or one that is not chosen."""
    chosen = {stream.name for stream in settings.chosen}
    for name in names:
        if name in settings.streams.by_name and name not in chosen:
            raise ConfigError(f"{name} is not chosen: write `streams: {{{name}: true}}` into hubspot.yaml.")
        if name not in chosen:
            raise ConfigError(
                f"No stream is called {name}.{nearest(name, chosen)} Chosen are: {', '.join(sorted(chosen))}."
            )


def _run_config(job: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """No console lines of Dagster's own: the caller shows progress and failure, the history has the rest."""
    given = {"mode": Mode.reconcile.value if job == RECONCILE else Mode.sync.value, **config}
    silent = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return silent | {"ops": {OP: {"config": given}}}


def _selection(
    definition: dg.JobDefinition, streams: Sequence[str] | None, with_marts: bool
) -> list[dg.AssetKey] | None:
    """Asset keys of the job to run: None for all of them."""
    if streams is None and with_marts:
        return None
    graph = definition.asset_layer.asset_graph
    keys = set(definition.asset_layer.executable_asset_keys)
    if streams is not None:
        parents = {key: set(graph.get(key).parent_keys) for key in keys}
        keys = below({raw.key(name) for name in streams}, parents) & keys
    return sorted(key for key in keys if with_marts or key.path[0] == raw.SCHEMA)


def _failure(done: dg.ExecuteInProcessResult) -> str:
    """The message of the failed step as people wrote it: without the name of an exception class."""
    for event in done.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None and data.user_failure_data.description:
                return data.user_failure_data.description
            error = data.error.cause or data.error if data.error is not None else None
            if error is not None and error.cls_name == "DagsterExecutionInterruptedError":
                return "Stopped. What had landed is kept; the same command goes on from there."
            return error.message.strip() if error is not None else "the run failed"
    return ""

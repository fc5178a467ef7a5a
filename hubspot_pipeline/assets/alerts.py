"""Finished runs -> one message per incident to the webhook: when it opens, and when it is over.

Dagster's event log is the queue: a mark says up to which run all was told, so what a webhook that is down does not take
is told later, in order. The state is written after each message: one comes twice only if the process dies between the
two, or the webhook's answer is lost.
The daemon's sensor and every run of the CLI come here, one at a time.
"""

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import msgspec
from dagster._core.event_api import RunStatusChangeEventType
from filelock import FileLock, Timeout

from hubspot_pipeline.assets.incidents import KINDS, judge, remedy, stream_of
from hubspot_pipeline.assets.instance import in_progress
from hubspot_pipeline.errors import AlertError
from hubspot_pipeline.settings import DEFAULT_UI, Secret, Settings

STATE = "hubspot_pipeline/told"
"""Key of the state in Dagster's own database, so that it goes where the runs go."""
AT_ONCE = 10
"""Runs that are looked at in one go."""
_ENDS: tuple[RunStatusChangeEventType, ...] = (
    dg.DagsterEventType.RUN_SUCCESS,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
)


class _State(msgspec.Struct):
    """`mark`, `at`: id and time of the end of the last run that was told in full; `open`: incident -> red since.

    Both, because SQLite gives the id of a deleted run's event to a later one, and clocks are set back.
    """

    mark: int
    at: float
    open: dict[str, datetime] = msgspec.field(default_factory=dict)


def sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensor that tells, where a webhook is set."""
    if not settings.alert_webhook:
        return []

    @dg.sensor(
        name="alerts", minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells HUBSPOT_ALERT_WEBHOOK of failed runs and red checks: once, and once when they are over.",
    )  # fmt: skip
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        try:
            told = tell(settings.alert_webhook, context.instance, settings.dagster_url)
        except AlertError as error:
            return dg.SkipReason(str(error))
        return dg.SkipReason(f"{told} messages posted" if told else "no incident opened or ended")

    return [alerts]


def tell(webhook: Secret, instance: dg.DagsterInstance, ui: str = DEFAULT_UI) -> int:
    """Post what opened and what ended in the runs since the last time; gives the number of messages.

    `ui`: address of the UI that shows the runs.

    Does nothing without a webhook, or while another process does it. Raises AlertError where a message was not taken.
    """
    if not webhook:
        return 0
    try:
        with FileLock(Path(instance.root_directory) / "alerts.lock", timeout=0):
            return _tell(webhook, instance, ui)
    except Timeout:
        return 0


def _tell(webhook: Secret, instance: dg.DagsterInstance, ui: str) -> int:
    from hubspot_pipeline.api.notify import post

    in_progress(instance)  # closes runs that were killed
    state, told = _read(instance), 0
    for end, run in _finished(instance, state):
        entries = instance.all_logs(run.run_id, of_type=KINDS)
        verdict = judge(run, [entry.dagster_event for entry in entries if entry.dagster_event is not None])
        at, link = datetime.fromtimestamp(end.timestamp, UTC), f"{ui}/runs/{run.run_id}"
        for incident in sorted(verdict.red.keys() - state.open.keys()):
            post(webhook, _opened(incident, verdict.red[incident], run.job_name, link, at))
            state.open[incident] = at
            _write(instance, state)
            told += 1
        for incident in sorted(filter(verdict.ends, state.open)):
            post(webhook, _recovered(incident, state.open[incident], run.job_name, link, at))
            del state.open[incident]
            _write(instance, state)
            told += 1
        state.mark, state.at = end.storage_id, max(state.at, end.timestamp)
        _write(instance, state)
    return told


def _opened(incident: str, what: str, job: str, link: str, at: datetime) -> dict[str, str]:
    todo = remedy(incident)
    return _message(incident, "opened", what, todo, f"Incident: {incident}\n{what}\nWhat to do: {todo}", job, link, at)


def _recovered(incident: str, since: datetime, job: str, link: str, at: datetime) -> dict[str, str]:
    what = f"It was red since {since:%Y-%m-%d %H:%M} UTC."
    return _message(incident, "recovered", what, "", f"Recovered: {incident}\n{what}", job, link, at)


def _message(
    incident: str, state: str, what: str, todo: str, text: str, job: str, link: str, at: datetime
) -> dict[str, str]:
    """`text` is what chats show; there `<`, `>` and `&` are escaped, so that no name can call anybody or be a link."""
    return {
        "text": f"{html.escape(text, quote=False)}\nRun: {link}",
        "incident": incident, "state": state, "stream": stream_of(incident), "message": what, "remedy": todo,
        "run_url": link, "job": job, "at": at.isoformat(timespec="seconds"),
    }  # fmt: skip


def _finished(instance: dg.DagsterInstance, state: _State) -> Iterator[tuple[dg.EventLogRecord, dg.DagsterRun]]:
    """Runs that ended behind the mark, with the event of their end, in its order."""
    ends: dict[int, dg.EventLogRecord] = {}
    for kind in _ENDS:
        for behind in (
            dg.RunStatusChangeRecordsFilter(kind, after_storage_id=state.mark),
            dg.RunStatusChangeRecordsFilter(kind, after_timestamp=state.at),
        ):
            found = instance.fetch_run_status_changes(behind, limit=AT_ONCE, ascending=True).records
            ends |= {end.storage_id: end for end in found}
    for _, end in sorted(ends.items())[:AT_ONCE]:
        run = instance.get_run_by_id(end.run_id)
        if run is not None:
            yield end, run


def _read(instance: dg.DagsterInstance) -> _State:
    """The state; the first time it stands before the newest run that ended, so that what is red now is told."""
    kept = instance.daemon_cursor_storage.get_cursor_values({STATE}).get(STATE)
    if kept is not None:
        return msgspec.json.decode(kept, type=_State)
    newest = [end for kind in _ENDS for end in instance.fetch_run_status_changes(kind, limit=1).records]
    mark, at = max(((end.storage_id, end.timestamp) for end in newest), default=(1, 0.0))
    state = _State(mark - 1, at)
    _write(instance, state)
    return state


def _write(instance: dg.DagsterInstance, state: _State) -> None:
    instance.daemon_cursor_storage.set_cursor_values({STATE: msgspec.json.encode(state).decode()})

"""Settings -> the Dagster home under the data folder; runs whose process is gone -> closed, so they block nobody."""

import os
import shutil
import socket
import time
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from hubspot_pipeline.errors import ConfigError, WarehouseBusy
from hubspot_pipeline.settings import Settings, project_root

FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
PROCESS = "hubspot/process"
"""Tag of a run, of its own: host, pid and start of the process that works on it."""
SILENCE = 60.0
"""Seconds: a run that works is never without an event and without the warehouse's lock for so long."""
POOL = "warehouse"
"""Pool of the op that writes the warehouse: one place."""
_NO_CAPTURE = "NoOpComputeLogManager"
IN_PROGRESS = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def dagster_home(settings: Settings) -> Path:
    """The folder of Dagster's history, made if need be, with the project's dagster.yaml as it is now.

    Dagster reads that file only from its home, so limits set in the project's root would not count here.
    Raises ConfigError if the project has no dagster.yaml.
    """
    source = next((root / "dagster.yaml" for root in (settings.root, project_root()) if _has_config(root)), None)
    if source is None:
        raise ConfigError(f"{settings.root / 'dagster.yaml'} is missing; take it from the repository.")
    home = (settings.data_dir / "dagster_home").resolve()
    home.mkdir(parents=True, exist_ok=True)
    target = home / "dagster.yaml"
    if not target.exists() or target.read_bytes() != source.read_bytes():
        fresh = target.with_suffix(f".{os.getpid()}")
        shutil.copyfile(source, fresh)
        os.replace(fresh, target)
    return home


def history_of(home: Path) -> dg.DagsterInstance:
    """The instance of a Dagster home, for a run in this process that leaves the terminal alone.

    Dagster would send what the process prints through a file and two more processes, and no progress line could
    tell that it is on a terminal.
    """
    silent = {"compute_logs": {"module": "dagster._core.storage.noop_compute_log_manager", "class": _NO_CAPTURE}}
    return dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=silent))


def own_tag(run_id: str, tag: str, value: str) -> dict[str, str]:
    """A tag that says something of this run alone: Dagster gives a re-execution the tags of its parent."""
    return {tag: f"{run_id} {value}"}


def read_own(run: dg.DagsterRun, tag: str) -> str:
    """What a run wrote into a tag of its own; empty where there is none, or one of the run that this one repeats."""
    run_id, _, value = run.tags.get(tag, "").partition(" ")
    return value if run_id == run.run_id else ""


def claim(instance: dg.DagsterInstance, run_id: str) -> None:
    """Write this process on the run, so that others can tell a run that works from one that was killed."""
    instance.add_run_tags(run_id, own_tag(run_id, PROCESS, this_process()))


def this_process() -> str:
    """`host pid start`: a pid alone is given to another process sooner or later, in a container at once."""
    return f"{socket.gethostname()} {os.getpid()} {_start_of(os.getpid())}"


def in_progress(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Runs that wait or work. One whose process is gone is closed as failed first, and its place in the pool given

    back: a killed run does neither itself, and the next one would wait for it.
    """
    runs = []
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=list(IN_PROGRESS))):
        if _is_gone(instance, run):
            instance.report_run_failed(run, "The process of this run is gone: killed, or the machine stopped.")
        else:
            runs.append(run)
    storage = instance.event_log_storage
    pool = storage.get_concurrency_info(POOL)
    # a run that was killed while it waited keeps its turn, and whoever comes later would wait for that
    waiting = {step.run_id for step in pool.pending_steps}
    for run_id in waiting | {place.run_id for place in pool.claimed_slots}:
        holder = instance.get_run_by_id(run_id)
        if holder is None or holder.is_finished:
            storage.free_concurrency_slots_for_run(run_id)
    return runs


def require_idle(instance: dg.DagsterInstance) -> None:
    """Raises WarehouseBusy where a run of the UI waits or works."""
    for run in in_progress(instance):
        state = run.status.value.lower()
        raise WarehouseBusy(f"Run {run.run_id[:8]} of {run.job_name} is {state}; wait for it or stop it in the UI.")


def _has_config(root: Path) -> bool:
    return (root / "dagster.yaml").is_file()


def _is_gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the process that claimed a run has ended; without a claim it counts as alive."""
    host, _, rest = read_own(run, PROCESS).partition(" ")
    pid, _, start = rest.partition(" ")
    if not pid.isdigit():
        return False
    if host == socket.gethostname():
        if not _exists(int(pid)):
            return True
        now = _start_of(int(pid))
        if now and start:
            return now != start
    return _left_alone(instance, run.run_id)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _start_of(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty where there is no /proc, or none of that process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]


def _left_alone(instance: dg.DagsterInstance, run_id: str) -> bool:
    """For a process that cannot be looked at: nobody holds the warehouse, and the run has said nothing for a while.

    A run lets go of the lock for moments between its steps, in which it tells events.
    """
    from hubspot_pipeline.warehouse.store import is_held

    if is_held(Path(instance.root_directory).parent / ".load") is not False:
        return False
    newest = instance.get_records_for_run(run_id, limit=1, ascending=False).records
    return bool(newest) and time.time() - newest[0].timestamp > SILENCE

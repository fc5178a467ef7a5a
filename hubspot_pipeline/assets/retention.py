"""Dagster's history of finished runs -> that of the last weeks: each run has a database of several megabytes."""

import shutil
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from hubspot_pipeline.assets.instance import FINISHED

QUIET_FOR = timedelta(days=2)
"""How long a run that changed nothing is kept: an hourly sync of a quiet portal has nothing to tell after that."""


def forget_runs(instance: dg.DagsterInstance, now: datetime, kept_for: timedelta, quiet: Collection[str] = ()) -> int:
    """Delete finished runs that are older, with their events and logs, but for the last of each job and of each asset.

    `quiet`: ids of runs that changed nothing. The ledger `hubspot.sync_runs` keeps what the others did. Returns how
    many were deleted.
    """
    last = {run.job_name: run.run_id for run in reversed(instance.get_runs(dg.RunsFilter(statuses=FINISHED)))}
    shown = [asset.asset_entry.last_materialization_record for asset in instance.get_asset_records()]
    old = instance.get_runs(dg.RunsFilter(statuses=FINISHED, created_before=now - kept_for))
    still = instance.get_runs(dg.RunsFilter(statuses=FINISHED, created_before=now - QUIET_FOR))
    gone = {run.run_id for run in [*old, *(run for run in still if run.run_id in quiet)]}
    gone -= {*last.values(), *(record.run_id for record in shown if record is not None)}
    for run_id in gone:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    if isinstance(storage := instance.event_log_storage, SqliteEventLogStorage):
        sweep(storage, instance.get_run_ids)
    sweep_output(Path(instance.storage_directory()), instance.get_run_ids)
    return len(gone)


def sweep_output(folder: Path, run_ids: Callable[[], Collection[str]]) -> None:
    """Delete what runs printed that Dagster no longer knows: a command line keeps no such files and deletes none."""
    found = list(folder.glob("*-*-*-*-*"))
    known = frozenset(run_ids())
    for path in found:
        if path.name not in known:
            shutil.rmtree(path, ignore_errors=True)


def sweep(storage: SqliteEventLogStorage, run_ids: Callable[[], Collection[str]]) -> None:
    """Delete what Dagster leaves of runs that it deletes: emptied files, and checks that were evaluated again since."""
    files = list(Path(storage.path_for_shard("any")).parent.glob("*-*-*-*-*.db*"))
    with storage.index_connection() as con:
        checked = {row[0] for row in con.exec_driver_sql("SELECT DISTINCT run_id FROM asset_check_executions")}
    known = frozenset(run_ids())  # asked last: a run that begins meanwhile is known before it has anything
    for path in files:
        if path.name.partition(".")[0] not in known:
            path.unlink(missing_ok=True)
    with storage.index_connection() as con:
        for run_id in checked - known:
            con.exec_driver_sql(_CHECKS_OF, (run_id,))


_CHECKS_OF = """
    DELETE FROM asset_check_executions WHERE run_id = ? AND id NOT IN (
        SELECT max(id) FROM asset_check_executions GROUP BY asset_key, check_name, "partition"
    )
"""

"""Dagster's history of finished runs -> that of the last weeks: each run has a database of several megabytes."""

from collections.abc import Collection
from datetime import datetime, timedelta

import dagster as dg

from hubspot_pipeline.assets.instance import FINISHED

QUIET_FOR = timedelta(days=2)
"""How long a run that changed nothing is kept: an hourly sync of a quiet portal has nothing to tell after that."""


def forget_runs(instance: dg.DagsterInstance, now: datetime, kept_for: timedelta, quiet: Collection[str] = ()) -> int:
    """Delete finished runs that are older, with their events and logs, but for the last of each job and of each asset.

    `quiet`: ids of runs that changed nothing. The ledger `hubspot.sync_runs` keeps what all of them did. Returns how
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
    return len(gone)

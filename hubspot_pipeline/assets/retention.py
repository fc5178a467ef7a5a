"""Dagster's history of finished runs -> that of the last weeks: each run has a database of several megabytes."""

from datetime import datetime

import dagster as dg

from hubspot_pipeline.assets.instance import FINISHED


def forget_runs(instance: dg.DagsterInstance, before: datetime) -> int:
    """Delete runs that were created before, with their events and logs, but for the last of each job.

    The ledger `hubspot.sync_runs` keeps what they did. Returns how many were deleted.
    """
    last = {run.job_name: run.run_id for run in reversed(instance.get_runs(dg.RunsFilter(statuses=FINISHED)))}
    old = instance.get_runs(dg.RunsFilter(statuses=FINISHED, created_before=before))
    gone = [run.run_id for run in old if run.run_id not in last.values()]
    for run_id in gone:
        instance.compute_log_manager.delete_logs(prefix=[run_id])
        instance.delete_run(run_id)
    return len(gone)

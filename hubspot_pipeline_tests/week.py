"""A week of hourly syncs of a quiet portal: what each costs, and how large the data folder is after each day.

`make week` (about a quarter of an hour): every hour a sync and every 24th a reconcile, each a run of its job in a
process of its own, on a portal whose clock moves an hour in between. Dagster keeps the runs of about the last day.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.assets.jobs import RECONCILE, SYNC
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import settings

HOUR, HOURS = 3_600_000, 24
FOLDERS = {"Dagster": "dagster_home", "dlt": ".dlt", "working": ".load"}
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["hubspot_pipeline.assets.execute", "hubspot_pipeline_tests.runs"])


def _run(given: Settings, job: str, spent: "multiprocessing.Queue[float]") -> None:
    before = _cpu()
    code = execute(given, job=job).exit_code
    spent.put(_cpu() - before)
    spent.close()
    spent.join_thread()
    sys.exit(code)


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _apart(given: Settings, job: str) -> float:
    """One run; returns its CPU seconds."""
    spent = _PROCESSES.Queue()
    process = _PROCESSES.Process(target=_run, args=(given, job, spent))
    process.start()
    seconds: float = spent.get(timeout=600)
    process.join()
    assert process.exitcode == 0, f"{job} ended with {process.exitcode}"
    return seconds


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=7)
    parser.add_argument("--contacts", type=int, default=50)
    wanted = parser.parse_args(argv)
    with serve(rate_limit=0) as server, tempfile.TemporaryDirectory() as folder:
        sandbox = Sandbox(server)
        generate(sandbox.portal, seed=1, contacts=wanted.contacts)
        sandbox.post("clock", {"frozen": True})
        given = settings(Path(folder) / "data", sandbox.url, small_portal=0)
        print(f"first sync: {_apart(given, SYNC):.1f} CPU s")
        heads = ["day", "CPU s a sync", "reconcile", *(f"{name} MB" for name in (*FOLDERS, "all")), "calls a sync"]
        print("".join(f"{head:>14}" for head in heads))
        for day in range(1, wanted.days + 1):
            began, spent = time.time(), []
            sandbox.delete("calls")
            for _ in range(HOURS - 1):
                sandbox.post("clock", {"advance_ms": HOUR})
                spent.append(_apart(given, SYNC))
            calls = sandbox.get("calls/count")["total"] / len(spent)
            sandbox.post("clock", {"advance_ms": HOUR})
            # a day of this week is as long as these syncs took
            kept = replace(given, retention_days=(time.time() - began) / 86_400)
            nightly = _apart(kept, RECONCILE)
            sizes = [*(_megabytes(given.data_dir / name) for name in FOLDERS.values()), _megabytes(given.data_dir)]
            figures = [day, sum(spent) / len(spent), nightly, *sizes, calls]
            print("".join(f"{figure:>14,.1f}" for figure in figures), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

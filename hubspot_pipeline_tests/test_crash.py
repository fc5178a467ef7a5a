"""A run that is killed at any point loses nothing and doubles nothing: the next run ends equal to the portal."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import ROOT, landed, settings


def _calls(sandbox: Sandbox) -> int:
    return int(sandbox.get("calls/count")["total"])


def _loading(given: Settings) -> bool:
    return any((given.data_dir / ".dlt" / "hubspot" / "load" / "normalized").glob("*/started_jobs/*"))


def _normalizing(given: Settings) -> bool:
    return any((given.data_dir / ".dlt" / "hubspot" / "normalize" / "extracted").glob("*/new_jobs/*"))


def _loaded(given: Settings) -> bool:
    return any((given.data_dir / ".dlt" / "hubspot" / "load" / "normalized").glob("*/completed_jobs/*"))


POINTS = {
    "calls 1": lambda sandbox, given: _calls(sandbox) >= 1,
    "calls 14": lambda sandbox, given: _calls(sandbox) >= 14,
    "calls 40": lambda sandbox, given: _calls(sandbox) >= 40,
    "calls 60": lambda sandbox, given: _calls(sandbox) >= 60,
    "calls 80": lambda sandbox, given: _calls(sandbox) >= 80,
    "extracted": lambda sandbox, given: _normalizing(given),
    "first load job": lambda sandbox, given: _loading(given),
    "a job done": lambda sandbox, given: _loaded(given),
    "many jobs done": lambda sandbox, given: len(
        list((given.data_dir / ".dlt" / "hubspot" / "load" / "normalized").glob("*/completed_jobs/*"))
    ) >= 15,
    "package complete": lambda sandbox, given: any((given.data_dir / ".dlt" / "hubspot" / "load" / "loaded").glob("*")),
}  # fmt: skip


CASES = [(point, False) for point in POINTS] + [(point, True) for point in ("calls 40", "extracted", "a job done")]


@pytest.mark.parametrize(
    ("point", "again"), CASES, ids=[f"{p}, {'later sync' if a else 'first read'}" for p, a in CASES]
)
def test_a_killed_run_is_caught_up_by_the_next(sandbox: Sandbox, tmp_path: Path, point: str, again: bool) -> None:
    generate(sandbox.portal, seed=3, contacts=20)
    sandbox.post("clock", {"frozen": True})
    given = settings(tmp_path, sandbox.url)
    if again:
        landed(run(given))
        sandbox.post("clock", {"advance_ms": 3_600_000})
        ids = [e["id"] for e in sandbox.dump() if e["kind"] == "record" and e["object"] == "contacts"]
        sandbox.mutate(*({"op": "update", "object_type": "contacts", "id": id_, "properties": {"city": "Łódź"}}
                         for id_ in ids[:10]))  # fmt: skip
        sandbox.delete("calls")
    assert _kill_at(point, sandbox, given), "the run ended before the point was reached"
    if given.working.exists():
        with duckdb.connect(str(given.working)) as con:  # it opens
            con.execute("SELECT 1 FROM hubspot.sync_runs").fetchall()
    landed(run(given))
    assert differences(sandbox.url, given.working) == []
    with duckdb.connect(str(given.working), read_only=True) as con:
        runs = con.execute("SELECT status, count(DISTINCT run_id) FROM hubspot.sync_runs GROUP BY 1").fetchall()
    status = dict(runs)
    assert status.get("running") is None
    # the first calls are made before anything is written
    assert status.get("interrupted") == (None if point in ("calls 1", "calls 14") else 1)


def _kill_at(point: str, sandbox: Sandbox, given: Settings) -> bool:
    """Start a run in a process of its own and kill it with SIGKILL at the point; True if it was still running."""
    command = [sys.executable, "-m", "hubspot_pipeline_tests.runs", str(given.data_dir), sandbox.url]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    reached = POINTS[point]
    while True:
        try:
            process.wait(0.002)
            return False
        except subprocess.TimeoutExpired:
            if reached(sandbox, given):
                process.kill()
                process.wait()
                return True

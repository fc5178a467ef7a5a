"""A run that is killed at any point loses nothing and doubles nothing: the next run ends equal to the portal."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.reading import fill
from hubspot_pipeline_tests.runs import ROOT, landed, settings, small_disk


def _calls(sandbox: Sandbox) -> int:
    return int(sandbox.get("calls/count")["total"])


def _pages(sandbox: Sandbox) -> list[str]:
    """Queries of the calls that listed live contacts."""
    calls = (call for call in sandbox.calls() if call["path"].endswith("/contacts"))
    return [call["query"] for call in calls if "archived=false" in call["query"]]


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
    "calls 80": lambda sandbox, given: _calls(sandbox) >= 80,
    "extracted": lambda sandbox, given: _normalizing(given),
    "first load job": lambda sandbox, given: _loading(given),
    "a job done": lambda sandbox, given: _loaded(given),
    "many jobs done": lambda sandbox, given: len(
        list((given.data_dir / ".dlt" / "hubspot" / "load" / "normalized").glob("*/completed_jobs/*"))
    ) >= 15,
    "60 % of the pages": lambda sandbox, given: len(_pages(sandbox)) >= 12,
    "package complete": lambda sandbox, given: any((given.data_dir / ".dlt" / "hubspot" / "load" / "loaded").glob("*")),
}  # fmt: skip


WINDOW = 4
PAGES = "60 % of the pages"
CASES = [(point, False) for point in POINTS if point != PAGES] + [
    (point, True) for point in ("calls 40", "extracted", "a job done")
]


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


def test_a_killed_first_read_goes_on_and_reads_one_window_again_at_most(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, list(range(1, 2001)))
    given = settings(tmp_path, sandbox.url)
    assert _kill_at(PAGES, sandbox, given, "sync", str(WINDOW), "contacts"), "it ended before the point was reached"
    asked = len(_pages(sandbox))
    landed(run(given, streams=["contacts"]))
    assert asked < 20 < len(_pages(sandbox)) <= 20 + WINDOW + 1  # a page that two chains share
    assert differences(sandbox.url, given.working, streams=["contacts"]) == []


def test_a_disk_that_fills_up_in_a_load_fails_loudly_and_the_next_run_catches_up(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    fill(sandbox, list(range(1, 301)), properties={"firstname": "x" * 2_000})
    given = settings(tmp_path, sandbox.url)
    with small_disk(1_000_000):
        (failed,) = run(given, streams=["contacts"]).failed
    assert "could not be stored" in failed.message
    landed(run(given, streams=["contacts"]))
    assert differences(sandbox.url, given.working, streams=["contacts"]) == []


def test_a_write_ahead_log_that_was_cut_off_is_caught_up_and_a_damaged_one_is_told(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    fill(sandbox, list(range(1, 301)))
    lost, given = (settings(tmp_path / name, sandbox.url) for name in ("lost", "data"))
    lost.working.parent.mkdir(parents=True)
    duckdb.connect(str(lost.working)).close()
    with duckdb.connect(str(lost.working)) as held:
        held.execute("SET wal_autocheckpoint = '1TB'")
        landed(run(lost, streams=["contacts"]))
        given.working.parent.mkdir(parents=True)
        shutil.copyfile(lost.working, given.working)
        log = lost.working.with_name("warehouse.duckdb.wal").read_bytes()
    wal, half = given.working.with_name("warehouse.duckdb.wal"), len(log) // 2
    wal.write_bytes(log[:half] + b"damaged" + log[half + 7 :])
    with pytest.raises(ConfigError, match=r"cannot be opened.*Move it away and run again"):
        run(given, streams=["contacts"])
    wal.write_bytes(log[:half])
    landed(run(given, streams=["contacts"]))
    assert differences(sandbox.url, given.working, streams=["contacts"]) == []


def _kill_at(point: str, sandbox: Sandbox, given: Settings, *words: str) -> bool:
    """Start a run in a process of its own and kill it with SIGKILL at the point; True if it was still running."""
    command = [sys.executable, "-m", "hubspot_pipeline_tests.runs", str(given.data_dir), sandbox.url, *words]
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

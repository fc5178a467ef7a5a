"""A run that is killed at any point loses nothing and doubles nothing: the next run ends equal to the portal."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline.errors import ConfigError, PipelineError
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.publish import publish
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.kills import Kills
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.reading import fill
from hubspot_pipeline_tests.runs import ROOT, landed, settings, small_disk


def _pages(sandbox: Sandbox) -> list[str]:
    """Queries of the calls that listed live contacts."""
    calls = (call for call in sandbox.calls() if call["path"].endswith("/contacts"))
    return [call["query"] for call in calls if "archived=false" in call["query"]]


WINDOW = 4
TIMES = {"extract": 3, "normalize": 2, "load": 3, "dbt": 1, "publish": 1}
"""Ten kills; more, in turns: `make kills`."""


@pytest.mark.parametrize("phase", TIMES)
def test_a_run_that_is_killed_in_any_phase_is_caught_up_by_the_next(
    sandbox: Sandbox, tmp_path: Path, phase: str
) -> None:
    kills = Kills(3, sandbox, tmp_path)
    for _ in range(TIMES[phase]):  # in the first read, then in later syncs
        kills.play(phase)
    assert kills.killed.found == []


def test_a_killed_first_read_goes_on_and_reads_one_window_again_at_most(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, list(range(1, 2001)))
    given = settings(tmp_path, sandbox.url)
    assert _killed(sandbox, given, "sync", str(WINDOW), "contacts"), "it ended before the point was reached"
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


@pytest.mark.parametrize("part", [0.1, 0.3, 0.6, 0.99])
def test_a_half_written_warehouse_is_told_and_the_published_one_takes_its_place(
    sandbox: Sandbox, tmp_path: Path, part: float
) -> None:
    fill(sandbox, list(range(1, 301)))
    given = settings(tmp_path, sandbox.url)
    landed(run(given, streams=["contacts"]))
    publish(given)
    fill(sandbox, list(range(301, 305)))
    given.working.write_bytes(given.working.read_bytes()[: int(given.working.stat().st_size * part)])
    with pytest.raises(PipelineError, match=r"cannot be opened|could not be read") as told:
        run(given, streams=["contacts"])
    assert "run again: the pipeline goes on from the published warehouse.duckdb" in str(told.value)
    assert "Another program" not in str(told.value)
    for path in given.working.parent.glob("warehouse.duckdb*"):
        path.unlink()
    result = landed(run(given, streams=["contacts"]))
    assert result.outcomes["contacts"].rows_inserted == 4
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


def _killed(sandbox: Sandbox, given: Settings, *words: str) -> bool:
    """Kill a run in a process of its own at 60 % of its pages; True if it was still running."""
    command = [sys.executable, "-m", "hubspot_pipeline_tests.runs", str(given.data_dir), sandbox.url, *words]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    while process.poll() is None:
        if len(_pages(sandbox)) >= 12:
            process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.002)
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("name", ["state.json", "schemas/hubspot.schema.json", "load/.version", "trace.pickle"])
@pytest.mark.parametrize("part", [0.0, 0.5])
def test_a_half_written_file_of_the_local_folder_is_made_anew(
    sandbox: Sandbox, tmp_path: Path, name: str, part: float
) -> None:
    given = settings(tmp_path, sandbox.url)
    fill(sandbox, [1, 2])
    landed(run(given, streams=["contacts"]))
    path = given.data_dir / ".dlt" / "hubspot" / name
    os.truncate(path, int(path.stat().st_size * part))
    fill(sandbox, [3])
    landed(run(given, streams=["contacts"]))
    assert differences(sandbox.url, given.working, streams=["contacts"]) == []

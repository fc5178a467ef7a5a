"""Another process has the warehouse: a run that works, a `status` that looks, a program that a person left open."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dagster as dg
import pytest

from hubspot_pipeline import report
from hubspot_pipeline.assets import raw
from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.progress import LogProgress
from hubspot_pipeline.errors import WarehouseBusy
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.ledger import status
from hubspot_pipeline.warehouse.publish import publish
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline.warehouse.store import open_file
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import ROOT, landed, only, rows, settings

WORKS = "with locked(given), open_store(given): print('open', flush=True); input()"
LOOKS = "with open_store(given, read_only=True): print('open', flush=True); input()"


@contextmanager
def another(given: Settings, program: str) -> Iterator[subprocess.Popen[str]]:
    """A process that has the working file open until it gets a line or the block ends."""
    head = f"import sys; from pathlib import Path; from {settings.__module__} import settings\n"
    head += "from hubspot_pipeline.warehouse.store import locked, open_store\n"
    head += f"given = settings(Path({str(given.data_dir)!r}), {given.base_url!r})\n"
    command = [sys.executable, "-c", head + program]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        if process.poll() is None:
            process.communicate("\n")


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    return only(settings(tmp_path, sandbox.url), "owners")


def test_status_shows_what_is_published_while_a_run_works_and_the_newest_run_otherwise(
    given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    landed(run(given))
    publish(given)
    landed(run(given))
    assert len(status(given).runs) == 2
    with another(given, WORKS):
        found = status(given)
    assert (found.busy, len(found.runs)) == (True, 1)
    report.status(found)
    printed = capsys.readouterr().out
    assert f"A run is at work; the figures are those published at {found.published:%Y-%m-%d %H:%M}" in printed
    assert "owners" in printed
    assert not status(given).busy


def test_status_says_so_while_the_first_run_works(given: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    landed(run(given))
    with another(given, WORKS):
        report.status(status(given))
    assert capsys.readouterr().out.strip() == "A run is at work; nothing has been published before."


def test_status_shows_what_is_published_while_a_program_writes_the_working_file(given: Settings) -> None:
    landed(run(given))
    publish(given)
    with another(given, WORKS.replace("locked(given), ", "")):
        assert status(given).busy


def test_a_run_waits_for_a_process_that_looks_at_the_file_for_a_moment(given: Settings) -> None:
    landed(run(given))
    with another(given, LOOKS) as process:
        with pytest.raises(WarehouseBusy, match="Another program has"), open_file(given.working, patience=0):
            pass
        end = threading.Timer(0.3, lambda: process.communicate("\n"))
        end.start()
        landed(run(given))
        end.join()


class Disturbed:
    """Stands where the project's resource stands; once the rows have landed, another program opens the file."""

    def __init__(self, given: Settings) -> None:
        self.given = given
        self.others = ExitStack()
        self.errors: list[Exception] = []

    def settings(self) -> Settings:
        return self.given

    def progress(self, log: dg.DagsterLogManager) -> LogProgress:
        return LogProgress(log.info)

    def finished(self, result: object) -> None:
        self.others.enter_context(another(self.given, LOOKS))

    def refused(self, error: Exception) -> None:
        self.errors.append(error)


def test_what_keeps_a_run_from_publishing_does_not_say_that_nothing_was_written(given: Settings) -> None:
    hubspot = Disturbed(given)
    job = assemble(given, dg.ResourceDefinition.hardcoded_resource(hubspot)).resolve_job_def("hubspot_sync")
    with dg.DagsterInstance.ephemeral() as history:
        with hubspot.others:
            done = job.execute_in_process(instance=history, asset_selection=[raw.key("owners")], raise_on_error=False)
        (failed,) = [event.step_failure_data for event in done.all_events if event.is_step_failure]
        assert failed.user_failure_data is not None
        message = failed.user_failure_data.description or ""
        assert "Another program has" in message
        assert "What was read or built before is kept" in message
        assert "hubspot-pipeline sync" in message
        assert hubspot.errors == [], "the command line would end with code 2"
        assert rows(given, "SELECT status FROM hubspot.sync_runs") == [("succeeded",)]
        assert not given.published.exists()
        quiet = assemble(given, dg.ResourceDefinition.hardcoded_resource(Quiet(given))).resolve_job_def("hubspot_sync")
        assert quiet.execute_in_process(instance=history, asset_selection=[raw.key("owners")]).success
    assert given.published.exists()


class Quiet(Disturbed):
    """The same, and nobody opens anything."""

    def finished(self, result: object) -> None:
        """Nobody is disturbed."""

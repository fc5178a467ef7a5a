"""A month read again from the backfill page: it mends the records of that month and moves no cursor."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb

from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.assets.windows import JOB, MONTHS, job
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import landed, settings


class Given(HubSpotResource):
    """The resource with the settings of a test."""

    folder: str
    url: str
    start: str = "2006-06-01"

    def settings(self) -> Settings:
        start = datetime.fromisoformat(self.start).replace(tzinfo=UTC)
        return settings(Path(self.folder), self.url, small_portal=0, start=start)


def test_a_month_is_read_again_without_moving_a_cursor(sandbox: Sandbox, tmp_path: Path) -> None:
    generate(sandbox.portal, seed=7, contacts=30)
    sandbox.post("clock", {"frozen": True})
    hubspot = Given(folder=str(tmp_path), url=sandbox.url)
    given = hubspot.settings()
    landed(run(given))
    with duckdb.connect(str(given.working)) as con:
        month = con.execute("SELECT strftime(max(updated_at), '%Y-%m-01') FROM hubspot.contacts").fetchone()
        assert month is not None
        broken = con.execute(
            "UPDATE hubspot.contacts SET properties = '{}', properties_email = NULL "
            "WHERE strftime(updated_at, '%Y-%m-01') = ? AND deletion IS NULL",
            [month[0]],
        ).fetchone()
        assert broken is not None
        assert broken[0] > 0
        cursor = con.execute("SELECT cursor_after FROM hubspot.sync_runs WHERE stream = 'contacts'").fetchone()
    assert differences(sandbox.url, given.working)
    done = job().execute_in_process(
        instance=dg.DagsterInstance.ephemeral(), partition_key=month[0], resources={"hubspot": hubspot},
        run_config={"ops": {"resync_window": {"config": {"streams": ["contacts"]}}}},
    )  # fmt: skip
    assert done.success
    assert differences(sandbox.url, given.working) == []
    assert given.published.exists()
    with duckdb.connect(str(given.working), read_only=True) as con:
        newest = con.execute(
            "SELECT cursor_after FROM hubspot.sync_runs WHERE stream = 'contacts' ORDER BY started_at DESC LIMIT 1"
        ).fetchone()
    assert newest == cursor


def test_a_month_of_which_nothing_is_loaded_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    hubspot = Given(folder=str(tmp_path), url=sandbox.url, start="2024-02-01")
    with dg.DagsterInstance.ephemeral() as instance:
        done = job().execute_in_process(
            instance=instance, partition_key="2024-01-01", resources={"hubspot": hubspot}, raise_on_error=False
        )
    (failed,) = [event.step_failure_data for event in done.all_events if event.is_step_failure]
    assert failed.user_failure_data is not None
    assert "2024-01-01 is before HUBSPOT_START_DATE" in (failed.user_failure_data.description or "")
    assert sandbox.calls() == []


def test_the_months_reach_from_hubspots_first_year_to_the_running_month() -> None:
    keys = MONTHS.get_partition_keys()
    assert keys[0] == "2006-06-01"
    assert job().name == JOB

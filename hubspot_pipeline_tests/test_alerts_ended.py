"""What ends an incident: only a run that read what was missing, be it a part of a run, days of a log or a month.

The story is made once for all tests (and all test processes); each test asks what was posted after some of its runs.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.tags import PARTITION_NAME_TAG

from hubspot_pipeline.assets import alerts, raw
from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.instance import dagster_home
from hubspot_pipeline.assets.spans import WINDOWS
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import STREAMS
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox, TellOnce
from hubspot_pipeline_tests.receiver import Receiver, receiving
from hubspot_pipeline_tests.runs import NONE
from hubspot_pipeline_tests.test_alerts import NEEDLE, project
from hubspot_pipeline_tests.test_dagster_runs import environment

Story = dict[str, list[dict[str, Any]]]
CHOSEN = ("companies", "contacts", "email_events")
SCOPES = {scope for stream in STREAMS for scope in stream.scopes}
TODAY = datetime.now(UTC).date()
DAY, NEXT = (f"{TODAY - timedelta(days=days)}" for days in (9, 8))


def sync_job() -> dg.JobDefinition:
    return assemble(Settings.load()).resolve_job_def("hubspot_sync")


class Teller:
    """Makes the runs in the project that the environment names, and notes what each posted."""

    def __init__(self, sandbox: Sandbox, receiver: Receiver, history: dg.DagsterInstance) -> None:
        self.sandbox, self.receiver, self.history = sandbox, receiver, history
        self.told: Story = {}

    def run(
        self, name: str, *streams: str, job: str = "hubspot_sync", config: Mapping[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """A run of everything, or of these streams alone."""
        definition = assemble(Settings.load()).resolve_job_def(job)
        done = definition.execute_in_process(
            instance=self.history, run_config=config, tags=tags, raise_on_error=False,
            asset_selection=[raw.key(stream) for stream in streams] or None,
        )  # fmt: skip
        self.note(name)
        return done.run_id

    def again(self, name: str, run_id: str) -> None:
        options = dg.ReexecutionOptions.from_failure(run_id, self.history)
        with dg.execute_job(dg.reconstructable(sync_job), self.history, reexecution_options=options) as done:
            assert done.success
        self.note(name)

    def note(self, name: str) -> None:
        alerts.tell(self.receiver.webhook, self.history)
        self.told[name] = self.receiver.taken()

    def fail(self, *parts: str) -> None:
        """Calls whose path has one of these parts are refused from now on, and no others."""
        self.sandbox.delete("faults")
        self.sandbox.post("faults", {"faults": [{"match": part, "status": 400, "times": -1} for part in parts]})


def tell(folder: Path) -> Story:
    project(folder)
    (folder / "hubspot.yaml").write_text(json.dumps({"streams": NONE | dict.fromkeys(CHOSEN, True)}))
    with serve(rate_limit=0) as server, receiving() as receiver:
        sandbox = Sandbox(server)
        sandbox.config(rate_limit=0)
        sandbox.mutate({"op": "create", "object": "contacts", "properties": {}},
                       {"op": "create", "object": "companies", "properties": {"name": "A", "city": "1"}})  # fmt: skip
        values = {"HUBSPOT_DATA_DIR": str(folder / "data"), "HUBSPOT_BASE_URL": server.url,
                  "HUBSPOT_ACCESS_TOKEN": TOKEN}  # fmt: skip
        with environment(values), pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            home = str(dagster_home(Settings.load()))
            with dg.DagsterInstance.from_config(home) as history:
                teller = Teller(sandbox, receiver, history)
                _parts(teller)
                _days(teller)
                _months(teller)
                _counts(teller)
                _models(teller)
    return teller.told


def _parts(teller: Teller) -> None:
    """Streams that fail, of which some are read again."""
    teller.run("first")
    teller.fail("/objects/[^ ]*companies")
    broken = teller.run("companies fail")
    teller.fail("/objects/[^ ]*companies", "/objects/[^ ]*contacts")
    teller.run("contacts fail, too")
    teller.fail("/objects/[^ ]*contacts")
    teller.again("companies again", broken)
    teller.fail()
    teller.sandbox.grant(*(SCOPES - {"crm.objects.contacts.read"}))
    teller.run("contacts may not be read")
    teller.sandbox.grant(*SCOPES)
    yesterday = f"{TODAY - timedelta(days=1)}"
    teller.run("a window of contacts", "contacts", config={"ops": {"warehouse": {"config": {"since": yesterday}}}})
    teller.run("contacts", "contacts")


def _days(teller: Teller) -> None:
    teller.fail("/email/public/v1/events")
    teller.run("a day fails", "email_events", job="hubspot_events", tags={PARTITION_NAME_TAG: DAY})
    teller.fail()
    teller.run("everything after the day")
    teller.run("another day", "email_events", job="hubspot_events", tags={PARTITION_NAME_TAG: NEXT})
    teller.run("the day", "email_events", job="hubspot_events", tags={PARTITION_NAME_TAG: DAY})


def _months(teller: Teller) -> None:
    month = {PARTITION_NAME_TAG: "2026-02-01"}
    teller.fail("/objects/[^ ]*contacts")
    teller.run("a month fails", job=WINDOWS, tags=month)
    teller.fail()
    teller.run("everything after the month")
    config = {"ops": {"resync_window": {"config": {"streams": ["companies"]}}}}
    teller.run("the month of companies", job=WINDOWS, tags=month, config=config)
    teller.run("the month", job=WINDOWS, tags=month)


def _counts(teller: Teller) -> None:
    """A contact that its list leaves out, then a filter that search cannot express: nobody counts contacts any more."""
    an_hour_ago = int((datetime.now(UTC) - timedelta(hours=1)).timestamp() * 1000)
    teller.sandbox.mutate({"op": "create", "object": "contacts", "properties": {}, "at": an_hour_ago})
    dropped = {"match": "GET /crm/objects/[^/]*/contacts$", "kind": "drop_results"}
    teller.sandbox.post("faults", {"faults": [dropped]})
    teller.run("a contact is left out")
    teller.fail()
    choice = Path("hubspot.yaml")
    before = choice.read_text()
    kept = [{"field": "email", "condition": "starts with", "value": "a"}]
    choice.write_text(json.dumps(json.loads(before) | {"filters": {"contacts": kept}}))
    teller.run("a filter without a count")
    choice.write_text(before)


def _models(teller: Teller) -> None:
    """A model fails on a value, in a run whose output Dagster captures."""
    company = next(row["id"] for row in teller.sandbox.dump() if row.get("object") == "companies" and "id" in row)
    teller.sandbox.mutate({"op": "update", "object": "companies", "id": company, "properties": {"city": NEEDLE}})
    teller.run("a model fails")


@pytest.fixture(scope="module")
def folder(told_once: TellOnce) -> Path:
    return told_once("alerts_ended", tell)[1]


@pytest.fixture(scope="module")
def story(told_once: TellOnce) -> Story:
    found: Story = told_once("alerts_ended", tell)[0]
    return found


def news(story: Story, name: str) -> list[tuple[str, str]]:
    return [(message["state"], message["incident"]) for message in story[name]]


def test_a_re_execution_ends_incidents_of_the_streams_that_it_reads(story: Story) -> None:
    assert news(story, "first") == []
    assert news(story, "companies fail") == [("opened", "hubspot/companies")]
    assert news(story, "contacts fail, too") == [("opened", "hubspot/contacts")]
    assert news(story, "companies again") == [("recovered", "hubspot/companies")]


def test_a_stream_that_failed_and_may_not_be_read_any_more_has_not_recovered(story: Story) -> None:
    assert news(story, "contacts may not be read") == [("opened", "hubspot/contacts: scopes")]


def test_a_window_of_a_stream_does_not_end_its_incident_and_the_next_read_does(story: Story) -> None:
    assert news(story, "a window of contacts") == [("recovered", "hubspot/contacts: scopes")]
    assert news(story, "contacts") == [("recovered", "hubspot/contacts")]


def test_a_day_of_a_log_is_an_incident_of_its_own_until_it_is_read(story: Story) -> None:
    (message,) = story["a day fails"]
    assert (message["state"], message["incident"]) == ("opened", f"hubspot/email_events ({DAY})")
    assert message["stream"] == "email_events"
    assert message["remedy"] == f"In the UI: job hubspot_events, Partitions, launch {DAY} again."
    assert news(story, "everything after the day") == news(story, "another day") == []
    assert news(story, "the day") == [("recovered", f"hubspot/email_events ({DAY})")]


def test_a_month_of_a_stream_is_an_incident_of_its_own_until_it_is_read(story: Story) -> None:
    (message,) = story["a month fails"]
    assert (message["state"], message["incident"]) == ("opened", "hubspot/contacts (2026-02)")
    assert message["remedy"] == f"In the UI: job {WINDOWS}, Partitions, launch 2026-02 again."
    assert news(story, "everything after the month") == news(story, "the month of companies") == []
    assert news(story, "the month") == [("recovered", "hubspot/contacts (2026-02)")]


def test_a_red_count_is_over_with_a_filter_under_which_nothing_is_counted(story: Story) -> None:
    assert news(story, "a contact is left out") == [("opened", "hubspot/contacts: completeness")]
    assert news(story, "a filter without a count") == [("recovered", "hubspot/contacts: completeness")]


def test_the_value_that_a_model_failed_on_is_in_no_file_of_dagsters_home(story: Story, folder: Path) -> None:
    assert news(story, "a model fails") == [("opened", "marts/cities")]
    assert NEEDLE in (folder / "data" / ".load" / "dbt" / "dbt.log").read_text()
    files = [path for path in (folder / "data" / "dagster_home").rglob("*") if path.is_file()]
    captured = "".join(path.read_text() for path in files if path.suffix == ".out")
    assert "Failure in model cities" in captured
    assert "model cities (models/cities.sql): Conversion Error" in captured
    assert [path for path in files if NEEDLE.encode() in path.read_bytes()] == []

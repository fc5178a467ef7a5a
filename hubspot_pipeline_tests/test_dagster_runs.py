"""Four runs through Dagster against the sandbox: a first one, a quiet one, one with failures, its re-execution.

They are made once for all tests (and all test processes) and left in a Dagster home; each test asks their events.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.assets.instance import dagster_home
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.assets.schedules import waits_until
from hubspot_pipeline.errors import ConfigError, CredentialError
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.settings import Settings, project_root
from hubspot_pipeline.streams import STREAMS
from hubspot_pipeline_tests import hostile
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox, TellOnce

ROOT = project_root()
HOSTILE = "<script>alert('x')</script> | [click](javascript:alert(1))"
SCOPES = sorted({scope for stream in STREAMS for scope in stream.scopes})
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@dataclass
class Story:
    """What is left of the runs: their ids and messages by name, the data folder, the Dagster home."""

    runs: dict[str, dict[str, Any]]
    data: Path
    history: dg.DagsterInstance

    def events(self, run: str, kind: dg.DagsterEventType) -> list[dg.DagsterEvent]:
        entries = self.history.all_logs(self.runs[run]["id"], of_type=kind)
        return [entry.dagster_event for entry in entries if entry.dagster_event is not None]

    def landed(self, run: str) -> dict[str, dict[str, Any]]:
        """Metadata of each materialized asset, by `schema/name`."""
        found = {}
        for event in self.events(run, dg.DagsterEventType.ASSET_MATERIALIZATION):
            assert event.asset_key is not None
            found[event.asset_key.to_user_string()] = dict(event.step_materialization_data.materialization.metadata)
        return found

    def checks(self, run: str) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
        results = [event.asset_check_evaluation_data for event in self.events(run, CHECKED)]
        return {(result.asset_key.to_user_string(), result.check_name): result for result in results}

    def lines(self, run: str) -> list[str]:
        return [entry.user_message for entry in self.history.all_logs(self.runs[run]["id"])]


CHECKED = dg.DagsterEventType.ASSET_CHECK_EVALUATION


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def sync_job() -> dg.JobDefinition:
    """What the daemon would run: everything from the environment."""
    return assemble(Settings.load(ROOT)).resolve_job_def("hubspot_sync")


def arrange(sandbox: Sandbox) -> None:
    portal = sandbox.portal
    portal.define_property(
        "companies", {"name": "Seats", "label": "Seats sold", "type": "number", "fieldType": "number"}
    )
    company = portal.create("companies", {"name": HOSTILE, "domain": "acme.test", "Seats": "12"})
    contact = portal.create("contacts", {"email": "ada@acme.test", "firstname": "Ada"})
    deal = portal.create(
        "deals", {"dealname": "First", "amount": "100", "dealstage": "closedwon", "pipeline": "default"}
    )
    ticket = portal.create("tickets", {"subject": "Help", "hs_pipeline": "0", "hs_pipeline_stage": "1"})
    portal.create("companies", {"name": "Dirty", "Seats": "many"})
    hostile.named(portal, company)
    for kind, record in (("contacts", contact), ("deals", deal), ("tickets", ticket)):
        portal.associate(kind, record, "companies", company)


def tell(folder: Path) -> dict[str, dict[str, Any]]:
    """Make the runs. `users` may never be read; before the third run `products` is lost and `tickets` breaks."""
    told: dict[str, dict[str, Any]] = {}
    with serve(rate_limit=0) as server:
        sandbox = Sandbox(server)
        sandbox.config(rate_limit=0)
        arrange(sandbox)
        values = {"HUBSPOT_DATA_DIR": str(folder), "HUBSPOT_BASE_URL": server.url, "HUBSPOT_ACCESS_TOKEN": TOKEN}
        settings = Settings.load(ROOT, values)

        def run(name: str) -> None:
            done = execute(settings)
            told[name] = {
                "id": done.run_id, "exit_code": done.exit_code, "message": done.message,
                "published": settings.published.stat().st_ino,
                "statuses": {stream: outcome.status for stream, outcome in done.outcomes.items()},
            }  # fmt: skip

        allow(sandbox, "crm.objects.users.read")
        run("first")
        run("quiet")
        sandbox.post("faults", {"faults": [{"match": "/crm/(v3/)?objects/[^ ]*tickets", "status": 400, "times": 1000}]})
        allow(sandbox, "crm.objects.users.read", "crm.objects.products.read", "e-commerce")
        sandbox.portal.update("contacts", only(sandbox, "contacts"), {"firstname": "Augusta"})
        sandbox.portal.update("tickets", only(sandbox, "tickets"), {"subject": "Help!"})
        run("broken")
        sandbox.delete("faults")
        with environment(values), dg.DagsterInstance.from_config(str(dagster_home(settings))) as history:
            again = dg.ReexecutionOptions.from_failure(told["broken"]["id"], history)
            job = dg.reconstructable(sync_job)
            with dg.execute_job(job, history, reexecution_options=again) as repeated:
                told["repeated"] = {"id": repeated.run_id, "success": repeated.success}
            allow(sandbox)
            still = sensed(history)
            sandbox.portal.update("tickets", only(sandbox, "tickets"), {"subject": "Help!!"})
            told["sensor"] = {"still": still, "changed": sensed(history)}
    return told


def sensed(history: dg.DagsterInstance) -> dict[str, Any]:
    """One tick of the change sensor: what it starts, or why nothing."""
    definitions = assemble(Settings.load(ROOT))
    (sensor,) = definitions.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    resources = {"hubspot": HubSpotResource()}
    with dg.build_sensor_context(history, resources=resources, definitions=definitions) as context:
        tick = sensor.evaluate_tick(context)
    keys = [key.to_user_string() for request in tick.run_requests or [] for key in request.asset_selection or []]
    return {"keys": keys, "reason": tick.skip_message}


def allow(sandbox: Sandbox, *lost: str) -> None:
    sandbox.post("tokens", {"token": TOKEN, "scopes": [scope for scope in SCOPES if scope not in lost]})


def only(sandbox: Sandbox, kind: str) -> str:
    """Id of the one record of a kind."""
    (record,) = (row for row in sandbox.dump() if row["kind"] == "record" and row["object"] == kind)
    return str(record["id"])


@pytest.fixture(scope="module")
def story(told_once: TellOnce) -> Iterator[Story]:
    runs, folder = told_once("dagster_story", tell)
    with dg.DagsterInstance.from_config(str(folder / "dagster_home")) as history:
        yield Story(runs, folder, history)


def test_a_first_run_materializes_every_stream_that_may_be_read_and_every_model(story: Story) -> None:
    assert story.runs["first"]["exit_code"] == 0, story.runs["first"]["message"]
    landed = set(story.landed("first"))
    planned = {
        event.asset_key.to_user_string()
        for event in story.events("first", dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
        if event.asset_key is not None
    }
    assert planned - landed == {"hubspot/users"}
    assert {"marts/customers", "marts/people", "marts/deals", "staging/stg_hubspot__users"} <= landed


def test_a_materialization_tells_what_the_stream_did(story: Story) -> None:
    figures = story.landed("first")["hubspot/contacts"]
    assert figures["rows_read"].value == figures["rows_inserted"].value == figures["dagster/row_count"].value == 1
    assert figures["rows_updated"].value == 0
    assert figures["calls"].value > 0
    assert figures["bytes"].value > 0
    assert figures["sandbox"].value is True
    assert {"rows_archived", "rate_limited_429s", "retries", "duration_seconds", "cursor", "portal_total"} <= set(
        figures
    )


def test_raw_columns_carry_hubspots_label_and_type(story: Story) -> None:
    schema = story.landed("first")["hubspot/companies"]["dagster/column_schema"].value
    columns = {column.name: column for column in schema.columns}
    assert columns["id"].type == "varchar"
    assert "Seats sold (number)" in {column.description for column in columns.values()}


def test_columns_are_traced_from_the_source_to_the_mart(story: Story) -> None:
    def parents(asset: str, column: str) -> set[tuple[str, str]]:
        lineage = story.landed("first")[asset]["dagster/column_lineage"].value
        return {(dep.asset_key.to_user_string(), dep.column_name) for dep in lineage.deps_by_column[column]}

    assert ("hubspot/contacts", "properties_firstname") in parents("staging/stg_hubspot__contacts", "firstname")
    assert parents("marts/people", "first_name")


def test_a_mart_shows_its_rows_and_runs_none_of_them(story: Story) -> None:
    figures = story.landed("first")["marts/customers"]
    assert figures["dagster/row_count"].value == 2
    preview = figures["preview"].value
    assert preview.count("\n") == 3, "head, rule and two rows"
    assert "&#60;script&#62;" in preview
    for markup in ("<", "](", "`"):
        assert markup not in preview


def test_checks_pass_on_a_sound_warehouse_and_dbt_tests_are_among_them(story: Story) -> None:
    checks = story.checks("first")
    bad = {name for name, result in checks.items() if not result.passed}
    assert bad == {("hubspot/users", "scopes"), ("hubspot/companies", "rejected_values")}
    assert ("hubspot/deals", "completeness") in checks
    assert ("hubspot/deals", "unique_ids") in checks
    assert {asset for asset, _ in checks} >= {"marts/customers", "marts/people", "marts/deals"}


def test_a_value_that_does_not_fit_is_counted_by_property_and_not_shown(story: Story) -> None:
    rejected = story.checks("first")["hubspot/companies", "rejected_values"]
    assert rejected.severity is WARN
    assert rejected.metadata["values_rejected"].value == 1
    assert "many" not in str(rejected.metadata)


def test_a_stream_that_was_never_readable_is_a_warning_and_not_green(story: Story) -> None:
    assert story.runs["first"]["statuses"]["users"] == "skipped"
    observed = [event.asset_key for event in story.events("first", dg.DagsterEventType.ASSET_OBSERVATION)]
    assert observed == [dg.AssetKey(["hubspot", "users"])]
    scopes = story.checks("first")["hubspot/users", "scopes"]
    assert (scopes.passed, scopes.severity) == (False, WARN)
    assert "crm.objects.users.read" in str(scopes.metadata["any_of_scopes"].value)


def test_log_lines_carry_their_stream(story: Story) -> None:
    lines = story.lines("first")
    for name in ("contacts", "deals", "owners"):
        assert any(line.startswith(f"{name}: ") for line in lines)


def test_a_quiet_run_builds_and_publishes_nothing(story: Story) -> None:
    assert story.runs["quiet"]["exit_code"] == 0, story.runs["quiet"]["message"]
    landed = story.landed("quiet")
    assert {name.split("/")[0] for name in landed} == {"hubspot"}
    assert {figures["rows_inserted"].value + figures["rows_updated"].value for figures in landed.values()} == {0}
    assert story.runs["quiet"]["published"] == story.runs["first"]["published"]


def test_what_a_run_left_alone_keeps_its_answers(story: Story) -> None:
    tests = {name for name in story.checks("first") if not name[0].startswith("hubspot/")}
    for run in ("quiet", "repeated"):
        answers = story.checks(run)
        assert tests <= set(answers)
        assert ("hubspot/contacts", "completeness") in answers
        assert any("kept_from_run" in answer.metadata for answer in answers.values())


def test_a_failure_names_each_stream_and_the_command_that_repeats_it(story: Story) -> None:
    assert story.runs["broken"]["exit_code"] == 1
    message = story.runs["broken"]["message"]
    assert "tickets: " in message
    failed = sorted(name for name, status in story.runs["broken"]["statuses"].items() if status == "failed")
    assert "hubspot-pipeline sync " in message
    assert set(message.rpartition("hubspot-pipeline sync ")[2].split()) == set(failed)


def test_one_failed_stream_keeps_neither_the_others_nor_the_marts_from_landing(story: Story) -> None:
    landed = story.landed("broken")
    assert "hubspot/tickets" not in landed
    assert landed["hubspot/contacts"]["rows_updated"].value == 1
    assert {"marts/customers", "marts/people", "marts/deals"} <= set(landed)
    assert story.runs["broken"]["published"] != story.runs["first"]["published"]


def test_a_stream_that_was_readable_once_is_an_error(story: Story) -> None:
    scopes = story.checks("broken")["hubspot/products", "scopes"]
    assert (scopes.passed, scopes.severity) == (False, ERROR)
    assert "crm.objects.products.read" in str(scopes.metadata["any_of_scopes"].value)
    assert "crm.objects.products.read" in str(scopes.metadata["message"].value)
    assert "hubspot/products" not in story.landed("broken")


def test_a_re_execution_reads_only_what_has_not_landed(story: Story) -> None:
    assert story.runs["repeated"]["success"]
    landed = story.landed("repeated")
    # a custom object that was found meanwhile has its first asset in this run
    raw = {name for name in landed if name.startswith("hubspot/") and not name.startswith("hubspot/custom_")}
    assert "hubspot/tickets" in raw
    assert raw <= {"hubspot/tickets", "hubspot/ticket_pipelines", "hubspot/associations", "hubspot/products"}
    assert "staging/stg_hubspot__tickets" in landed
    assert "staging/stg_hubspot__contacts" not in landed
    assert "marts/customers" in landed, "it counts tickets"


def test_the_sensor_starts_the_changed_streams_and_what_is_below_them(story: Story) -> None:
    assert story.runs["sensor"]["still"] == {"keys": [], "reason": "nothing changed in the portal"}
    keys = set(story.runs["sensor"]["changed"]["keys"])
    assert {"hubspot/tickets", "hubspot/associations", "staging/stg_hubspot__tickets", "marts/customers"} <= keys
    assert not {"hubspot/contacts", "hubspot/deals", "staging/stg_hubspot__contacts"} & keys


def test_the_ledger_knows_the_dagster_run(story: Story) -> None:
    with duckdb.connect(str(story.data / "warehouse.duckdb"), read_only=True) as con:
        known = {row[0] for row in con.execute("select distinct dagster_run_id from hubspot.sync_runs").fetchall()}
    assert {story.runs[name]["id"] for name in ("first", "broken")} <= known


def test_the_token_is_nowhere_in_dagsters_home(story: Story) -> None:
    for path in (story.data / "dagster_home").rglob("*"):
        if path.is_file():
            assert TOKEN.encode() not in path.read_bytes(), path


def test_a_refused_credential_stops_before_anything_is_written(tmp_path: Path, sandbox: Sandbox) -> None:
    sandbox.post("tokens", {"token": TOKEN, "revoked": True})
    values = {"HUBSPOT_DATA_DIR": str(tmp_path), "HUBSPOT_BASE_URL": sandbox.url, "HUBSPOT_ACCESS_TOKEN": "nonsense"}
    with pytest.raises(CredentialError):
        execute(Settings.load(ROOT, values))
    assert not list(tmp_path.rglob("*.duckdb"))


def test_a_used_up_daily_share_is_not_a_failure_of_the_streams_and_ticks_wait_for_its_end(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    sandbox.config(tier="professional", daily_limit=60, rate_limit=1000)
    values = {"HUBSPOT_DATA_DIR": str(tmp_path), "HUBSPOT_BASE_URL": sandbox.url, "HUBSPOT_ACCESS_TOKEN": TOKEN}
    settings = Settings.load(ROOT, values)
    done = execute(settings, with_marts=False)
    assert (done.exit_code, done.success) == (3, False)
    assert done.result is not None
    assert done.result.resumes_at is not None
    assert f"{done.result.resumes_at:%Y-%m-%d %H:%M} UTC" in done.message
    with dg.DagsterInstance.from_config(str(dagster_home(settings))) as history:
        assert waits_until(history) == done.result.resumes_at


def test_marts_alone_need_a_warehouse(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make demo"):
        execute(Settings.load(ROOT, {"HUBSPOT_DATA_DIR": str(tmp_path)}), job="marts")


def test_an_unknown_stream_is_named_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="tickts"):
        execute(Settings.load(ROOT, {"HUBSPOT_DATA_DIR": str(tmp_path)}), streams=["tickts"])
    assert not list(tmp_path.iterdir())

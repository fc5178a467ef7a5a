"""Runs that go wrong and right again, and what the webhook is told of them: once when it opens, once when it is over.

The story is made once for all tests (and all test processes); each test asks what was posted after one of its runs.
"""

import json
import logging
import os
import shutil
import subprocess
import sys
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pyarrow as pa
import pytest
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG as RANGE_END
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_START_TAG as RANGE_START
from dagster._core.storage.tags import PARTITION_NAME_TAG
from filelock import FileLock

from hubspot_pipeline.api.notify import post
from hubspot_pipeline.assets import alerts, incidents
from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.assets.failure import UNTOLD
from hubspot_pipeline.assets.incidents import LONGEST
from hubspot_pipeline.assets.instance import dagster_home, history_of
from hubspot_pipeline.assets.spans import WINDOWS
from hubspot_pipeline.errors import AlertError, ConfigError, CredentialError, said
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.settings import NO_SECRET, Secret, Settings
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox, TellOnce
from hubspot_pipeline_tests.receiver import PATH, Receiver, receiving
from hubspot_pipeline_tests.runs import ROOT, only, rows, settings

NEEDLE = "needle@acme.test"
Status = dg.DagsterRunStatus
Story = dict[str, Any]

MODELS = {
    "cities.sql": "select cast(properties_city as integer) as city from hubspot.companies",
    "names.sql": "select properties_name as name from hubspot.companies",
    "sizes.sql": "select count(*) as size from hubspot.companies",
    "models.yml": "models: [{name: names, columns: [{name: name, data_tests: [unique]}]}]",
}
SEVERAL = "select name from {{ ref('names') }} cross join {{ ref('sizes') }} group by all having count(*) > 1"


def project(folder: Path) -> None:
    """A project with three small models, one test of one of them and one of two."""
    dbt = folder / "dbt_project"
    for room in ("models", "macros", "tests"):
        (dbt / room).mkdir(parents=True)
    profiles = (ROOT / "dbt_project" / "profiles.yml").read_text()
    (dbt / "profiles.yml").write_text(profiles)
    (dbt / "dbt_project.yml").write_text(
        f"name: small\nprofile: {profiles.partition(':')[0]}\nmodels: {{+schema: marts, +materialized: table}}\n"
    )
    shutil.copy(ROOT / "dbt_project" / "macros" / "generate_schema_name.sql", dbt / "macros")
    for name, text in MODELS.items():
        (dbt / "models" / name).write_text(text)
    (dbt / "tests" / "several.sql").write_text(SEVERAL)
    shutil.copy(ROOT / "dagster.yaml", folder)


def of(folder: Path, url: str, webhook: Secret = NO_SECRET) -> Settings:
    """Settings of the project in `folder` that reads companies, contacts and, where it may, users."""
    made = replace(settings(folder / "data", url), root=folder, alert_webhook=webhook)
    return only(made, "companies", "contacts", "users")


def sensed(given: Settings, history: dg.DagsterInstance) -> str:
    """One tick of the sensor: what it says."""
    (sensor,) = alerts.sensors(given)
    with dg.build_sensor_context(instance=history) as context:
        return sensor.evaluate_tick(context).skip_message or ""


class Teller:
    """Makes the story's runs and notes what was posted after each."""

    def __init__(self, folder: Path, sandbox: Sandbox, receiver: Receiver) -> None:
        self.sandbox, self.receiver = sandbox, receiver
        self.given = of(folder, sandbox.url, receiver.webhook)
        self.told: Story = {}

    def run(self, name: str, *, posts: bool = False) -> None:
        """One run of everything; `posts`: it tells the webhook itself, as the CLI does, otherwise a tick does."""
        given = self.given if posts else replace(self.given, alert_webhook=NO_SECRET)
        messages: dict[str, str] = {}
        with suppress(CredentialError):
            messages = {stream: found.message for stream, found in execute(given).outcomes.items()}
        self.note(name, tick=not posts, messages=messages)

    def note(self, name: str, *, tick: bool = True, **more: Any) -> None:
        with history_of(dagster_home(self.given)) as history:
            reason = sensed(self.given, history) if tick else ""
            (run,) = history.get_runs(limit=1)
        self.told[name] = {
            "id": run.run_id, "status": run.status.value, "posted": self.receiver.taken(), "reason": reason, **more
        }  # fmt: skip

    def kill(self) -> None:
        """A run in a process of its own, ended with SIGKILL while it waits for the portal."""
        self.sandbox.post("faults", {"faults": [{"match": "GET ", "nth": 2, "kind": "hang"}]})
        before = self.sandbox.get("calls/count")["total"]
        program = f"import sys; from {__name__} import *; execute(of(Path(sys.argv[1]), sys.argv[2]))"
        command = [sys.executable, "-c", program, str(self.given.root), self.sandbox.url]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        while self.sandbox.get("calls/count")["total"] < before + 2:
            with suppress(subprocess.TimeoutExpired):
                assert process.wait(0.05) is None, "the run ended before it could be killed"
        process.kill()
        process.wait()
        self.sandbox.delete("faults")


def tell(folder: Path) -> Story:
    """Loads, models, scopes, the token, the process and the daily limit go wrong, and right again."""
    project(folder)
    with serve(rate_limit=0) as server, receiving() as receiver:
        sandbox = Sandbox(server)
        sandbox.config(rate_limit=0)
        teller = Teller(folder, sandbox, receiver)
        contact, company = sandbox.mutate(
            {"op": "create", "object_type": "contacts", "properties": {"firstname": "Ada"}},
            {"op": "create", "object_type": "companies", "properties": {"name": "A", "city": "1"}},
        )
        update = {"op": "update", "object_type": "companies", "id": company}
        readable = ("crm.objects.companies.read", "crm.objects.contacts.read")
        sandbox.grant(*readable)
        teller.run("first")

        _sql(teller.given, "CREATE UNIQUE INDEX one_each ON hubspot.contacts (properties_city)")
        sandbox.mutate(
            {"op": "update", "object_type": "contacts", "id": contact, "properties": {"city": NEEDLE}},
            {"op": "create", "object_type": "contacts", "properties": {"city": NEEDLE}},
        )
        receiver.status = 503
        teller.run("not stored, webhook down")
        receiver.status = 200
        teller.note("webhook up")
        teller.note("nothing new")
        sandbox.mutate(
            {**update, "properties": {"name": "B", "city": NEEDLE}},
            {"op": "create", "object_type": "companies", "properties": {"name": "B"}},
        )
        teller.run("models fail too", posts=True)
        _sql(teller.given, "DROP INDEX hubspot.one_each")
        sandbox.mutate({**update, "properties": {"name": "C", "city": "2"}})
        teller.run("all well", posts=True)

        sandbox.grant(readable[0])
        teller.run("scope lost")
        teller.kill()
        teller.note("killed")
        sandbox.config(tier="professional", daily_limit=5, rate_limit=1000)
        teller.run("day used up")
        sandbox.post("tokens", {"token": TOKEN, "revoked": True})
        teller.run("token revoked", posts=True)
        sandbox.post("tokens", {"token": TOKEN, "revoked": False})
        sandbox.grant(*readable)
        sandbox.config(daily_limit=1_000_000)
        teller.run("next day")
    teller.told["ledger"] = [list(row) for row in rows(teller.given, "SELECT stream, message FROM hubspot.sync_runs")]
    return teller.told


def _sql(given: Settings, sql: str) -> None:
    with duckdb.connect(str(given.working)) as con:
        con.execute(sql)


@pytest.fixture(scope="module")
def folder(told_once: TellOnce) -> Path:
    return told_once("alerts_story", tell)[1]


@pytest.fixture(scope="module")
def story(told_once: TellOnce) -> Story:
    found: Story = told_once("alerts_story", tell)[0]
    return found


def news(story: Story, name: str) -> list[tuple[str, str]]:
    return [(message["state"], message["incident"]) for message in story[name]["posted"]]


def test_a_run_in_which_nothing_is_red_tells_nothing(story: Story) -> None:
    assert story["first"]["status"] == "SUCCESS"
    assert "scope" in story["first"]["messages"]["users"], "a yellow check"
    assert story["first"]["posted"] == []
    assert story["first"]["reason"] == "no incident opened or ended"


def test_a_run_whose_rows_could_not_be_stored_fails_and_the_incident_names_its_stream(story: Story) -> None:
    assert story["not stored, webhook down"]["status"] == "FAILURE"
    assert "could not be stored" in story["not stored, webhook down"]["messages"]["contacts"]
    (message,) = story["webhook up"]["posted"]
    link = f"http://127.0.0.1:3000/runs/{story['not stored, webhook down']['id']}"
    assert (message["state"], message["incident"], message["stream"]) == ("opened", "hubspot/contacts", "contacts")
    assert message["message"] == story["not stored, webhook down"]["messages"]["contacts"]
    assert (message["remedy"], message["run_url"]) == ("hubspot-pipeline sync contacts", link)
    for part in ("hubspot/contacts", message["message"], message["remedy"], link):
        assert part in message["text"]


def test_what_a_webhook_that_is_down_did_not_take_is_told_once_it_is_up(story: Story) -> None:
    assert story["not stored, webhook down"]["posted"] == []
    assert "answered 503" in story["not stored, webhook down"]["reason"]
    assert news(story, "webhook up") == [("opened", "hubspot/contacts")]
    assert story["webhook up"]["reason"] == "1 messages posted"


def test_an_incident_is_not_repeated_while_it_stays_red(story: Story) -> None:
    assert story["nothing new"]["posted"] == []
    assert story["models fail too"]["status"] == "FAILURE"
    assert "could not be stored" in story["models fail too"]["messages"]["contacts"]
    assert ("opened", "hubspot/contacts") not in news(story, "models fail too")


def test_models_and_their_tests_are_incidents_of_their_own(story: Story) -> None:
    assert news(story, "models fail too") == [
        ("opened", "dbt"), ("opened", "marts/cities"), ("opened", "marts/names: unique_names_name"),
    ]  # fmt: skip
    several, cities, names = (message["message"] for message in story["models fail too"]["posted"])
    assert several == "several: 1 rows fail the test"
    assert cities == "cities: error"
    assert names == "The check unique_names_name fails: failed row count 1"
    assert {message["stream"] for message in story["models fail too"]["posted"]} == {""}
    assert all("make marts" in message["remedy"] for message in story["models fail too"]["posted"])


def test_each_incident_is_told_once_more_when_it_is_over(story: Story) -> None:
    assert story["all well"]["status"] == "SUCCESS"
    assert sorted(news(story, "all well")) == [
        ("recovered", "dbt"), ("recovered", "hubspot/contacts"), ("recovered", "marts/cities"),
        ("recovered", "marts/names: unique_names_name"),
    ]  # fmt: skip
    assert all(message["run_url"].endswith(story["all well"]["id"]) for message in story["all well"]["posted"])


def test_a_red_check_in_a_run_that_succeeded_is_told_with_the_scope_that_is_missing(story: Story) -> None:
    assert story["scope lost"]["status"] == "SUCCESS"
    (message,) = story["scope lost"]["posted"]
    assert (message["state"], message["incident"]) == ("opened", "hubspot/contacts: scopes")
    assert message["stream"] == "contacts"
    assert "crm.objects.contacts.read" in message["message"]
    assert ("recovered", "hubspot/contacts: scopes") in news(story, "next day")


def test_a_run_that_was_refused_is_told_as_the_run_of_its_job(story: Story) -> None:
    assert story["token revoked"]["status"] == "FAILURE"
    (message,) = story["token revoked"]["posted"]
    assert (message["state"], message["incident"]) == ("opened", "run of hubspot_sync")
    assert "HubSpot refuses the token (401)" in message["message"]
    assert ("recovered", "run of hubspot_sync") in news(story, "next day")


def test_a_run_that_was_killed_is_closed_and_told(story: Story) -> None:
    assert story["killed"]["status"] == "FAILURE"
    (message,) = story["killed"]["posted"]
    assert (message["state"], message["incident"]) == ("opened", "run of hubspot_sync")
    assert "killed" in message["message"]


def test_waiting_for_the_daily_limit_is_told_with_its_end(story: Story) -> None:
    assert news(story, "day used up") == [("opened", "daily limit"), ("recovered", "run of hubspot_sync")]
    assert "The schedule goes on after" in story["day used up"]["posted"][0]["message"]
    assert ("recovered", "daily limit") in news(story, "next day")


def test_no_value_no_token_and_no_webhook_is_told_or_kept(story: Story, folder: Path) -> None:
    assert any("duplicate key" in (message or "") for _, message in story["ledger"]), "the value that did not fit"
    told = json.dumps(story)
    secrets = (NEEDLE, TOKEN, PATH)
    assert [secret for secret in secrets if secret in told] == []
    for path in (folder / "data" / "dagster_home").rglob("*"):
        if path.is_file():
            assert [secret for secret in secrets if secret.encode() in path.read_bytes()] == [], path


def test_the_state_does_not_grow(story: Story, folder: Path) -> None:
    with dg.DagsterInstance.from_config(str(folder / "data" / "dagster_home")) as history:
        (state,) = history.daemon_cursor_storage.get_cursor_values({alerts.STATE}).values()
    assert json.loads(state)["open"] == {}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def history(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def started(history: dg.DagsterInstance, job: str = "hubspot_sync", **tags: str) -> dg.DagsterRun:
    """Enter a run that works, as the daemon would have left it."""
    run = dg.DagsterRun(job_name=job, run_id=str(uuid.uuid4()), status=Status.STARTED, tags=tags)
    history.add_run(run)
    return run


def ended(history: dg.DagsterInstance, message: str, job: str = "hubspot_sync", **tags: str) -> None:
    """Enter a run that failed, saying so."""
    history.report_run_failed(started(history, job, **tags), message)


def went_well(history: dg.DagsterInstance, job: str = "hubspot_sync", **tags: str) -> None:
    """Enter a run that succeeded."""
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, job)
    history.report_dagster_event(event, started(history, job, **tags).run_id)


def told(history: dg.DagsterInstance, receiver: Receiver) -> list[tuple[str, str]]:
    """What is posted now."""
    alerts.tell(receiver.webhook, history)
    return [(message["state"], message["incident"]) for message in receiver.taken()]


def test_what_was_red_before_is_told_from_the_newest_run_on(history: dg.DagsterInstance, receiver: Receiver) -> None:
    ended(history, "one")
    ended(history, "two", job="marts")
    assert alerts.tell(receiver.webhook, history) == 1
    assert [message["message"] for message in receiver.taken()] == ["two"]
    ended(history, "three")
    ended(history, "four", job="hubspot_reconcile")
    assert alerts.tell(receiver.webhook, history) == 2
    assert [message["message"] for message in receiver.taken()] == ["three", "four"]


def test_runs_that_end_behind_an_empty_history_are_all_told(history: dg.DagsterInstance, receiver: Receiver) -> None:
    assert alerts.tell(receiver.webhook, history) == 0
    jobs = [f"job {number}" for number in range(alerts.AT_ONCE + 2)]
    for job in jobs[:-1]:
        ended(history, "", job)
    history.report_run_failed(started(history, jobs[-1]))
    assert [alerts.tell(receiver.webhook, history) for _ in range(3)] == [alerts.AT_ONCE, 2, 0]
    assert [message["job"] for message in receiver.taken()] == jobs


def test_a_run_is_told_though_the_one_told_before_was_deleted(history: dg.DagsterInstance, receiver: Receiver) -> None:
    ended(history, "one")
    assert alerts.tell(receiver.webhook, history) == 1
    (run,) = history.get_runs()
    history.delete_run(run.run_id)
    ended(history, "two", job="marts")
    assert [alerts.tell(receiver.webhook, history) for _ in range(2)] == [1, 0]
    assert [message["message"] for message in receiver.taken()] == ["one", "two"]


def test_a_text_calls_nobody_and_is_cut(history: dg.DagsterInstance, receiver: Receiver) -> None:
    ended(history, "<!channel> & \x1b[31mred\nnext" + "x" * 2 * LONGEST)
    alerts.tell(receiver.webhook, history)
    (message,) = receiver.taken()
    assert message["message"].startswith("<!channel> & [31mred nextxxx")
    assert len(message["message"]) < LONGEST + 10
    assert "&lt;!channel&gt; &amp; [31mred nextxxx" in message["text"]


@pytest.mark.parametrize(
    ("error", "told"),
    [(ValueError(f"bad: {NEEDLE}"), "It stopped with ValueError."),
     (dg.Failure("nothing is named", metadata={UNTOLD: dg.MetadataValue.json({})}), "nothing is named")],
)  # fmt: skip
def test_a_failure_that_names_no_incident_is_told_as_the_run_without_foreign_words(
    history: dg.DagsterInstance, receiver: Receiver, error: Exception, told: str
) -> None:
    @dg.op
    def break_off() -> None:
        raise error

    @dg.job
    def hubspot_sync() -> None:
        break_off()

    assert not hubspot_sync.execute_in_process(instance=history, raise_on_error=False).success
    alerts.tell(receiver.webhook, history)
    (message,) = receiver.taken()
    assert (message["incident"], message["message"]) == ("run of hubspot_sync", told)


def test_a_run_whose_process_crashed_is_told_with_what_dagsters_server_says(
    history: dg.DagsterInstance, receiver: Receiver
) -> None:
    run = started(history)
    history.report_engine_event("Executing steps in process (pid: 1)", run)
    history.report_engine_event("Run execution process for 1 was terminated by signal 9 (SIGKILL).", run)
    history.report_run_failed(run)
    alerts.tell(receiver.webhook, history)
    (message,) = receiver.taken()
    assert message["message"].startswith("Run execution process for 1 was terminated by signal 9 (SIGKILL). This run")


def test_a_run_that_is_just_noting_its_success_is_not_taken_for_a_failed_one(
    history: dg.DagsterInstance, receiver: Receiver
) -> None:
    run = started(history)
    event = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
    history.event_log_storage.store_event(
        dg.EventLogEntry(None, "debug", "", run.run_id, time.time(), job_name=run.job_name, dagster_event=event)
    )
    assert alerts.tell(receiver.webhook, history) == 0


@pytest.mark.parametrize("job", ["marts", "__ASSET_JOB", "hubspot_events", "ad_hoc"])
def test_the_run_of_a_job_without_a_schedule_is_over_with_the_next_whole_sync_and_can_be_told_again(
    history: dg.DagsterInstance, receiver: Receiver, job: str
) -> None:
    ended(history, "refused", job)
    assert told(history, receiver) == [("opened", f"run of {job}")]
    went_well(history, "hubspot_sync", **{PARTITION_NAME_TAG: "2026-06-01"})
    assert told(history, receiver) == [], "that was no whole sync"
    went_well(history, "hubspot_sync")
    assert told(history, receiver) == [("recovered", f"run of {job}")]
    ended(history, "refused again", job)
    assert told(history, receiver) == [("opened", f"run of {job}")]
    went_well(history, job)
    assert told(history, receiver) == [("recovered", f"run of {job}")]


@pytest.mark.parametrize(
    ("job", "other"), [("hubspot_sync", "hubspot_reconcile"), ("hubspot_reconcile", "hubspot_sync")]
)
def test_the_run_of_a_job_that_has_a_schedule_is_over_with_its_own_next_one(
    history: dg.DagsterInstance, receiver: Receiver, job: str, other: str
) -> None:
    ended(history, "refused", job)
    assert told(history, receiver) == [("opened", f"run of {job}")]
    went_well(history, other)
    assert told(history, receiver) == []
    went_well(history, job)
    assert told(history, receiver) == [("recovered", f"run of {job}")]


@pytest.mark.parametrize(
    ("job", "span"), [("hubspot_events", "2026-06-02"), ("__ASSET_JOB", "2026-06-02"), (WINDOWS, "2026-06")]
)
def test_a_run_of_partitions_is_over_when_they_were_read(
    history: dg.DagsterInstance, receiver: Receiver, job: str, span: str
) -> None:
    day = {PARTITION_NAME_TAG: "2026-06-02" if job != WINDOWS else "2026-06-01"}
    ended(history, "killed", job, **day)
    alerts.tell(receiver.webhook, history)
    (message,) = receiver.taken()
    assert message["incident"] == f"run of {job} ({span})"
    assert message["remedy"].endswith(f"Partitions, launch {span} again.")
    went_well(history, "hubspot_sync")
    went_well(history, job)
    went_well(history, job, **{PARTITION_NAME_TAG: "2026-07-01"})
    assert told(history, receiver) == []
    if job == WINDOWS:
        went_well(history, job, **day)
    else:
        went_well(history, job, **{RANGE_START: "2026-06-01", RANGE_END: "2026-06-03"})
    assert told(history, receiver) == [("recovered", f"run of {job} ({span})")]


def test_a_run_that_somebody_cancels_is_no_incident_and_ends_none(
    history: dg.DagsterInstance, receiver: Receiver
) -> None:
    ended(history, "refused")
    assert told(history, receiver) == [("opened", "run of hubspot_sync")]
    for job in ("hubspot_sync", "marts"):
        history.report_run_canceled(started(history, job), "stopped by somebody")
    assert told(history, receiver) == []
    went_well(history)
    assert told(history, receiver) == [("recovered", "run of hubspot_sync")]


def test_one_process_tells_at_a_time(history: dg.DagsterInstance, receiver: Receiver) -> None:
    ended(history, "one")
    with FileLock(Path(history.root_directory) / "alerts.lock"):
        assert alerts.tell(receiver.webhook, history) == 0
    assert alerts.tell(receiver.webhook, history) == 1


def test_a_stopped_webhook_neither_fails_the_run_nor_shows_its_url(
    history: dg.DagsterInstance, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 302
    with caplog.at_level(logging.DEBUG), pytest.raises(AlertError, match="answered 302") as refused:
        post(receiver.webhook, {"text": "moved"})
    assert (receiver.posted, receiver.refused) == ([], 1), "a redirect is not followed"
    nobody = Secret(f"http://127.0.0.1:1{PATH}")
    with pytest.raises(AlertError, match=r"cannot be reached \(ConnectionError\)") as unreachable:
        post(nobody, {"text": "anybody?"})
    for error in (refused.value, unreachable.value):
        assert PATH not in "".join(traceback.format_exception(error))
    assert PATH not in caplog.text


@pytest.mark.parametrize(("incident", "remedy"), [
    ("daily limit", "HUBSPOT_DAILY_CALL_SHARE"),
    ("run of hubspot_sync", "the next one goes on"),
    ("hubspot/contacts", "hubspot-pipeline sync contacts"),
    ("hubspot/contacts: completeness", "hubspot-pipeline reconcile contacts"),
    ("hubspot/contacts: scopes", "Add the scope in HubSpot"),
    ("hubspot/contacts: unique_ids", "hubspot-pipeline sync contacts --full"),
    ("hubspot/contacts: freshness", "hubspot-pipeline sync contacts"),
    ("dbt", "make marts"),
    ("marts/customers", "make marts"),
])  # fmt: skip
def test_every_incident_has_its_remedy(incident: str, remedy: str) -> None:
    assert remedy in incidents.remedy(incident)


def test_a_proxy_is_not_asked_for_a_webhook_on_this_machine(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    post(receiver.webhook, {"text": "straight"})
    assert receiver.taken() == [{"text": "straight"}]


@pytest.mark.parametrize(
    "url",
    ["https://hooks.slack.com/services/a/b/c", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]/x", ""],
)
def test_a_webhook_is_reached_by_https_or_on_this_machine(url: str) -> None:
    given = Settings.load(ROOT, {"HUBSPOT_ALERT_WEBHOOK": url})
    assert given.alert_webhook.reveal() == url
    assert url == "" or url not in repr(given)


@pytest.mark.parametrize(
    "url", ["http://hooks.slack.com/services/a/b/c", "hooks.slack.com/services/a/b/c", "https:///services/a/b/c",
            "ftp://127.0.0.1/services/a/b/c", "https://[/services/a/b/c"],
)  # fmt: skip
def test_another_webhook_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(ConfigError, match="HUBSPOT_ALERT_WEBHOOK is not a URL that starts with https://") as refused:
        Settings.load(ROOT, {"HUBSPOT_ALERT_WEBHOOK": url})
    assert "services" not in str(refused.value)


def test_a_messages_link_leads_to_where_the_ui_is_reached(history: dg.DagsterInstance, receiver: Receiver) -> None:
    environment = {"HUBSPOT_DAGSTER_URL": "https://example.com/dagster/"}
    given = replace(Settings.load(ROOT, environment), alert_webhook=receiver.webhook)
    ended(history, "refused")
    (run,) = history.get_runs()
    assert sensed(given, history) == "1 messages posted"
    (message,) = receiver.taken()
    assert message["run_url"] == f"https://example.com/dagster/runs/{run.run_id}"
    assert message["run_url"] in message["text"]
    assert Settings.load(ROOT, {}).dagster_url == "http://127.0.0.1:3000"


@pytest.mark.parametrize(
    "url", ["example.com", "ftp://example.com", "https://", "https://[", "https://a:b@example.com"]
)
def test_an_address_of_the_ui_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="HUBSPOT_DAGSTER_URL is no address"):
        Settings.load(ROOT, {"HUBSPOT_DAGSTER_URL": url})


def test_the_sensor_is_there_and_running_where_a_webhook_is_set() -> None:
    assert alerts.sensors(Settings.load(ROOT, {})) == []
    (sensor,) = alerts.sensors(Settings.load(ROOT, {"HUBSPOT_ALERT_WEBHOOK": "https://hooks.slack.com/services/x"}))
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING


def test_the_message_of_a_foreign_error_stops_before_the_value() -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE one (name VARCHAR PRIMARY KEY, size TINYINT NOT NULL)")
        con.execute("INSERT INTO one VALUES (?, 1)", [NEEDLE])
        for sql in ("INSERT INTO one VALUES (?, 1)", "INSERT INTO one VALUES ('two', ?)", "SELECT ?::TIMESTAMP",
                    "SELECT ?::JSON", "INSERT INTO one SELECT 'three', length(?) * 1000"):  # fmt: skip
            with pytest.raises(duckdb.Error) as broken:
                con.execute(sql, [NEEDLE])
            assert NEEDLE in str(broken.value) or "16000" in str(broken.value)
            assert "Error: " in said(broken.value)
            assert NEEDLE not in said(broken.value)
            assert "16000" not in said(broken.value)
    with pytest.raises(pa.ArrowInvalid) as invalid:
        pa.array([NEEDLE], pa.string()).cast(pa.int64())
    assert NEEDLE not in said(invalid.value)
    assert said(ConfigError("names 'the setting'")) == "names 'the setting'"

"""Ticks of schedules and sensor: they start a run, or say why not."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.test_utils import in_process_test_workspace
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.assets.failure import LIMIT, RESUMES_AT, UNTOLD
from hubspot_pipeline.assets.instance import POOL, PROCESS, SILENCE, dagster_home, in_progress, own_tag, this_process
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.assets.retention import forget_runs, sweep
from hubspot_pipeline.choice import Choice
from hubspot_pipeline.settings import Settings, project_root
from hubspot_pipeline.warehouse.ledger import quiet_runs
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline.warehouse.store import locked, open_store
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.runs import NONE, chosen, landed, settings

Status = dg.DagsterRunStatus


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return assemble(Settings.load(project_root(), {}))


@pytest.fixture
def history(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    limits = {"concurrency": {"pools": {"default_limit": 1, "granularity": "op"}}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=limits) as instance:
        yield instance


def add(history: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus, **own: str) -> str:
    """Enter a run as the daemon would have left it, with tags of its own."""
    run_id = str(uuid.uuid4())
    tags = {name: text for tag, value in own.items() for name, text in own_tag(run_id, tag, value).items()}
    history.add_run(dg.DagsterRun(job_name=job, run_id=run_id, status=status, tags=tags))
    return run_id


def again(history: dg.DagsterInstance, run_id: str) -> str:
    """Re-execute a run as the UI's server does it."""
    parent = history.get_run_by_id(run_id)
    assert parent is not None
    origin = LoadableTargetOrigin(module_name="hubspot_pipeline.definitions")
    with in_process_test_workspace(history, origin) as workspace:
        (location,) = workspace.code_locations
        (repository,) = location.get_repositories().values()
        child = history.create_reexecuted_run(
            request_context=workspace, parent_run=parent, code_location=location,
            remote_job=repository.get_full_job(parent.job_name), strategy=ReexecutionStrategy.ALL_STEPS,
            use_parent_run_tags=True,
        )  # fmt: skip
    assert child.tags[PROCESS] == parent.tags[PROCESS], "Dagster copies the tags"
    return child.run_id


def gone() -> str:
    """What a process wrote that has ended."""
    program = "from hubspot_pipeline.assets.instance import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def status_of(history: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = history.get_run_by_id(run_id)
    assert run is not None
    return run.status


def tick(definitions: dg.Definitions, history: dg.DagsterInstance, name: str = "hourly_sync") -> str:
    """Evaluate a schedule: the reason of a skip, or an empty string for a run."""
    schedule = next(found for found in definitions.schedules or [] if found.name == name)
    assert isinstance(schedule, dg.ScheduleDefinition)
    with dg.build_schedule_context(instance=history, scheduled_execution_time=datetime.now(UTC)) as context:
        data = schedule.evaluate_tick(context)
    assert bool(data.run_requests) is not bool(data.skip_message)
    return data.skip_message or ""


@pytest.mark.parametrize("name", ["hourly_sync", "daily_reconcile"])
@pytest.mark.parametrize("job", ["hubspot_sync", "hubspot_reconcile"])
@pytest.mark.parametrize("status", [Status.NOT_STARTED, Status.STARTED])
def test_a_tick_is_skipped_while_a_run_waits_or_works(
    definitions: dg.Definitions, history: dg.DagsterInstance, name: str, job: str, status: dg.DagsterRunStatus
) -> None:
    assert tick(definitions, history, name) == ""
    run_id = add(history, job, status)
    assert tick(definitions, history, name) == f"run {run_id[:8]} of {job} is {status.value.lower()}"


def test_a_build_of_the_marts_alone_holds_up_no_tick(definitions: dg.Definitions, history: dg.DagsterInstance) -> None:
    add(history, "marts", Status.STARTED)
    assert tick(definitions, history) == ""


def test_a_run_whose_process_was_killed_holds_up_no_tick(
    definitions: dg.Definitions, history: dg.DagsterInstance
) -> None:
    killed = add(history, "hubspot_sync", Status.STARTED, **{PROCESS: gone()})
    history.event_log_storage.initialize_concurrency_limit_to_default(POOL)
    assert history.event_log_storage.claim_concurrency_slot(POOL, killed, "warehouse").is_claimed
    assert tick(definitions, history) == ""
    assert status_of(history, killed) is Status.FAILURE
    assert not history.event_log_storage.get_concurrency_info(POOL).claimed_slots


def test_a_run_that_was_killed_while_it_waited_for_its_place_keeps_no_other_from_it(
    definitions: dg.Definitions, history: dg.DagsterInstance
) -> None:
    storage = history.event_log_storage
    storage.initialize_concurrency_limit_to_default(POOL)
    holder, killed = (add(history, "hubspot_sync", Status.STARTED, **{PROCESS: gone()}) for _ in range(2))
    assert storage.claim_concurrency_slot(POOL, holder, "warehouse").is_claimed
    assert not storage.claim_concurrency_slot(POOL, killed, "warehouse").is_claimed
    assert tick(definitions, history) == ""
    assert not storage.get_concurrency_info(POOL).pending_steps
    later = add(history, "hubspot_sync", Status.STARTED)
    assert storage.claim_concurrency_slot(POOL, later, "warehouse").is_claimed


def test_a_pid_that_another_process_has_now_counts_as_gone(
    definitions: dg.Definitions, history: dg.DagsterInstance
) -> None:
    host, pid, start = this_process().split(" ")
    if not start:
        pytest.skip("this system does not tell when a process started")
    working = add(history, "hubspot_sync", Status.STARTED, **{PROCESS: this_process()})
    assert working[:8] in tick(definitions, history)
    history.add_run_tags(working, own_tag(working, PROCESS, f"{host} {pid} {int(start) - 1}"))
    assert tick(definitions, history) == ""


def test_a_pid_that_a_process_of_somebody_else_has_now_counts_as_gone() -> None:
    host, _, start = this_process().split(" ")
    if not start:
        pytest.skip("this system does not tell when a process started")
    with dg.DagsterInstance.ephemeral() as history:
        add(history, "hubspot_sync", Status.STARTED, **{PROCESS: f"{host} 1 {int(start) + 1}"})
        pid = os.fork()
        if pid == 0:  # as somebody who may not signal the first process
            try:
                if os.geteuid() == 0:
                    os.setresuid(65534, 65534, 65534)
                with pytest.raises(PermissionError):
                    os.kill(1, 0)
                os._exit(len(in_progress(history)))
            finally:
                os._exit(99)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_run_of_another_machine_counts_as_gone_once_it_is_silent_and_the_warehouse_is_free(
    definitions: dg.Definitions, tmp_path: Path
) -> None:
    given = settings(tmp_path, "http://127.0.0.1:9")
    given.working.parent.mkdir()
    with dg.DagsterInstance.from_config(str(dagster_home(given))) as history:
        run_id = add(history, "hubspot_sync", Status.STARTED, **{PROCESS: "another-machine 1 1"})
        _tell(history, run_id, time.time() - 2 * SILENCE)
        assert run_id[:8] in tick(definitions, history), "there is no warehouse here that it could have locked"
        with locked(given):
            assert run_id[:8] in tick(definitions, history)
        _tell(history, run_id, time.time())
        assert run_id[:8] in tick(definitions, history), "between two steps"
        _tell(history, run_id, time.time() - 2 * SILENCE)
        assert tick(definitions, history) == ""
        assert status_of(history, run_id) is Status.FAILURE


def _tell(history: dg.DagsterInstance, run_id: str, at: float) -> None:
    history.event_log_storage.store_event(dg.EventLogEntry(None, 20, "", run_id, at))


def test_a_re_execution_takes_over_neither_its_parents_process_nor_its_wait(
    definitions: dg.Definitions, history: dg.DagsterInstance
) -> None:
    later = (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    parent = add(history, "hubspot_sync", Status.FAILURE, **{PROCESS: gone(), RESUMES_AT: later})
    child = again(history, parent)
    assert child[:8] in tick(definitions, history), "it waits to begin"
    assert status_of(history, child) is Status.NOT_STARTED
    (run,) = history.get_runs(dg.RunsFilter(run_ids=[child]))
    history.delete_run(child)
    history.add_run(run.with_status(Status.SUCCESS))
    assert tick(definitions, history) == ""


def test_ticks_wait_for_the_end_of_the_daily_limit(definitions: dg.Definitions, history: dg.DagsterInstance) -> None:
    later = datetime.now(UTC) + timedelta(hours=3)
    add(history, "hubspot_sync", Status.FAILURE, **{RESUMES_AT: later.isoformat()})
    add(history, "marts", Status.SUCCESS)
    for name in ("hourly_sync", "daily_reconcile"):
        assert f"{later:%Y-%m-%d %H:%M} UTC" in tick(definitions, history, name)


def test_ticks_go_on_when_the_limit_ended_or_a_later_run_went_through(
    definitions: dg.Definitions, history: dg.DagsterInstance
) -> None:
    now = datetime.now(UTC)
    add(history, "hubspot_sync", Status.FAILURE, **{RESUMES_AT: (now - timedelta(minutes=1)).isoformat()})
    assert tick(definitions, history) == ""
    add(history, "hubspot_sync", Status.FAILURE, **{RESUMES_AT: (now + timedelta(hours=1)).isoformat()})
    assert tick(definitions, history) != ""
    add(history, "hubspot_sync", Status.SUCCESS)
    assert tick(definitions, history) == ""


def test_the_night_reconciles_once(definitions: dg.Definitions, history: dg.DagsterInstance) -> None:
    done = add(history, "hubspot_reconcile", Status.SUCCESS)
    assert tick(definitions, history, "daily_reconcile") == f"run {done[:8]} reconciled already"
    assert tick(definitions, history) == ""


@pytest.mark.parametrize(("named", "again"), [({"hubspot/contacts": "HubSpot answered 500"}, False), ({}, True),
                                              ({LIMIT: "used up", "hubspot/contacts": "it waits"}, True)])  # fmt: skip
def test_a_reconcile_that_failed_for_single_streams_is_not_repeated_the_same_night(
    definitions: dg.Definitions, history: dg.DagsterInstance, named: dict[str, str], again: bool
) -> None:
    @dg.op
    def warehouse() -> None:
        raise dg.Failure("not everything", metadata={UNTOLD: dg.MetadataValue.json(named)})

    @dg.job
    def hubspot_reconcile() -> None:
        warehouse()

    add(history, "hubspot_reconcile", Status.FAILURE)
    assert tick(definitions, history, "daily_reconcile") == "", "one that was killed or refused does not count"
    failed = hubspot_reconcile.execute_in_process(instance=history, raise_on_error=False).run_id
    said = tick(definitions, history, "daily_reconcile")
    assert said == ("" if again else f"run {failed[:8]} reconciled already; it failed for hubspot/contacts")


def test_finished_runs_are_forgotten_but_for_the_last_of_each_job(history: dg.DagsterInstance) -> None:
    names = ("hubspot_sync", "hubspot_sync", "hubspot_reconcile")
    first, second, reconcile = (add(history, name, Status.SUCCESS) for name in names)
    working = add(history, "hubspot_sync", Status.STARTED)
    now, month = datetime.now(UTC), timedelta(days=30)
    ids = {run.run_id for run in history.get_runs()}
    assert forget_runs(history, now + timedelta(days=1), month, ids) == 0
    assert forget_runs(history, now + timedelta(days=3), month) == 0
    assert forget_runs(history, now + timedelta(days=29), month) == 0
    assert forget_runs(history, now + timedelta(days=3), month, ids) == 1
    assert {run.run_id for run in history.get_runs()} == {second, reconcile, working}
    assert not history.has_run(first)


def test_a_reconcile_forgets_old_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    given = settings(tmp_path / "data", sandbox.url, retention_days=-1)
    sandbox.mutate({"op": "create", "object": "contacts", "properties": {}})
    jobs = ("hubspot_sync", "hubspot_sync", "hubspot_reconcile")
    shown = execute(given, streams=["owners"], with_marts=False).run_id
    done = [execute(given, job=job, streams=["contacts"], with_marts=False).run_id for job in jobs[:2]]
    printed = dagster_home(given) / "storage"
    for run_id in done:
        (printed / run_id / "compute_logs").mkdir(parents=True)  # as runs of the UI leave it
        (printed / run_id / "compute_logs" / "warehouse.out").touch()
    done.append(execute(given, job=jobs[2], streams=["contacts"], with_marts=False).run_id)
    assert [path.name for path in printed.glob("*-*-*-*-*")] == [done[1]]
    with open_store(given) as con:
        rows = con.execute(
            "SELECT dagster_run_id, rows_inserted FROM hubspot.sync_runs WHERE stream = 'contacts' ORDER BY started_at"
        ).fetchall()
        # of the streams in which nothing happened the ledger keeps the latest row
        assert rows == [(done[0], 1), (done[2], 0)]
        assert con.execute("SELECT count(*) FROM hubspot._dlt_pipeline_state").fetchall() == [(1,)]
        assert con.execute("SELECT count(*) FROM hubspot._dlt_version").fetchall() == [(1,)]
        assert quiet_runs(con) == {done[2], shown}
    assert landed(run(given, streams=["contacts"])).outcomes["contacts"].cursor_before
    with dg.DagsterInstance.from_config(str(dagster_home(given))) as history:
        # the first one is what the page of `owners` shows
        kept = [run.run_id for run in history.get_runs()]
        assert kept == [done[2], done[1], shown]
        # nothing is left of the other
        folder = dagster_home(given) / "history" / "runs"
        assert {path.stem for path in folder.glob("*.db")} == {*kept, "index"}
        assert _checks(folder, "DISTINCT run_id") == {(run_id,) for run_id in kept}
        ever = _checks(folder, "DISTINCT asset_key, check_name")
        assert isinstance(history.event_log_storage, SqliteEventLogStorage)
        sweep(history.event_log_storage, list)
        # a check keeps its latest evaluation
        assert _checks(folder, "asset_key, check_name") == ever


def _checks(folder: Path, what: str) -> set[tuple[str, ...]]:
    with closing(sqlite3.connect(folder / "index.db")) as con:
        return set(con.execute(f"SELECT {what} FROM asset_check_executions").fetchall())


def test_the_sensor_keeps_ten_minutes_between_its_runs(
    definitions: dg.Definitions, history: dg.DagsterInstance
) -> None:
    (sensor,) = definitions.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    recently = json.dumps({"at": (datetime.now(UTC) - timedelta(minutes=9)).isoformat()})
    with dg.build_sensor_context(
        instance=history, cursor=recently, resources={"hubspot": HubSpotResource()}, definitions=definitions
    ) as context:
        data = sensor.evaluate_tick(context)
    assert not data.run_requests
    assert "s ago" in (data.skip_message or "")


def test_the_sensor_starts_nothing_that_was_turned_on_since_the_definitions_were_loaded(
    sandbox: Sandbox, history: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(tmp_path / "data", sandbox.url)
    landed(run(given, streams=["contacts", "products"]))
    loaded = assemble(replace(given, choice=Choice({"products": False})))
    sandbox.mutate({"op": "create", "object": "contacts", "properties": {}},
                   {"op": "create", "object": "products", "properties": {}})  # fmt: skip
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    hubspot = HubSpotResource(data_dir=str(given.data_dir), base_url=sandbox.url)
    (sensor,) = loaded.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    with dg.build_sensor_context(instance=history, resources={"hubspot": hubspot}, definitions=loaded) as context:
        data = sensor.evaluate_tick(context)
    (request,) = data.run_requests or []
    selected = {key.to_user_string() for key in request.asset_selection or []}
    assert "hubspot/contacts" in selected
    assert "hubspot/products" not in selected


class Given(HubSpotResource):
    """The resource with the settings of a test, of which a filter keeps few contacts."""

    folder: str
    url: str

    def settings(self) -> Settings:
        oslo = {"field": "city", "condition": "equals", "value": "Oslo"}
        wanted = {"streams": NONE | {"contacts": True, "companies": True}, "filters": {"contacts": [oslo]}}
        return chosen(settings(Path(self.folder), self.url), json.dumps(wanted))


def test_the_sensor_asks_once_for_what_a_filter_does_not_keep(
    sandbox: Sandbox, history: dg.DagsterInstance, tmp_path: Path
) -> None:
    hubspot = Given(folder=str(tmp_path / "data"), url=sandbox.url)
    given = hubspot.settings()
    loaded = assemble(given)
    (sensor,) = loaded.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    cursor: str | None = "2026-01-01T00:00:00+00:00"  # of an earlier release

    def ticked() -> set[str]:
        nonlocal cursor
        with dg.build_sensor_context(
            instance=history, cursor=cursor, resources={"hubspot": hubspot}, definitions=loaded
        ) as context:
            data = sensor.evaluate_tick(context)
        if data.run_requests:
            asked = json.loads(data.cursor or "")
            cursor = json.dumps(asked | {"at": "2026-01-01T00:00:00Z"})  # long ago
        keys = [key for request in data.run_requests or [] for key in request.asset_selection or []]
        return {key.path[-1] for key in keys if key.path[0] == "hubspot"} - {"associations"}

    sandbox.mutate(*({"op": "create", "object": kind, "properties": {"city": "Oslo"}}
                     for kind in ("contacts", "companies")))  # fmt: skip
    landed(run(given))
    assert ticked() == set()
    sandbox.mutate({"op": "create", "object": "contacts", "properties": {"city": "Bergen"}})
    assert ticked() == {"contacts"}
    landed(run(given))
    assert ticked() == set(), "the warehouse will never have it"
    sandbox.mutate({"op": "create", "object": "contacts", "properties": {"city": "Oslo"}},
                   {"op": "create", "object": "companies", "properties": {}})  # fmt: skip
    assert ticked() == {"contacts", "companies"}

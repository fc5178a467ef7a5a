"""What Dagster loads: assets, jobs, schedules, limits; quickly, without network and without secrets."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from hubspot_pipeline import custom_objects
from hubspot_pipeline.assets import instance, models
from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.resource import HubSpotResource, SyncConfig
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.settings import Settings, project_root
from hubspot_pipeline.streams import STREAMS, Streams

ROOT = project_root()
TOKEN = {"HUBSPOT_ACCESS_TOKEN": "pat-na1-11111111-2222-3333-4444-555555555555"}


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return assemble(Settings.load(ROOT, {}))


@pytest.fixture(scope="module")
def graph(definitions: dg.Definitions) -> dg.AssetsDefinition:
    (assets,) = definitions.assets or []
    assert isinstance(assets, dg.AssetsDefinition)
    return assets


def statuses(env: dict[str, str]) -> dict[str, str]:
    loaded = assemble(Settings.load(ROOT, env))
    return {schedule.name: schedule.default_status.value for schedule in loaded.schedules or []}


def test_every_stream_is_an_asset_named_as_its_table(graph: dg.AssetsDefinition) -> None:
    raw = {spec.key.path[1]: spec for spec in graph.specs if spec.key.path[0] == "hubspot"}
    chosen = [stream for stream in STREAMS if stream.default]
    assert set(raw) == {stream.name for stream in chosen}
    for stream in chosen:
        spec = raw[stream.name]
        assert stream.label in (spec.description or "")
        assert spec.group_name == stream.group
        assert spec.kinds == {"hubspot", "dlt", "duckdb"}
        assert spec.owners
        assert spec.tags["hubspot/shape"] == stream.shape


def test_every_model_stands_below_the_stream_it_reads(graph: dg.AssetsDefinition) -> None:
    parents = {spec.key: {dep.asset_key for dep in spec.deps} for spec in graph.specs}
    staging = dg.AssetKey(["staging", "stg_hubspot__contacts"])
    assert dg.AssetKey(["hubspot", "contacts"]) in parents[staging]
    for mart in ("customers", "people", "deals"):
        assert parents[dg.AssetKey(["marts", mart])]


def test_every_dbt_test_of_a_model_is_a_check(graph: dg.AssetsDefinition) -> None:
    project = models.load(ROOT / "dbt_project", Settings.load(ROOT, {}).working)
    attached = {
        node["name"]
        for node in project.manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("attached_node")
    }
    assert attached
    assert attached <= {check.name for check in graph.check_specs}


def test_the_jobs_of_the_contract_are_there(definitions: dg.Definitions) -> None:
    names = {job.name for job in definitions.jobs or []}
    assert names == {"hubspot_sync", "hubspot_reconcile", "hubspot_resync_window", "marts"}
    keys = definitions.resolve_job_def("marts").asset_layer.executable_asset_keys
    assert not [key for key in keys if key.path[0] == "hubspot"]


def test_the_step_writes_alone_and_in_the_runs_own_process(
    definitions: dg.Definitions, graph: dg.AssetsDefinition
) -> None:
    assert graph.op.pool == "warehouse"
    executor = definitions.executor
    assert isinstance(executor, dg.ExecutorDefinition)
    assert executor.name == "in_process"


def test_schedules_run_with_a_credential_and_stand_still_on_the_sandbox() -> None:
    assert set(statuses(TOKEN).values()) == {"RUNNING"}
    assert set(statuses({}).values()) == {"STOPPED"}
    assert set(statuses(TOKEN | {"HUBSPOT_BASE_URL": "http://127.0.0.1:9"}).values()) == {"STOPPED"}


def test_the_change_sensor_is_off_until_it_is_wanted(definitions: dg.Definitions) -> None:
    (sensor,) = definitions.sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status is dg.DefaultSensorStatus.STOPPED
    assert sensor.minimum_interval_seconds == 60


def test_no_config_field_takes_a_secret() -> None:
    for owner in (HubSpotResource, SyncConfig):
        for name in owner.model_fields:
            assert not any(word in name for word in ("token", "secret", "key", "password")), name


def test_an_empty_resource_field_leaves_the_environment_as_it_is(tmp_path: Path) -> None:
    given = HubSpotResource(data_dir=str(tmp_path), start_date="2024-01-31").settings()
    assert given.data_dir == tmp_path
    assert f"{given.start:%Y-%m-%d}" == "2024-01-31"
    with pytest.raises(ConfigError, match="HUBSPOT_START_DATE"):
        HubSpotResource(start_date="soon").settings()


def test_definitions_load_within_five_seconds_and_without_network(definitions: dg.Definitions) -> None:
    program = """
import json, sys, time
def no_network(event, arguments):
    if event in ("socket.getaddrinfo", "socket.connect", "socket.sendto"):
        raise RuntimeError(f"network used: {event} {arguments}")
sys.addaudithook(no_network)
from hubspot_pipeline.definitions import defs
repository = defs().get_repository_def()
print(json.dumps({"seconds": time.process_time(), "assets": len(repository.asset_graph.get_all_asset_keys())}))
"""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUBSPOT_")}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded["assets"] > sum(stream.default for stream in STREAMS)
    assert loaded["seconds"] < 5, "CPU seconds, because the wall clock measures the neighbours too"


def test_the_manifest_is_made_again_when_the_project_changes(tmp_path: Path) -> None:
    project = tmp_path / "dbt_project"
    (project / "models").mkdir(parents=True)
    shutil.copy(ROOT / "dbt_project" / "profiles.yml", project)
    profile = (ROOT / "dbt_project" / "profiles.yml").read_text().partition(":")[0]
    (project / "dbt_project.yml").write_text(f"name: small\nprofile: {profile}\nmodels: {{+schema: marts}}\n")
    (project / "models" / "one.sql").write_text("select 1 as id")
    first = models.load(project, tmp_path / "warehouse.duckdb")
    made = (project / models.PARSED_DIR / "manifest.json").stat().st_mtime_ns
    again = models.load(project, tmp_path / "warehouse.duckdb")
    assert (project / models.PARSED_DIR / "manifest.json").stat().st_mtime_ns == made
    assert [spec.key.path[-1] for spec in first.specs] == [spec.key.path[-1] for spec in again.specs] == ["one"]

    (project / "models" / "one.sql").rename(project / "models" / "two.sql")
    assert [spec.key.path[-1] for spec in models.load(project, tmp_path / "warehouse.duckdb").specs] == ["two"]

    (project / "models" / "two.sql").write_text("select * from {{ ref('nobody') }}")
    with pytest.raises(ConfigError, match="nobody"):
        models.load(project, tmp_path / "warehouse.duckdb")


def test_plain_dagster_dev_and_the_kept_home_have_the_same_limits(tmp_path: Path) -> None:
    home = instance.dagster_home(Settings.load(ROOT, {"HUBSPOT_DATA_DIR": str(tmp_path)}))
    assert home == tmp_path / "dagster_home"
    assert (home / "dagster.yaml").read_bytes() == (ROOT / "dagster.yaml").read_bytes()
    (home / "dagster.yaml").write_text("telemetry: {enabled: true}\n")
    instance.dagster_home(Settings.load(ROOT, {"HUBSPOT_DATA_DIR": str(tmp_path)}))
    with dg.DagsterInstance.from_config(str(home)) as kept:
        limits = kept.get_concurrency_config()
        assert limits.pool_config.default_pool_limit == 1
        assert limits.pool_config.pool_granularity is not None
        assert limits.pool_config.pool_granularity.value == "op"
        assert limits.run_queue_config is not None
        assert limits.run_queue_config.max_concurrent_runs == 1
        assert not kept.telemetry_enabled


def test_asset_modules_do_not_postpone_their_annotations() -> None:
    for path in (ROOT / "hubspot_pipeline" / "assets").glob("*.py"):
        imported = [node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
        assert "__future__" not in imported, path.name


def test_streams_stand_behind_those_that_they_are_made_of() -> None:
    """Dagster refuses a run that tells of a table before it has told of what that table hangs on."""
    car = {"objectTypeId": "2-1", "name": "car", "labels": {"plural": "Cars"}, "associations": [
        {"id": "1", "fromObjectTypeId": "2-1", "toObjectTypeId": "0-1", "name": "car_to_contact"},
    ]}  # fmt: skip
    known = [stream.name for stream in Streams(custom_objects.streams_of([car]))]
    for stream in Streams(custom_objects.streams_of([car])):
        assert all(known.index(source) < known.index(stream.name) for source in stream.source), stream.name
    assert "car" in known


@pytest.mark.parametrize("name", ["activities", "custom_objects", "contacts", "sync_runs", "engagements"])
def test_a_custom_object_takes_no_name_that_means_something_here(name: str) -> None:
    (found,) = custom_objects.streams_of([{"objectTypeId": "2-1", "name": name, "labels": {}, "associations": []}])
    assert found.name == f"custom_{name}"

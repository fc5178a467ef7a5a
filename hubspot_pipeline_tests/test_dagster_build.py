"""A build of models of which one is broken, over a small dbt project and a warehouse made by hand."""

import json
import os
import shutil
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dbt.parser.manifest import ManifestLoader

from hubspot_pipeline.assets import models
from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.execute import ExecutionResult, execute
from hubspot_pipeline.assets.instance import dagster_home
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.assets.warehouse import MARK
from hubspot_pipeline.settings import Settings, project_root
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests import runs as sync
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox

ROOT = project_root()
TESTS = """
models:
  - name: sound
    columns: [{name: id, data_tests: [not_null]}]
  - name: doubled
    columns: [{name: id, data_tests: [unique]}]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A project with four models: sound, doubled (fails its test), broken, and one below broken."""
    models = tmp_path / "dbt_project" / "models"
    models.mkdir(parents=True)
    profiles = (ROOT / "dbt_project" / "profiles.yml").read_text()
    (tmp_path / "dbt_project" / "profiles.yml").write_text(profiles)
    (tmp_path / "dbt_project" / "dbt_project.yml").write_text(
        f"name: small\nprofile: {profiles.partition(':')[0]}\nmodels: {{+schema: marts, +materialized: table}}\n"
    )
    macros = tmp_path / "dbt_project" / "macros"
    macros.mkdir()
    shutil.copy(ROOT / "dbt_project" / "macros" / "generate_schema_name.sql", macros)
    (models / "sound.sql").write_text("select '=cmd|1' as id")
    (models / "doubled.sql").write_text("select 1 as id union all select 1")
    (models / "broken.sql").write_text("select cast('many' as integer) as id from {{ ref('sound') }}")
    (models / "below.sql").write_text("select * from {{ ref('broken') }}")
    (models / "models.yml").write_text(TESTS)
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    made = Settings.load(tmp_path, {})
    made.working.parent.mkdir(parents=True)
    duckdb.connect(str(made.working)).close()
    return made


def landed(settings: Settings, done: ExecutionResult) -> set[str]:
    with dg.DagsterInstance.from_config(str(dagster_home(settings))) as history:
        entries = history.all_logs(done.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        keys = [entry.dagster_event.asset_key for entry in entries if entry.dagster_event is not None]
    return {key.path[-1] for key in keys if key is not None}


def marts(settings: Settings) -> set[str]:
    with duckdb.connect(str(settings.published), read_only=True) as con:
        sql = "from duckdb_tables() select table_name where schema_name <> 'hubspot'"
        return {row[0] for row in con.execute(sql).fetchall()}


def test_a_broken_model_is_named_with_its_remedy_and_keeps_no_other_from_being_published(settings: Settings) -> None:
    done = execute(settings, job="marts")
    assert (done.success, done.exit_code) == (False, 1)
    assert "broken: error" in done.message
    assert "unique_doubled_id: 1 rows fail the test" in done.message
    assert "make marts" in done.message
    assert landed(settings, done) == {"sound", "doubled"}
    assert marts(settings) == {"sound", "doubled"}
    assert str(settings.working.parent / "dbt" / "dbt.log") in done.message
    assert "many" in (settings.working.parent / "dbt" / "dbt.log").read_text()
    with duckdb.connect(str(settings.working), read_only=True, config={"threads": 1}) as con:
        assert con.execute("select count(*) from marts.sound").fetchone() == (1,), "dbt has let go of the file"

    (settings.root / "dbt_project" / "models" / "broken.sql").write_text("select 2 as id from {{ ref('sound') }}")
    (settings.root / "dbt_project" / "models" / "doubled.sql").write_text("select 1 as id")
    again = execute(settings, job="marts")
    assert again.exit_code == 0, again.message
    assert landed(settings, again) == marts(settings) == {"sound", "doubled", "broken", "below"}


def test_what_dbt_keeps_of_a_parse_is_used_by_a_build_and_a_damaged_one_is_made_anew(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.root / "dbt_project" / "models" / "broken.sql").write_text("select 2 as id from {{ ref('sound') }}")
    (settings.root / "dbt_project" / "models" / "doubled.sql").write_text("select 1 as id")
    parsed = models.load(settings.root / "dbt_project", settings.working).parsed
    parses: list[object] = []
    whole = ManifestLoader.get_full_manifest
    monkeypatch.setattr(ManifestLoader, "get_full_manifest", lambda *a, **k: parses.append(a) or whole(*a, **k))
    assert execute(settings, job="marts").success
    assert parses == []
    os.truncate(parsed, parsed.stat().st_size // 2)
    assert execute(settings, job="marts").success
    assert len(parses) == 1
    assert marts(settings) == {"sound", "doubled", "broken", "below"}


def test_models_that_are_not_built_yet_are_built_by_a_sync_though_nothing_changed_in_the_portal(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("broken", "doubled"):
        (settings.root / "dbt_project" / "models" / f"{name}.sql").write_text("select 1 as id")
    streams = {name: name == "contacts" for name in (*sync.NONE, "contacts")}
    (settings.root / "hubspot.yaml").write_text(json.dumps({"streams": streams}))
    monkeypatch.chdir(settings.root)
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.url)
    settings.working.unlink()
    sync.landed(run(Settings.load()))
    done = execute(Settings.load())
    assert done.success, done.message
    assert done.result is not None
    assert not done.result.changed
    assert marts(settings) == {"sound", "doubled", "broken", "below"}


def test_models_see_the_graph_of_the_project(settings: Settings) -> None:
    folder = settings.root / "dbt_project" / "models"
    (folder / "broken.sql").write_text(
        "select {{ graph.nodes.values() | list | length }} as id from {{ ref('sound') }}"
    )
    (folder / "doubled.sql").write_text("select 1 as id")
    assert execute(settings, job="marts").success
    with duckdb.connect(str(settings.published), read_only=True) as con:
        assert con.execute("select id from marts.broken").fetchone() == (6,)  # four models and two tests


def test_another_version_of_dbts_adapter_or_of_a_package_is_another_project(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = settings.root / "dbt_project"
    found = [models.fingerprint(project)]
    (project / "dbt_packages" / "other" / "macros").mkdir(parents=True)
    (project / "dbt_packages" / "other" / "macros" / "one.sql").write_text("{% macro one() %}1{% endmacro %}")
    found.append(models.fingerprint(project))
    for changed in ("dbt-duckdb", "dbt-adapters", "dbt-core"):
        monkeypatch.setattr(models, "version", lambda name, changed=changed: "2" if name == changed else "1")
        found.append(models.fingerprint(project))
    assert len(set(found)) == len(found)


def test_marts_do_not_count_as_built_behind_a_sync_that_left_them_out(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("broken", "doubled"):
        (settings.root / "dbt_project" / "models" / f"{name}.sql").write_text("select 1 as id")
    contacts = '{{ source("hubspot", "contacts") }}'
    (settings.root / "dbt_project" / "models" / "sound.sql").write_text(f"select id from {contacts}")
    (settings.root / "dbt_project" / "models" / "sources.yml").write_text(
        "sources: [{name: hubspot, tables: [{name: contacts}]}]"
    )
    streams = {name: name == "contacts" for name in (*sync.NONE, "contacts")}
    (settings.root / "hubspot.yaml").write_text(json.dumps({"streams": streams}))
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.url)
    settings.working.unlink()
    assert execute(Settings.load(settings.root)).success
    sandbox.mutate({"op": "create", "object": "contacts", "properties": {"firstname": "Ida"}})
    assert execute(Settings.load(settings.root), with_marts=False).success
    done = execute(Settings.load(settings.root))
    assert done.success, done.message
    assert done.result is not None
    assert not done.result.changed
    with duckdb.connect(str(settings.published), read_only=True) as con:
        assert con.execute("select count(*) from marts.sound").fetchone() == (1,)


def test_marts_that_were_built_under_another_choice_count_as_stale(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, sql in (("broken", "select 2 as id"), ("doubled", "select 1 as id")):
        (settings.root / "dbt_project" / "models" / f"{name}.sql").write_text(sql)
    monkeypatch.chdir(settings.root)
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("HUBSPOT_BASE_URL", sandbox.url)
    settings.working.unlink()
    sync.landed(run(Settings.load(), streams=["contacts", "properties"]))
    mark = settings.working.with_name(MARK)
    assert execute(Settings.load(), job="marts").success
    assert mark.exists()
    sound = assemble(Settings.load(), HubSpotResource()).resolve_job_def("marts")

    def build_one(history: dg.DagsterInstance) -> None:
        (key,) = [key for key in sound.asset_layer.executable_asset_keys if key.path[-1] == "sound"]
        assert sound.execute_in_process(instance=history, asset_selection=[key]).success

    with dg.DagsterInstance.from_config(str(dagster_home(settings))) as history:
        build_one(history)
        assert mark.exists()
        (settings.root / "hubspot.yaml").write_text("columns: {contacts: {zip: postcode}}")
        build_one(history)
        assert not mark.exists(), "the other models show the old name"

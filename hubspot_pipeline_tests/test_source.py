"""The streams as a plain dlt source, as a notebook uses it."""

from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from hubspot_pipeline import hubspot
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.runs import ROOT


@pytest.fixture
def pipeline(tmp_path: Path) -> Any:
    """A user's own pipeline into a file of theirs."""
    destination = dlt.destinations.duckdb(str(tmp_path / "mine.duckdb"))
    return dlt.pipeline("mine", destination=destination, dataset_name="crm", pipelines_dir=str(tmp_path / "dlt"))


def _rows(tmp_path: Path, sql: str) -> list[Any]:
    with duckdb.connect(str(tmp_path / "mine.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_one_stream_loads_into_any_destination_and_goes_on_from_its_cursor(
    sandbox: Sandbox, pipeline: Any, tmp_path: Path
) -> None:
    generate(sandbox.portal, seed=5, contacts=20)
    source = hubspot(access_token=TOKEN, base_url=sandbox.url)
    pipeline.run(source.with_resources("contacts", "owners", "properties"))
    live = [
        e["id"] for e in sandbox.dump() if e["kind"] == "record" and e["object"] == "contacts" and not e["mergedInto"]
    ]
    assert sorted(row[0] for row in _rows(tmp_path, "SELECT id FROM crm.contacts")) == sorted(live)
    assert _rows(tmp_path, "SELECT count(*) > 0 FROM crm.associations WHERE from_object = 'contacts'") == [(True,)]
    assert _rows(tmp_path, "SELECT count(*) > 0 FROM crm.owners") == [(True,)]

    sandbox.post("clock", {"advance_ms": 3_600_000})
    sandbox.mutate({"op": "update", "object_type": "contacts", "id": live[0], "properties": {"firstname": "Changed"}})
    sandbox.delete("calls")
    pipeline.run(hubspot(access_token=TOKEN, base_url=sandbox.url).with_resources("contacts"))
    changed = _rows(tmp_path, f"SELECT properties_firstname FROM crm.contacts WHERE id = '{live[0]}'")
    assert changed == [("Changed",)]
    assert not [
        c
        for c in sandbox.calls()
        if c["method"] == "GET" and c["path"].endswith("/contacts") and "objects" in c["path"]
    ]
    assert _rows(tmp_path, "SELECT count(*) - count(DISTINCT id) FROM crm.contacts") == [(0,)]


def test_what_the_file_chooses_and_hides_holds_in_a_pipeline_of_ones_own(
    sandbox: Sandbox, pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hubspot.yaml").write_text(
        "properties: {contacts: {exclude: [zip]}}\nhash: {contacts: [email], email_events: [recipient]}\n"
        "filters: {contacts: [{field: city, condition: equals, value: Oslo}]}\n"
    )
    (tmp_path / "dbt_project").symlink_to(ROOT / "dbt_project")  # what makes a folder a project
    monkeypatch.setenv("HUBSPOT_HASH_KEY", "a key of at least sixteen characters")
    monkeypatch.chdir(tmp_path)
    shared = {"email": "a@example.com", "zip": "Z1"}
    sandbox.mutate(
        {"op": "create", "object": "contacts", "properties": shared | {"city": "Oslo"}},
        {"op": "create", "object": "contacts", "properties": shared | {"city": "Rome"}},
        {"op": "put", "kind": "email_event", "item": {"type": "OPEN", "recipient": "a@example.com"},
         "at": "2026-01-01T00:00:00Z"},
    )  # fmt: skip
    source = hubspot(access_token=TOKEN, base_url=sandbox.url)
    pipeline.run(source.with_resources("contacts", "email_events", "properties"))
    (contact,) = _rows(tmp_path, "SELECT properties_email, properties FROM crm.contacts")
    assert len(contact[0]) == 32
    assert "Z1" not in str(contact)
    (event,) = _rows(tmp_path, "SELECT recipient, raw FROM crm.email_events")
    assert event[0] == contact[0]
    assert "example.com" not in str(event)
    sql = "SELECT selected FROM crm.properties WHERE object = 'contacts' AND name = 'zip'"
    assert _rows(tmp_path, sql) == [(False,)]


def test_links_of_archived_records_have_their_types_in_a_pipeline_of_ones_own(
    sandbox: Sandbox, pipeline: Any, tmp_path: Path
) -> None:
    contact, company = sandbox.mutate(
        {"op": "create", "object": "contacts", "properties": {}},
        {"op": "create", "object": "companies", "properties": {}},
    )
    sandbox.mutate(
        {"op": "associate", "from_object": "contacts", "from_id": contact, "to_object": "companies", "to_id": company},
        {"op": "archive", "object": "contacts", "id": contact},
    )
    sandbox.config(archived_associations="show")
    pipeline.run(hubspot(access_token=TOKEN, base_url=sandbox.url).with_resources("contacts"))
    sql = "SELECT from_id, to_id, bool_and(type_id > 0) FROM crm.associations GROUP BY ALL"
    assert _rows(tmp_path, sql) == [(contact, company, True)]


def test_a_source_without_a_credential_says_what_to_do(
    pipeline: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HUBSPOT_ACCESS_TOKEN", "HUBSPOT_REFRESH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HUBSPOT_DATA_DIR", str(tmp_path))
    with pytest.raises(Exception, match="HUBSPOT_ACCESS_TOKEN") as refused:
        pipeline.run(hubspot().with_resources("contacts"))
    cause: BaseException | None = refused.value
    while cause is not None and not isinstance(cause, ConfigError):
        cause = cause.__cause__
    assert isinstance(cause, ConfigError)

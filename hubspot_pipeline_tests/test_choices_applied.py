"""What hubspot.yaml chooses, seen in the warehouse: records that a filter keeps, values that are hidden or left out."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline.assets.checks import evaluate
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse.ledger import status
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import chosen, landed, rows, settings

NEEDLE = "needle.person@example.com"


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    sandbox.mutate(*(
        {"op": "create", "object": "contacts", "properties": {"email": NEEDLE if not at else f"p{at}@example.com",
         "city": "Oslo" if at % 2 else "Rome", "phone": f"+47 {at}", "zip": f"Z{at}"}}
        for at in range(8)
    ))  # fmt: skip
    return settings(tmp_path, sandbox.url)


@pytest.mark.parametrize("condition", ["equals", "contains"])
@pytest.mark.parametrize("small", [50_000, 0])
def test_a_record_that_stops_matching_leaves_and_one_that_matches_again_comes_back(
    sandbox: Sandbox, given: Settings, condition: str, small: int
) -> None:
    given = replace(chosen(given, f"filters: {{contacts: [{{field: city, condition: {condition}, value: Oslo}}]}}"),
                    small_portal=small)  # fmt: skip
    landed(run(given, streams=["contacts"]))
    ids = [row[0] for row in rows(given, "SELECT id FROM hubspot.contacts ORDER BY id")]
    assert len(ids) == 4
    sandbox.post("clock", {"advance_ms": 3_600_000})
    sandbox.mutate({"op": "update", "object": "contacts", "id": ids[0], "properties": {"city": "Paris"}})
    landed(run(given, streams=["contacts"]))
    assert rows(given, "SELECT count(*) FROM hubspot.contacts") == [(3,)]
    # one that moves no date is noticed by the next reconcile
    sandbox.mutate(
        {"op": "update", "object": "contacts", "id": ids[1], "properties": {"city": "Bonn"}, "touch": False},
        {"op": "update", "object": "contacts", "id": ids[0], "properties": {"city": "Oslo"}, "touch": False},
    )
    landed(run(given, streams=["contacts"], mode="reconcile"))
    assert {row[0] for row in rows(given, "SELECT id FROM hubspot.contacts")} == {*ids} - {ids[1]}
    assert not rows(given, "SELECT 1 FROM hubspot.contacts WHERE deletion IS NOT NULL")


def test_a_filter_that_search_cannot_express_leaves_no_count_and_a_window_leaves_the_last_one(
    sandbox: Sandbox, given: Settings
) -> None:
    def told() -> tuple[list[bool], list[int | None]]:
        """What the check of completeness says, and the totals of `status`."""
        with duckdb.connect(str(given.working), read_only=True) as con:
            results = evaluate(con, DECLARED.by_name["contacts"], {"completeness"}, datetime.now(UTC))
            passed = [result.passed for result in results]
        (row,) = status(given).objects
        return passed, [row[name] for name in ("portal_total", "warehouse_total", "difference")]

    filtered = chosen(given, "filters: {contacts: [{field: city, condition: starts with, value: Os}]}")
    sandbox.post("clock", {"advance_ms": 3_600_000})
    landed(run(given, streams=["contacts"]))
    assert told() == ([True], [8, 8, 0])
    landed(run(given, streams=["contacts"], until=datetime.now(UTC)))
    landed(run(filtered, streams=["contacts"], since=datetime.now(UTC)))
    assert told() == ([True], [8, 8, 0])
    landed(run(filtered, streams=["contacts"]))
    assert told() == ([], [None] * 3)


def test_a_filter_that_search_expresses_costs_only_what_it_keeps(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.mutate(*(
        {"op": "create", "object": "contacts", "properties": {"city": "Oslo" if at < 5 else "Rome"}}
        for at in range(950)
    ))  # fmt: skip
    text = "filters: {contacts: [{field: city, condition: equals, value: Oslo}]}"
    given = chosen(settings(tmp_path, sandbox.url), text)
    landed(run(given, streams=["contacts"]))
    assert rows(given, "SELECT count(*) FROM hubspot.contacts") == [(5,)]
    lists = [call for call in sandbox.calls() if call["path"].endswith("/contacts") and call["method"] == "GET"]
    assert len([call for call in lists if "properties/" not in call["path"]]) <= 1  # the recycle bin


def test_a_filter_that_keeps_nothing_warns(sandbox: Sandbox, given: Settings) -> None:
    given = chosen(given, "filters: {contacts: [{field: city, condition: equals, value: Atlantis}]}")
    outcome = landed(run(given, streams=["contacts"])).outcomes["contacts"]
    assert "keeps none of the 8 records" in outcome.message
    assert "filters.contacts" in outcome.message


def test_blocked_and_hashed_values_are_nowhere_on_disk(sandbox: Sandbox, given: Settings) -> None:
    text = "hash: {contacts: [email]}\nblock: {contacts: [phone]}\nhistory: {contacts: [email]}"
    given = chosen(given, text)
    landed(run(given, streams=["contacts", "contacts_property_history"]))
    (hashed,) = rows(given, "SELECT properties_email FROM hubspot.contacts ORDER BY id LIMIT 1")
    assert len(hashed[0]) == 32
    versions = rows(given, "SELECT DISTINCT value FROM hubspot.contacts_property_history WHERE property = 'email'")
    assert hashed in versions
    columns = {row[0] for row in rows(given, "DESCRIBE hubspot.contacts")}
    assert "properties_phone" not in columns
    assert rows(given, "SELECT count(*) FROM hubspot.contacts WHERE json_exists(properties, '$.phone')") == [(0,)]
    for path in given.data_dir.rglob("*"):
        if path.is_file() and path.name != "hubspot.yaml":
            assert NEEDLE.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("section", ["hash", "block"])
def test_what_is_hidden_later_is_taken_out_of_what_is_stored(sandbox: Sandbox, given: Settings, section: str) -> None:
    both = ["contacts", "contacts_property_history"]
    given = replace(chosen(given, "history: {contacts: [email]}"), small_portal=0)
    landed(run(given, streams=both))
    text = (
        "hash: {contacts: [email]}\nhistory: {contacts: [email]}" if section == "hash" else "block: {contacts: [email]}"
    )
    later = chosen(given, text)
    landed(run(later, streams=both))
    tables = ("contacts", "contacts_property_history")
    stored = [str(row) for table in tables for row in rows(given, f"SELECT * FROM hubspot.{table}")]
    assert not [row for row in stored if "@example.com" in row]
    hashes = {row[0] for row in rows(given, "SELECT properties_email FROM hubspot.contacts")}
    assert all(len(one) == 32 for one in hashes) if section == "hash" else hashes == {None}
    versions = rows(given, "SELECT count(*) FROM hubspot.contacts_property_history WHERE property = 'email'")
    assert versions == [(8 if section == "hash" else 0,)]
    # and read in clear again where nothing hides it any more
    landed(run(given, streams=both))
    assert rows(given, f"SELECT 1 FROM hubspot.contacts WHERE properties_email = '{NEEDLE}'") == [(1,)]


def test_what_is_hashed_later_is_hashed_also_of_records_that_hubspot_no_longer_has(
    sandbox: Sandbox, given: Settings
) -> None:
    create = {"op": "create", "object": "contacts", "properties": {"firstname": "Ida"}}
    alive, gone, archived = (str(id_) for id_ in sandbox.mutate(create, create, create))
    streams, followed = ["contacts", "contacts_property_history"], "history: {contacts: [firstname]}"
    landed(run(chosen(given, followed), streams=streams))
    sandbox.post("clock", {"advance_ms": 60_000})
    both = {"object": "contacts"}
    sandbox.mutate(both | {"op": "forget", "id": gone}, both | {"op": "archive", "id": archived})
    landed(run(chosen(given, followed), streams=streams, mode="reconcile"))
    hashed = chosen(given, f"{followed}\nhash: {{contacts: [firstname]}}")
    for _ in range(2):
        landed(run(hashed, streams=streams, mode="reconcile"))
        found = rows(
            given,
            "SELECT id, deletion, properties_firstname, properties ->> 'firstname' FROM hubspot.contacts "
            "WHERE properties_firstname IS NOT NULL ORDER BY id::BIGINT",
        )
        text = found[0][2]
        assert len(text) == 32
        assert found == [(alive, None, text, text), (gone, "missing", text, text), (archived, "archived", text, text)]
        versions = rows(given, "SELECT id, value FROM hubspot.contacts_property_history ORDER BY id::BIGINT")
        assert versions == [(alive, text), (gone, text), (archived, text)]


def test_a_deselected_property_is_empty_and_a_selected_one_is_filled_again(sandbox: Sandbox, given: Settings) -> None:
    given = replace(given, small_portal=0)
    landed(run(given, streams=["contacts"]))
    without = chosen(given, "properties: {contacts: {exclude: [zip]}}")
    landed(run(without, streams=["contacts"]))
    assert rows(given, "SELECT count(properties_zip) FROM hubspot.contacts") == [(0,)]
    assert rows(given, "SELECT selected FROM hubspot.properties WHERE object = 'contacts' AND name = 'zip'") == [
        (False,)
    ]
    assert ("contacts", "zip", False) in rows(given, "SELECT object, property, selected FROM hubspot.property_choices")
    landed(run(given, streams=["contacts"]))
    assert rows(given, "SELECT count(properties_zip) FROM hubspot.contacts") == [(8,)]
    assert not rows(given, "SELECT 1 FROM hubspot.property_choices WHERE property = 'zip'")


def test_a_name_that_the_portal_lacks_ends_the_run_before_anything_is_written(
    sandbox: Sandbox, given: Settings
) -> None:
    bad = chosen(given, "properties: {contacts: {exclude: [fone]}}")
    with pytest.raises(ConfigError, match="phone"):
        run(bad)
    assert not given.working.exists()


@pytest.mark.parametrize("mode", ["incremental_client_side", "full_refresh"])
def test_an_object_read_in_another_mode_shows_what_moves_no_date(sandbox: Sandbox, given: Settings, mode: str) -> None:
    given = replace(chosen(given, f"mode: {{contacts: {mode}}}"), small_portal=0)
    landed(run(given, streams=["contacts"]))
    (id_,) = rows(given, "SELECT max(id) FROM hubspot.contacts")[0]
    sandbox.mutate({"op": "update", "object": "contacts", "id": id_, "properties": {"city": "Bonn"}, "touch": False})
    outcome = landed(run(given, streams=["contacts"])).outcomes["contacts"]
    assert outcome.rows_updated == 1
    assert rows(given, f"SELECT properties_city FROM hubspot.contacts WHERE id = '{id_}'") == [("Bonn",)]


def test_history_that_is_chosen_later_is_read_for_all_records(sandbox: Sandbox, tmp_path: Path) -> None:
    generate(sandbox.portal, seed=3, contacts=12)
    given = replace(settings(tmp_path, sandbox.url), small_portal=0)
    landed(run(given, streams=["contacts"]))
    more = chosen(given, "history: {contacts: [jobtitle]}")
    landed(run(more, streams=["contacts", "contacts_property_history"]))
    stored = set(rows(given, "SELECT id FROM hubspot.contacts_property_history WHERE property = 'jobtitle'"))
    theirs = {(e["id"],) for e in sandbox.dump()
              if e["kind"] == "history" and e["object"] == "contacts" and e["property"] == "jobtitle"}  # fmt: skip
    assert stored == theirs
    again = landed(run(more, streams=["contacts", "contacts_property_history"]))
    assert not again.changed


def test_history_that_was_not_followed_for_a_while_has_no_gap(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.post("clock", {"now": "2027-03-01T12:00:00Z", "frozen": True})
    given = replace(settings(tmp_path, sandbox.url), small_portal=0)
    followed = chosen(given, "history: {contacts: [jobtitle]}")
    both = ["contacts", "contacts_property_history"]
    (id_,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {"jobtitle": "First"}})
    landed(run(followed, streams=both))
    sandbox.post("clock", {"advance_ms": 3_600_000})
    sandbox.mutate({"op": "update", "object": "contacts", "id": id_, "properties": {"jobtitle": "Second"}})
    landed(run(given, streams=["contacts"]))
    landed(run(followed, streams=both))
    versions = rows(given, "SELECT value FROM hubspot.contacts_property_history WHERE property = 'jobtitle' ORDER BY 1")
    assert versions == [("First",), ("Second",)]


@pytest.mark.parametrize("mode", ["incremental_client_side", "full_refresh"])
def test_a_record_that_stops_matching_leaves_in_every_mode_though_no_date_moves(
    sandbox: Sandbox, given: Settings, mode: str
) -> None:
    text = f"filters: {{contacts: [{{field: city, condition: equals, value: Oslo}}]}}\nmode: {{contacts: {mode}}}"
    given = replace(chosen(given, text), small_portal=0)
    landed(run(given, streams=["contacts"]))
    ids = [row[0] for row in rows(given, "SELECT id FROM hubspot.contacts ORDER BY id")]
    sandbox.mutate({"op": "update", "object": "contacts", "id": ids[1], "properties": {"city": "Bonn"}, "touch": False})
    # nothing is said of records that are as young as the run
    sandbox.post("clock", {"advance_ms": 1_000})
    landed(run(given, streams=["contacts"]))
    assert [row[0] for row in rows(given, "SELECT id FROM hubspot.contacts ORDER BY id")] == [ids[0], *ids[2:]]


def test_a_mistake_about_one_object_does_not_keep_another_from_landing(sandbox: Sandbox, given: Settings) -> None:
    renamed = chosen(given, "columns: {contacts: {zip: postcode}}")
    landed(run(renamed, streams=["contacts", "properties"]))
    sql = "SELECT property, alias FROM hubspot.property_choices WHERE object = 'contacts' AND alias IS NOT NULL"
    before = rows(given, sql)
    assert ("zip", "postcode") in before
    (id_,) = sandbox.mutate({"op": "create", "object": "deals", "properties": {"dealname": "D"}})
    wrong = chosen(given, "columns: {contacts: {zipp: postcode}}")
    landed(run(wrong, streams=["deals"]))
    assert rows(given, "SELECT id FROM hubspot.deals") == [(id_,)]
    assert rows(given, "SELECT status FROM hubspot.sync_runs WHERE stream = 'deals'") == [("succeeded",)]
    assert rows(given, sql) == before

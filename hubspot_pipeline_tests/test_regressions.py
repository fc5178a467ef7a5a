"""Ways in which data was once lost or wrong, one test each."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse.inline import inline_links
from hubspot_pipeline.warehouse.reconcile import flag_merged
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline.warehouse.store import create
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import landed, rows, settings

HOUR = 3_600_000
NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)


def _portal(sandbox: Sandbox, tmp_path: Path, **given: Any) -> Settings:
    """An empty portal whose clock stands still, and settings under which a sync only reads what changed."""
    sandbox.post("clock", {"now": NOON.isoformat(), "frozen": True})
    return settings(tmp_path, sandbox.url, small_portal=0, **given)


def _create(sandbox: Sandbox, object_type: str, **properties: str) -> str:
    (id_,) = sandbox.mutate({"op": "create", "object_type": object_type, "properties": properties})
    return str(id_)


def _fail(sandbox: Sandbox, match: str) -> None:
    sandbox.post("faults", {"faults": [{"match": match, "status": 500, "times": -1}]})


def _refuse_rows(given: Settings, table: str) -> None:
    """No row can be inserted into a table, so its load job fails."""
    with duckdb.connect(str(given.working)) as con:
        con.execute(f"ALTER TABLE hubspot.{table} ADD COLUMN broken INTEGER DEFAULT 0")
        con.execute(f"ALTER TABLE hubspot.{table} ALTER broken SET NOT NULL")
        con.execute(f"ALTER TABLE hubspot.{table} ALTER broken DROP DEFAULT")


def _accept_rows(given: Settings, table: str) -> None:
    with duckdb.connect(str(given.working)) as con:
        con.execute(f"ALTER TABLE hubspot.{table} DROP COLUMN broken")


def test_rows_of_a_load_that_broke_off_get_their_history_with_the_next(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    deal = _create(sandbox, "deals", dealname="One", amount="1")
    landed(run(given, streams=["deals"]))
    _refuse_rows(given, "deals_property_history")
    sandbox.post("clock", {"advance_ms": HOUR})
    sandbox.mutate({"op": "update", "object_type": "deals", "id": deal, "properties": {"amount": "2"}})
    assert run(given, streams=["deals"]).failed
    _accept_rows(given, "deals_property_history")
    sandbox.mutate({"op": "update", "object_type": "deals", "id": deal, "properties": {"amount": "3"}})
    other = _create(sandbox, "deals", dealname="Two", amount="4")
    landed(run(given, streams=["deals"]))
    with duckdb.connect(str(given.working)) as con:
        sql = "SELECT id, value FROM hubspot.deals_property_history WHERE property = 'amount' ORDER BY ALL"
        assert con.execute(sql).fetchall() == [(deal, "1"), (deal, "2"), (deal, "3"), (other, "4")]
        assert con.execute("SELECT id, properties_amount FROM hubspot.deals ORDER BY id").fetchall() == [
            (deal, "3"), (other, "4"),
        ]  # fmt: skip


def test_what_landed_of_a_record_without_its_row_is_taken_away(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    company = _create(sandbox, "companies", name="One")
    contact = _create(sandbox, "contacts", lifecyclestage="lead")
    sandbox.mutate({"op": "associate", "from_object": "contacts", "from_id": contact, "to_object": "companies",
                    "to_id": company})  # fmt: skip
    both = ["contacts", "contacts_property_history"]
    landed(run(given, streams=both))
    # as a load leaves it that stored these tables and then broke off
    with duckdb.connect(str(given.working)) as con:
        con.execute("DELETE FROM hubspot.contacts")
    sandbox.mutate({"op": "gdpr_delete", "id": contact})
    landed(run(given, streams=both, mode="reconcile"))
    for name in ("associations", "contacts_property_history"):
        assert rows(given, f"SELECT count(*) FROM hubspot.{name}") == [(0,)], name


def test_a_failed_history_read_keeps_the_row_for_the_next_run(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    deal = _create(sandbox, "deals", amount="1")
    landed(run(given, streams=["deals"]))
    sandbox.post("clock", {"advance_ms": HOUR})
    sandbox.mutate({"op": "update", "object_type": "deals", "id": deal, "properties": {"amount": "2"}})
    _fail(sandbox, "POST /crm/objects/.*/deals/batch/read")
    assert run(given, mode="reconcile", streams=["deals"]).failed
    sandbox.delete("faults")
    landed(run(given, mode="reconcile", streams=["deals"]))
    with duckdb.connect(str(given.working)) as con:
        sql = "SELECT value FROM hubspot.deals_property_history WHERE property = 'amount' ORDER BY changed_at"
        assert con.execute(sql).fetchall() == [("1",), ("2",)]


def test_a_new_property_is_filled_also_where_its_first_run_failed(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    contact = _create(sandbox, "contacts", firstname="Ada")
    sandbox.post("clock", {"advance_ms": HOUR})
    _create(sandbox, "contacts", firstname="Eve")  # the cursor stands behind Ada
    landed(run(given, streams=["contacts"]))
    sandbox.post("clock", {"advance_ms": HOUR})
    sandbox.mutate(
        {"op": "define_property", "object_type": "contacts",
         "definition": {"name": "tier", "label": "Tier", "type": "string", "fieldType": "text"}},
        {"op": "update", "object_type": "contacts", "id": contact, "properties": {"tier": "gold"}, "touch": False},
    )  # fmt: skip
    _fail(sandbox, "/contacts/search")
    assert run(given, streams=["contacts"]).failed
    sandbox.delete("faults")
    landed(run(given, streams=["contacts"]))
    with duckdb.connect(str(given.working)) as con:
        sql = "SELECT properties_firstname, properties_tier FROM hubspot.contacts ORDER BY 1"
        assert con.execute(sql).fetchall() == [("Ada", "gold"), ("Eve", None)]


def test_a_dropped_property_is_cleared_also_where_its_run_was_killed(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    _create(sandbox, "contacts", jobtitle="Engineer")
    landed(run(given, streams=["contacts"]))
    sandbox.mutate({"op": "archive_property", "object_type": "contacts", "name": "jobtitle"})
    landed(run(given, streams=["contacts"]))
    with duckdb.connect(str(given.working)) as con:  # as if that run had died when its load was complete
        con.execute("UPDATE hubspot.contacts SET properties_jobtitle = 'Engineer'")
    landed(run(given, streams=["contacts"]))
    with duckdb.connect(str(given.working)) as con:
        assert con.execute("SELECT properties_jobtitle FROM hubspot.contacts").fetchall() == [(None,)]


def test_the_property_catalogue_can_be_read_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    landed(run(given, streams=["properties"]))
    with duckdb.connect(str(given.working)) as con:
        chosen = sum(stream.shape == "object" for stream in given.chosen)
        assert con.execute("SELECT count(DISTINCT object) FROM hubspot.properties").fetchall() == [(chosen,)]


def test_a_read_from_an_instant_leaves_no_gap_before_it(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    _create(sandbox, "contacts", firstname="Ada")
    landed(run(given, streams=["contacts"]))
    sandbox.post("clock", {"advance_ms": 5 * HOUR})
    _create(sandbox, "contacts", firstname="Between")
    sandbox.post("clock", {"advance_ms": 5 * HOUR})
    _create(sandbox, "contacts", firstname="After")
    landed(run(given, streams=["contacts"], since=NOON + timedelta(hours=9)))
    landed(run(given, streams=["contacts"]))
    with duckdb.connect(str(given.working)) as con:
        assert con.execute("SELECT count(*) FROM hubspot.contacts").fetchall() == [(3,)]


def test_a_scan_of_many_packages_also_finds_what_is_gone(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path, page_window=1)
    ids = [_create(sandbox, "contacts", firstname=f"N{number}") for number in range(3)]
    sandbox.config(page_shapes=[1])
    landed(run(given, streams=["contacts"]))
    sandbox.mutate({"op": "forget", "object_type": "contacts", "id": ids[0]})
    sandbox.post("clock", {"advance_ms": HOUR})
    # nothing is loaded, and what people read must show it all the same
    assert landed(run(given, mode="reconcile", streams=["contacts"])).changed
    with duckdb.connect(str(given.working)) as con:
        assert con.execute("SELECT id FROM hubspot.contacts WHERE deletion = 'missing'").fetchall() == [(ids[0],)]


def test_what_a_scan_finds_after_an_interrupted_reading_of_links_has_its_links(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    given = _portal(sandbox, tmp_path)
    company, contact = _create(sandbox, "companies", name="A"), _create(sandbox, "contacts", firstname="Ada")
    names = ["contacts", "companies", "associations"]
    landed(run(given, streams=names))
    _fail(sandbox, "POST /crm/associations/")
    assert run(given, mode="reconcile", streams=names).failed
    sandbox.delete("faults")
    other = _create(sandbox, "contacts", firstname="Eve")
    for id_ in (contact, other):
        sandbox.mutate({"op": "associate", "from_object": "contacts", "from_id": id_, "to_object": "companies",
                        "to_id": company})  # fmt: skip
    landed(run(given, mode="reconcile", streams=names))
    with duckdb.connect(str(given.working)) as con:
        found = con.execute("SELECT from_id FROM hubspot.associations ORDER BY 1").fetchall()
    assert sorted(found) == sorted([(contact,), (other,)])


@pytest.mark.parametrize("named", [40, 1])
def test_a_long_chain_of_merges_is_followed_to_its_end(named: int) -> None:
    """`named`: so many of those before it each survivor names at most."""
    length = 40
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA hubspot")
        con.execute("CREATE TABLE hubspot.associations (from_object VARCHAR, from_id VARCHAR)")
        con.execute(
            "CREATE TABLE hubspot.contacts (id VARCHAR, deletion VARCHAR, merged_into_id VARCHAR, "
            "deleted_at TIMESTAMPTZ, properties_hs_merged_object_ids VARCHAR)"
        )
        for number in range(length):
            before = ";".join(str(1000 + earlier) for earlier in range(max(0, number - named), number))
            con.execute("INSERT INTO hubspot.contacts VALUES (?, NULL, NULL, NULL, ?)", [str(1000 + number), before])
        assert flag_merged(con, "contacts", "contacts", NOON) == length - 1
        ends = con.execute("SELECT DISTINCT merged_into_id FROM hubspot.contacts WHERE deletion = 'merged'").fetchall()
    assert ends == [(str(1000 + length - 1),)]


def test_an_archived_records_link_has_the_labels_it_has_now(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    company, contact = _create(sandbox, "companies", name="A"), _create(sandbox, "contacts", firstname="Ada")
    link = {"from_object": "contacts", "from_id": contact, "to_object": "companies", "to_id": company}
    sandbox.mutate({"op": "associate", **link})
    landed(run(given))
    sandbox.mutate(
        {"op": "associate", **link, "types": [["HUBSPOT_DEFINED", 931]]},
        {"op": "archive", "object_type": "contacts", "id": contact},
    )
    landed(run(given, mode="reconcile"))
    assert differences(sandbox.url, given.working) == []


def test_the_remains_of_a_file_that_was_taken_away_do_not_spoil_the_new_one(tmp_path: Path) -> None:
    given = settings(tmp_path, "http://127.0.0.1:1")
    remains = given.working.with_name(given.working.name + ".wal")
    remains.parent.mkdir(parents=True)
    remains.write_bytes(b"not of this file")
    create(given)
    with duckdb.connect(str(given.working)) as con:
        assert con.execute("SELECT count(*) FROM hubspot.sync_runs").fetchall() == [(0,)]


def test_two_labels_of_one_spelling_do_not_swap_their_numbers() -> None:
    labels = [{"category": "HUBSPOT_DEFINED", "typeId": 931, "label": "Billing contact"},
              {"category": "USER_DEFINED", "typeId": 10, "label": "Billing contact"}]  # fmt: skip
    record: Any = type("Bare", (), {"id": "1", "associations": {"companies": {"results": [
        {"id": "2", "type": "contact_to_company_billing_contact"}, {"id": "2", "type": "billing_contact"},
    ]}}})  # fmt: skip
    _, rows = inline_links(DECLARED.by_name["contacts"], "companies", "company", [record], {}, lambda: labels)
    assert [(row["category"], row["type_id"]) for row in rows] == [("HUBSPOT_DEFINED", 931), ("USER_DEFINED", 10)]


@pytest.mark.parametrize("stream", ["engagements", "associations"])
def test_a_derived_stream_that_is_named_alone_reads_nothing_that_no_later_run_reads(
    sandbox: Sandbox, tmp_path: Path, stream: str
) -> None:
    given = _portal(sandbox, tmp_path)
    landed(run(given, streams=[stream]))
    tables = {row[0] for row in rows(given, "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'hubspot'")}
    assert "engagements_calls" in tables
    assert not tables & {one.name for one in given.streams if one not in given.chosen}


def test_records_of_a_custom_object_that_is_no_more_count_as_missing(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    sandbox.mutate(
        {"op": "define_schema", "schema": {"name": "activities", "properties": [], "associatedObjects": ["contacts"]}}
    )
    (dog, cat) = sandbox.mutate(*[{"op": "create", "object_type": "activities", "properties": {}}] * 2)
    # what lies in the bin keeps its links
    sandbox.portal.associate("activities", cat, "contacts", _create(sandbox, "contacts"))
    landed(run(given))
    sandbox.mutate({"op": "archive", "object_type": "activities", "id": cat})
    landed(run(given, mode="reconcile"))
    sql = "SELECT id, deletion FROM hubspot.custom_activities ORDER BY id"
    assert rows(given, sql) == [(dog, None), (cat, "archived")]
    # an answer that lacks it once is no proof
    sandbox.post("faults", {"faults": [{"match": "GET .*schemas", "times": 1, "status": 200, "body": {"results": []}}]})
    assert landed(run(given)).lost == ()
    assert rows(given, sql) == [(dog, None), (cat, "archived")]
    sandbox.mutate({"op": "drop_schema", "object_type": "activities"})
    result = landed(run(given))
    assert result.lost == ("custom_activities",)
    assert result.changed
    assert rows(given, sql) == [(dog, "missing"), (cat, "archived")]
    assert rows(given, "SELECT * FROM hubspot.associations") == []
    assert landed(run(given, mode="reconcile")).lost == ()
    assert differences(sandbox.url, given.working) == []


def test_the_macros_of_an_earlier_release_are_replaced(sandbox: Sandbox, tmp_path: Path) -> None:
    given = _portal(sandbox, tmp_path)
    landed(run(given, streams=["contacts"]))
    with duckdb.connect(str(given.working)) as con:
        con.execute("CREATE OR REPLACE MACRO hubspot.as_number(text) AS 0")
    landed(run(given, streams=["contacts"]))
    assert rows(given, "SELECT CAST(hubspot.as_number('12.5') AS DOUBLE)") == [(12.5,)]

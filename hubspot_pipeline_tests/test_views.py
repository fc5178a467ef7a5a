"""Streams that are views of others: archived and merged records, engagements, and who e-mails were from and to."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.streams import DECLARED, STREAMS
from hubspot_pipeline.warehouse.views import NAMES, create
from hubspot_pipeline_tests.marts_fixture import RawWarehouse, instant

HEADERS = {
    "from": {"email": "ann@us.example", "firstName": "Ann", "lastName": "Ash"},
    "sender": {"email": "relay@us.example"},
    "to": [
        {"email": "Bo Bell <bo@x.example>"},
        {"email": "cy@x.example", "firstName": "Cy"},
        {},
        {"raw": "Di <di@x.example>"},
    ],
    "cc": {"email": "ed@x.example"},
    "bcc": ["flo@x.example"],
}


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[RawWarehouse]:
    made = RawWarehouse(tmp_path / "warehouse.duckdb")
    yield made
    made.connection.close()


def rows(warehouse: RawWarehouse, sql: str) -> list[dict[str, Any]]:
    """Rows of a query after the views were made."""
    create(warehouse.connection)
    cursor = warehouse.connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def columns(con: duckdb.DuckDBPyConnection, view: str) -> dict[str, str]:
    described = con.execute(f"describe hubspot.{view}").fetchall()
    return {row[0]: row[1] for row in described}


def participants(warehouse: RawWarehouse, role: str) -> list[tuple[Any, ...]]:
    found = rows(warehouse, f"from hubspot.engagements_metadata_{role} order by object, engagement_id, position")
    return [tuple(row.values()) for row in found]


def test_every_view_is_there_without_any_table(warehouse: RawWarehouse) -> None:
    create(warehouse.connection)
    with duckdb.connect() as con:
        create(con)
        for name in NAMES:
            assert con.execute(f"select count(*) from hubspot.{name}").fetchone() == (0,)
            assert columns(con, name).items() <= columns(warehouse.connection, name).items(), name


def test_a_table_that_lacks_columns_still_gives_its_rows(warehouse: RawWarehouse) -> None:
    for table in ("engagements_calls", "engagements_emails", "deals", "contacts"):
        for column in ("properties", "archived", "deletion", "merged_into_id", "updated_at"):
            warehouse.connection.execute(f"alter table hubspot.{table} drop column {column}")
    warehouse.insert("engagements_calls", id="1")
    warehouse.insert("deals", id="1")

    found = rows(warehouse, "select id, type, active, last_updated, contact_ids from hubspot.engagements")
    assert found == [{"id": "1", "type": "CALL", "active": True, "last_updated": None, "contact_ids": []}]
    for name in NAMES:
        rows(warehouse, f"from hubspot.{name}")


def test_an_older_definition_is_replaced_and_later_columns_break_nothing(warehouse: RawWarehouse) -> None:
    con = warehouse.connection
    con.execute("create view hubspot.deals_archived as select * from hubspot.deals where archived")
    con.execute("create view hubspot.engagements as select 1 as x")
    create(con)
    create(con)
    con.execute("alter table hubspot.deals add column properties_new varchar")
    warehouse.record("deals", "1", deletion="archived", new="n")

    assert con.execute("select id, contacts from hubspot.deals_archived").fetchall() == [("1", [])]
    (row,) = rows(warehouse, "from hubspot.deals_archived")
    assert row["properties_new"] == "n"


def test_a_table_is_never_replaced_and_is_named(warehouse: RawWarehouse) -> None:
    con = warehouse.connection
    con.execute("create table hubspot.engagements as select 7 as mine")
    with pytest.raises(ConfigError, match=r"engagements\. It was left as it is\. If it is yours, rename it"):
        create(con)
    assert con.execute("from hubspot.engagements").fetchall() == [(7,)]
    assert con.execute("select count(*) from hubspot.engagements_metadata").fetchone() == (0,)


def test_archived_deals_carry_the_ids_of_their_contacts_companies_and_line_items(warehouse: RawWarehouse) -> None:
    warehouse.record("deals", "1", dealname="Gone", deletion="archived")
    warehouse.record("deals", "2", dealname="Here")
    for contact, kind in (("10", 3), ("9", 3), ("10", 5)):
        warehouse.associate("deals", "1", "contacts", contact, kind)
    warehouse.associate("companies", "4", "deals", "1", 6)
    (deal,) = rows(warehouse, "from hubspot.deals_archived")

    assert (deal["id"], deal["properties_dealname"]) == ("1", "Gone")
    assert (deal["contacts"], deal["companies"], deal["line_items"]) == (["9", "10"], ["4"], [])


def test_owners_who_left_are_a_view_of_owners(warehouse: RawWarehouse) -> None:
    warehouse.insert("owners", id="1", email="a@us.example", archived=False)
    warehouse.insert("owners", id="2", email="b@us.example", archived=True)
    assert [row["id"] for row in rows(warehouse, "from hubspot.owners_archived")] == ["2"]


def test_archived_records_lists_what_is_gone_of_every_object_and_how(warehouse: RawWarehouse) -> None:
    warehouse.record("contacts", "1", deletion="gdpr")
    warehouse.record("contacts", "2")
    warehouse.record("tickets", "1", deletion="missing")
    warehouse.record("emails", "1", deletion="archived")
    warehouse.connection.execute("create table hubspot.custom_cars as from hubspot.tickets")
    cars = replace(DECLARED.by_name["tickets"], name="custom_cars", object="cars")
    create(warehouse.connection, [*STREAMS, cars])
    sql = "select object, id, deletion from hubspot.archived_records order by all"
    found = warehouse.connection.execute(sql).fetchall()

    assert found == [
        ("cars", "1", "missing"), ("contacts", "1", "gdpr"), ("emails", "1", "archived"), ("tickets", "1", "missing"),
    ]  # fmt: skip
    assert ("custom_cars", "1") in [
        (row["object"], row["id"]) for row in rows(warehouse, "from hubspot.archived_records")
    ]


def test_merged_records_leads_every_old_id_to_its_last_survivor(warehouse: RawWarehouse) -> None:
    warehouse.record("contacts", "5", hs_merged_object_ids="3;4", deletion="merged", merged_into_id="6")
    warehouse.record("contacts", "6", hs_merged_object_ids="5;3; 4;6;")
    warehouse.record("contacts", "2", deletion="merged", merged_into_id="5")
    warehouse.record("deals", "3", deletion="merged", merged_into_id="100")
    for survivor in ("9", "50"):
        warehouse.record("tickets", survivor, hs_merged_object_ids="6")
    warehouse.record("companies", "8", hs_merged_object_ids="9")
    warehouse.record("companies", "9", hs_merged_object_ids="8")
    found = rows(warehouse, "select object, merged_id, canonical_id from hubspot.merged_records order by all")

    assert [tuple(row.values()) for row in found] == [
        ("contacts", "2", "6"), ("contacts", "3", "6"), ("contacts", "4", "6"), ("contacts", "5", "6"),
        ("deals", "3", "100"), ("tickets", "6", "50"),
    ]  # fmt: skip


def test_engagements_is_one_row_per_engagement_of_every_type(warehouse: RawWarehouse) -> None:
    warehouse.record(
        "calls", "1", hs_timestamp="2026-06-10T12:00:00Z", hubspot_owner_id="7", hs_all_owner_ids=";7; 8;",
        hs_created_by="11", hs_engagement_source="CRM_UI", hs_attachment_ids="5;6",
    )  # fmt: skip
    warehouse.record("emails", "1", hs_email_direction="INCOMING_EMAIL", hubspot_owner_id="7")
    warehouse.record("emails", "2", hs_email_direction="forwarded_email", deletion="archived")
    warehouse.record("emails", "3", hs_email_direction="")
    for object_type in ("meetings", "notes", "tasks"):
        warehouse.record(object_type, "1")
    for table in ("communications", "postal_mail"):
        warehouse.connection.execute(f"create table if not exists hubspot.{table} as from hubspot.tickets limit 0")
    warehouse.insert("communications", id="1", properties={"hs_communication_channel_type": "WHATS_APP"})
    warehouse.insert("communications", id="2", properties={})
    warehouse.insert("postal_mail", id="1", properties={})
    for contact in ("10", "9", "10"):
        warehouse.associate("calls", "1", "contacts", contact, int(contact))
    warehouse.associate("tickets", "3", "calls", "1", 1)
    warehouse.associate("emails", "1", "contacts", "4", 1)

    found = {(row["object"], row["id"]): row for row in rows(warehouse, "from hubspot.engagements")}
    assert {key: row["type"] for key, row in found.items()} == {
        ("calls", "1"): "CALL", ("emails", "1"): "INCOMING_EMAIL", ("emails", "2"): "FORWARDED_EMAIL",
        ("emails", "3"): "EMAIL", ("meetings", "1"): "MEETING", ("notes", "1"): "NOTE", ("tasks", "1"): "TASK",
        ("communications", "1"): "WHATS_APP", ("communications", "2"): "COMMUNICATION",
        ("postal_mail", "1"): "POSTAL_MAIL",
    }  # fmt: skip
    call = found["calls", "1"]
    assert (call["timestamp"], call["owner_id"]) == (instant("2026-06-10T12:00:00Z"), "7")
    assert (call["created_by"], call["source"], call["modified_by"]) == ("11", "CRM_UI", None)
    assert (call["contact_ids"], call["company_ids"], call["ticket_ids"]) == (["9", "10"], [], ["3"])
    assert (call["owner_ids"], call["attachment_ids"]) == (["7", "8"], ["5", "6"])
    assert (found["emails", "1"]["contact_ids"], found["emails", "1"]["owner_ids"]) == (["4"], ["7"])
    assert [key for key, row in found.items() if not row["active"]] == [("emails", "2")]


def test_engagements_metadata_has_the_details_of_each_type(warehouse: RawWarehouse) -> None:
    warehouse.record(
        "calls", "1", hs_call_to_number="+1", hs_call_from_number="+2", hs_call_status="COMPLETED",
        hs_call_external_id="e", hs_call_duration="61000.0", hs_call_external_account_id="a", hs_call_title="Call",
        hs_call_recording_url="https://r.example", hs_call_body="b", hs_call_disposition="d",
    )  # fmt: skip
    warehouse.record("calls", "2", hs_call_duration="long", hs_call_body="")
    warehouse.record("emails", "1", hs_email_subject="s", hs_email_html="<p>", hs_email_text="t")
    warehouse.record("meetings", "1", hs_meeting_title="m", hs_meeting_start_time="2026-06-10T12:00:00Z")
    warehouse.record("notes", "1", hs_note_body="n")
    warehouse.record("tasks", "1", hs_task_subject="s", hs_task_status="WAITING", hs_task_for_object_type="OWNER")
    found = {
        (row["type"], row["engagement_id"]): {name: value for name, value in row.items() if value is not None}
        for row in rows(warehouse, "select * exclude (object) from hubspot.engagements_metadata")
    }

    assert {key: [*row.values()][2:] for key, row in found.items()} == {
        ("CALL", "1"): ["+1", "+2", "COMPLETED", "e", 61000, "a", "https://r.example", "b", "d", "Call"],
        ("CALL", "2"): [],
        ("EMAIL", "1"): ["s", "<p>", "t"],
        ("MEETING", "1"): [instant("2026-06-10T12:00:00Z"), "m"],
        ("NOTE", "1"): ["n"],
        ("TASK", "1"): ["WAITING", "s", "OWNER"],
    }


def test_an_email_header_says_who_it_was_from_and_to(warehouse: RawWarehouse) -> None:
    warehouse.record("emails", "1", hs_email_headers=json.dumps(HEADERS), hs_email_to_email="copy@x.example")

    assert participants(warehouse, "from") == [("emails", "1", 1, "ann@us.example", "Ann", "Ash", None)]
    assert participants(warehouse, "to") == [
        ("emails", "1", 1, "bo@x.example", None, None, "Bo Bell <bo@x.example>"),
        ("emails", "1", 2, "cy@x.example", "Cy", None, None),
        ("emails", "1", 4, "di@x.example", None, None, "Di <di@x.example>"),
    ]
    assert participants(warehouse, "cc") == [("emails", "1", 1, "ed@x.example", None, None, None)]
    assert participants(warehouse, "bcc") == [("emails", "1", 1, "flo@x.example", None, None, None)]


def test_without_a_header_hubspots_copies_say_it(warehouse: RawWarehouse) -> None:
    warehouse.record(
        "emails", "1", hs_email_from_email="ann@us.example", hs_email_from_lastname="Ash",
        hs_email_to_email="bo@x.example;; cy@x.example", hs_email_to_firstname="Bo",
    )  # fmt: skip

    assert participants(warehouse, "from") == [("emails", "1", 1, "ann@us.example", None, "Ash", None)]
    assert participants(warehouse, "to") == [
        ("emails", "1", 1, "bo@x.example", "Bo", None, None),
        ("emails", "1", 3, "cy@x.example", None, None, None),
    ]


@pytest.mark.parametrize(
    "header",
    ['{"to": [', "[1]", "1" * 32, "0f" * 16, '"text"', "null", "", '{"to": null, "from": [1, null], "cc": 5}',
     '{"to": {"email": {"deep": 1}}}'[:-1], "{}"],
)  # fmt: skip
def test_a_header_that_is_none_gives_no_rows_and_no_error(warehouse: RawWarehouse, header: str) -> None:
    warehouse.record("emails", "1", hs_email_headers=header)
    warehouse.insert("engagements_emails", id="2")
    for role in ("from", "to", "cc", "bcc"):
        assert participants(warehouse, role) == []


def test_hashed_addresses_come_through_as_they_are(warehouse: RawWarehouse) -> None:
    warehouse.record("emails", "1", hs_email_headers="0f" * 16, hs_email_from_email="ab" * 16)
    assert participants(warehouse, "from") == [("emails", "1", 1, "ab" * 16, None, None, None)]

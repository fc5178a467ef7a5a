"""Small raw warehouses and their builds: empty, full of corner cases, and the same a day later without tickets.

Fixtures for modules that name this one in `pytest_plugins`; each build is made once for all of them.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from hubspot_pipeline_tests.marts_fixture import RawWarehouse, dbt, rows, statuses

WISHED = 'as "you"; wish -- {{ 1 / 0 }}{#'
HOSTILE = 'a"b; drop table hubspot.deals; -- {{ 1 / 0 }}\n{% raw %}'
DEAL_STAGES = [
    {"id": "new", "label": "New", "displayOrder": 0, "metadata": {"isClosed": "false", "probability": "0.2"}},
    {"id": "offer", "label": "Offer", "displayOrder": 1, "metadata": {"isClosed": "false", "probability": "0.6"}},
    {"id": "won", "label": "Won", "displayOrder": 2, "metadata": {"isClosed": "true", "probability": "1.0"}},
    {"id": "paid", "label": "Paid", "displayOrder": 3, "metadata": {"isClosed": "true", "probability": "1.0"}},
    {"id": "lost", "label": "Lost", "displayOrder": 4, "metadata": {"isClosed": "true", "probability": "0.0"}},
    {"id": "old", "label": "Old offer", "displayOrder": 5, "archived": True, "metadata": {"probability": "0.5"}},
]
TICKET_STAGES = [
    {"id": "1", "label": "New", "displayOrder": 0, "metadata": {"isClosed": "false", "ticketState": "OPEN"}},
    {"id": "4", "label": "Closed", "displayOrder": 1, "metadata": {"isClosed": "true", "ticketState": "CLOSED"}},
]


@dataclass(frozen=True)
class Built:
    """A warehouse after a build: its file, and what became of every node."""

    path: Path
    nodes: dict[str, str]

    def all(self, sql: str) -> list[dict[str, Any]]:
        return rows(self.path, sql)

    def one(self, sql: str) -> dict[str, Any]:
        (row,) = rows(self.path, sql)
        return row

    def by_id(self, mart: str, key: str, record_id: str) -> dict[str, Any]:
        return self.one(f"select * from marts.{mart} where {key} = '{record_id}'")

    @property
    def failures(self) -> dict[str, str]:
        return {node: status for node, status in self.nodes.items() if status not in ("success", "pass")}


def once(directory: Path, write: Callable[[Path], None], **variables: Any) -> Built:
    """The build of a warehouse, made by the first test process that asks for it and shared by all."""
    path, target = directory / "warehouse.duckdb", directory / "target"
    directory.mkdir(exist_ok=True)
    with FileLock(directory / "lock"):
        if not (target / "run_results.json").exists():
            write(path)
            result = dbt(path, target, **variables)
            assert (target / "run_results.json").exists(), result.stdout + result.stderr
    return Built(path, statuses(target))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that all test processes of this run see."""
    own = tmp_path_factory.getbasetemp()
    directory = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "marts"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture(scope="module")
def empty(shared: Path) -> Built:
    return once(shared / "empty", write_nothing)


@pytest.fixture(scope="module")
def full(shared: Path) -> Built:
    return once(shared / "full", write_all)


@pytest.fixture(scope="module")
def without_tickets(full: Built, shared: Path) -> Built:
    """The same portal a day later, without a right to tickets, after somebody changed its properties."""

    def change(path: Path) -> None:
        shutil.copy(full.path, path)
        with duckdb.connect(str(path)) as connection:
            connection.execute("drop table hubspot.tickets; drop table hubspot.ticket_pipelines")
            connection.execute("delete from hubspot.sync_runs where stream = 'tickets'")
            connection.execute("update hubspot.properties set type = 'string' where name in ('amount', 'score')")
            connection.execute("update hubspot.properties set archived = true where name in ('industry', 'nickname')")
            connection.execute("alter table hubspot.contacts drop column properties_jobtitle")
            connection.execute("update hubspot.property_choices set exposed = property <> 'tier'")

    return once(shared / "without_tickets", change, as_of="2026-06-16T12:00:00Z")


def write_nothing(path: Path) -> None:
    warehouse = RawWarehouse(path, without=("communications",))
    warehouse.succeeded("tickets")
    warehouse.close()


def write_all(path: Path) -> None:
    warehouse = RawWarehouse(path)
    for write in (write_settings, write_companies, write_contacts, write_deals, write_engagements, write_tickets,
                  write_custom_properties):  # fmt: skip
        write(warehouse)
    warehouse.succeeded("contacts", "companies", "deals", "tickets")
    warehouse.close()


def write_settings(warehouse: RawWarehouse) -> None:
    warehouse.insert("deal_pipelines", id="default", label="Sales", archived=False, stages=DEAL_STAGES)
    renewed = {"id": "9", "label": "Up", "displayOrder": 0, "metadata": {"isClosed": "false", "probability": "0.8"}}
    warehouse.insert("deal_pipelines", id="77", label="Renewals", archived=False, stages=[renewed])
    warehouse.insert("ticket_pipelines", id="0", label="Support", archived=False, stages=TICKET_STAGES)
    teams = [{"id": "5", "name": "Others", "primary": False}, {"id": "6", "name": "Sales", "primary": True}]
    warehouse.insert(
        "owners", id="1", email="ann@us.example", type="PERSON", first_name="Ann", last_name="Ash", user_id="11",
        teams=teams, archived=False,
    )  # fmt: skip
    warehouse.insert(
        "owners", id="2", email="bob@us.example", type="PERSON", first_name="Bob", last_name="Bell",
        user_id_including_inactive="22", archived=True,
    )  # fmt: skip
    warehouse.insert(
        "owners", id="4", email="ann@us.example", type="PERSON", user_id_including_inactive="11", archived=True
    )
    warehouse.insert("owners", id="3", email=None, type="QUEUE", first_name="Inbound", archived=False)
    warehouse.record("users", "501", hs_internal_user_id="11", hs_email="Ann@us.example", hs_job_title="CEO")
    for number in ("12", "13"):
        warehouse.record("users", f"5{number}", hs_internal_user_id=number, hs_email="both@us.example")
    warehouse.record("users", "514", hs_internal_user_id="14", hs_email="pair@us.example")
    warehouse.insert("owners", id="5", email="both@us.example", type="PERSON", archived=False)
    for raw in ("12,5", "12;5"):
        warehouse.insert("rejects", object="contacts", id="1", property="score", raw_value=raw, reason="is no number")


def write_companies(warehouse: RawWarehouse) -> None:
    warehouse.record("companies", "100", name="Acme", industry="steel", lifecyclestage="customer", csm_owner_id="2")
    warehouse.define("companies", "renewal_date", "date")
    warehouse.define("companies", "contract_value", "number")
    customer = {"lifecyclestage": "customer"}
    warehouse.record("companies", "101", name="Beta", renewal_date="2026-01-31", **customer)
    warehouse.record("companies", "102", name="Gamma", renewal_date="2026-01-31", **customer)
    warehouse.record("companies", "103", name="Old Delta", deletion="merged", merged_into_id="106")
    warehouse.record("companies", "106", name="Delta", hs_merged_object_ids="103;104", hubspot_owner_id="1",
                     renewal_date="2026-06-05", **customer)  # fmt: skip
    warehouse.record("companies", "107", name="Gone", deletion="archived")
    warehouse.record("companies", "108", name="Stated", renewal_date="2026-06-20", contract_value="5e3")
    warehouse.associate("companies", "101", "companies", "100", 14)
    warehouse.associate("companies", "100", "companies", "101", 13)


def write_contacts(warehouse: RawWarehouse) -> None:
    warehouse.define("contacts", "score", "number")
    warehouse.define("contacts", "nickname")
    warehouse.define("contacts", "born", "date")
    warehouse.define("contacts", "created_at", "date")
    warehouse.define("contacts", "created_at_property")
    warehouse.define("contacts", "left", "string", archived=True)
    warehouse.define("contacts", "null", "string")
    warehouse.define("contacts", HOSTILE, "number")
    warehouse.record(
        "contacts", "1", email="Shared@x.example", jobtitle="VP, Sales", score="12,5", nickname="",
        created_at="2020-02-29", created_at_property="text", left="x", null="n", **{HOSTILE: "7"},
    )  # fmt: skip
    warehouse.record("contacts", "2", email="shared@x.example", jobtitle="Account Executive", score="3.5",
                     hs_additional_emails="pair@us.example")  # fmt: skip
    warehouse.record("contacts", "3", email="old@x.example", deletion="merged", merged_into_id="5")
    warehouse.record(
        "contacts",
        "5",
        email="mia@x.example",
        hs_merged_object_ids="3;4",
        hs_additional_emails="MIA@y.example;info@y.example",
    )
    warehouse.record("contacts", "6", deletion="gdpr")
    warehouse.record("contacts", "7", email="gone@x.example", deletion="archived")
    warehouse.record("contacts", "8", email="ANN@us.example", firstname="Ann")
    warehouse.record("contacts", "10", jobtitle="CEO", hs_seniority="vp", hs_additional_emails="pair@us.example",
                     score="", born="2020-02-29T08:00:00Z")  # fmt: skip
    warehouse.associate("contacts", "1", "companies", "100", 1)
    warehouse.associate("contacts", "1", "companies", "100", 279)
    warehouse.associate("contacts", "4", "companies", "104", 279)
    warehouse.associate("contacts", "2", "companies", "100", 1)


def write_deals(warehouse: RawWarehouse) -> None:
    _write_won_deals(warehouse)
    warehouse.record(
        "deals", "2", dealname="Late", pipeline="default", dealstage="offer", amount="50", hubspot_owner_id="2",
        closedate="2026-06-15T03:59:00Z",
    )  # fmt: skip
    warehouse.version("2", "dealstage", "2026-01-01T12:00:00Z", "new")
    warehouse.version("2", "dealstage", "2026-05-01T12:00:00Z", "offer")
    warehouse.version("2", "dealstage", "2026-05-02T12:00:00Z", "offer")
    for at, value in (("01-01", "04-01"), ("02-01", "05-01"), ("03-01", "04-15"), ("04-01", "06-15")):
        warehouse.version("2", "closedate", f"2026-{at}T12:00:00Z", f"2026-{value}T03:59:00Z")
    warehouse.version("2", "amount", "2026-01-01T12:00:00Z", "40")
    warehouse.version("2", "amount", "2026-02-01T12:00:00Z", "45")
    for contact in ("10", "2"):
        warehouse.associate("deals", "2", "contacts", contact, 3)
    warehouse.record("deals", "3", pipeline="default", dealstage="won", amount="999", deletion="archived")
    warehouse.associate("deals", "3", "companies", "100", 5)
    warehouse.record(
        "deals", "4", pipeline="default", dealstage="new", amount="1", deletion="merged", merged_into_id="6"
    )
    warehouse.record("deals", "6", pipeline="default", dealstage="new", amount="300", hs_merged_object_ids="4;5")
    warehouse.associate("deals", "4", "companies", "104", 5)
    warehouse.associate("deals", "5", "companies", "103", 5)
    warehouse.record(
        "deals", "8", dealstage="vanished", pipeline="default", hs_is_closed="true", hs_is_closed_won="false",
        closedate="2026-05-01T12:00:00Z",
    )  # fmt: skip
    warehouse.associate("deals", "8", "companies", "102", 5)
    warehouse.record("deals", "9", pipeline="default", dealstage="old", amount="1,234.56")
    warehouse.associate("deals", "9", "companies", "100", 341)
    warehouse.associate("deals", "9", "companies", "101", 341)
    warehouse.record(
        "deals", "11", pipeline="77", dealstage="9", amount="100", deal_currency_code="EUR",
        amount_in_home_currency="110", closedate="2026-07-01T12:00:00Z", amount_note=HOSTILE,
    )  # fmt: skip
    warehouse.associate("deals", "11", "companies", "100", 341)
    warehouse.record("deals", "12", pipeline="default", dealstage="new", amount="9" * 29, deal_currency_code="EUR",
                     closedate="2026-06-15T16:00:00Z")  # fmt: skip


def _write_won_deals(warehouse: RawWarehouse) -> None:
    warehouse.record("deals", "13", pipeline="default", dealstage="won", closedate="2026-03-01T12:00:00Z")
    warehouse.associate("deals", "13", "companies", "101", 5)
    warehouse.record(
        "deals", "1", dealname="Big", pipeline="default", dealstage="paid", amount="1000", hubspot_owner_id="1",
        createdate="2026-03-01T04:30:00Z", closedate="2026-03-31T04:30:00Z",
    )  # fmt: skip
    for at, stage in (("03-01T04:30", "new"), ("03-10T12:00", "lost"), ("03-11T12:00", "offer")):
        warehouse.version("1", "dealstage", f"2026-{at}:00Z", stage)
    warehouse.version("1", "dealstage", "2026-03-31T04:30:00Z", "won")
    warehouse.version("1", "dealstage", "2026-04-20T04:30:00Z", "paid")
    warehouse.version("1", "closedate", "2026-03-01T04:30:00Z", "2026-03-20T04:30:00Z")
    warehouse.version("1", "closedate", "2026-03-31T04:30:00Z", "2026-03-31T04:30:00Z")
    for company in ("100", "101", "102"):
        warehouse.associate("deals", "1", "companies", company, 341)
    warehouse.associate("deals", "1", "companies", "100", 5)
    warehouse.associate("deals", "1", "contacts", "1", 3)
    warehouse.associate("deals", "1", "contacts", "2", 3)
    warehouse.associate("deals", "1", "contacts", "2", 31, category="USER_DEFINED", label="Decision maker")
    warehouse.record("line_items", "900", amount="80", recurringbillingfrequency="annually",
                     hs_recurring_billing_period="P12M", hs_recurring_billing_start_date="2026-04-01")  # fmt: skip
    warehouse.associate("deals", "1", "line_items", "900", 19)
    warehouse.record("line_items", "901", amount="500", recurringbillingfrequency="annually",
                     hs_recurring_billing_start_date="2026-01-01")  # fmt: skip
    warehouse.associate("deals", "11", "line_items", "901", 19)


def write_engagements(warehouse: RawWarehouse) -> None:
    warehouse.record("emails", "1", hs_timestamp="2026-06-10T12:00:00Z", hs_email_direction="INCOMING_EMAIL")
    warehouse.associate("emails", "1", "companies", "101", 186)
    warehouse.associate("emails", "1", "contacts", "1", 198)
    warehouse.record("calls", "1", hs_timestamp="1781352000000", hs_call_direction="OUTBOUND", hubspot_owner_id="1")
    warehouse.associate("calls", "1", "contacts", "1", 194)
    warehouse.associate("calls", "1", "deals", "1", 206)
    warehouse.record(
        "calls", "2", hs_timestamp="2026-06-14T12:00:00Z", hs_call_direction="OUTBOUND", deletion="archived"
    )
    warehouse.associate("calls", "2", "companies", "100", 182)
    warehouse.record("meetings", "1", hs_timestamp="2026-06-20T12:00:00Z", hs_meeting_outcome="SCHEDULED")
    warehouse.associate("meetings", "1", "companies", "100", 188)
    warehouse.record("meetings", "2", hs_timestamp="2026-06-14T13:00:00Z", hs_meeting_outcome="CANCELED")
    warehouse.associate("meetings", "2", "companies", "100", 188)
    warehouse.record("notes", "1", hs_timestamp="2026-06-14T14:00:00Z")
    warehouse.associate("notes", "1", "companies", "100", 190)
    warehouse.record("emails", "2", hs_timestamp="2026-02-01T12:00:00Z", hs_email_direction="EMAIL")
    warehouse.associate("emails", "2", "contacts", "3", 198)
    warehouse.record("calls", "3", hs_timestamp="2026-03-01T12:00:00Z", hs_call_direction="OUTBOUND")
    warehouse.associate("calls", "3", "companies", "101", 182)


def write_tickets(warehouse: RawWarehouse) -> None:
    warehouse.record(
        "tickets", "1", "2026-06-01T12:00:00Z", hs_pipeline="0", hs_pipeline_stage="1", hs_ticket_priority="HIGH"
    )
    warehouse.record(
        "tickets", "2", "2026-06-01T12:00:00Z", hs_pipeline="0", hs_pipeline_stage="4", hs_ticket_priority="URGENT",
        closed_date="2026-06-02T18:00:00Z", first_agent_reply_date="2026-06-01T13:30:00Z",
    )  # fmt: skip
    for ticket in ("1", "2"):
        warehouse.associate("tickets", ticket, "companies", "100", 26)


def write_custom_properties(warehouse: RawWarehouse) -> None:
    options = [
        {"value": "a", "label": "Gold", "displayOrder": 1, "hidden": False}, {"value": "b", "label": HOSTILE},
        {"value": "b", "label": "Twice", "displayOrder": 0},
    ]  # fmt: skip
    warehouse.define("companies", "tier", "enumeration", field_type="checkbox", options=options)
    for name, kind in (
        ("since", "date"),
        ("seen", "datetime"),
        ("vip", "bool"),
        ("size", "number"),
        ("note", "string"),
    ):
        warehouse.define("companies", name, kind)
    warehouse.record("companies", "120", tier="b;; a;z", since="2026-02-03", seen="2026-02-03T01:00:00Z", vip="true",
                     size="1.5", note="x;y")  # fmt: skip
    warehouse.record("companies", "121", "2026-02-01T12:00:00Z", since="soon", seen="?", vip="yes", size="12,5",
                     deletion="archived")  # fmt: skip
    warehouse.insert("properties", object="companies", name="later", label="Later", type="number", is_custom=True,
                     column_name="properties_later", archived=False)  # fmt: skip
    warehouse.define("companies", "made_by_hubspot", is_custom=False)
    warehouse.define("companies", "unwanted")
    warehouse.choose("companies", "unwanted", selected=False)
    warehouse.define("companies", "quiet")
    warehouse.choose("companies", "quiet", exposed=False)
    warehouse.choose("companies", "tier")
    warehouse.choose("companies", "contract_value", alias="arr")
    warehouse.choose("companies", "name", alias="firm")
    warehouse.choose("companies", "since", alias=WISHED)
    warehouse.choose("companies", "seen", alias="Size")
    warehouse.choose("companies", "note", alias="2024")
    for name in ("contacts", "closed_at", "stage_label", "is_closed", "opened_at"):
        warehouse.define("deals", name)
    warehouse.record("deals", "20", pipeline="default", dealstage="won", contacts="c", closed_at="never", is_closed="?")

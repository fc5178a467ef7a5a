"""The marts over small raw warehouses: empty, full of corner cases, and without tickets."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from filelock import FileLock

from hubspot_pipeline_tests.marts_fixture import NOW, RawWarehouse, dbt, instant, rows, statuses

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

    return once(shared / "without_tickets", change, as_of="2026-06-16T12:00:00Z")


def write_nothing(path: Path) -> None:
    warehouse = RawWarehouse(path)
    warehouse.succeeded("tickets")
    warehouse.close()


def write_all(path: Path) -> None:
    warehouse = RawWarehouse(path)
    for write in (write_settings, write_companies, write_contacts, write_deals, write_engagements, write_tickets):
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


def write_companies(warehouse: RawWarehouse) -> None:
    warehouse.record("companies", "100", name="Acme", industry="steel", lifecyclestage="customer", csm_owner_id="2")
    warehouse.record("companies", "101", name="Beta")
    warehouse.record("companies", "102", name="Gamma")
    warehouse.record("companies", "103", name="Old Delta", deletion="merged", merged_into_id="106")
    warehouse.record("companies", "106", name="Delta", hs_merged_object_ids="103;104", hubspot_owner_id="1")
    warehouse.record("companies", "107", name="Gone", deletion="archived")
    warehouse.define("companies", "renewal_date", "date")
    warehouse.define("companies", "contract_value", "number")
    warehouse.record("companies", "108", name="Stated", renewal_date="2026-06-20", contract_value="5e3")
    warehouse.associate("companies", "101", "companies", "100", 14)
    warehouse.associate("companies", "100", "companies", "101", 13)


def write_contacts(warehouse: RawWarehouse) -> None:
    warehouse.define("contacts", "score", "number")
    warehouse.define("contacts", "nickname")
    warehouse.define("contacts", "created_at", "date")
    warehouse.define("contacts", "created_at_property")
    warehouse.define("contacts", "left", "string", archived=True)
    warehouse.define("contacts", "null", "string")
    warehouse.define("contacts", HOSTILE, "number")
    warehouse.record(
        "contacts", "1", email="Shared@x.example", jobtitle="VP, Sales", score="12,5", nickname="",
        created_at="2020-02-29", created_at_property="text", left="x", null="n", **{HOSTILE: "7"},
    )  # fmt: skip
    warehouse.record("contacts", "2", email="shared@x.example", jobtitle="Account Executive", score="3.5")
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
    warehouse.record("deals", "3", pipeline="default", dealstage="won", amount="999", deletion="archived")
    warehouse.associate("deals", "3", "companies", "100", 5)
    warehouse.record(
        "deals", "4", pipeline="default", dealstage="new", amount="1", deletion="merged", merged_into_id="6"
    )
    warehouse.record("deals", "6", pipeline="default", dealstage="new", amount="300", hs_merged_object_ids="4;5")
    warehouse.associate("deals", "4", "companies", "104", 5)
    warehouse.associate("deals", "5", "companies", "103", 5)
    warehouse.record(
        "deals", "8", dealstage="vanished", pipeline="default", hs_is_closed="true", hs_is_closed_won="false"
    )
    warehouse.record("deals", "9", pipeline="default", dealstage="old", amount="1,234.56")
    warehouse.associate("deals", "9", "companies", "100", 341)
    warehouse.associate("deals", "9", "companies", "101", 341)
    warehouse.record(
        "deals", "11", pipeline="77", dealstage="9", amount="100", deal_currency_code="EUR",
        amount_in_home_currency="110", closedate="2026-07-01T12:00:00Z", amount_note=HOSTILE,
    )  # fmt: skip
    warehouse.associate("deals", "11", "companies", "100", 341)
    warehouse.record("deals", "12", pipeline="default", dealstage="new", amount="9" * 29, deal_currency_code="EUR")


def _write_won_deals(warehouse: RawWarehouse) -> None:
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


def write_tickets(warehouse: RawWarehouse) -> None:
    warehouse.record(
        "tickets", "1", "2026-06-01T12:00:00Z", hs_pipeline="0", hs_pipeline_stage="1", hs_ticket_priority="HIGH"
    )
    warehouse.record(
        "tickets", "2", "2026-06-01T12:00:00Z", hs_pipeline="0", hs_pipeline_stage="4",
        closed_date="2026-06-02T18:00:00Z", first_agent_reply_date="2026-06-01T13:30:00Z",
    )  # fmt: skip
    for ticket in ("1", "2"):
        warehouse.associate("tickets", ticket, "companies", "100", 26)


def test_an_empty_portal_builds_without_a_failure(empty: Built) -> None:
    assert empty.failures == {}
    for mart in ("customers", "people", "person_identities", "deals", "rejected_values"):
        assert empty.one(f"select count(*) as n from marts.{mart}") == {"n": 0}


def test_every_mart_has_a_contract_and_describes_its_columns(empty: Built) -> None:
    manifest = json.loads((empty.path.parent / "target" / "manifest.json").read_text())
    marts = [node for node in manifest["nodes"].values() if node.get("schema") == "marts" and "contract" in node]
    assert {mart["name"] for mart in marts} >= {"customers", "people", "deals"}
    for mart in marts:
        assert mart["contract"]["enforced"], mart["name"]
        assert [name for name, column in mart["columns"].items() if not column["description"]] == []


def test_a_portal_full_of_corner_cases_builds_without_a_failure(full: Built) -> None:
    assert full.failures == {}


def test_unit_tests_of_the_models_run_with_every_build(full: Built) -> None:
    assert {node.split(".")[-1] for node in full.nodes if node.startswith("unit_test.")} == {
        "merges_are_followed_to_the_last_survivor",
        "the_surest_source_gives_value_and_renewal",
        "sales_cycle_counts_calendar_days_of_won_deals",
    }


def test_a_deal_of_three_companies_and_two_contacts_is_one_row(full: Built) -> None:
    deal = full.by_id("deals", "deal_id", "1")
    assert (deal["primary_company_id"], deal["n_companies"], deal["n_contacts"]) == ("100", 3, 2)
    assert deal["primary_contact_id"] == "1"
    won = full.all("select customer_id, won_amount_home from marts.customers where won_amount_home <> 0")
    assert won == [{"customer_id": "100", "won_amount_home": Decimal("1000.00")}]


def test_the_sales_cycle_ends_where_the_present_outcome_began(full: Built) -> None:
    deal = full.by_id("deals", "deal_id", "1")
    assert deal["closed_at"] == instant("2026-03-31T04:30:00Z")
    assert deal["sales_cycle_days"] == 31
    assert (deal["close_date"], deal["reopen_count"]) == (date(2026, 3, 31), 1)
    assert deal["stage_entered_at"] == instant("2026-04-20T04:30:00Z")


def test_the_close_date_that_hubspot_writes_on_closing_is_no_push(full: Built) -> None:
    deal = full.by_id("deals", "deal_id", "1")
    assert (deal["close_date_push_count"], deal["original_close_date"]) == (0, date(2026, 3, 20))


def test_an_open_deal_shows_pushes_slip_and_stage_age(full: Built) -> None:
    deal = full.by_id("deals", "deal_id", "2")
    assert (deal["close_date_push_count"], deal["total_push_days"]) == (2, 30 + 61)
    assert (deal["close_date"], deal["original_close_date"]) == (date(2026, 6, 14), date(2026, 3, 31))
    assert deal["is_slipped"] is True
    assert (deal["stage_label"], deal["days_in_stage"]) == ("Offer", 45)
    assert (deal["weighted_amount"], deal["forecast_category"]) == (Decimal("30.00"), "BEST_CASE")
    assert deal["amount_change_pct"] == pytest.approx(25.0)


def test_owners_who_left_keep_their_name(full: Built) -> None:
    deal = full.by_id("deals", "deal_id", "2")
    assert (deal["owner_name"], deal["is_owner_active"]) == ("Bob Bell", False)
    assert full.by_id("deals", "deal_id", "1")["owner_team"] == "Sales"
    assert full.by_id("customers", "customer_id", "100")["csm_name"] == "Bob Bell"


def test_archived_deals_stay_flagged_and_count_nowhere(full: Built) -> None:
    assert full.by_id("deals", "deal_id", "3")["is_archived"] is True
    customer = full.by_id("customers", "customer_id", "100")
    assert (customer["won_deals"], customer["open_deals"]) == (1, 1)


def test_merged_records_live_on_in_their_survivor(full: Built) -> None:
    assert full.all("select deal_id from marts.deals where deal_id in ('4', '5')") == []
    deal = full.by_id("deals", "deal_id", "6")
    assert (deal["primary_company_id"], deal["n_companies"]) == ("106", 1)
    assert full.by_id("customers", "customer_id", "106")["open_amount_home"] == Decimal("300.00")
    person = full.by_id("people", "person_id", "contact:5")
    assert person["primary_company_id"] == "106"
    assert person["last_touch_at"] == instant("2026-02-01T12:00:00Z")


def test_a_stage_that_is_gone_is_judged_by_hubspots_flags(full: Built) -> None:
    deal = full.by_id("deals", "deal_id", "8")
    assert (deal["is_lost"], deal["stage_label"]) == (True, "vanished")
    assert full.by_id("deals", "deal_id", "9")["stage_label"] == "Old offer"


def test_several_companies_without_a_primary_one_own_no_deal(full: Built) -> None:
    deal = full.by_id("deals", "deal_id", "9")
    assert (deal["primary_company_id"], deal["n_companies"]) == (None, 2)


def test_amounts_keep_their_currency_and_bad_ones_are_null(full: Built) -> None:
    assert full.by_id("deals", "deal_id", "9")["amount"] is None
    foreign = full.by_id("deals", "deal_id", "11")
    assert (foreign["currency_code"], foreign["amount"], foreign["amount_home"]) == ("EUR", Decimal(100), Decimal(110))
    unknown = full.by_id("deals", "deal_id", "12")
    assert (unknown["amount"], unknown["amount_home"]) == (Decimal("9" * 29), None)


def test_customers_show_contract_renewal_and_renewal_deal(full: Built) -> None:
    customer = full.by_id("customers", "customer_id", "100")
    assert (customer["contract_value"], customer["contract_value_source"]) == (Decimal(80), "line_items")
    assert (customer["renewal_date"], customer["renewal_date_source"]) == (date(2027, 4, 1), "line_items")
    assert (customer["days_to_renewal"], customer["renewal_window"]) == (290, "over 180")
    assert (customer["open_renewal_deal_count"], customer["next_renewal_deal_id"]) == (1, "11")
    assert customer["open_renewal_deal_amount"] == Decimal(110)
    stated = full.by_id("customers", "customer_id", "108")
    assert (stated["contract_value"], stated["contract_value_source"]) == (Decimal(5000), "property")
    assert (stated["days_to_renewal"], stated["renewal_window"]) == (5, "0-30")


def test_customers_have_a_status_and_a_parent(full: Built) -> None:
    found = full.all("select customer_id, customer_status, parent_customer_id from marts.customers order by 1")
    assert [tuple(row.values()) for row in found] == [
        ("100", "active", None), ("101", "prospect", "100"), ("102", "prospect", None), ("106", "prospect", None),
        ("107", "prospect", None), ("108", "prospect", None),
    ]  # fmt: skip


def test_touches_are_what_happened_and_the_planned_comes_next(full: Built) -> None:
    acme = full.by_id("customers", "customer_id", "100")
    assert (acme["last_touch_at"], acme["last_touch_type"]) == (instant("2026-06-13T12:00:00Z"), "call")
    assert (acme["last_inbound_at"], acme["touches_90d"]) == (None, 1)
    assert acme["next_activity_at"] == instant("2026-06-20T12:00:00Z")
    assert (acme["days_since_last_touch"], acme["active_contacts_90d"], acme["exec_contacts_90d"]) == (2, 1, 1)
    beta = full.by_id("customers", "customer_id", "101")
    assert (beta["last_touch_type"], beta["last_touch_direction"]) == ("email", "inbound")
    assert full.by_id("deals", "deal_id", "1")["last_touch_at"] == instant("2026-06-13T12:00:00Z")


def test_tickets_count_for_their_company(full: Built) -> None:
    acme = full.by_id("customers", "customer_id", "100")
    assert (acme["open_tickets"], acme["open_high_priority_tickets"], acme["tickets_90d"]) == (1, 1, 2)
    assert (acme["oldest_open_ticket_days"], acme["median_resolution_hours_90d"]) == (14, pytest.approx(30.0))
    assert acme["first_response_hours_90d"] == pytest.approx(1.5)
    assert full.by_id("customers", "customer_id", "101")["open_tickets"] == 0


def test_a_person_is_one_row_and_the_forgotten_are_none(full: Built) -> None:
    people = full.all("select person_id, kind from marts.people order by 1")
    assert [tuple(person.values()) for person in people] == [
        ("contact:1", "customer_contact"), ("contact:2", "customer_contact"), ("contact:5", "customer_contact"),
        ("contact:7", "customer_contact"), ("contact:8", "internal"), ("user:22", "internal"),
    ]  # fmt: skip
    ann = full.by_id("people", "person_id", "contact:8")
    assert (ann["user_id"], ann["person_owner_id"], ann["last_name"], ann["interactions_90d"]) == ("11", "1", "Ash", 1)


def test_titles_and_labels_tell_seniority_and_role(full: Built) -> None:
    first, second = (full.by_id("people", "person_id", f"contact:{number}") for number in (1, 2))
    assert (first["seniority"], first["is_decision_maker"]) == ("vp", False)
    assert (second["seniority"], second["role"], second["is_decision_maker"]) == ("individual", "decision_maker", True)


def test_an_identifier_stands_for_one_person_or_is_left_out(full: Built) -> None:
    found = full.all("select identity_type, identity_value, person_id from marts.person_identities")
    identities = {(row["identity_type"], row["identity_value"]): row["person_id"] for row in found}
    assert len(identities) == len(found)
    assert identities["merged_contact_id", "3"] == identities["merged_contact_id", "4"] == "contact:5"
    assert identities["email_secondary", "mia@y.example"] == "contact:5"
    assert identities["owner_id", "2"] == "user:22"
    assert identities["owner_id", "4"] == identities["owner_id", "1"] == "contact:8"
    values = {value for _, value in identities}
    assert not values & {"shared@x.example", "info@y.example", "gone@x.example", "6"}


def test_typed_views_have_every_live_property_under_a_safe_name(full: Built) -> None:
    contact = full.one("select * from staging.stg_hubspot__contacts where id = '1'")
    assert contact[HOSTILE] == Decimal(7)
    assert (contact["score"], contact["nickname"]) == (None, None)
    assert contact["created_at"] == instant("2026-01-01T12:00:00Z")
    assert contact["created_at_property"] == "text"
    assert contact["created_at_property_property"] == date(2020, 2, 29)
    assert contact["null"] == "n"
    assert "left" not in contact
    assert full.one("select amount_note from staging.stg_hubspot__deals where id = '11'") == {"amount_note": HOSTILE}


def test_a_portal_without_tickets_builds_and_says_so(without_tickets: Built, full: Built) -> None:
    assert without_tickets.failures == {}
    acme = without_tickets.by_id("customers", "customer_id", "100")
    assert (acme["open_tickets"], acme["tickets_90d"], acme["oldest_open_ticket_days"]) == (None, None, None)
    assert without_tickets.one("select count(*) as n from staging.stg_hubspot__tickets") == {"n": 0}


def test_a_change_of_type_and_a_property_that_left_change_no_column_of_a_mart(without_tickets: Built) -> None:
    assert without_tickets.by_id("deals", "deal_id", "1")["amount"] == Decimal(1000)
    assert without_tickets.by_id("customers", "customer_id", "100")["industry"] is None
    assert without_tickets.by_id("people", "person_id", "contact:1")["seniority"] is None
    contact = without_tickets.one("select * from staging.stg_hubspot__contacts where id = '2'")
    assert contact["score"] == "3.5"
    assert "nickname" not in contact


def test_a_day_later_only_what_depends_on_the_day_has_moved(without_tickets: Built, full: Built) -> None:
    sql = "select * exclude (days_in_stage, age_days) from marts.deals order by deal_id"
    assert without_tickets.all(sql) == full.all(sql)
    moved = "select deal_id, age_days - ? as age from marts.deals order by deal_id"
    assert without_tickets.all(moved.replace("?", "1")) == full.all(moved.replace("?", "0"))
    assert without_tickets.one("select as_of from staging.int_hubspot__portal") == {
        "as_of": instant("2026-06-16T12:00:00Z")
    }
    assert full.one("select as_of from staging.int_hubspot__portal") == {"as_of": instant(NOW)}

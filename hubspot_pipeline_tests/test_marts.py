"""The marts over small raw warehouses: empty, full of corner cases, without tickets, and with nothing to read."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline_tests.marts_fixture import DBT_PROJECT, NOW, instant
from hubspot_pipeline_tests.marts_portal import Built, once

pytest_plugins = ("hubspot_pipeline_tests.marts_portal",)


def test_an_empty_portal_builds_without_a_failure(empty: Built) -> None:
    assert empty.failures == {}
    for mart in ("customers", "people", "person_identities", "deals", "rejected_values"):
        assert empty.one(f"select count(*) as n from marts.{mart}") == {"n": 0}


def test_every_mart_has_a_contract_and_describes_its_columns(empty: Built) -> None:
    manifest = json.loads((empty.path.parent / "target" / "manifest.json").read_text())
    marts = [node for node in manifest["nodes"].values() if node.get("schema") == "marts" and "contract" in node]
    assert {mart["name"] for mart in marts} >= {"customers", "people", "deals"}
    for mart in marts:
        # the wide ones have the portal's own columns
        assert mart["contract"]["enforced"] or mart["name"].endswith("_custom_properties"), mart["name"]
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
    assert (deal["primary_contact_id"], deal["n_contacts"]) == ("2", 2)
    assert (deal["is_slipped"], full.by_id("deals", "deal_id", "12")["is_slipped"]) == (True, False)
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
    assert full.by_id("customers", "customer_id", "102")["lost_deals_365d"] == 1


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
    assert (deal["is_lost"], deal["stage_label"], deal["forecast_category"]) == (True, "vanished", "OMIT")
    old = full.by_id("deals", "deal_id", "9")
    assert (old["stage_label"], old["is_closed"]) == ("Old offer", False)


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
        ("100", "active", None), ("101", "active", "100"), ("102", "churned", None), ("106", "active", None),
        ("107", "prospect", None), ("108", "prospect", None), ("120", "prospect", None), ("121", "prospect", None),
    ]  # fmt: skip


def test_touches_are_what_happened_and_the_planned_comes_next(full: Built) -> None:
    acme = full.by_id("customers", "customer_id", "100")
    assert (acme["last_touch_at"], acme["last_touch_type"]) == (instant("2026-06-13T12:00:00Z"), "call")
    assert (acme["last_inbound_at"], acme["touches_90d"]) == (None, 1)
    assert acme["next_activity_at"] == instant("2026-06-20T12:00:00Z")
    assert (acme["days_since_last_touch"], acme["active_contacts_90d"], acme["exec_contacts_90d"]) == (2, 1, 1)
    beta = full.by_id("customers", "customer_id", "101")
    assert (beta["last_touch_type"], beta["last_touch_direction"]) == ("email", "inbound")
    assert (beta["touches_90d"], beta["touches_prior_90d"]) == (1, 1)
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
        ("contact:1", "customer_contact"), ("contact:10", "customer_contact"), ("contact:2", "customer_contact"),
        ("contact:5", "customer_contact"), ("contact:7", "customer_contact"), ("contact:8", "internal"),
        ("email:both@us.example", "internal"), ("user:12", "internal"), ("user:13", "internal"),
        ("user:14", "internal"), ("user:22", "internal"),
    ]  # fmt: skip
    ann = full.by_id("people", "person_id", "contact:8")
    assert (ann["user_id"], ann["person_owner_id"], ann["last_name"], ann["interactions_90d"]) == ("11", "1", "Ash", 1)


def test_titles_and_labels_tell_seniority_and_role(full: Built) -> None:
    first, second = (full.by_id("people", "person_id", f"contact:{number}") for number in (1, 2))
    assert (first["seniority"], first["is_decision_maker"]) == ("vp", False)
    assert (second["seniority"], second["role"], second["is_decision_maker"]) == ("individual", "decision_maker", True)
    # what HubSpot says, before the title
    assert full.by_id("people", "person_id", "contact:10")["seniority"] == "vp"


def test_an_identifier_stands_for_one_person_or_is_left_out(full: Built) -> None:
    found = full.all("select identity_type, identity_value, person_id from marts.person_identities")
    identities = {(row["identity_type"], row["identity_value"]): row["person_id"] for row in found}
    assert len(identities) == len(found)
    assert identities["merged_contact_id", "3"] == identities["merged_contact_id", "4"] == "contact:5"
    assert identities["email_secondary", "mia@y.example"] == "contact:5"
    assert identities["owner_id", "2"] == "user:22"
    assert identities["owner_id", "4"] == identities["owner_id", "1"] == "contact:8"
    values = {value for _, value in identities}
    assert not values & {"shared@x.example", "both@us.example", "info@y.example", "gone@x.example", "6"}


def test_a_record_with_several_values_that_do_not_fit_counts_once(full: Built) -> None:
    found = full.all("select property, n_records, example from marts.rejected_values")
    assert found == [{"property": "score", "n_records": 1, "example": "12,5"}]


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
    sql = "select * exclude (days_in_stage, age_days, is_slipped) from marts.deals order by deal_id"
    assert without_tickets.all(sql) == full.all(sql)
    slipped = "select list(deal_id order by deal_id) as ids from marts.deals where is_slipped"
    assert (full.one(slipped), without_tickets.one(slipped)) == ({"ids": ["2"]}, {"ids": ["12", "2"]})
    moved = "select deal_id, age_days - ? as age from marts.deals order by deal_id"
    assert without_tickets.all(moved.replace("?", "1")) == full.all(moved.replace("?", "0"))
    assert without_tickets.one("select as_of from staging.int_hubspot__portal") == {
        "as_of": instant("2026-06-16T12:00:00Z")
    }
    assert full.one("select as_of from staging.int_hubspot__portal") == {"as_of": instant(NOW)}


def marts_read() -> list[tuple[str, str, str]]:
    """(object, table, raw column) of each property that the marts rely on."""
    rows = (DBT_PROJECT / "seeds" / "mart_properties.csv").read_text().splitlines()[1:]
    found = (row.split(",") for row in rows)
    return [(object_type, DECLARED.by_object[object_type].name, f"properties_{name}") for object_type, name, _ in found]


def hash_all(connection: duckdb.DuckDBPyConnection) -> None:
    """Every property that the marts rely on is there for every record, as a hash."""
    for _, table, column in marts_read():
        connection.execute(f"alter table hubspot.{table} add column if not exists {column} varchar")
        connection.execute(f"update hubspot.{table} set {column} = md5(coalesce({column}, id))")
    connection.execute("update hubspot.deals_property_history set value = md5(value)")


def take_all_away(connection: duckdb.DuckDBPyConnection) -> None:
    """Each such property is blocked (NULL in all rows) or, every other one, was never loaded."""
    for place, (_, table, column) in enumerate(marts_read()):
        connection.execute(f"alter table hubspot.{table} add column if not exists {column} varchar")
        connection.execute(f"update hubspot.{table} set {column} = null")
        if place % 2:
            connection.execute(f"alter table hubspot.{table} drop column {column}")
    connection.execute("delete from hubspot.deals_property_history")


@pytest.mark.parametrize("change", [hash_all, take_all_away])
def test_marts_build_whatever_is_hashed_blocked_or_missing(
    full: Built, shared: Path, change: Callable[[duckdb.DuckDBPyConnection], None]
) -> None:
    def write(path: Path) -> None:
        shutil.copy(full.path, path)
        with duckdb.connect(str(path)) as connection:
            change(connection)

    built = once(shared / change.__name__, write)
    assert built.failures == {}
    for mart, key, count in (("customers", "customer_id", 8), ("people", "contact_id", 6), ("deals", "deal_id", 10)):
        assert built.one(f"select count({key}) as n from marts.{mart}") == {"n": count}, mart

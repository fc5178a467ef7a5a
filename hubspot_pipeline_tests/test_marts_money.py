"""Figures of customers and deals: home currency, terms, lapses, unknown amounts, closings."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from hubspot_pipeline_tests.marts_fixture import instant
from hubspot_pipeline_tests.marts_portal import Built

pytest_plugins = ("hubspot_pipeline_tests.marts_portal", "hubspot_pipeline_tests.marts_figures")


def test_all_but_the_one_contradiction_of_this_portal_passes(figures: Built) -> None:
    assert {node.split(".")[2]: status for node, status in figures.failures.items()} == {
        "stages_agree_with_history": "warn"
    }


@pytest.mark.parametrize(("company", "value", "source"), [
    # 80 EUR and 10 EUR at 1.1, 50 USD, and an item that states nothing
    ("200", Decimal(149), "line_items"),
    # items of which one has no known rate say nothing, and the newest deal decides
    ("201", Decimal(300), "last_won_arr"),
    # an item in a third currency, and recurring revenue of 0
    ("202", Decimal(110), "last_won_amount"),
    ("203", Decimal(220), "last_won_arr"),
    ("204", None, None),
])  # fmt: skip
def test_contract_values_are_in_the_home_currency(
    figures: Built, company: str, value: Decimal | None, source: str | None
) -> None:
    customer = figures.by_id("customers", "customer_id", company)
    assert (customer["contract_value"], customer["contract_value_source"]) == (value, source)


def test_a_deals_recurring_revenue_stays_in_its_currency(figures: Built) -> None:
    deal = figures.by_id("deals", "deal_id", "203")
    assert (deal["currency_code"], deal["arr"], deal["amount_home"]) == ("EUR", Decimal(200), Decimal(110))


def test_terms_are_read_part_by_part(figures: Built) -> None:
    found = figures.all(
        "select customer_id, renewal_date, renewal_date_source from marts.customers "
        "where customer_id between '210' and '219' order by 1"
    )
    assert [tuple(row.values()) for row in found] == [
        ("210", date(2026, 7, 31), "line_items"), ("211", date(2026, 12, 31), "line_items"),
        ("212", date(2026, 7, 30), "line_items"), ("213", date(2026, 7, 17), "line_items"),
        ("214", date(2027, 1, 5), "last_won_deal"), ("215", date(2027, 1, 5), "last_won_deal"),
        ("216", date(2027, 1, 5), "last_won_deal"), ("217", date(2026, 7, 31), "line_items"),
        ("218", date(2027, 2, 28), "line_items"),
    ]  # fmt: skip


def test_who_has_a_running_item_or_renewed_early_has_not_lapsed(figures: Built) -> None:
    found = figures.all("select * from marts.customers where customer_id between '220' and '229' order by customer_id")
    assert {row["customer_id"]: row["customer_status"] for row in found} == {
        "220": "active",  # runs for ever
        "221": "active",  # beside one that ended
        "222": "active",  # a deal won before the term ended
        "223": "churned",
        "224": "churned",  # stated as a number
        "225": "active",  # whatever renewal date is stated
        "226": "active",
        "227": "churned",
    }
    assert {row["days_to_renewal"] < -30 for row in found} == {True}


def test_a_number_names_an_owner(figures: Built) -> None:
    customer = figures.by_id("customers", "customer_id", "220")
    assert (customer["csm_owner_id"], customer["csm_name"]) == ("2", "bob@us.example")


@pytest.mark.parametrize(("company", "amounts", "unknown"), [
    ("240", {"won": None, "open": None, "weighted": None, "renewal": None}, 2),
    ("241", {"won": Decimal(100), "open": Decimal(0), "weighted": Decimal(0), "renewal": Decimal(0)}, 1),
    ("242", {"won": Decimal(0), "open": Decimal(0), "weighted": Decimal(0), "renewal": Decimal(0)}, 0),
])  # fmt: skip
def test_a_sum_of_unknown_amounts_is_unknown(
    figures: Built, company: str, amounts: dict[str, Any], unknown: int
) -> None:
    customer = figures.by_id("customers", "customer_id", company)
    found = {
        "won": customer["won_amount_home"], "open": customer["open_amount_home"],
        "weighted": customer["weighted_open_amount_home"], "renewal": customer["open_renewal_deal_amount"],
    }  # fmt: skip
    assert (found, customer["deals_without_home_amount"]) == (amounts, unknown)


@pytest.mark.parametrize(("deal", "closed", "days"), [
    # closed when imported
    ("50", "2025-11-05T17:00:00Z", None),
    ("51", "2026-02-01T12:00:00Z", 31),
    # the history does not end in the deal's stage
    ("52", "2026-03-01T17:00:00Z", 59),
    ("53", "2026-02-01T12:00:00Z", 0),
    # closed at midnight of the day it was made
    ("54", "2026-01-01T05:00:00Z", 0),
])  # fmt: skip
def test_a_deal_closed_when_its_outcome_began_or_before_it_was_imported(
    figures: Built, deal: str, closed: str, days: int | None
) -> None:
    found = figures.by_id("deals", "deal_id", deal)
    assert (found["closed_at"], found["sales_cycle_days"]) == (instant(closed), days)


def test_a_pipeline_is_known_without_the_stage(figures: Built) -> None:
    deal = figures.by_id("deals", "deal_id", "80")
    assert (deal["pipeline_label"], deal["stage_label"], deal["deal_class"]) == ("Renewals", "gone", "renewal")


def test_a_negative_amount_that_came_nearer_to_zero_has_grown(figures: Built) -> None:
    assert figures.by_id("deals", "deal_id", "80")["amount_change_pct"] == pytest.approx(50.0)

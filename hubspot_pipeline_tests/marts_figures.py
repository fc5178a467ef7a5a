"""A small raw warehouse of money in several currencies, terms, imports and colleagues, and its one build.

Fixture `figures` for modules that name this one in `pytest_plugins`. As of 15 June 2026; the portal's money is USD.
"""

from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline_tests.marts_fixture import RawWarehouse
from hubspot_pipeline_tests.marts_portal import DEAL_STAGES, Built, once

EUROS = {"deal_currency_code": "EUR", "amount": "100", "amount_in_home_currency": "110"}
UNKNOWN_EUROS = {"deal_currency_code": "EUR", "amount": "100"}
TERMS = {
    "210": ("2025-01-31", "P1Y6M"), "211": ("2026-01-01", "P52W"), "212": ("2026-05-01", "P90D"),
    "213": ("2026-05-31", "p1m2w3d"), "214": ("2026-01-01", "P9999M"), "215": ("2026-01-01", "PT12M"),
    "216": ("2026-01-01", "P0M"), "217": ("2025-07-31", "P12M"), "218": ("2024-02-29", "P3Y"),
}  # fmt: skip
"""Company -> start and period of the one item it was sold, in a deal that closed on 2026-01-05."""


@pytest.fixture(scope="module")
def figures(shared: Path) -> Built:
    return once(shared / "figures", write_figures)


def write_figures(path: Path) -> None:
    warehouse = RawWarehouse(path)
    for write in (_settings, _values, _terms, _renewals, _unknown_amounts, _closings, _engagements, _people):
        write(warehouse)
    warehouse.succeeded("contacts", "companies", "deals", "tickets")
    warehouse.close()


def _settings(warehouse: RawWarehouse) -> None:
    warehouse.insert("deal_pipelines", id="default", label="Sales", archived=False, stages=DEAL_STAGES)
    renewed = {"id": "up", "label": "Up", "displayOrder": 0, "metadata": {"isClosed": "false", "probability": "0.8"}}
    warehouse.insert("deal_pipelines", id="77", label="Renewals", archived=False, stages=[renewed])
    for number, email in (("1", "ann@us.example"), ("2", "bob@us.example"), ("3", "Sales@us.example"),
                          ("4", "twice@us.example")):  # fmt: skip
        warehouse.insert("owners", id=number, email=email, type="PERSON", user_id=number * 2, archived=False)
    for name in ("churn_date", "csm_owner_id"):
        warehouse.define("companies", name, "number")
    warehouse.define("companies", "renewal_date", "date")


def _won(warehouse: RawWarehouse, deal: str, company: str, closed: str = "2026-01-05", **more: Any) -> None:
    given = {"pipeline": "default", "dealstage": "won", "closedate": f"{closed}T17:00:00Z"} | more
    warehouse.record("deals", deal, **given)
    warehouse.associate("deals", deal, "companies", company, 5)


def _sold(warehouse: RawWarehouse, deal: str, item: str, starts: str, **more: Any) -> None:
    given = {"recurringbillingfrequency": "annually", "hs_recurring_billing_start_date": starts} | more
    warehouse.record("line_items", item, **given)
    warehouse.associate("deals", deal, "line_items", item, 19)


def _values(warehouse: RawWarehouse) -> None:
    for company in ("200", "201", "202", "203", "204"):
        warehouse.record("companies", company, lifecyclestage="customer")
    _won(warehouse, "200", "200", hs_arr="999", **EUROS)
    _sold(warehouse, "200", "2001", "2026-01-01", amount="80")
    _sold(warehouse, "200", "2002", "2026-01-01", amount="5", hs_arr="50", hs_line_item_currency_code="USD")
    _sold(warehouse, "200", "2003", "2026-01-01", hs_arr="0", amount="10", hs_line_item_currency_code="EUR")
    _sold(warehouse, "200", "2004", "2026-01-01")
    _won(warehouse, "201", "201", **UNKNOWN_EUROS)
    _sold(warehouse, "201", "2011", "2026-01-01", amount="80")
    _sold(warehouse, "201", "2012", "2026-01-01", amount="20", hs_line_item_currency_code="USD")
    _won(warehouse, "2010", "201", "2026-02-05", amount="700", hs_arr="300")
    _won(warehouse, "202", "202", hs_arr="0", **EUROS)
    _sold(warehouse, "202", "2021", "2026-01-01", amount="40", hs_line_item_currency_code="GBP")
    _won(warehouse, "203", "203", hs_arr="200", **EUROS)
    _won(warehouse, "204", "204", hs_arr="200", **UNKNOWN_EUROS)


def _terms(warehouse: RawWarehouse) -> None:
    for company, (starts, period) in TERMS.items():
        warehouse.record("companies", company)
        _won(warehouse, company, company)
        _sold(warehouse, company, company, starts, amount="1", hs_recurring_billing_period=period)


def _renewals(warehouse: RawWarehouse) -> None:
    stated = {"224": {"churn_date": "1"}, "225": {"renewal_date": "2025-01-31"}, "226": {"churn_date": "0"}}
    for company in ("220", "221", "222", "223", "224", "225", "226", "227"):
        warehouse.record("companies", company, csm_owner_id="2", **stated.get(company, {}))
        _won(warehouse, company, company, "2024-03-01", amount="10")
    year: dict[str, Any] = {"amount": "10", "hs_recurring_billing_period": "P12M"}
    for company in ("220", "221", "224", "225", "226"):
        _sold(warehouse, company, f"{company}1", "2024-03-15", amount="10")
    for company in ("221", "222", "223", "227"):
        _sold(warehouse, company, f"{company}2", "2024-03-15", **year)
    _won(warehouse, "2220", "222", "2025-03-01", amount="10")
    # sold before the deal that made the last term, so it renews nothing
    _won(warehouse, "2270", "227", "2024-02-01", amount="10")


def _unknown_amounts(warehouse: RawWarehouse) -> None:
    for company in ("240", "241", "242"):
        warehouse.record("companies", company)
    _won(warehouse, "240", "240", **UNKNOWN_EUROS)
    _won(warehouse, "2400", "240", **UNKNOWN_EUROS | {"pipeline": "77", "dealstage": "up"})
    _won(warehouse, "241", "241", amount="100")
    _won(warehouse, "2410", "241", **UNKNOWN_EUROS)
    _won(warehouse, "2411", "241", **UNKNOWN_EUROS | {"dealstage": "lost"})
    _won(warehouse, "2412", "241", **UNKNOWN_EUROS | {"deletion": "archived"})


def _closings(warehouse: RawWarehouse) -> None:
    moves = {
        "50": ("2025-11-05T17:00:00Z", "won", (("02-01T12:00", "won"),)),
        "51": ("2026-01-15T17:00:00Z", "won", (("01-01T12:00", "new"), ("02-01T12:00", "won"))),
        "52": ("2026-03-01T17:00:00Z", "won", (("01-01T12:00", "new"), ("02-01T12:00", "lost"))),
        "53": ("2026-03-01T17:00:00Z", "paid", (("02-01T12:00", "won"), ("02-02T12:00", "paid"))),
        "54": ("2026-01-01T05:00:00Z", "won", (("01-01T12:00", "won"),)),
    }  # fmt: skip
    for deal, (closed, stage, versions) in moves.items():
        warehouse.record("deals", deal, createdate=f"2026-{versions[0][0]}:00Z", closedate=closed, pipeline="default",
                         dealstage=stage)  # fmt: skip
        for at, value in versions:
            warehouse.version(deal, "dealstage", f"2026-{at}:00Z", value)
    warehouse.record("deals", "80", pipeline="77", dealstage="gone", amount="-50")
    warehouse.version("80", "amount", "2026-01-01T12:00:00Z", "-100")


def _engagements(warehouse: RawWarehouse) -> None:
    warehouse.record("companies", "230")
    warehouse.record("contacts", "30")
    warehouse.associate("contacts", "30", "companies", "230", 1)
    for number, at in (("1", "2026-06-14T12:00:00Z"), ("2", "2026-06-20T12:00:00Z")):
        warehouse.record("communications", number, hs_timestamp=at, hs_communication_channel_type="WHATS_APP")
        warehouse.associate("communications", number, "contacts", "30", 81)
    warehouse.record("companies", "260")
    warehouse.record("deals", "260", pipeline="default", dealstage="new")
    warehouse.record("contacts", "60", email="Ann@us.example", jobtitle="CEO")
    warehouse.record("contacts", "61", email="eve@acme.example", jobtitle="CFO")
    for number, contacts in (("60", ("60", "61")), ("61", ("61",))):
        warehouse.record("meetings", number, hs_timestamp="2026-06-10T12:00:00Z", hubspot_owner_id="1")
        warehouse.associate("meetings", number, "companies", "260", 188)
        warehouse.associate("meetings", number, "deals", "260", 212)
        for contact in contacts:
            warehouse.associate("meetings", number, "contacts", contact, 200)


def _people(warehouse: RawWarehouse) -> None:
    for number in ("70", "71"):
        warehouse.record("contacts", number, email="twice@us.example")
    warehouse.record("contacts", "90", jobtitle="HR Business Partner")
    warehouse.record("contacts", "91", jobtitle="Partner")

"""HubSpot's texts as SQL values: exact, one instant whatever its spelling, a day in the portal's own time zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import jinja2
import pytest

from hubspot_pipeline.warehouse.typed import create

DATES = Path(__file__).parents[1] / "dbt_project" / "macros" / "cross_db" / "dates.sql"


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute("CREATE SCHEMA hubspot; SET TimeZone = 'UTC'")
        create(made)
        yield made


def typed(con: duckdb.DuckDBPyConnection, macro: str, text: str | None) -> Any:
    return con.execute(f"SELECT hubspot.{macro}(?)", [text]).fetchall()[0][0]


@pytest.mark.parametrize(("text", "value"), [
    ("true", True), ("TRUE", True), ("false", False), ("False", False), (" false ", False), ("", None), (None, None),
    ("yes", None), ("no", None), ("1", None), ("0", None),
])  # fmt: skip
def test_false_is_false_and_what_is_no_boolean_is_neither(
    con: duckdb.DuckDBPyConnection, text: str | None, value: bool | None
) -> None:
    assert typed(con, "as_boolean", text) is value


@pytest.mark.parametrize(("text", "value"), [
    ("12345678901234567890", Decimal("12345678901234567890")), ("0.000000001", Decimal("0.000000001")),
    ("-5", Decimal(-5)), ("1.5E7", Decimal(15_000_000)), ("1.10", Decimal("1.10")), ("0", Decimal(0)), ("", None),
    (None, None), ("1,234.56", None), ("12 345", None), ("€5", None), ("NaN", None), ("Infinity", None),
    ("1e400", None), ("0x10", None), ("0.0000000001", None), ("9" * 30, None), ("9" * 29 + ".9999999999", None),
    ("0.59999999999999997779553950749686919152736663818359375", Decimal("0.6")),
    ("200000.0000000000111022302462515654042363166809082031250000000", Decimal(200_000)),
    ("-0.33333333333333331", Decimal("-0.333333333")), ("1633.8037252749", Decimal("1633.803725275")),
])  # fmt: skip
def test_a_number_is_exact_to_nine_decimals_or_none(
    con: duckdb.DuckDBPyConnection, text: str | None, value: Decimal | None
) -> None:
    assert typed(con, "as_number", text) == value


def test_sums_of_numbers_are_exact(con: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT sum(hubspot.as_number(t)) FROM unnest(['0.1', '0.2', '', '1,234.56']) AS _(t)"
    assert con.execute(sql).fetchall() == [(Decimal("0.300000000"),)]


@pytest.mark.parametrize("text", [
    "2026-03-29T01:30:00Z", "2026-03-29T01:30:00.000Z", "2026-03-29 01:30:00Z", "2026-03-29T03:30:00+02:00",
    "2026-03-28T20:30:00-0500", "2026-03-29T01:30", "1774747800000", "1774747800000.0", " 2026-03-29T01:30:00Z ",
])  # fmt: skip
def test_an_instant_is_one_whatever_its_spelling(con: duckdb.DuckDBPyConnection, text: str) -> None:
    assert typed(con, "as_instant", text) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", None, "soon", "2026-02-30T00:00:00Z", "17747478000001234", "1774747800", "31/01/2026"]
)
def test_what_is_no_instant_is_none(con: duckdb.DuckDBPyConnection, text: str | None) -> None:
    assert typed(con, "as_instant", text) is None


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize(("text", "day"), [
    ("2026-03-31", date(2026, 3, 31)), ("2026-03-31T00:00:00Z", date(2026, 3, 31)),
    ("1774915200000", date(2026, 3, 31)),
    ("2026-03-31T23:30:00-05:00", None),
])  # fmt: skip
def test_a_date_never_shifts(con: duckdb.DuckDBPyConnection, zone: str, text: str, day: date | None) -> None:
    with con.cursor() as elsewhere:
        elsewhere.execute(f"SET TimeZone = '{zone}'")
        assert typed(elsewhere, "as_date", text) == day


def local_date(instant: str, zone: str) -> str:
    """The SQL of the models' `local_date`."""
    macros = jinja2.Environment().from_string(DATES.read_text()).module
    return str(getattr(macros, "duckdb__local_date", macros.default__local_date)(instant, zone))


@pytest.mark.parametrize("zone", [
    "UTC", "America/New_York", "America/Sao_Paulo", "America/St_Johns", "Europe/Berlin", "Asia/Kolkata",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Kiritimati", "Pacific/Pago_Pago",
])  # fmt: skip
def test_a_local_day_is_right_in_every_hour_of_a_year_of_daylight_saving(
    con: duckdb.DuckDBPyConnection, zone: str
) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(minutes=1)
    hours = [begin + timedelta(hours=number) for number in range(366 * 24)]
    sql = f"SELECT {local_date('instant', 'zone')} FROM (SELECT unnest(?) AS instant, ? AS zone)"
    found = con.execute(sql, [hours, zone]).fetchall()
    assert [day for (day,) in found] == [hour.astimezone(ZoneInfo(zone)).date() for hour in hours]

"""What the checks of a stream answer, from the ledger and the tables alone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from hubspot_pipeline.assets import checks
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse.store import create, open_store
from hubspot_pipeline_tests.runs import settings

NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
CONTACTS = DECLARED.by_name["contacts"]
ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN

Connection = duckdb.DuckDBPyConnection


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    """A warehouse without any run."""
    given = settings(tmp_path, "http://127.0.0.1:1")
    create(given)
    with open_store(given) as opened:
        yield opened


def ran(con: Connection, status: str, *, ago: timedelta = timedelta(), **figures: Any) -> None:
    """A run of contacts in the ledger that ended so long ago."""
    row = {"run_id": str(ago), "stream": "contacts", "status": status, "started_at": NOW - ago,
           "finished_at": NOW - ago, **figures}  # fmt: skip
    con.execute(
        f"INSERT INTO hubspot.sync_runs ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", [*row.values()]
    )


def answer(con: Connection, name: str) -> tuple[bool, dg.AssetCheckSeverity] | None:
    """Whether the check passed, and how bad it is where it did not; None where it says nothing."""
    found = [(one.passed, one.severity) for one in checks.evaluate(con, CONTACTS, {name}, NOW)]
    return found[0] if found else None


@pytest.mark.parametrize(("portal", "warehouse", "equal"), [(7, 7, True), (7, 6, False), (6, 7, False)])
def test_totals_that_differ_either_way_are_an_error(con: Connection, portal: int, warehouse: int, equal: bool) -> None:
    ran(con, "succeeded", ago=timedelta(hours=1), visible_total=1, expected_total=2)
    ran(con, "succeeded", visible_total=portal, expected_total=warehouse)
    assert answer(con, "completeness") == (equal, ERROR)


def test_without_totals_of_a_run_that_landed_completeness_says_nothing(con: Connection) -> None:
    ran(con, "succeeded")
    ran(con, "failed", ago=timedelta(hours=1), visible_total=7, expected_total=6)
    assert answer(con, "completeness") is None


@pytest.mark.parametrize("mode", ["sync", "reconcile", "full"])
def test_totals_are_those_of_the_newest_run_that_landed_and_was_no_window(con: Connection, mode: str) -> None:
    ran(con, "succeeded", ago=timedelta(hours=4), mode=mode, visible_total=7, expected_total=6)
    ran(con, "failed", ago=timedelta(hours=3), mode="sync")
    ran(con, "succeeded", ago=timedelta(hours=2), mode="window")
    assert answer(con, "completeness") == (False, ERROR)
    ran(con, "succeeded", ago=timedelta(hours=1), mode="window", visible_total=7, expected_total=7)
    assert answer(con, "completeness") == (True, ERROR)
    ran(con, "succeeded", mode=mode)
    assert answer(con, "completeness") is None


@pytest.mark.parametrize(("hours", "fresh"), [(1, True), (26, True), (27, False)])
def test_what_landed_is_fresh_for_a_day_and_two_hours_whatever_failed_since(
    con: Connection, hours: int, fresh: bool
) -> None:
    ran(con, "succeeded", ago=timedelta(hours=hours))
    ran(con, "failed")
    assert answer(con, "freshness") == (fresh, WARN)


def test_what_never_landed_is_late_unless_it_may_not_be_read(con: Connection) -> None:
    ran(con, "failed", ago=timedelta(hours=1))
    assert answer(con, "freshness") == (False, WARN)
    ran(con, "skipped")
    assert answer(con, "freshness") is None


def test_a_key_that_is_there_twice_is_an_error(con: Connection) -> None:
    con.execute("CREATE TABLE hubspot.contacts AS SELECT unnest(['1', '2']) AS id")
    assert answer(con, "unique_ids") == (True, ERROR)
    con.execute("INSERT INTO hubspot.contacts VALUES ('2')")
    assert answer(con, "unique_ids") == (False, ERROR)


def test_a_scope_that_was_never_there_is_a_warning_and_one_that_was_lost_an_error(con: Connection) -> None:
    ran(con, "skipped", ago=timedelta(hours=3))
    assert answer(con, "scopes") == (False, WARN)
    ran(con, "succeeded", ago=timedelta(hours=2))
    assert answer(con, "scopes") == (True, WARN)
    ran(con, "skipped", ago=timedelta(hours=1))
    assert answer(con, "scopes") == (False, ERROR)


def test_values_that_do_not_fit_are_those_of_the_latest_run(con: Connection) -> None:
    ran(con, "succeeded", ago=timedelta(hours=1))
    con.execute(
        "INSERT INTO hubspot.rejects (object, id, property, run_id) VALUES ('contacts', '1', 'age', ?)",
        [str(timedelta(hours=1))],
    )
    assert answer(con, "rejected_values") == (False, WARN)
    ran(con, "succeeded")
    assert answer(con, "rejected_values") == (True, WARN)

"""Values that do not fit their type are in `hubspot.rejects`, also where nobody touched their records since."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import landed, rows, settings

REJECTS = "SELECT id, property, raw_value, reason LIKE 'is no number%' FROM hubspot.rejects ORDER BY ALL"


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    sandbox.post("clock", {"now": "2026-09-30T12:00:00Z", "frozen": True})
    return settings(tmp_path, sandbox.url, small_portal=0)


def define(sandbox: Sandbox, kind: str) -> None:
    size = {"name": "size_2", "label": "Size", "type": kind, "fieldType": "text"}
    sandbox.mutate({"op": "define_property", "object": "deals", "definition": size})


def deals(sandbox: Sandbox, *sizes: str) -> list[Any]:
    return sandbox.mutate(*[{"op": "create", "object": "deals", "properties": {"size_2": size}} for size in sizes])


def later(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"advance_ms": 3_600_000})


def test_a_property_that_becomes_a_number_leaves_the_texts_among_the_rejects(sandbox: Sandbox, given: Settings) -> None:
    define(sandbox, "string")
    text, _ = deals(sandbox, "n/a", "5")
    landed(run(given, streams=["deals"]))
    assert rows(given, REJECTS) == []
    later(sandbox)
    define(sandbox, "number")
    assert landed(run(given, streams=["deals"])).outcomes["deals"].rows_rejected == 1
    assert rows(given, REJECTS) == [(text, "size_2", "n/a", True)]
    # found once: what is known keeps its run
    first = rows(given, "SELECT * FROM hubspot.rejects")
    later(sandbox)
    (other,) = deals(sandbox, "none")
    landed(run(given, streams=["deals"]))
    assert len(rows(given, REJECTS)) == 2
    assert rows(given, f"SELECT * FROM hubspot.rejects WHERE id <> '{other}'") == first
    later(sandbox)
    define(sandbox, "string")
    landed(run(given, streams=["deals"]))
    assert rows(given, REJECTS) == []


def test_a_change_of_type_that_a_run_of_the_catalogue_finds_is_looked_at_then(
    sandbox: Sandbox, given: Settings
) -> None:
    define(sandbox, "string")
    (text,) = deals(sandbox, "n/a")
    landed(run(given, streams=["deals"]))
    define(sandbox, "number")
    landed(run(given, streams=["properties"]))
    assert rows(given, REJECTS) == [(text, "size_2", "n/a", True)]


def test_rejects_of_a_run_that_ended_before_it_wrote_them_down_come_with_the_next(
    sandbox: Sandbox, given: Settings
) -> None:
    define(sandbox, "number")
    landed(run(given, streams=["deals"]))
    later(sandbox)
    (text,) = deals(sandbox, "n/a")
    with duckdb.connect(str(given.working)) as con:
        con.execute("ALTER TABLE hubspot.rejects ADD COLUMN broken INTEGER")
    with pytest.raises(duckdb.Error):
        run(given, streams=["deals"])
    with duckdb.connect(str(given.working)) as con:
        con.execute("ALTER TABLE hubspot.rejects DROP COLUMN broken")
    assert rows(given, "SELECT id FROM hubspot.deals") == [(text,)]
    landed(run(given, streams=["contacts"]))
    landed(run(given, streams=["deals"]))
    assert rows(given, REJECTS) == [(text, "size_2", "n/a", True)]

"""A generated portal with all streams on: every table equals the portal, and the comparison would see if it did not."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import duckdb
import pytest

from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import RunResult, run
from hubspot_pipeline_tests import contract
from hubspot_pipeline_tests.dumped import Dump
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.reading import READING
from hubspot_pipeline_tests.runs import ROOT, landed, settings

OURS = ("sync_runs", "rejects", "backfills", "portal", "property_choices")
"""Tables that no stream fills."""


class Everything:
    """The portal's URL, the settings and the result of the first run."""

    def __init__(self, url: str, given: Settings, first: RunResult) -> None:
        self.url, self.given, self.first = url, given, first

    def rows(self, sql: str) -> list[Any]:
        with duckdb.connect(str(self.given.working), read_only=True) as con:
            return con.execute(sql).fetchall()


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    portal = Portal(tier="enterprise")
    generate(portal, contacts=60)
    with serve(portal, rate_limit=0) as server:
        given = settings(tmp_path_factory.mktemp("everything"), server.url, everything=True)
        yield Everything(server.url, given, landed(run(given)))


def test_every_table_equals_the_portal(read: Everything) -> None:
    everything = [line.name for line in contract.TABLES]
    custom = [stream.name for stream in Dump(read.url).streams.custom]
    assert {"custom_campaigns", "workspace"} <= set(custom)
    assert differences(read.url, read.given.working, streams=[*everything, *custom]) == []
    assert {*everything, *custom} <= read.first.outcomes.keys()


def test_every_stream_is_read_by_calls_that_only_read(read: Everything) -> None:
    with urlopen(f"{read.url}/_sandbox/calls") as answer:
        calls = json.load(answer)["calls"]
    lines = {f"{call['method']} {call['path']}" for call in calls}
    assert len(lines) > 100
    assert [line for line in lines if not READING.fullmatch(line)] == []


def test_every_stream_that_must_have_data_has_rows(read: Everything) -> None:
    empty = [
        line.name for line in contract.LINES
        if (line.seed or line.shape == "view") and read.rows(f'SELECT count(*) FROM hubspot."{line.name}"') == [(0,)]
    ]  # fmt: skip
    assert empty == []


def test_no_table_is_left_without_a_stream(read: Everything) -> None:
    known = {line.name for line in contract.LINES} | {stream.name for stream in Dump(read.url).streams.custom}
    tables = {row[0] for row in read.rows("SHOW TABLES FROM hubspot") if not row[0].startswith("_dlt_")}
    assert tables - known - {*OURS} == set()


def test_a_second_run_changes_nothing(read: Everything) -> None:
    tables = [row[0] for row in read.rows("SHOW TABLES FROM hubspot")
              if not row[0].startswith("_dlt_") and row[0] != "sync_runs"]  # fmt: skip

    def content() -> dict[str, Any]:
        return {name: read.rows(f'SELECT count(*), bit_xor(hash(t)) FROM hubspot."{name}" AS t') for name in tables}

    before = content()
    again = landed(run(read.given))
    moved = {o.stream: (o.rows_inserted, o.rows_updated, o.rows_archived) for o in again.outcomes.values()
             if o.rows_inserted + o.rows_updated + o.rows_archived}  # fmt: skip
    assert (moved, again.changed) == ({}, False)
    assert content() == before


def test_the_comparison_sees_a_missing_row_in_every_table(read: Everything, tmp_path: Path) -> None:
    tampered = Path(shutil.copy(read.given.working, tmp_path / "warehouse.duckdb"))
    tables = [*(line.name for line in contract.TABLES), *(stream.name for stream in Dump(read.url).streams.custom)]
    with duckdb.connect(str(tampered)) as con:
        for name in tables:
            con.execute(f'DELETE FROM hubspot."{name}" WHERE rowid = (SELECT min(rowid) FROM hubspot."{name}")')
    found = differences(read.url, tampered)
    seen = {name for name in tables if any(line.startswith((f"{name} ", f"{name}:")) for line in found)}
    assert set(tables) - seen == set()


def test_the_comparison_sees_another_value_in_every_table(read: Everything, tmp_path: Path) -> None:
    tampered = Path(shutil.copy(read.given.working, tmp_path / "warehouse.duckdb"))
    touched = {"object": "properties_hs_object_id", "history": "value", "links": "label"}
    with duckdb.connect(str(tampered)) as con:
        for line in contract.TABLES:
            first = f'rowid = (SELECT min(rowid) FROM hubspot."{line.name}")'
            if line.shape in touched:
                con.execute(f'UPDATE hubspot."{line.name}" SET "{touched[line.shape]}" = \'other\' WHERE {first}')
            else:
                con.execute(
                    f'UPDATE hubspot."{line.name}" SET raw = json_merge_patch(raw, \'{{"archived": 1}}\') WHERE {first}'
                )
    found = differences(read.url, tampered)
    seen = {line.name for line in contract.TABLES if any(one.startswith((f"{line.name} ", f"{line.name}:"))
                                                         for one in found)}  # fmt: skip
    assert {line.name for line in contract.TABLES} - seen == set()


def test_a_script_says_what_is_equal_and_what_is_not(read: Everything) -> None:
    command = [sys.executable, "-m", "hubspot_pipeline_tests.oracle", read.url, str(read.given.working)]
    told = subprocess.run([*command, "forms", "contacts"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout.splitlines()[-1]) == (0, "2 tables compared, 0 differences"), told.stdout

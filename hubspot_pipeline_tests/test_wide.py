"""An object of 3,000 properties with names of 100 characters: every one gets its own column, at the fewest calls."""

from pathlib import Path

import duckdb

from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import calls_of, landed, settings

WIDTH, RECORDS = 3_000, 240


def names() -> list[str]:
    """Names of 100 characters that differ only at their end, in their case, or in signs that no column has."""
    stems = ("y" * 94, "Y" * 94, "y-" * 47, "y_" * 47, "yé" * 47, "層" * 94)
    return [f"{stems[number % len(stems)]}{number // len(stems):06d}" for number in range(WIDTH)]


def test_three_thousand_long_names_land_in_columns_of_their_own(sandbox: Sandbox, tmp_path: Path) -> None:
    wide = names()
    assert len(set(wide)) == WIDTH
    assert all(len(name) == 100 for name in wide)
    for name in wide:
        sandbox.portal.define_property("contacts", {"name": name, "type": "string"})
    for at in range(RECORDS):
        sandbox.portal.create("contacts", dict.fromkeys(wide[at::RECORDS], f"{at}"))
    sandbox.delete("calls")
    given = settings(tmp_path, sandbox.url)
    landed(run(given, streams=["contacts"]))
    calls = calls_of(sandbox)
    assert differences(sandbox.url, given.working, streams=["contacts"]) == []
    with duckdb.connect(str(given.working), read_only=True) as con:
        columns = [row[0] for row in con.execute("DESCRIBE hubspot.contacts").fetchall()]
        sql = "SELECT count(*), count(DISTINCT lower(column_name)) FROM hubspot.properties WHERE length(name) = 100"
        assert con.execute(sql).fetchone() == (WIDTH, WIDTH)
    assert len({column.lower() for column in columns}) == len(columns)
    assert all(len(column.encode()) <= 63 for column in columns)
    batches = sum(count for path, count in calls.items() if path.endswith("/contacts/batch/read"))
    assert batches <= 1.05 * -(-RECORDS // 100)

"""What Dagster shows of values, columns and progress, as plain functions."""

import dagster as dg
import pandas as pd
import pytest

from hubspot_pipeline.assets import lineage, preview
from hubspot_pipeline.assets.progress import LogProgress, line


@pytest.mark.parametrize(
    "value",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[click](javascript:alert(1))",
        "![pixel](https://elsewhere.test/p.png)",
        "`code`",
        "a | b",
        "first\nsecond | third",
        "**bold** _slanted_ ~~gone~~",
        "https://elsewhere.test",
    ],
)
def test_a_cell_is_text_and_nothing_else(value: str) -> None:
    table = preview.markdown(pd.DataFrame({"name": [value], "other": ["x"]}))
    assert table.count("\n") == 2
    row = table.splitlines()[2]
    assert row.count("|") == 3
    for sign in ("<", ">", "`", "](", "![", "**", "~~", "://"):
        assert sign not in row


def test_nothing_is_shown_as_an_empty_cell_and_long_text_is_cut() -> None:
    frame = pd.DataFrame({"a": [None, float("nan")], "b": [pd.NaT, pd.NA], "c": ["x" * 500, "short"]})
    first, second = preview.markdown(frame).splitlines()[2:]
    assert first.startswith("|  |  | x")
    assert len(first) < 220
    assert second == "|  |  | short |"


def test_every_column_is_traced_through_joins_and_names() -> None:
    sql = """
        with people as (select * from "w"."staging"."contacts"),
             firms as (select id, name from "w"."staging"."companies"),
             final as (select people.id, upper(people.email) as mail, firms.name || people.id as both, 1 as one
                       from people left join firms on firms.id = people.firm_id)
        select * from final
    """
    contacts, companies = ("staging", "contacts"), ("staging", "companies")
    columns = {
        contacts: {"id": "VARCHAR", "email": "VARCHAR", "firm_id": "VARCHAR"},
        companies: {"id": "V", "name": "V"},
    }
    assets = {place: dg.AssetKey(list(place)) for place in columns}
    traced = lineage.of(sql, columns, assets)["dagster/column_lineage"].deps_by_column
    found = {name: {(dep.asset_key.path[-1], dep.column_name) for dep in deps} for name, deps in traced.items()}
    assert found == {
        "id": {("contacts", "id")},
        "mail": {("contacts", "email")},
        "both": {("companies", "name"), ("contacts", "id")},
        "one": set(),
    }


def test_a_parent_that_is_not_there_yet_hides_no_other() -> None:
    here, missing = ("hubspot", "contacts"), ("hubspot", "choices")
    assets = {place: dg.AssetKey(list(place)) for place in (here, missing)}
    sql = 'select "id" as "id" from "w"."hubspot"."contacts"'
    traced = lineage.of(sql, {here: {"id": "VARCHAR"}, missing: {}}, assets)["dagster/column_lineage"].deps_by_column
    assert [(dep.asset_key.path[-1], dep.column_name) for dep in traced["id"]] == [("contacts", "id")]


def test_sql_that_cannot_be_followed_has_no_lineage() -> None:
    assert lineage.of("select from where", {}, {}) == {}


def test_progress_writes_one_line_every_few_seconds_and_one_at_the_end() -> None:
    now = [0.0]
    lines: list[str] = []
    progress = LogProgress(lines.append, seconds=5, clock=lambda: now[0])
    for second in range(12):
        now[0] = float(second)
        progress.update("contacts", rows=second * 100, pages=second, calls=second, expected=2_000)
    progress.update("contacts", rows=2_000, pages=20, calls=21, expected=2_000, done=True, note="all new")
    assert lines == [
        "contacts: 500 of 2,000 rows, 5 pages, 5 calls, 100 rows/s, 15 s left",
        "contacts: 1,000 of 2,000 rows, 10 pages, 10 calls, 100 rows/s, 10 s left",
        "contacts: 2,000 rows, 20 pages, 21 calls, 182 rows/s, done (all new)",
    ]


def test_a_line_without_time_or_total_makes_neither_up() -> None:
    assert line("owners", 3, 1, 1, None, 0.0, False, "") == "owners: 3 rows, 1 pages, 1 calls"

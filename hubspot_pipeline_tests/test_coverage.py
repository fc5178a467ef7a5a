"""Every row of the catalogue of failures has tests, and these are there and run."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from hubspot_pipeline_tests.coverage import ROWS

HERE = Path(__file__).parent
NAMED = sorted({test for row in ROWS for test in row.tests})


def defined(file: str) -> list[str]:
    """Names of the tests that pytest collects of a file: functions of the module itself."""
    tree = ast.parse((HERE / file).read_text(encoding="utf-8"))
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def test_every_row_is_there_in_order_and_says_what_keeps_it_away() -> None:
    assert [row.id for row in ROWS] == [f"P{number:02d}" for number in range(1, 55)]
    assert [row.id for row in ROWS if not (row.failure and row.answer and row.tests)] == []


@pytest.mark.parametrize("file", sorted({test.partition("::")[0] for test in NAMED}))
def test_every_named_test_exists_once(file: str) -> None:
    assert file.startswith("test_")
    counted = Counter(defined(file))
    named = [test.partition("::")[2] for test in NAMED if test.startswith(f"{file}::")]
    assert {name: counted[name] for name in named} == dict.fromkeys(named, 1)


def test_every_named_test_is_collected(request: pytest.FixtureRequest) -> None:
    """Of the files that this session was told to run whole."""
    config = request.config
    if config.option.keyword or config.option.markexpr or any("::" in word for word in config.args):
        pytest.skip("a part of the tests was asked for")
    collected = {item.nodeid.partition("[")[0].rpartition("/")[2] for item in request.session.items}
    files = {test.partition("::")[0] for test in collected}
    assert [test for test in NAMED if test.partition("::")[0] in files and test not in collected] == []

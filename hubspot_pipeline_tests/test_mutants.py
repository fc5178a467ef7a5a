"""The planted mistakes still fit the code, and the harness tells a mistake that is seen from one that is not."""

import ast
import re
from collections import Counter
from pathlib import Path

from hubspot_pipeline_tests.mutants import ROOT, TESTS, Mutation, mutations, play, table
from hubspot_pipeline_tests.mutations_code import CODE, SANDBOX
from hubspot_pipeline_tests.mutations_sql import SQL

ALL = mutations()
WORD = re.compile(r"\w+")


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert min(len(CODE), len(SQL)) >= 25
    assert len(SANDBOX) >= 5
    assert [name for name, count in Counter(one.name for one in ALL).items() if count > 1] == []


def test_each_mistake_applies_to_one_place_and_is_still_a_program() -> None:
    for mutation in ALL:
        assert mutation.problem(ROOT) == "", mutation.name
        assert mutation.old != mutation.new, mutation.name
        if mutation.file.endswith(".py"):
            ast.parse((ROOT / mutation.file).read_text().replace(mutation.old, mutation.new), mutation.name)


def test_the_tests_that_shall_see_a_mistake_are_there() -> None:
    for mutation in ALL:
        files = [ROOT / word for word in mutation.arguments if word.startswith(f"{TESTS}/")]
        assert files, mutation.name
        text = "".join(file.read_text() for file in files)
        asked = mutation.arguments[mutation.arguments.index("-k") + 1] if "-k" in mutation.arguments else ""
        words = set(WORD.findall(asked)) - {"and", "or", "not"}
        assert [word for word in words if word not in text] == [], mutation.name


def test_the_harness_tells_seen_unseen_and_misplaced_mistakes_apart(tmp_path: Path) -> None:
    (tmp_path / TESTS).mkdir()
    (tmp_path / "sums.py").write_text("def total(a, b):\n    return a + b\n\n\ndef half(a):\n    return a / 2\n")
    (tmp_path / TESTS / "test_sums.py").write_text(
        "from sums import half, total\n\n\ndef test_total():\n    assert total(1, 2) == 3\n\n\n"
        "def test_half():\n    assert half(0) == 0\n\n\ndef test_that_always_fails():\n    assert half(1) == 1\n"
    )
    rows = [
        ("difference", "sums.py", "a + b", "a - b", "test_sums.py -k total"),
        ("whole", "sums.py", "a / 2", "a", "test_sums.py -k half"),
        ("nowhere", "sums.py", "a * b", "a", "test_sums.py"),
        ("broken", "sums.py", "def half(a):", "def half(a)", "test_sums.py"),
        ("unsound", "sums.py", "a + b", "b + a", "test_sums.py -k always"),
    ]
    found = play([Mutation(*row) for row in rows], tmp_path)
    assert [str(verdict).split(",")[0] for verdict in found] == [
        "caught by test_sums.py::test_total",
        "SURVIVED",
        "did not apply: its text is there 0 times in sums.py",
        "NO VERDICT",
        "NO VERDICT",
    ]
    assert "fails without it" in str(found[-1])
    assert table(found).endswith("1 of 5 caught")
    assert "a + b" in (tmp_path / "sums.py").read_text()

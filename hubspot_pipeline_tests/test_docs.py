"""The documents say what is true: tests they name, commands they show, links and messages they quote."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from hubspot_pipeline.cli import parser
from hubspot_pipeline.generate import generate
from hubspot_pipeline.sandbox.__main__ import parser as sandbox_parser

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md", "BEHAVIOR.md", "CHANGELOG.md", "SECURITY.md", "docs/choice.md", "docs/purge.md",
    "dbt_project/models/custom/README.md",
)  # fmt: skip
LARGEST_PICTURE = 400_000

_FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _defined_tests() -> set[str]:
    return {
        node.name
        for path in (ROOT / "hubspot_pipeline_tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def _commands(name: str) -> list[str]:
    """Lines of the shell blocks of a document, and what it calls `make ...` or `hubspot-pipeline ...` in its prose."""
    text = _text(name)
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.findall(r"`((?:\.venv/bin/)?(?:make|hubspot-pipeline)\s[^`]*)`", _FENCED.sub("", text))
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    return sorted({" ".join(line.split()) for line in [*lines, *prose]})


def _headings(text: str) -> set[str]:
    """Anchors of a document as GitHub names them."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _messages() -> list[str]:
    """Every text in the package and the Makefile; a value filled in later is a line break here."""
    found = [_text("Makefile")]
    for path in (ROOT / "hubspot_pipeline").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = [part.value if isinstance(part, ast.Constant) else "\n" for part in node.values]
                found.append("".join(str(part) for part in parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return found


def test_every_test_named_in_the_documents_exists() -> None:
    defined = _defined_tests()
    named = {test for name in DOCUMENTS for test in re.findall(r"`(test_\w+)`", _text(name))}

    assert named
    assert named <= defined, sorted(named - defined)


def test_every_fact_about_hubspot_names_a_test_or_says_that_none_is_possible() -> None:
    rows = [line for line in _text("BEHAVIOR.md").splitlines() if line.startswith("| ")]
    facts = [row for row in rows if not row.startswith("| fact")]

    assert len(facts) > 30
    assert [row for row in facts if "`test_" not in row.split(" | ")[-1] and "no test:" not in row] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_in_the_documents_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE))
    for command in _commands(name):
        program, *words = shlex.split(command.replace(".venv/bin/", ""))
        if program == "make":
            assert {word for word in words if "=" not in word} <= targets, command
        elif program == "hubspot-pipeline" and words[0] == "sandbox":
            sandbox_parser().parse_args(words[1:])
        elif program == "hubspot-pipeline":
            parser().parse_args(words)
        else:
            assert program in {"cp", "chmod", "python"}, command


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    text = _text(name)
    for target in re.findall(r"\]\(([^)\s]+)\)", _FENCED.sub("", text)):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / name).parent / path if path else ROOT / name
        assert there.exists(), target
        assert not anchor or anchor in _headings(there.read_text(encoding="utf-8")), target


def test_every_message_in_the_readme_is_one_that_the_program_says() -> None:
    table = _text("README.md").split("| message | what to do |", 1)[1].split("\n\n", 1)[0]
    quoted = [quote for line in table.splitlines()[2:] for quote in re.findall(r"`([^`]+)`", line.split(" | ")[0])]
    said = _messages()

    assert len(quoted) > 15
    assert [quote for quote in quoted if not any(quote in text for text in said)] == []


def test_every_setting_in_the_documents_is_read() -> None:
    said = " ".join(_messages())
    named = {setting for name in DOCUMENTS for setting in re.findall(r"HUBSPOT_(\w+)", _text(name))}

    assert {setting for setting in named if setting not in said} == set()


def test_the_generated_parts_are_what_the_stream_table_says() -> None:
    assert generate(ROOT, check=True) == []


def test_pictures_are_small() -> None:
    assert {path.name for path in (ROOT / "docs").iterdir() if path.stat().st_size > LARGEST_PICTURE} == set()

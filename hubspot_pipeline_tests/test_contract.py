"""The package's stream table says what HubSpot's scopes and the list of streams say, line by line."""

import csv
from pathlib import Path

import pytest

from hubspot_pipeline.streams import STREAMS, WITH_PIPELINES
from hubspot_pipeline_tests import contract
from hubspot_pipeline_tests.contract import BY_NAME, LINES, Line

OURS = {stream.name: stream for stream in STREAMS}
LIST = Path(__file__).resolve().parents[2] / "shared" / "reference" / "streams.csv"
SHAPES = {"object": "object", "collection": "collection", "events": "events", "children": "children",
          "history": "derived", "links": "derived", "view": "derived"}  # fmt: skip
WIDE = (contract.LINK_SCOPE, contract.ANY_SCOPE)
NARROWER = {"engagements_emails": "a token with contacts alone gets e-mails without what they say"}
"""Streams for which we ask for less than HubSpot would take."""


def test_both_tables_have_the_same_streams() -> None:
    assert sorted(OURS) == sorted(BY_NAME)
    assert len(LINES) == len(BY_NAME)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_a_stream_is_declared_as_hubspot_has_it(line: Line) -> None:
    stream = OURS[line.name]
    assert stream.shape == SHAPES[line.shape]
    assert stream.key == line.key
    assert stream.default is line.default
    if line.shape == "object":
        assert stream.object == line.object
    if line.of and line.shape in ("children", "history"):
        assert set(stream.source) == set(line.of)


@pytest.mark.parametrize("line", contract.TABLES, ids=lambda line: line.name)
def test_every_declared_scope_opens_its_stream(line: Line) -> None:
    declared = set(OURS[line.name].scopes)
    if line.scopes in ((), ("oauth",), *WIDE):
        assert declared <= set(line.scopes)
    elif line.name in NARROWER:
        assert declared < set(line.scopes)
    else:
        assert declared == set(line.scopes)


def test_the_same_objects_have_pipelines() -> None:
    assert sorted(OURS[name].object for name in WITH_PIPELINES) == sorted(contract.WITH_PIPELINES)


@pytest.mark.skipif(not LIST.exists(), reason="the list of streams lies beside the repository where it is developed")
def test_every_stream_that_the_list_asks_for_is_there() -> None:
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = {row["stream"]: row for row in csv.DictReader(file)}
    asked = {name for name, row in rows.items() if row["seed"] == "yes"}
    assert asked - {contract.CUSTOM_OBJECTS} == {line.name for line in LINES if line.seed}
    for line in LINES:
        listed = rows.get(line.name, {}).get("scopes_any_of", "")
        # a cell that is a sentence ("read scope of the object") names no scope
        named = {part for part in map(str.strip, listed.split("|")) if part and " " not in part}
        assert line.scopes in ((), *WIDE) or named <= {*line.scopes, *DOUBTED.get(line.name, ())}, line


DOUBTED = {
    "deal_splits": ("crm.objects.deals.read",),  # of the search path, which no dated version has
    "users": ("settings.users.read",),  # of the users' settings, not of the object that is read
}
"""Scopes that the list names for another way to read the same."""

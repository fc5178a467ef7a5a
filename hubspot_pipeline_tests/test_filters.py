"""Filters keep the same records whether HubSpot's search applies them or we do, dirty values included."""

import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.api.client import Meter, encoded
from hubspot_pipeline.choice import Choice, Condition
from hubspot_pipeline.choice.conditions import ALLOWED
from hubspot_pipeline.extract.changes import Search
from hubspot_pipeline.extract.filters import matches, search_filters
from hubspot_pipeline.extract.properties import definitions
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import client, ids_of, reader

SEED = 20261126
PROPERTIES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "html": {"type": "string", "fieldType": "html"},
    "phone": {"type": "phone_number"},
    "number": {"type": "number"},
    "date": {"type": "date"},
    "datetime": {"type": "datetime"},
    "bool": {"type": "bool"},
    "enumeration": {"type": "enumeration", "options": [{"label": v.upper(), "value": v} for v in ("new", "open", "é")]},
    "checkbox": {"type": "enumeration", "fieldType": "checkbox", "options": [{"label": v, "value": v} for v in "abc"]},
}
KINDS = {name: name if name in ALLOWED else "text" for name in PROPERTIES}
TEXTS = [
    "Ada",
    "ADA",
    "ada lovelace",
    "Lovelace",
    " Ada ",
    "Zoë",
    "ZOË",
    "ß",
    "ẞ",
    "İ",
    "x;y",
    "true",
    "10",
    "a\nb",
    "*",
]
INSTANTS = [
    "2026-01-05", "2026-01-06", "1970-01-01", "1969-12-31", "2026-01-05T00:00:00Z", "2026-01-05T10:00:00.123Z",
    "2026-01-05T10:00:00.123456Z", "1767571200000", "soon", "2026-02-30", "2026-01-05 10:00", "0", "2026-01-05T10:00Z",
]  # fmt: skip
STORED: dict[str, list[str]] = {
    "text": TEXTS, "html": TEXTS, "phone": ["+1 555 0100", "5550100", "n/a"],
    "number": ["10", "10.0", "1E1", "+10", "9.99", "-5", "0", ".5", "abc", "NaN", "Infinity", "1,000", " 10 ", "1_000",
               "0x10", "1e400", "1e4000", "9007199254740993", "9007199254740992", "10 EUR", "١٠"],
    "date": INSTANTS, "datetime": INSTANTS,
    "bool": ["true", "false", "TRUE", "yes", "1"],
    "enumeration": ["new", "New", "open", "é", "retired"],
    "checkbox": ["a", "b", "a;b", "b;a", "a;b;c", ";a", "a;", "retired", "A"],
}  # fmt: skip
GIVEN: dict[str, list[str]] = {
    "text": [*TEXTS, "love", "da"], "html": TEXTS, "phone": STORED["phone"],
    "number": ["10", "9.990", "-5", "0", "1e1", "9007199254740993", "0.25"],
    "date": ["2026-01-05", "2026-01-06", "1970-01-01", "2030-12-31"],
    "datetime": ["2026-01-05", "2026-01-05T10:00:00.123Z", "2026-01-05T11:00:00.123+01:00", "1969-12-31",
                 "1767571200000"],
    "bool": ["true", "false"], "enumeration": ["new", "open", "é"], "checkbox": ["a", "b", "c"],
}  # fmt: skip
SEARCHED = (
    {("text", one) for one in ("equals", "not equals", "in list", "not in list", "is empty", "is not empty")}
    | {("enumeration", one) for one in ("equals", "not equals", "in list", "not in list", "is empty", "is not empty")}
    | {(kind, one) for kind in ("number", "date", "datetime") for one in ("equals", "greater", "less", "between")}
    | {("bool", "equals"), ("checkbox", "is empty"), ("checkbox", "is not empty")}
)
"""What is asked of search where the values allow it; everything else is decided here."""


def number_of(text: str) -> Fraction | None:
    plain = re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", text)
    return Fraction(text) if plain else None


def moment_of(text: str) -> int | None:
    if re.fullmatch(r"-?[0-9]{1,15}", text):
        return int(text)
    cut = re.sub(r"(\.[0-9]{1,3})[0-9]*Z$", r"\1Z", text)
    for pattern in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
        try:
            found = datetime.strptime(cut, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
        return round(found.timestamp() * 1000)
    return None


READ: dict[str, Callable[[str], Any]] = {
    "text": str.lower, "number": number_of, "date": moment_of, "datetime": moment_of,
    "bool": lambda text: {"true": 1, "false": 0}.get(text.lower()), "enumeration": lambda text: "=" + text,
}  # fmt: skip


def oracle(kind: str, operator: str, given: list[str], stored: str | None) -> bool:
    """What a condition means, said once more."""
    if operator in ("is empty", "is not empty"):
        return (stored in (None, "")) == (operator == "is empty")
    opposites = {"not equals": "equals", "not in list": "in list", "does not contain": "contains"}
    if operator in opposites:
        return not oracle(kind, opposites[operator], given, stored)
    if stored in (None, ""):
        return False
    assert stored is not None
    if kind == "checkbox":
        chosen = {one for one in stored.split(";") if one}
        return chosen == set(given[0].split(";")) if operator == "equals" else bool(chosen & set(given))
    value = READ[kind](stored)
    if value is None:
        return False
    wanted = [READ[kind](one) for one in given]
    if kind == "datetime":
        zoned = {"2026-01-05T11:00:00.123+01:00": "2026-01-05T10:00:00.123Z"}
        wanted = [moment_of(zoned.get(one, one)) for one in given]
    return bool({
        "equals": lambda: value == wanted[0], "in list": lambda: value in wanted,
        "greater": lambda: value > wanted[0], "less": lambda: value < wanted[0],
        "between": lambda: wanted[0] <= value <= wanted[1], "contains": lambda: value.find(wanted[0]) >= 0,
        "starts with": lambda: value[: len(wanted[0])] == wanted[0],
        "ends with": lambda: value[-len(wanted[0]) :] == wanted[0],
    }[operator]())  # fmt: skip


def one_condition(chance: random.Random, name: str, operator: str) -> dict[str, Any]:
    """A condition as hubspot.yaml has it, with values drawn by chance."""
    given = {"field": f"{name}__c", "condition": operator}
    if operator in ("is empty", "is not empty"):
        return given
    drawn = [chance.choice(GIVEN[name]) for _ in range(chance.randint(1, 3))]
    if operator == "between":
        read = READ[KINDS[name]]
        pool = [one for one in GIVEN[name] if read(one) is not None]
        return given | {"value": sorted([chance.choice(pool), chance.choice(pool)], key=read)}
    if operator in ("in list", "not in list"):
        return given | {"value": drawn}
    if name == "checkbox" and operator in ("equals", "not equals"):
        return given | {"value": ";".join(sorted(set(drawn)))}
    return given | {"value": drawn[0]}


def every_pair() -> list[tuple[str, str]]:
    return [(name, operator) for name in PROPERTIES for operator in ALLOWED[KINDS[name]]]  # type: ignore[index]


def random_filters(count: int) -> list[list[dict[str, Any]]]:
    """Filters of one to three conditions; the first ones have each condition of each type once."""
    chance = random.Random(SEED)
    pairs = every_pair()
    filters = [[one_condition(chance, *pair)] for pair in pairs]
    plain = [pair for pair in pairs if (pair[0], pair[1]) in SEARCHED]
    while len(filters) < count:
        among = plain if chance.random() < 0.6 else pairs
        filters.append([one_condition(chance, *chance.choice(among)) for _ in range(chance.randint(1, 3))])
    return filters


def dirty_records(sandbox: Sandbox, count: int) -> None:
    """Companies with values of every kind, a few of each missing or cleared."""
    for name, definition in PROPERTIES.items():
        sandbox.portal.define_property("companies", {"name": f"{name}__c", "label": f"The {name}", **definition})
    chance = random.Random(SEED)
    for id_ in range(1, count + 1):
        values = {f"{name}__c": chance.choice([*pool, *pool, "", None]) for name, pool in STORED.items()}
        sandbox.portal.create("companies", {n: v for n, v in values.items() if v is not None}, id=str(id_))


def conditions_of(sandbox: Sandbox, folder: Path, filters: list[dict[str, Any]]) -> tuple[Condition, ...]:
    (folder / "hubspot.yaml").write_text(json.dumps({"filters": {"companies": filters}}), encoding="utf-8")
    known = definitions(client(sandbox), DECLARED.by_name["companies"], Meter())
    return Choice.load(folder).of("companies", known, needed={}, history_default=()).conditions


def test_two_hundred_filters_keep_what_an_oracle_keeps_here_and_in_search(sandbox: Sandbox, tmp_path: Path) -> None:
    dirty_records(sandbox, 300)
    names = tuple(f"{name}__c" for name in PROPERTIES)
    asked = set()
    with reader(sandbox, "companies", names) as one:
        read = {int(r.id): json.loads(bytes(r.properties)) for page in one.batch(map(str, range(1, 301))) for r in page}
        for filters in random_filters(200):
            conditions = conditions_of(sandbox, tmp_path, filters)
            wanted = [
                id_ for id_, values in read.items()
                if all(oracle(KINDS[f["field"][:-3]], f["condition"],
                              f["value"] if isinstance(f.get("value"), list) else [f.get("value")],
                              values.get(f["field"])) for f in filters)
            ]  # fmt: skip
            assert [id_ for id_, values in read.items() if matches(conditions, values)] == wanted, filters
            searched = search_filters(conditions, room=4, characters=2000)
            if searched is not None:
                asked |= {(c.property[:-3], c.operator) for c in conditions}
                search = Search(one)
                assert sorted(ids_of(search.matching([searched]))) == sorted(wanted), filters
                assert not search.incomplete
    assert asked == SEARCHED
    assert {call["status"] for call in sandbox.calls()} == {200}


def where(kind: str, operator: str, *values: str, searchable: bool = True) -> Condition:
    return Condition("p", operator, values, kind, searchable)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("condition", "filter"),
    [
        (where("text", "equals", "Ada"), {"operator": "EQ", "value": "Ada"}),
        (where("text", "in list", "Ada", "Bo"), {"operator": "IN", "values": ["ada", "bo"]}),
        (where("enumeration", "not in list", "New"), {"operator": "NOT_IN", "values": ["New"]}),
        (where("number", "between", "1", "5"), {"operator": "BETWEEN", "value": "1", "highValue": "5"}),
        (where("date", "greater", "2026-01-05"), {"operator": "GT", "value": "1767571200000"}),
        (where("datetime", "equals", "2026-01-05T00:00:00.001Z"), {"operator": "EQ", "value": "1767571200001"}),
        (where("text", "is empty"), {"operator": "NOT_HAS_PROPERTY"}),
        (where("bool", "equals", "true"), {"operator": "EQ", "value": "true"}),
    ],
)
def test_what_search_is_asked(condition: Condition, filter: dict[str, Any]) -> None:
    assert search_filters([condition], room=1, characters=200) == [{"propertyName": "p", **filter}]


@pytest.mark.parametrize(
    "condition",
    [
        where("text", "contains", "Ada"), where("text", "equals", "Zoë"), where("text", "equals", "Ada "),
        where("text", "equals", "x" * 201), where("text", "equals", "Ada", searchable=False),
        where("text", "is empty", searchable=False), where("number", "is empty"), where("number", "not equals", "1"),
        where("number", "equals", "1234567890123456"), where("number", "in list", "1"),
        where("date", "less", "1970-01-01"),
        where("checkbox", "equals", "a"), where("bool", "not equals", "true"),
    ],
)  # fmt: skip
def test_what_search_might_answer_otherwise_is_decided_here(condition: Condition) -> None:
    assert search_filters([condition], room=6, characters=3000) is None


def test_search_is_left_alone_where_its_limits_end() -> None:
    two = [where("text", "equals", "a"), where("text", "not equals", "b")]
    filters = search_filters(two, room=2, characters=3000)
    assert filters is not None
    size = len(encoded(filters))
    assert search_filters(two, room=2, characters=size) == filters
    assert search_filters(two, room=2, characters=size - 1) is None
    assert search_filters(two, room=1, characters=3000) is None
    assert search_filters([], room=0, characters=2) == []


def test_values_that_are_no_text_compare_as_their_json() -> None:
    assert matches([where("number", "equals", "17")], {"p": 17})
    assert matches([where("bool", "equals", "true")], {"p": True})
    assert matches([where("text", "is not empty")], {"p": {}})
    assert not matches([where("text", "is not empty")], {})

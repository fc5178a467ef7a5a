"""Values of every kind through whole runs, by every way of reading: kept as sent, typed or rejected, never half.

Three runs are made once for all tests: a first read; a sync in which the second half of each split read fails; a
reconcile when HubSpot answers again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import RunResult, run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import landed, rows, settings

HOUR = 3_600_000
STREAMS = ["contacts", "companies"]
TYPES = {"seats": "number", "vip": "bool", "since": "date", "seen": "datetime", "note_2": "string"}
WIDE = [f"wide_{number:03d}_{'x' * 80}" for number in range(165)]
"""More than fits into a URL: companies are listed by id, and their values read by a second call."""
PLAIN: dict[str, dict[str, Any]] = {
    "unset": {},
    "empty": {"seats": "", "vip": "", "since": "", "seen": ""},
    "no": {"seats": "0", "vip": "false"},
}
BAD = [
    ("seats", "NaN"), ("seats", "-Infinity"), ("seats", "1e999"), ("seats", "1,234.56"), ("seats", "9" * 40),
    ("vip", "maybe"), ("since", "soon"), ("since", "2026-02-30"), ("seen", "99999999999999999999"),
]  # fmt: skip
TEXTS = {
    "emoji": "😀 👩‍👩‍👧 é", "nul": "a\0b", "control": "\x01\x07\x1b[31m\r\n\t", "right to left": "‮שלום‬ عربى",
    "html": "<script>alert('x')</script>&quot;", "sql": "'; DROP TABLE hubspot.contacts; --\"", "jinja": "{{ 1 / 0 }}",
    "long": "長" * 20_000, "half a pair": "x\ud83dy",
}  # fmt: skip


@dataclass
class Told:
    """What was made and what came of it. `ids`: by object and name; `kept`: companies before and after the failure."""

    given: Settings
    url: str
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    results: list[RunResult] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)
    rejected: list[Any] = field(default_factory=list)

    cells: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    """Rows at the end by object and name, typed values under `typed`."""

    def typed(self, object_type: str, name: str) -> tuple[Any, ...]:
        """Number, boolean, date and instant of a record."""
        return tuple(self.cells[object_type, name]["typed"])

    def take_cells(self) -> None:
        with duckdb.connect(str(self.given.working), read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            for object_type in STREAMS:
                cursor = con.execute(f"""
                    SELECT *, json_extract_string(properties, '$.note_2') AS noted,
                        (hubspot.as_number(properties_seats), hubspot.as_boolean(properties_vip),
                         hubspot.as_date(properties_since), hubspot.as_instant(properties_seen)) AS typed
                    FROM hubspot.{object_type}
                """)
                names = [column[0] for column in cursor.description or []]
                found = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
                of = {name: id_ for (owner, name), id_ in self.ids.items() if owner == object_type}
                self.cells |= {(object_type, name): found[id_] for name, id_ in of.items()}


def make(sandbox: Sandbox, told: Told, object_type: str, prefix: str = "") -> None:
    portal = sandbox.portal
    for name, values in PLAIN.items():
        told.ids[object_type, prefix + name] = portal.create(object_type, values, raw=True)
    for name, value in BAD:
        told.ids[object_type, f"{prefix}{name}={value}"] = portal.create(object_type, {name: value}, raw=True)
    for name, text in TEXTS.items():
        told.ids[object_type, prefix + name] = portal.create(object_type, {"note_2": text}, raw=True)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with serve(rate_limit=0) as server:
        sandbox = Sandbox(server)
        sandbox.post("clock", {"now": "2026-09-30T12:00:00Z", "frozen": True})
        story = Told(settings(tmp_path_factory.mktemp("values"), server.url, small_portal=0), server.url)
        for object_type in STREAMS:
            for name, kind in TYPES.items():
                sandbox.portal.define_property(object_type, {"name": name, "label": name, "type": kind})
            make(sandbox, story, object_type)
        for name in WIDE:
            sandbox.portal.define_property("companies", {"name": name, "label": name, "type": "string"})
        wide = story.ids["companies", "wide"] = sandbox.portal.create("companies", dict.fromkeys(WIDE, "old"))
        read(story)

        sandbox.post("clock", {"advance_ms": HOUR})
        make(sandbox, story, "contacts", "later ")
        sandbox.portal.update("contacts", story.ids["contacts", "seats=NaN"], {"seats": "5"})
        sandbox.portal.update("companies", wide, dict.fromkeys(WIDE, "new"))
        failing = {"match": "/objects/.*/companies/batch/read", "status": 500, "times": -1}
        sandbox.post("faults", {"faults": [failing]})
        read(story)

        sandbox.delete("faults")
        sandbox.portal.archive("contacts", story.ids["contacts", "empty"])
        read(story, "reconcile")
        story.take_cells()
        yield story


def read(told: Told, mode: str = "sync") -> None:
    told.results.append(run(told.given, streams=STREAMS, mode=mode))
    told.kept.append(rows(told.given, "SELECT * EXCLUDE (_synced_at) FROM hubspot.companies ORDER BY id"))
    told.rejected.append(rows(told.given, "SELECT object, id, property, raw_value FROM hubspot.rejects"))


def test_unset_empty_no_and_zero_stay_apart_on_every_way_of_reading(told: Told) -> None:
    """By list, by batch read, by search, from the bin; and no column is split by the type of its values."""
    for object_type, prefix in (("contacts", ""), ("companies", ""), ("contacts", "later ")):
        assert told.typed(object_type, prefix + "unset") == (None, None, None, None)
        assert told.typed(object_type, prefix + "empty") == (None, None, None, None)
        assert told.typed(object_type, prefix + "no") == (Decimal(0), False, None, None)
    empty, unset = (told.cells["contacts", name] for name in ("empty", "unset"))
    assert (empty["archived"], empty["properties_seats"]) == (True, "")
    assert (unset["archived"], unset["properties_seats"]) == (False, None)
    assert {f"properties_{name}" for name in TYPES} <= unset.keys()
    assert not [column for column in unset if "__v_" in column]


def test_a_value_that_does_not_fit_loses_no_row_and_is_rejected_as_sent(told: Told) -> None:
    first, _, last = (set(found) for found in told.rejected)
    for object_type in STREAMS:
        assert {(object_type, told.ids[object_type, f"{name}={value}"], name, value) for name, value in BAD} <= first
        assert {told.typed(object_type, f"{name}={value}") for name, value in BAD[1:]} == {(None, None, None, None)}
    landed(told.results[0])
    # the next runs are not held up, reject what came since, and forget what was put right
    assert {("contacts", told.ids["contacts", f"later {n}={v}"], n, v) for n, v in BAD} <= last
    assert first - last == {("contacts", told.ids["contacts", "seats=NaN"], "seats", "NaN")}
    assert [result.outcomes["contacts"].status for result in told.results] == ["succeeded"] * 3
    assert told.typed("contacts", "seats=NaN") == (Decimal(5), None, None, None)
    assert landed(told.results[2]).outcomes["companies"].status == "succeeded"


def test_text_of_every_kind_is_kept_and_what_no_file_can_hold_is_counted(told: Told) -> None:
    scrubbed = []
    for object_type, prefix in (("contacts", ""), ("companies", ""), ("contacts", "later ")):
        for name, text in TEXTS.items():
            row, kept = told.cells[object_type, prefix + name], text.replace("\ud83d", "�")
            assert (row["properties_note_2"], row["noted"]) == (kept, kept), name
            scrubbed += [(object_type, row["id"], "note_2", kept)] if kept != text else []
    assert [one for one in told.rejected[2] if one[2] == "note_2"] == scrubbed


def test_a_split_read_whose_second_part_fails_leaves_rows_whole_and_old(told: Told) -> None:
    before, failed, after = told.kept
    assert told.results[1].outcomes["companies"].status == "failed"
    assert failed == before
    wide = [value for name, value in told.cells["companies", "wide"].items() if name.startswith("properties_wide_")]
    assert wide == ["new"] * len(WIDE)
    assert len(after) == len(before)
    assert differences(told.url, told.given.working, streams=STREAMS) == []

"""Bytes -> Arrow: values stay as HubSpot sent them, and one odd record never costs another its place."""

import json
import random
from typing import Any

import pytest

from hubspot_pipeline.errors import MalformedAnswer
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.versions import history_table

STAMP = '"createdAt":"2026-01-05T08:00:00.000Z","updatedAt":"2026-01-06T08:00:00.123Z","archived":false'


def page(*properties: str) -> unnest.Page:
    """A page of records, ids from 1 on, whose properties are these JSON texts."""
    records = [f'{{"id":"{number}","properties":{text},{STAMP}}}' for number, text in enumerate(properties, 1)]
    return unnest.page(f'{{"results":[{",".join(records)}]}}'.encode("utf-8", "surrogatepass"))


def values(*properties: str, names: tuple[str, ...] = ("a", "b")) -> tuple[list[dict[str, Any]], list[tuple[str, ...]]]:
    """(columns per record, what was scrubbed as (id, property, raw)); the JSON column has the same values."""
    table, texts, scrubbed = unnest.cells(page(*properties).results, names)
    rows = table.to_pylist()
    for row, text in zip(rows, texts.to_pylist(), strict=True):
        kept = json.loads(text)
        assert {name: kept.get(name) for name in names} == row
    return rows, [(one.id, one.property, one.raw) for one in scrubbed]


PLAIN = '{"a":"x","b":null}'


@pytest.mark.parametrize(
    ("sent", "kept", "scrubbed"),
    [
        ('{"a":"x","b":"y"}', ("x", "y"), []),
        ('{"b":"y"}', (None, "y"), []),
        ("{}", (None, None), []),
        ('{"a":null,"b":""}', (None, ""), []),
        ('{"c":"z","a":"x"}', ("x", None), []),
        ('{"a":"NaN","b":"1e999"}', ("NaN", "1e999"), []),
        ('{"a":"x\\u0000y","b":"\\u0007"}', ("x\0y", "\x07"), []),
        ('{"a":"line\\none","b":"tab\\t"}', ("line\none", "tab\t"), []),
        ('{"a":"\\ud83d\\ude00","b":"Żółć 你好"}', ("😀", "Żółć 你好"), []),
        ('{"a":"C:\\\\ud800","b":"\\\\\\\\ud800"}', ("C:\\ud800", "\\\\ud800"), []),
        ('{"a":17,"b":1.10}', ("17", "1.10"), [("a", "17"), ("b", "1.10")]),
        ('{"a":12345678901234567890123,"b":1e400}', ("12345678901234567890123", "1e400"),
         [("a", "12345678901234567890123"), ("b", "1e400")]),
        ('{"a":true,"b":false}', ("true", "false"), [("a", "true"), ("b", "false")]),
        ('{"a":{"x": [1.50]},"b":[]}', ('{"x": [1.50]}', "[]"), [("a", '{"x": [1.50]}'), ("b", "[]")]),
        ('{"a":"1","b":"y","a":"2"}', ("2", "y"), [("a", '"2"')]),
        ('{\n "a": "x",\r\n "b":\n null }', ("x", None), []),
        ('{"a":"\\ud800x","b":"y"}', ("�x", "y"), [("a", "�x")]),
        ('{"a":"x\\udc00\\ud83d\\ude00","b":"\\ud83d"}', ("x�😀", "�"), [("a", "x�😀"), ("b", "�")]),
        ('{"a":"\\ud800","b":12345678901234567890123}', ("�", "12345678901234567890123"),
         [("b", "12345678901234567890123"), ("a", "�")]),
        ('{"a":"\ud800","b":null}', ("���", None), [("a", "���")]),
    ],
)  # fmt: skip
def test_a_value_is_kept_as_sent_and_its_neighbours_too(
    sent: str, kept: tuple[str | None, str | None], scrubbed: list[tuple[str, str]]
) -> None:
    rows, told = values(PLAIN, sent, PLAIN)
    plain = {"a": "x", "b": None}
    assert rows == [plain, dict(zip("ab", kept, strict=True)), plain]
    assert told == [("2", *one) for one in scrubbed]


def test_long_values_and_many_records_come_through() -> None:
    text = "é<p>&quot;" * 6554
    rows, told = values(*[json.dumps({"a": text + str(number)}) for number in range(150)])
    assert [row["a"] for row in rows] == [text + str(number) for number in range(150)]
    assert told == []


def test_a_mixed_page_equals_the_standard_librarys_reading() -> None:
    chance = random.Random(11)
    pool = ["", "0", "é", "\u2028", '"', "\\", "a\nb", "\x01", "😀", None, "null", "{}", " ", "x" * 300, "\ufeff"]
    sent = [{f"p{n}": chance.choice(pool) for n in chance.sample(range(40), chance.randint(0, 40))} for _ in range(400)]
    texts = [json.dumps(one, ensure_ascii=chance.random() < 0.5) for one in sent]
    names = tuple(f"p{n}" for n in range(40))
    rows, told = values(*texts, names=names)
    assert rows == [{name: one.get(name) for name in names} for one in sent]
    assert told == []


@pytest.mark.parametrize("properties", ["null", "[]", '"text"', "7"])
def test_properties_that_are_no_object_are_refused(properties: str) -> None:
    with pytest.raises(MalformedAnswer, match="record 2"):
        values(PLAIN, properties)


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", b'{"results":[', b'{"results":null}', b'{"status":"error"}', b"[]", b"null", b'{"results":[1]}',
     b'{"results":[{"properties":{}}]}', b'{"results":[{"id":"1"}]}', b'{"results":[{"id":1,"properties":{"a":NaN}}]}'],
)  # fmt: skip
def test_what_is_no_page_is_malformed(content: bytes) -> None:
    for decode in (unnest.page, unnest.links):
        with pytest.raises(MalformedAnswer):
            decode(content)


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"results":{}}', b'{"results":[1]}', b'{"page":1}'])
def test_what_is_no_list_is_malformed(content: bytes) -> None:
    with pytest.raises(MalformedAnswer):
        unnest.results(content)


def test_a_list_holds_no_lone_surrogates() -> None:
    assert unnest.results(b'{"results":[{"label":"x\\ud800"}]}') == [{"label": "x�"}]


def test_instants_in_any_form_and_odd_ones_are_null() -> None:
    sent = ["2026-01-05T08:00:00.000Z", "2026-01-05T08:00:00Z", "1767600000123", None, "soon", "",
            "99999999999999999999",
            "2026-01-05T08:00:00.123456Z", "-62135596800000", 1767600000123, "2026-02-30T00:00:00Z"]  # fmt: skip
    found = [None if one is None else one.isoformat() for one in unnest.instants(sent).to_pylist()]
    eight = "2026-01-05T08:00:00"
    assert found == [f"{eight}+00:00", f"{eight}+00:00", f"{eight}.123000+00:00", None, None, None, None,
                     f"{eight}.123456+00:00", "0001-01-01T00:00:00+00:00", f"{eight}.123000+00:00", None]  # fmt: skip
    assert unnest.instants([]).to_pylist() == []


def test_a_table_has_its_columns_without_records_and_without_properties() -> None:
    empty, _ = unnest.table([], {"a": "properties_a"}, None)
    bare, _ = unnest.table(page(PLAIN).results, {}, None)
    assert empty.num_rows == 0
    assert empty.schema.field("properties_a").type == "string"
    assert bare["id"].to_pylist() == ["1"]
    assert "properties" in bare.column_names


def test_versions_of_one_millisecond_are_numbered_from_the_oldest() -> None:
    version = '{"value":%s,"timestamp":"%s","sourceType":"CRM_UI","updatedByUserId":%s}'
    now, before = "2026-01-05T08:00:00.001Z", "2026-01-05T08:00:00.000Z"
    versions = [version % ('"c"', now, "7"), version % ('"b"', now, '"7"'), version % ("1.5", before, "null")]
    content = (
        f'{{"results":[{{"id":9,"properties":{{}},{STAMP},"propertiesWithHistory":{{"amount":[{",".join(versions)}],'
        f'"pipeline":[]}}}},{{"id":"8","properties":{{}},{STAMP}}}]}}'
    )
    rows = history_table(unnest.page(content.encode()).results, unnest.instants(["2026-02-01T00:00:00Z"])[0].as_py())
    shown = [(r["id"], r["property"], r["seq"], r["value"], r["updated_by_user_id"]) for r in rows.to_pylist()]
    assert shown == [("9", "amount", 0, "1.5", None), ("9", "amount", 0, "b", "7"), ("9", "amount", 1, "c", "7")]
    keys = {(r["id"], r["property"], r["changed_at"], r["seq"]) for r in rows.to_pylist()}
    assert len(keys) == 3

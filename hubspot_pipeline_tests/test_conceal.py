"""Blocked values are gone and hashed ones are hashes, however odd the answer that brought them."""

import hmac
import json
import random
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from hubspot_pipeline.errors import MalformedAnswer
from hubspot_pipeline.extract import collections, unnest
from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.extract.versions import history_table
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import fill, reader

KEY = b"a key of sixteen or more"
NEEDLE = "N33DLE"


def hashed(text: str, key: bytes = KEY) -> str:
    return hmac.new(key, text.encode(), sha256).hexdigest()[:32]


def concealer(blocked: tuple[str, ...] = ("phone",), hashed: tuple[str, ...] = ("email",)) -> Concealer:
    return Concealer(KEY, blocked, hashed)


def record(properties: str | bytes, **more: Any) -> Record:
    raw = properties.encode("utf-8", "surrogatepass") if isinstance(properties, str) else properties
    return Record("7", msgspec.Raw(raw), **more)


def concealed(properties: str | bytes, one: Concealer | None = None) -> bytes:
    found = record(properties)
    (concealer() if one is None else one).record(found)
    return bytes(found.properties)


def test_a_blocked_value_is_gone_and_a_hashed_one_is_the_key_and_the_text() -> None:
    found = json.loads(concealed('{"email":"ada@example.com","phone":"555","firstname":"Ada"}'))
    assert found == {"email": hashed("ada@example.com"), "firstname": "Ada"}


def test_the_same_text_gives_the_same_hash_everywhere_and_another_key_another_one() -> None:
    sent = '{"email":"ż\\u0142@x.pl"}'
    here = json.loads(concealed(sent))["email"]
    assert here == json.loads(concealed('{"email":"żł@x.pl","b":"1"}'))["email"] == hashed("żł@x.pl")
    assert Concealer(KEY, (), ["recipient"]).row({"recipient": "żł@x.pl"}) == {"recipient": here}
    versions = record("{}", propertiesWithHistory={"email": [unnest.Version("1", "żł@x.pl")]})
    concealer().record(versions)
    assert versions.propertiesWithHistory is not None
    assert versions.propertiesWithHistory["email"][0].value == here
    assert json.loads(concealed(sent, Concealer(b"another key of that length", (), ["email"])))["email"] != here


@pytest.mark.parametrize("properties", ['{"email":null}', '{"email":""}', '{"a":"1","a":"2"}', '{ "a" : 1 }', "null"])
def test_what_has_nothing_to_conceal_stays_byte_for_byte(properties: str) -> None:
    assert concealed(properties) == properties.encode()


def test_nothing_chosen_touches_nothing() -> None:
    nothing = Concealer(b"")
    item = {"email": NEEDLE}
    assert not nothing
    assert nothing.row(item) is item
    assert concealed('{"email":"x"', nothing) == b'{"email":"x"'


ODD = [
    '{"email":"N33DLE","email":"N33DLE","phone":"N33DLE","phone":"N33DLE","a":"1","a":"2"}',
    '{"email":33,"phone":{"x":["N33DLE"]},"a":"1"}',
    '{"email":{"x":"N33DLE"},"phone":true,"a":"1"}',
    '{"email":["N33DLE",1.50,null],"phone":["N33DLE"],"a":"1"}',
    '{ "email" : "N33DLE",\n "phone" : "N33DLE", "a":"1" }',
    '{"\\u0065mail":"N33DLE","p\\u0068one":"N33DLE","a":"1"}',
    '{"email":"N33DLE\\ud800","phone":"\\udc00N33DLE","a":"1"}',
    '{"email":"x","phone":"y","a":"\\ud800","email":"N33DLE"}',
    '{"email":"N33DLE\ud800","phone":"N33DLE\udfff","a":"\ud800"}',
    '{"a\\ud800":"1","email":"N33DLE","phone":"N33DLE"}',
    '{"email":"N33DLE\\u0000","phone":"N33DLE","a":"\\u0007"}',
    '{"a\ud800":"1","email":"N33DLE","phone":"N33DLE"}',
]


@pytest.mark.parametrize("sent", ODD)
@pytest.mark.parametrize("one", [concealer(), concealer(("pho*",), ("e?ail",))])
def test_no_odd_answer_shows_a_concealed_value(sent: str, one: Concealer) -> None:
    found = concealed(sent, one)
    assert NEEDLE.encode() not in found
    pairs = json.loads(found.decode("utf-8", "replace"), object_pairs_hook=list)
    assert "phone" not in dict(pairs)
    assert {len(value) for name, value in pairs if name == "email"} == {32}
    kept = [pair for pair in pairs if pair[0] != "email"]
    wanted = json.loads(sent.encode("utf-8", "surrogatepass").decode("utf-8", "replace"), object_pairs_hook=list)
    assert kept == [pair for pair in wanted if pair[0] not in ("email", "phone")]


@pytest.mark.parametrize(
    ("sent", "value"),
    [("33", "33"), ("1.50", "1.50"), ("true", "true"), ('"33"', "33"), ('{"x":[1.50]}', '{"x":[1.50]}')],
)
def test_a_value_that_is_no_text_is_hashed_as_its_json(sent: str, value: str) -> None:
    for blank in ("", " "):
        assert json.loads(concealed(f'{{"email":{blank}{sent}}}')) == {"email": hashed(value)}


@pytest.mark.parametrize("sent", ["[]", '["N33DLE"]', '"N33DLE"', "7", '{"email":"N33DLE"', '{"email":N33DLE}', ""])
def test_properties_that_are_no_object_are_refused_without_showing_them(sent: str) -> None:
    with pytest.raises(MalformedAnswer, match="record 7") as error:
        concealed(sent)
    assert NEEDLE not in str(error.value)


def test_a_replaced_character_is_still_reported() -> None:
    found = record(b'{"a":"x\xed\xa0\x80","email":"y","email":"z"}')
    concealer().record(found)
    _, _, scrubbed = unnest.cells([found], ["a", "email"])
    assert [one.property for one in scrubbed if "U+FFFD" in one.reason] == ["a"]
    assert any(one.property == "email" and "more than once" in one.reason for one in scrubbed)


def test_blocked_wins_over_hashed_whatever_is_a_pattern() -> None:
    for blocked, hashes in ((("email",), ("*",)), (("e*",), ("email",)), (("email",), ("email",))):
        assert json.loads(concealed('{"email":"x"}', concealer(blocked, hashes))) == {}


def test_patterns_tell_upper_from_lower_case() -> None:
    one = Concealer(KEY, ["SSN*"], ["Mail?"])
    assert one.row({"SSN_1": "x", "ssn_1": "y", "Mail1": "z", "mail1": "z"}) == {
        "ssn_1": "y", "Mail1": hashed("z"), "mail1": "z",
    }  # fmt: skip


def test_history_is_concealed_as_values_are() -> None:
    versions = {
        "email": [unnest.Version("2", NEEDLE), unnest.Version("1", None), unnest.Version("0", 17)],
        "phone": [unnest.Version("1", NEEDLE)],
        "amount": [unnest.Version("1", "5")],
    }
    found = record("{}", propertiesWithHistory=versions)
    concealer().record(found)
    rows = history_table([found], None).to_pylist()  # type: ignore[arg-type]
    kept = [(row["property"], row["value"]) for row in rows]
    assert kept == [("email", hashed("17")), ("email", None), ("email", hashed(NEEDLE)), ("amount", "5")]


def test_an_item_of_a_collection_is_concealed_field_by_field() -> None:
    item = {"id": "1", "email": NEEDLE, "teams": [{"name": NEEDLE}], "firstName": "", "userId": 7, "values": [NEEDLE]}
    one = Concealer(KEY, ["teams", "val*"], ["email", "firstName", "userId"])
    found = one.row(item)
    assert found == {"id": "1", "email": hashed(NEEDLE), "firstName": "", "userId": hashed("7")}
    assert item["email"] == NEEDLE
    table = collections.table(DECLARED.by_name["owners"], [found], None)  # type: ignore[arg-type]
    assert NEEDLE not in str(table.to_pylist())


def test_a_key_never_shows_and_is_needed_for_hashing() -> None:
    assert "key of" not in repr(concealer()) + str(vars(concealer()))
    with pytest.raises(ValueError, match="needs a key"):
        Concealer(b"", (), ["email"])


def test_a_needle_that_was_read_is_in_no_table(sandbox: Sandbox) -> None:
    fill(sandbox, [1, 2], properties={"email": f"{NEEDLE}@x.com", "phone": NEEDLE, "firstname": "Ada"})
    columns = {name: f"properties_{name}" for name in ("email", "phone", "firstname")}
    with reader(sandbox, properties=tuple(columns)) as one:
        (records,) = one.batch(["1", "2"], history=["email", "phone"])
    assert NEEDLE.lower() in bytes(records[0].properties).decode().lower()
    for found in records:
        concealer().record(found)
    table, _ = unnest.table(records, columns, None)
    shown = str(table.to_pylist()) + str(history_table(records, None).to_pylist())  # type: ignore[arg-type]
    assert NEEDLE.lower() not in shown.lower()
    assert len(set(table["properties_email"].to_pylist())) == 1
    assert set(table["properties_phone"].to_pylist()) == {None}
    assert set(table["properties_firstname"].to_pylist()) == {"Ada"}


def test_fast_and_slow_reading_give_the_same_hashes() -> None:
    chance = random.Random(3)
    pool = ["", None, "é", "\u2028", '"', "\\", "a\nb", "\x01", "😀", "null", "\ufeff", "x" * 300, 5, True]
    for _ in range(300):
        sent = {name: chance.choice(pool) for name in ("email", "phone", "a", "b")}
        compact = json.dumps(sent, separators=(",", ":"), ensure_ascii=chance.random() < 0.5)
        spaced = json.dumps(sent, ensure_ascii=chance.random() < 0.5)
        assert json.loads(concealed(compact)) == json.loads(concealed(spaced))

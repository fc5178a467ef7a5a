"""What hubspot.yaml hides of lists, logs and children: in what is read, and later in what is stored already."""

import hmac
import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import KEY, chosen, landed, rows, settings

EARLIER = "2026-01-01T00:00:00Z"
NEEDLE = "needle.person@example.com"
STORED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "owners": ("email", "email", {"op": "add_owner", "email": NEEDLE, "first_name": "N", "last_name": "P"}),
    "email_events": ("recipient", "recipient", {"op": "put", "kind": "email_event", "item": {
        "type": "OPEN", "recipient": NEEDLE, "sentBy": {"id": "1", "created": 1}}, "at": EARLIER}),
    "subscription_changes": ("recipient", "recipient", {"op": "put", "kind": "subscription_change", "item": {
        "recipient": NEEDLE, "changes": [{"change": "SUBSCRIBED"}]}, "at": EARLIER}),
    "form_submissions": ("pageUrl", "page_url", {"op": "put", "kind": "form_submission", "item": {
        "formId": "f-1", "pageUrl": NEEDLE}}),
    "campaigns": ("subject", "subject", {"op": "put", "kind": "email_campaign", "item": {
        "name": "May", "subject": NEEDLE}}),
    "deal_pipelines": ("label", "label", {"op": "define_pipeline", "object_type": "deals", "pipeline": {
        "id": "p-1", "label": NEEDLE, "displayOrder": 1, "stages": []}}),
}  # fmt: skip
"""Stream -> (field of HubSpot's answer, column, how the sandbox gets one that holds the needle)."""


def hashed(text: str) -> str:
    return hmac.new(KEY.reveal().encode(), text.encode(), sha256).hexdigest()[:32]


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    sandbox.mutate({"op": "put", "kind": "form", "id": "f-1", "item": {"name": "Contact us"}})
    return settings(tmp_path, sandbox.url, small_portal=0)


def values(given: Settings, stream: str) -> set[str | None]:
    return {row[0] for row in rows(given, f"SELECT {STORED[stream][1]} FROM hubspot.{stream}")}


def needles(given: Settings, stream: str) -> list[Any]:
    return [row for row in rows(given, f"SELECT CAST(s AS VARCHAR) FROM hubspot.{stream} AS s") if NEEDLE in row[0]]


@pytest.mark.parametrize("stream", STORED)
def test_a_field_that_is_hashed_from_the_start_is_the_same_hash_in_every_run(
    sandbox: Sandbox, given: Settings, stream: str
) -> None:
    sandbox.mutate(STORED[stream][2])
    given = chosen(given, f"hash: {{{stream}: [{STORED[stream][0]}]}}")
    landed(run(given, streams=[stream]))
    assert hashed(NEEDLE) in values(given, stream)
    for mode in ("sync", "reconcile"):
        assert not landed(run(given, streams=[stream], mode=mode)).changed, mode
        assert hashed(NEEDLE) in values(given, stream)


@pytest.mark.parametrize(
    ("stream", "section"), [*((one, "hash") for one in STORED), ("owners", "block"), ("email_events", "block")]
)
def test_a_field_that_is_hidden_later_is_taken_out_of_the_rows(
    sandbox: Sandbox, given: Settings, stream: str, section: str
) -> None:
    sandbox.mutate(STORED[stream][2])
    landed(run(given, streams=[stream]))
    assert NEEDLE in values(given, stream)
    assert needles(given, stream)
    count = rows(given, f"SELECT count(*) FROM hubspot.{stream}")

    later = chosen(given, f"{section}: {{{stream}: [{STORED[stream][0]}]}}")
    assert landed(run(later, streams=[stream])).changed
    assert needles(given, stream) == []
    assert (hashed(NEEDLE) if section == "hash" else None) in values(given, stream)
    assert rows(given, f"SELECT count(*) FROM hubspot.{stream}") == count
    assert not landed(run(later, streams=[stream])).changed


@pytest.mark.parametrize(("stream", "field"), [
    ("owners", "id"), ("email_events", "created"), ("form_submissions", "formId"), ("campaigns", "lastUpdatedTime"),
    ("marketing_campaigns", "*"), ("contacts_web_analytics", "objectId"),
])  # fmt: skip
def test_a_field_that_tells_rows_apart_cannot_be_hidden(
    sandbox: Sandbox, given: Settings, stream: str, field: str
) -> None:
    bad = chosen(given, f"hash: {{{stream}: ['{field}']}}")
    with pytest.raises(ConfigError, match=f"hash.{stream}: .*cannot be hidden"):
        run(bad, streams=["owners"])
    assert not given.working.exists()


@pytest.mark.parametrize("section", ["hash", "block"])
def test_a_property_that_is_hidden_later_leaves_the_rejects_too(
    sandbox: Sandbox, given: Settings, section: str
) -> None:
    text = {"name": "size_2", "label": "Size", "type": "string", "fieldType": "text"}
    sandbox.mutate(
        {"op": "define_property", "object_type": "contacts", "definition": text},
        {"op": "create", "object": "contacts", "properties": {"size_2": "31 inches"}},
        {"op": "define_property", "object_type": "contacts", "definition": text | {"type": "number"}},
    )
    landed(run(given, streams=["contacts"]))
    assert rows(given, "SELECT raw_value FROM hubspot.rejects") == [("31 inches",)]
    landed(run(chosen(given, f"{section}: {{contacts: [size_2]}}"), streams=["contacts"]))
    for name in ("contacts", "rejects"):
        assert "31 inches" not in str(rows(given, f"SELECT * FROM hubspot.{name}")), name
    stored = rows(given, "SELECT json_extract_string(properties, '$.size_2') FROM hubspot.contacts")
    assert stored == [(hashed("31 inches") if section == "hash" else None,)]


def test_what_could_not_be_hidden_is_hidden_by_the_next_run(sandbox: Sandbox, given: Settings) -> None:
    sandbox.mutate(STORED["email_events"][2])
    landed(run(given, streams=["email_events"]))
    later = chosen(given, "block: {email_events: [recipient]}")
    with duckdb.connect(str(given.working)) as con:
        con.execute("ALTER TABLE hubspot.email_events ALTER recipient SET NOT NULL")
    assert run(later, streams=["email_events"]).outcomes["email_events"].status == "failed"
    with duckdb.connect(str(given.working)) as con:
        con.execute("ALTER TABLE hubspot.email_events ALTER recipient DROP NOT NULL")
    landed(run(later, streams=["email_events"]))
    assert needles(given, "email_events") == []


def test_what_is_stored_is_rewritten_once(sandbox: Sandbox, given: Settings) -> None:
    sandbox.mutate(*[STORED["email_events"][2]] * 3)
    landed(run(given, streams=["email_events"]))
    later = chosen(given, "hash: {email_events: [recipient, sentBy]}")
    landed(run(later, streams=["email_events"]))
    (raw, sent) = rows(given, "SELECT raw, sent_by FROM hubspot.email_events LIMIT 1")[0]
    assert json.loads(raw)["recipient"] == hashed(NEEDLE)
    assert len(json.loads(raw)["sentBy"]) == 32
    # nothing is looked through again as long as the same is hidden
    assert landed(run(replace(later), streams=["email_events"])).outcomes["email_events"].rows_updated == 0
    assert rows(given, "SELECT sent_by FROM hubspot.email_events LIMIT 1") == [(sent,)]


PEOPLE = [f"person-{number}@example.com" for number in range(3)]
WITHOUT_ID = {"subscription_changes": ("recipient", "id"), "form_submissions": ("pageUrl", "conversion_id")}
"""Streams whose items can come without an id -> (a field that is hidden, the id's column)."""
FIVE_TO_NOON = 1_790_769_300_000


def put_without_ids(sandbox: Sandbox) -> None:
    """A change and a submission of each of `PEOPLE`, at one instant."""
    change = {"changes": [{"change": "UNSUBSCRIBED", "changeType": "SUBSCRIPTION_STATUS"}]}
    sandbox.post("clock", {"now": "2026-09-30T12:00:00Z", "frozen": True})
    sandbox.mutate(*[
        {"op": "put", "kind": "subscription_change", "item": {"recipient": one, **change}, "at": FIVE_TO_NOON}
        for one in PEOPLE
    ])  # fmt: skip
    submissions = {"results": [{"submittedAt": FIVE_TO_NOON, "pageUrl": one, "values": []} for one in PEOPLE]}
    answer = {"match": "GET /form-integrations", "status": 200, "body": submissions, "times": -1}
    sandbox.post("faults", {"faults": [answer]})


@pytest.mark.parametrize("stream", WITHOUT_ID)
def test_items_without_an_id_are_found_again_when_a_field_is_hidden_and_when_it_is_shown(
    sandbox: Sandbox, given: Settings, stream: str
) -> None:
    field, id_ = WITHOUT_ID[stream]
    put_without_ids(sandbox)
    landed(run(given, streams=[stream]))
    assert values(given, stream) == {*PEOPLE}
    ids = rows(given, f"SELECT {id_} FROM hubspot.{stream}")
    later = chosen(given, f"hash: {{{stream}: [{field}]}}")
    for mode in ("sync", "reconcile", "reconcile"):
        sandbox.post("clock", {"advance_ms": 60_000})
        landed(run(later, streams=[stream], mode=mode))
        assert values(given, stream) == {hashed(one) for one in PEOPLE}
        assert rows(given, f"SELECT count(*) FROM hubspot.{stream}") == [(3,)], mode
    # an id made from the clear content would let the value be found by trying
    assert set(ids).isdisjoint(rows(given, f"SELECT {id_} FROM hubspot.{stream}"))
    for changed in (True, False):
        sandbox.post("clock", {"advance_ms": 60_000})
        result = landed(run(replace(given, hash_key=KEY), streams=[stream], mode="reconcile"))
        assert result.changed == changed
        assert values(given, stream) == {*PEOPLE}
        assert sorted(rows(given, f"SELECT {id_} FROM hubspot.{stream}")) == sorted(ids)


@pytest.mark.parametrize("stream", WITHOUT_ID)
def test_items_without_an_id_that_only_a_blocked_field_told_apart_become_one(
    sandbox: Sandbox, given: Settings, stream: str
) -> None:
    put_without_ids(sandbox)
    landed(run(given, streams=[stream]))
    later = chosen(given, f"block: {{{stream}: [{WITHOUT_ID[stream][0]}]}}")
    for mode in ("sync", "reconcile"):
        sandbox.post("clock", {"advance_ms": 60_000})
        landed(run(later, streams=[stream], mode=mode))
        assert rows(given, f"SELECT count(*) FROM hubspot.{stream}") == [(1,)], mode
    sandbox.post("clock", {"advance_ms": 60_000})
    landed(run(given, streams=[stream], mode="reconcile"))
    assert len(rows(given, f"SELECT * FROM hubspot.{stream}")) == 3
    assert values(given, stream) == {*PEOPLE}

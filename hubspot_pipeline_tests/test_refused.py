"""What a token may not read is left out and comes back by itself: pairs of objects, and APIs that HubSpot switched off.

These tests need a sandbox portal that shows links to who may read both ends, and that has the knob `sunset`.
"""

from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import RunResult, run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import landed, rows, settings

CONTACTS, COMPANIES = "crm.objects.contacts.read", "crm.objects.companies.read"
STREAMS = ["contacts", "associations"]


def table(given: Settings, name: str) -> list[Any]:
    return rows(given, f'SELECT * FROM hubspot."{name}" ORDER BY ALL')


def linked(sandbox: Sandbox, contact: str, company: str) -> None:
    sandbox.mutate({"op": "associate", "from_object": "contacts", "from_id": contact, "to_object": "companies",
                    "to_id": company})  # fmt: skip


@pytest.fixture
def pair(sandbox: Sandbox) -> tuple[list[str], list[str]]:
    """Three contacts and two companies, the first ones linked."""
    sandbox.post("clock", {"now": "2026-09-30T12:00:00Z"})
    people = sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}}] * 3)
    firms = sandbox.mutate(*[{"op": "create", "object": "companies", "properties": {"name": "Acme"}}] * 2)
    linked(sandbox, people[0], firms[0])
    return people, firms


@pytest.mark.parametrize("small_portal", [0, 50_000])
def test_a_pair_whose_other_object_may_not_be_read_keeps_its_rows_until_it_may(
    sandbox: Sandbox, pair: tuple[list[str], list[str]], tmp_path: Path, small_portal: int
) -> None:
    people, firms = pair
    given = settings(tmp_path, sandbox.url, small_portal=small_portal)
    sandbox.grant(CONTACTS, COMPANIES)
    landed(run(given, streams=STREAMS))
    before = table(given, "associations")
    assert differences(sandbox.url, given.working, streams=STREAMS) == []

    sandbox.grant(CONTACTS)
    sandbox.post("clock", {"advance_ms": 3_600_000})
    linked(sandbox, people[1], firms[1])
    sandbox.mutate({"op": "update", "object": "contacts", "id": people[1], "properties": {"firstname": "A"}})
    _is_left_out(landed(run(given, streams=STREAMS)))
    assert table(given, "associations") == before
    assert differences(sandbox.url, given.working, streams=["contacts"]) == []

    sandbox.grant(CONTACTS, COMPANIES)
    result = landed(run(given, streams=STREAMS))
    assert "companies" not in result.outcomes["contacts"].message
    assert result.outcomes["associations"].rows_inserted == 1
    assert differences(sandbox.url, given.working, streams=STREAMS) == []


@pytest.mark.parametrize("small_portal", [0, 50_000])
def test_a_pair_that_the_first_read_could_not_see_comes_when_it_may(
    sandbox: Sandbox, pair: tuple[list[str], list[str]], tmp_path: Path, small_portal: int
) -> None:
    given = settings(tmp_path, sandbox.url, small_portal=small_portal)
    sandbox.grant(CONTACTS)
    _is_left_out(landed(run(given, streams=STREAMS)))
    assert table(given, "associations") == []
    _is_left_out(landed(run(given, streams=STREAMS)))
    sandbox.grant(CONTACTS, COMPANIES)
    landed(run(given, streams=STREAMS))
    assert len(table(given, "associations")) == 1
    assert differences(sandbox.url, given.working, streams=STREAMS) == []


def test_an_archived_record_keeps_the_links_that_the_token_may_not_see(
    sandbox: Sandbox, pair: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    people, _ = pair
    given = settings(tmp_path, sandbox.url)
    sandbox.grant(CONTACTS, COMPANIES)
    landed(run(given, streams=STREAMS))
    before = table(given, "associations")
    sandbox.grant(CONTACTS)
    sandbox.mutate({"op": "archive", "object": "contacts", "id": people[0]})
    landed(run(given, streams=STREAMS))
    assert table(given, "associations") == before
    sandbox.grant(CONTACTS, COMPANIES)
    landed(run(given, streams=STREAMS))
    assert differences(sandbox.url, given.working, streams=STREAMS) == []


def test_a_list_per_object_keeps_the_rows_of_an_object_that_may_no_longer_be_read(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    given = settings(tmp_path, sandbox.url)
    landed(run(given, streams=["property_groups"]))
    before = table(given, "property_groups")
    assert any("leads" in row for row in before)
    refusal = {"status": 403, "body": {"category": "MISSING_SCOPES"}, "times": -1}
    sandbox.post("faults", {"faults": [{"match": "GET /crm/properties/.*leads", **refusal}]})
    result = landed(run(given, streams=["property_groups"], mode="reconcile"))
    assert "leads" in result.outcomes["property_groups"].message
    assert table(given, "property_groups") == before


def _is_left_out(result: RunResult) -> None:
    """The contacts are there, and a note names the object that is not and the scope for it."""
    said = result.outcomes["contacts"].message
    assert "companies" in said
    assert COMPANIES in said
    assert result.exit_code == 0


RETIRED = {
    "campaigns": ("/email/public/v1/campaigns", "marketing_emails"),
    "email_events": ("/email/public/v1/events", "marketing_emails"),
    "subscription_changes": ("/email/public/v1/subscriptions", "communication preferences"),
    "workflows": ("/automation/v3/workflows", "flows"),
    "form_submissions": ("/form-integrations/v1", "no successor"),
}
"""Streams of first APIs: where they are read, and what the message must say took their place."""
ITEMS: dict[str, dict[str, Any]] = {
    "campaigns": {"kind": "email_campaign", "item": {"name": "May"}},
    "email_events": {"kind": "email_event", "item": {"recipient": "a@example.com"}},
    "subscription_changes": {"kind": "subscription_change", "item": {"changes": [{"change": "SUBSCRIBED"}]}},
    "workflows": {"kind": "workflow", "item": {"name": "Welcome"}},
    "form_submissions": {"kind": "form_submission", "item": {"formId": "f-1"}},
}


EARLIER = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("stream", RETIRED)
def test_a_stream_whose_api_has_ended_is_skipped_with_what_replaced_it(
    sandbox: Sandbox, tmp_path: Path, stream: str
) -> None:
    path, successor = RETIRED[stream]
    sandbox.mutate(
        {"op": "put", "kind": "form", "id": "f-1", "item": {}}, {"op": "put", **ITEMS[stream], "at": EARLIER}
    )
    given = settings(tmp_path, sandbox.url)
    landed(run(given, streams=[stream]))
    before = table(given, stream)
    assert len(before) == 1

    sandbox.config(sunset=[path])
    sandbox.mutate({"op": "put", **ITEMS[stream], "at": EARLIER})
    for mode in ("sync", "reconcile"):
        sandbox.post("clock", {"advance_ms": 3_600_000})
        result = run(given, streams=[stream], mode=mode)
        outcome = result.outcomes[stream]
        assert (outcome.status, result.exit_code) == ("skipped", 0), outcome.message
        assert successor in outcome.message
        assert table(given, stream) == before

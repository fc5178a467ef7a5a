"""What a later run must make good: reads that broke off before a choice changed, odd clocks, start dates that move."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.publish import publish, query
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import chosen, landed, only, rows, settings
from hubspot_pipeline_tests.test_cursor import NOON, at

LIST, LINKS = "GET /crm/objects/.*/contacts$", "POST /crm/associations/.*contacts/companies/batch/read"
PLAIN = "streams: {contacts_property_history: false}"


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    at(sandbox, 0)
    return settings(tmp_path / "data", sandbox.url, small_portal=0)


def contacts(sandbox: Sandbox, number: int) -> list[str]:
    one = {"op": "create", "object": "contacts", "properties": {"firstname": "n", "lifecyclestage": "lead"}}
    return [str(id_) for id_ in sandbox.mutate(*[one] * number)]


def employ(sandbox: Sandbox, ids: list[str]) -> None:
    """All of them get the same company."""
    (company,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {}})
    link = {"op": "associate", "from_object": "contacts", "to_object": "companies", "to_id": company}
    sandbox.mutate(*(link | {"from_id": id_} for id_ in ids))


def count(given: Settings, what: str) -> int:
    (row,) = rows(given, f"SELECT count(*) FROM hubspot.{what}")
    return int(row[0])


@contextmanager
def broken(sandbox: Sandbox, match: str, nth: int) -> Iterator[None]:
    """Such calls fail from the nth on."""
    sandbox.post("faults", {"faults": [{"match": match, "nth": nth, "status": 500, "times": -1}]})
    yield
    sandbox.delete("faults")


def test_a_history_that_is_switched_on_while_a_scan_is_broken_off_is_read_of_all(
    sandbox: Sandbox, given: Settings
) -> None:
    contacts(sandbox, 250)
    plain = chosen(given, PLAIN)
    for _ in range(2):
        landed(run(plain, streams=["contacts"]))
    with broken(sandbox, LIST, 3):
        assert run(plain, streams=["contacts"], mode="reconcile").failed
    followed = replace(chosen(given, "streams: {contacts_property_history: true}"), hash_key=plain.hash_key)
    landed(run(followed, streams=["contacts", "contacts_property_history"]))
    assert rows(given, "SELECT count(DISTINCT id) FROM hubspot.contacts_property_history") == [(250,)]


def test_a_scan_that_broke_off_leaves_no_links_unread(sandbox: Sandbox, given: Settings) -> None:
    given = chosen(given, f"{PLAIN}\nmode: {{contacts: incremental_client_side}}")
    ids = contacts(sandbox, 250)
    landed(run(given, streams=["contacts"]))
    at(sandbox, 60)
    change = {"op": "update", "object": "contacts", "properties": {"firstname": "changed"}}
    sandbox.mutate(*(change | {"id": id_} for id_ in ids[:5]))
    employ(sandbox, ids[:5])
    with broken(sandbox, LIST, 3):
        assert run(given, streams=["contacts"]).failed
    landed(run(given, streams=["contacts"]))
    assert count(given, "associations") == 5


def test_a_pair_that_is_granted_again_is_owed_until_it_was_read(sandbox: Sandbox, given: Settings) -> None:
    scopes = ["crm.objects.contacts.read", "crm.objects.deals.read", "tickets"]
    ids = contacts(sandbox, 1_500)
    sandbox.grant(*scopes)
    landed(run(given, streams=["contacts"]))
    employ(sandbox, ids)
    sandbox.grant(*scopes, "crm.objects.companies.read")
    with broken(sandbox, LINKS, 2):
        assert run(given, streams=["contacts"]).failed
    landed(run(given, streams=["contacts"]))
    assert count(given, "associations") == 1_500


def test_links_whose_path_is_gone_are_an_error_where_some_are_stored(sandbox: Sandbox, given: Settings) -> None:
    employ(sandbox, contacts(sandbox, 1))
    landed(run(given, streams=["contacts"]))
    sandbox.post("faults", {"faults": [{"match": LINKS, "status": 404, "times": -1}]})
    (failed,) = run(given, streams=["contacts"], mode="reconcile").failed
    assert "404" in failed.message
    assert count(given, "associations") == 1


@pytest.mark.parametrize("what", ["a link", "what a filter keeps"])
def test_a_run_that_only_takes_away_is_published(sandbox: Sandbox, given: Settings, what: str) -> None:
    given = chosen(given, f"{PLAIN}\nfilters: {{contacts: [{{field: firstname, condition: equals, value: n}}]}}")
    (id_,) = contacts(sandbox, 1)
    (company,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {}})
    link = {"from_object": "contacts", "from_id": id_, "to_object": "companies", "to_id": company}
    if what == "a link":
        sandbox.mutate({"op": "associate", **link})
    publish(given, landed(run(given, streams=["contacts"])).changed)
    at(sandbox, 60)
    if what == "a link":
        sandbox.mutate({"op": "disassociate", **link})
    else:
        sandbox.mutate({"op": "update", "object": "contacts", "id": id_, "properties": {"firstname": "m"}})
    result = landed(run(given, streams=["contacts"], mode="reconcile"))
    assert result.changed
    publish(given, result.changed)
    left = "SELECT (SELECT count(*) FROM hubspot.associations) + (SELECT count(*) FROM hubspot.contacts) AS n"
    assert query(left, given)["n"].tolist() == [1 if what == "a link" else 0]


def test_a_named_span_is_read_also_while_a_scan_is_broken_off(sandbox: Sandbox, given: Settings) -> None:
    given = chosen(given, PLAIN)
    ids = contacts(sandbox, 250)
    landed(run(given, streams=["contacts"]))
    with broken(sandbox, LIST, 3):
        assert run(given, streams=["contacts"], mode="reconcile").failed
    change: dict[str, Any] = {"op": "update", "object": "contacts", "properties": {"lastname": "new"}, "touch": False}
    sandbox.mutate(*(change | {"id": id_} for id_ in ids[:5]))
    landed(run(given, streams=["contacts"], since=NOON, until=NOON + timedelta(days=1)))
    assert count(given, "contacts WHERE properties_lastname = 'new'") == 5


def test_an_event_of_a_clock_that_is_ahead_hides_no_later_one(sandbox: Sandbox, given: Settings) -> None:
    given = only(given, "contacts", "contacts_web_analytics")
    (id_,) = contacts(sandbox, 1)

    def visit(minutes: int) -> None:
        item = {"object": "contacts", "objectId": id_, "eventType": "e_x"}
        moment = (NOON + timedelta(minutes=minutes)).isoformat()
        sandbox.mutate({"op": "put", "kind": "web_event", "item": item, "at": moment})

    visit(-10)
    visit(60 * 24 * 10)
    landed(run(given))
    for day in (5, 11):  # before that instant, and behind it
        at(sandbox, 60 * 24 * day)
        visit(60 * 24 * day - 60 * 24 * 4)
        landed(run(given))
    assert count(given, "contacts_web_analytics") == 4


@pytest.mark.parametrize("then", ["sync", "full"])
def test_a_start_date_that_moves_back_brings_what_lies_before(sandbox: Sandbox, given: Settings, then: str) -> None:
    for day in ("2024-03-01", "2026-03-01"):
        sandbox.mutate(
            {"op": "put", "kind": "email_event", "item": {"recipient": "a@b.example"}, "at": f"{day}T00:00:00Z"}
        )
    sandbox.mutate({"op": "put", "kind": "form", "id": "f-1", "item": {"name": "Contact us"}})
    first = datetime(2023, 1, 1, tzinfo=UTC)
    for number in range(120):
        moment = (first + timedelta(days=10 * number)).isoformat()
        sandbox.mutate({"op": "put", "kind": "form_submission", "item": {"formId": "f-1"}, "at": moment})
    given = only(given, "email_events", "forms", "form_submissions")
    landed(run(replace(given, start=datetime(2026, 1, 1, tzinfo=UTC))))
    assert count(given, "email_events") == 1
    at(sandbox, 60)
    landed(run(given, mode=then))
    assert (count(given, "email_events"), count(given, "form_submissions")) == (2, 120)


def test_a_start_date_that_moves_past_the_last_read_and_back_leaves_no_gap(sandbox: Sandbox, given: Settings) -> None:
    given = only(given, "email_events")
    landed(run(given))
    event = {"op": "put", "kind": "email_event", "item": {"recipient": "gap@b.example"}}
    sandbox.mutate(event | {"at": (NOON + timedelta(days=5)).isoformat()})
    at(sandbox, 60 * 24 * 30)
    landed(run(replace(given, start=NOON + timedelta(days=20))))
    assert count(given, "email_events") == 0
    at(sandbox, 60 * 24 * 31)
    landed(run(given))
    assert count(given, "email_events") == 1


def test_statistics_of_an_email_that_did_not_change_come_with_the_reconcile(sandbox: Sandbox, given: Settings) -> None:
    given = only(given, "marketing_emails")
    email = {"op": "put", "kind": "marketing_email", "id": "1"}
    sandbox.mutate(email | {"item": {"name": "News"}})
    at(sandbox, 60)
    sandbox.mutate(email | {"id": "2", "item": {"name": "Later news"}})
    landed(run(given))
    sandbox.mutate(email | {"item": {"stats": {"counters": {"open": 500}}}})
    opens = "SELECT stats->'counters'->>'open' FROM hubspot.marketing_emails WHERE id = '1'"
    landed(run(given))
    assert rows(given, opens) != [("500",)]
    landed(run(given, mode="reconcile"))
    assert rows(given, opens) == [("500",)]

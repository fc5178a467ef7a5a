"""What a sandbox portal still knows after it was killed: the day's calls, OAuth tokens, lists, items."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from hubspot_pipeline.sandbox.access import Access
from hubspot_pipeline.sandbox.state import kept
from hubspot_pipeline_tests.test_sandbox_admin import process_of

NOON = {"now": "2030-01-01T12:00:00Z", "frozen": True}
CONTACTS = "/crm/objects/2026-03/contacts"


def mutate(call: Any, *ops: dict[str, Any]) -> list[Any]:
    results: list[Any] = json.loads(call("POST", "/_sandbox/mutate", {"ops": ops}))["results"]
    return results


def test_the_days_calls_are_still_counted_after_a_restart(tmp_path: Path) -> None:
    def used() -> int:
        usage = json.loads(call("GET", "/account-info/2026-03/api-usage/daily/private-apps"))
        return int(usage["results"][0]["currentUsage"])

    state = str(tmp_path / "portal.jsonl")
    with process_of("--state", state) as (call, _):
        call("POST", "/_sandbox/clock", NOON)
        for _ in range(5):
            call("GET", CONTACTS)
    with process_of("--state", state) as (call, _):
        assert used() == 6
        call("POST", "/_sandbox/clock", {"now": "2030-01-02T12:00:00Z"})
        assert used() == 1
        call("POST", "/_sandbox/reset", {})
        assert used() == 1


def test_a_rotated_refresh_token_outlives_a_restart_and_a_spent_one_does_not_return() -> None:
    access = Access()
    given = {"client_id": "app", "client_secret": "hush", "refresh_token": "r0", "rotate": True}
    access.set_client(given)
    client = access.clients["app"]
    first, second = access.new_refresh_token(), access.new_refresh_token()
    for old, new in (("r0", first), (first, second)):
        client.refresh_tokens.add(new)
        client.spend(old)
    token = access.issue(client, 0)
    again = Access()
    again.set_client(Access.as_client(client))
    again.set_token(Access.as_given(token))
    assert again.clients["app"] == client
    assert again.new_refresh_token() not in {first, second}
    assert again.issue(again.clients["app"], 0).text != token.text


def test_oauth_goes_on_where_it_was(tmp_path: Path) -> None:
    state = str(tmp_path / "portal.jsonl")
    client = {"client_id": "app", "client_secret": "hush"}

    def refresh(token: str, ask: Any) -> Any:
        path = "/oauth/v1/token?" + urlencode({**client, "grant_type": "refresh_token", "refresh_token": token})
        return json.loads(ask("POST", path, content_type="application/x-www-form-urlencoded"))

    with process_of("--state", state) as (call, _):
        call("POST", "/_sandbox/oauth", {**client, "refresh_token": "r0", "rotate": True})
        rotated = refresh("r0", call)["refresh_token"]
    with process_of("--state", state) as (call, _):
        assert refresh("r0", call)["status"] == "BAD_REFRESH_TOKEN"
        assert refresh(rotated, call)["token_type"] == "bearer"


def test_lists_and_items_come_back_and_a_purged_person_does_not(tmp_path: Path) -> None:
    state = tmp_path / "portal.jsonl"
    with process_of("--state", str(state)) as (call, _):
        call("POST", "/_sandbox/clock", NOON)
        keeper, needle = mutate(call, *[
            {"op": "create", "object": "contacts", "properties": {"email": f"{name}@example.com"}}
            for name in ("keeper", "needle")
        ])  # fmt: skip
        form, list_id = mutate(call, {"op": "put", "kind": "form", "item": {}}, {"op": "add_list", "name": "A"})
        for name, id in (("needle", needle), ("keeper", keeper)):
            mutate(
                call,
                {"op": "add_member", "list_id": list_id, "record_id": id},
                {"op": "put", "kind": "email_event", "item": {"recipient": f"{name}@example.com"}},
                {"op": "put", "kind": "form_submission", "item": {
                    "formId": form, "values": [{"name": "email", "value": f"{name}@example.com"}]}},
                {"op": "put", "kind": "web_event", "item": {"object": "contacts", "objectId": id}},
            )  # fmt: skip
        mutate(call, {"op": "gdpr_delete", "id": needle}, {"op": "put", "kind": "file", "item": {"name": "x"}})
        before = call("GET", "/_sandbox/dump")
        assert b"needle" not in before + state.read_bytes()
    with process_of("--state", str(state)) as (call, _):
        assert call("GET", "/_sandbox/dump") == before


def test_a_purged_persons_conversation_leaves_the_state_file_and_it_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    sandbox, _ = kept(path, {})
    portal = sandbox.portal
    person = portal.create("contacts", {"email": "needle@example.com"})
    thread = portal.put("conversation_thread", {"associatedContactId": person})
    other = portal.put("conversation_thread", {})
    for where in (thread, other):
        portal.put("conversation_message", {"conversationsThreadId": where, "text": f"needle {where}"})
    portal.put("conversation_thread", {"status": "CLOSED"}, id=thread)
    portal.put("consent_status", {"subscriberIdString": "needle@example.com", "subscriptionId": 1})
    portal.gdpr_delete(person)
    assert portal.journal is not None
    portal.journal.close()
    assert path.read_bytes().count(b"needle") == 1
    again, _ = kept(path, {})
    again.portal.clock.set(portal.now())
    assert [row for row in again.portal.dump() if row["kind"].startswith("conversation")] == [
        row for row in portal.dump() if row["kind"].startswith("conversation")
    ]

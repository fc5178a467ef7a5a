"""Conversations, sequences, consents, currencies, logs, marketing events and the first engagements API."""

from typing import Any

import pytest

from hubspot_pipeline_tests.conftest import Sandbox

T0 = 1_780_000_000_000
V = "2026-03"


def put(sandbox: Sandbox, kind: str, *items: dict[str, Any], **more: Any) -> list[str]:
    return sandbox.mutate(*[{"op": "put", "kind": kind, "item": item, **more} for item in items])


def walked(sandbox: Sandbox, path: str, cursor: str = "after") -> list[Any]:
    sign, at, found = "&" if "?" in path else "?", "", []
    while True:
        page = sandbox.api("GET", path + (f"{sign}{cursor}={at}" if at else "")).json()
        found += page["results"]
        if "paging" in page:
            at = page["paging"]["next"]["after"]
        elif page.get("hasMore"):
            at = page["offset"]
        else:
            return found


LISTINGS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("marketing_event", f"/marketing/marketing-events/{V}", "crm.objects.marketing_events.read", {}),
    ("marketing_event", "/marketing/v3/marketing-events", "crm.objects.marketing_events.read", {}),
    ("marketing_event", "/marketing/marketing-events/v3", "crm.objects.marketing_events.read", {}),
    ("event_definition", "/events/v3/event-definitions", "behavioral_events.event_definitions.read_write",
     {"name": "x"}),
    ("event_definition", "/events/custom/2026-09/event-definitions", "behavioral_events.event_definitions.read_write",
     {"name": "x"}),
    ("event_definition", "/events/2026-03/event-definitions", "behavioral_events.event_definitions.read_write",
     {"name": "x"}),
    ("conversation_inbox", "/conversations/v3/conversations/inboxes", "conversations.read", {}),
    ("conversation_channel", "/conversations/conversations/2026-09/channels", "conversations.read", {}),
    ("conversation_thread", "/conversations/conversations/2026-09/threads", "conversations.read", {}),
    ("sequence", f"/automation/sequences/{V}?userId=1", "automation.sequences.read", {}),
    ("sequence", "/automation/v4/sequences?userId=1", "automation.sequences.read", {}),
    ("exchange_rate", f"/settings/currencies/{V}/exchange-rates", "settings.currencies.read",
     {"fromCurrencyCode": "EUR", "toCurrencyCode": "USD"}),
    ("currency", "/settings/v3/currencies/codes", "crm.objects.quotes.read", {"currencyCode": "EUR"}),
    ("audit_log", f"/account-info/{V}/activity/audit-logs", "account-info.security.read", {}),
    ("login_activity", "/account-info/v3/activity/login", "account-info.security.read", {}),
    ("security_activity", f"/account-info/{V}/activity/security", "account-info.security.read", {}),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "scope", "item"), LISTINGS)
def test_a_listing_shows_what_was_put_behind_its_scope(
    sandbox: Sandbox, kind: str, path: str, scope: str, item: dict[str, Any]
) -> None:
    many = 1 if kind in ("currency", "event_definition") else 3
    put(sandbox, kind, *[item] * many)
    sign = "&" if "?" in path else "?"
    shown = walked(sandbox, path if kind == "currency" else f"{path}{sign}limit=1")
    told = [{k: v for k, v in row.items() if k != "kind"} for row in sandbox.dump() if row["kind"] == kind]
    assert sorted(shown, key=str) == sorted(told, key=str)
    assert len(shown) == many
    assert kind == "currency" or sandbox.api("GET", f"{path}{sign}limit=501").status == 400
    sandbox.grant("forms")
    reply = sandbox.api("GET", path)
    assert (reply.status, reply.json()["category"]) == (403, "MISSING_SCOPES")
    assert scope in reply.json()["errors"][0]["context"]["requiredGranularScopes"]
    sandbox.grant(scope)
    assert sandbox.api("GET", path).status == 200


def test_a_thread_has_messages_and_moves_with_them(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    first, second = put(sandbox, "conversation_thread", {}, {})
    sandbox.post("clock", {"advance_ms": 5000})
    ids = put(sandbox, "conversation_message", *[{"conversationsThreadId": first, "text": word} for word in "ab"])
    path = "/conversations/v3/conversations/threads"
    assert [one["text"] for one in walked(sandbox, f"{path}/{first}/messages?limit=1")] in (["a", "b"], ["b", "a"])
    assert sandbox.api("GET", f"{path}/{first}/messages/{ids[0]}").json()["text"] == "a"
    assert walked(sandbox, f"{path}/{second}/messages") == []
    assert sandbox.api("GET", f"{path}/9/messages").status == 404
    since = walked(sandbox, f"{path}?latestMessageTimestampAfter=2026-05-28T20:26:41Z&limit=500")
    assert [one["id"] for one in since] == [first]
    assert sandbox.api("GET", f"{path}/{second}").json()["status"] == "OPEN"
    assert sandbox.api("GET", f"{path}?latestMessageTimestampAfter=soon").status == 400


def test_sequences_are_a_users_and_enrollments_a_contacts(sandbox: Sandbox) -> None:
    (id, _) = put(sandbox, "sequence", {"userId": "7"}, {"userId": "8"})
    put(sandbox, "sequence_enrollment", {"contactId": "5", "sequenceId": id})
    assert [one["id"] for one in walked(sandbox, f"/automation/sequences/{V}?userId=7")] == [id]
    assert sandbox.api("GET", f"/automation/sequences/{V}").status == 400
    shown = sandbox.api("GET", "/automation/v4/sequences/enrollments/contact/5").json()
    assert (shown["sequenceId"], "contactId" in shown) == (id, False)
    assert sandbox.api("GET", f"/automation/sequences/{V}/enrollments/contact/6").status == 404


def test_logs_are_filtered_by_time(sandbox: Sandbox) -> None:
    for day in ("01", "02", "03"):
        sandbox.mutate(*[
            {"op": "put", "kind": kind, "item": {}, "at": f"2026-01-{day}T00:00:00Z"}
            for kind in ("audit_log", "security_activity")
        ])  # fmt: skip
    low, high = "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"
    path = f"/account-info/{V}/activity"
    audit = walked(sandbox, f"{path}/audit-logs?occurredAfter={low}&limit=1")
    assert [one["occurredAt"][:10] for one in audit] == ["2026-01-03", "2026-01-02"]
    security = walked(sandbox, f"{path}/security?fromTimestamp={low}&toTimestamp={high}")
    assert [one["createdAt"][:10] for one in security] == ["2026-01-02"]


def test_consents_are_read_by_address(sandbox: Sandbox) -> None:
    put(sandbox, "consent_status", *[
        {"subscriberIdString": email, "subscriptionId": 41, "status": "UNSUBSCRIBED"} for email in ("a@x.io", "b@x.io")
    ])  # fmt: skip
    path = f"/communication-preferences/{V}/statuses"
    batch = sandbox.api("POST", f"{path}/batch/read?channel=EMAIL", {"inputs": ["A@x.io", "none@x.io"]}).json()
    assert [len(one["statuses"]) for one in batch["results"]] == [1, 0]
    assert sandbox.api("GET", f"{path}/b@x.io").json()["results"][0]["status"] == "UNSUBSCRIBED"
    assert sandbox.api("POST", f"{path}/batch/read", {"inputs": ["a"] * 101}).status == 400
    sandbox.grant("communication_preferences.read")
    assert sandbox.api("POST", f"{path}/batch/read", {"inputs": ["a"]}).status == 403
    assert sandbox.api("GET", f"{path}/b@x.io").status == 200


def test_a_purged_person_is_in_no_conversation_and_no_consent(sandbox: Sandbox) -> None:
    (id,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {"email": "needle@x.io"}})
    (thread,) = put(sandbox, "conversation_thread", {"associatedContactId": id})
    put(sandbox, "conversation_message", {"conversationsThreadId": thread, "text": "needle"})
    put(sandbox, "sequence_enrollment", {"contactId": id, "sequenceId": "1", "toEmail": "needle@x.io"})
    put(sandbox, "consent_status", {"subscriberIdString": "Needle@x.io", "subscriptionId": 1})
    sandbox.mutate({"op": "gdpr_delete", "id": id})
    assert b"needle" not in sandbox.request("GET", "/_sandbox/dump").body.lower()


def test_the_first_engagements_api_has_all_activities(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    person, call, note, mail = sandbox.mutate(
        {"op": "create", "object": "contacts", "properties": {}},
        {"op": "create", "object": "calls", "properties": {
            "hs_call_title": "T", "hs_call_duration": "1500", "hs_call_to_number": "+1", "hs_timestamp": "2026-01-01"}},
        {"op": "create", "object": "notes", "properties": {"hs_note_body": "N", "hs_attachment_ids": "7;8"}},
        {"op": "create", "object": "emails", "properties": {
            "hs_email_subject": "secret", "hs_email_direction": "INCOMING_EMAIL",
            "hs_email_headers": '{"from": {"email": "a@x.io"}, "to": [{"email": "b@x.io"}]}'}},
    )  # fmt: skip
    sandbox.mutate({"op": "associate", "from_object": "calls", "from_id": call, "to_object": "contacts",
                    "to_id": person})  # fmt: skip
    path = "/engagements/v1/engagements"
    shown = {str(one["engagement"]["id"]): one for one in walked(sandbox, f"{path}/paged?limit=1", "offset")}
    assert list(shown) == [call, note, mail]
    assert (shown[call]["metadata"]["durationMilliseconds"], shown[call]["metadata"]["toNumber"]) == (1500, "+1")
    assert (shown[call]["engagement"]["type"], shown[call]["associations"]["contactIds"]) == ("CALL", [int(person)])
    assert shown[note]["attachments"] == [{"id": 7}, {"id": 8}]
    assert shown[mail]["engagement"]["type"] == "INCOMING_EMAIL"
    assert shown[mail]["metadata"]["to"] == [{"email": "b@x.io"}]
    sandbox.post("clock", {"advance_ms": 1000})
    sandbox.mutate({"op": "update", "object": "notes", "id": note, "properties": {"hs_note_body": "M"}})
    recent = sandbox.api("GET", f"{path}/recent/modified?since={T0}&count=1").json()
    assert (recent["total"], recent["results"][0]["engagement"]["id"], recent["hasMore"]) == (3, int(note), True)
    later = walked(sandbox, f"{path}/modified/after?after={T0 + 1}", "offset")
    assert [one["metadata"]["body"] for one in later] == ["M"]
    assert sandbox.api("GET", f"{path}/{call}").json() == shown[call]
    for limit in ("paged?limit=251", "recent/modified?count=101", "modified/after?limit=1001"):
        assert sandbox.api("GET", f"{path}/{limit}").status == 400
    sandbox.grant("crm.objects.contacts.read")
    assert b"secret" not in sandbox.api("GET", f"{path}/paged").body
    sandbox.grant("tickets")
    assert sandbox.api("GET", f"{path}/paged").status == 403
    assert sandbox.api("GET", f"{path}/modified/after").json()["results"] == []


def test_a_message_of_no_thread_is_refused_and_not_kept(sandbox: Sandbox) -> None:
    op = {"op": "put", "kind": "conversation_message", "item": {"conversationsThreadId": "77", "text": "Hi"}}
    assert sandbox.request("POST", "/_sandbox/mutate", {"ops": [op]}).status == 400
    assert [line for line in sandbox.dump() if line["kind"] == "conversation_message"] == []

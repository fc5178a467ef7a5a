"""Forms, e-mails, subscriptions, campaigns, workflows and web events of the sandbox portal."""

from typing import Any

import pytest

from hubspot_pipeline_tests.conftest import Sandbox

T0 = 1_780_000_000_000


def put(sandbox: Sandbox, kind: str, *items: dict[str, Any], **more: Any) -> list[str]:
    return sandbox.mutate(*[{"op": "put", "kind": kind, "item": item, **more} for item in items])


def rows(sandbox: Sandbox, path: str, name: str = "results") -> list[Any]:
    """All rows of a listing, by `after` or by `offset`."""
    found: list[Any] = []
    cursor, sign = "", "&" if "?" in path else "?"
    while True:
        parameter = "after" if name == "results" else "offset"
        page = sandbox.api("GET", path + (f"{sign}{parameter}={cursor}" if cursor else "")).json()
        found += page[name]
        if name == "results" and "paging" in page:
            cursor = page["paging"]["next"]["after"]
        elif page.get("hasMore"):
            cursor = page["offset"]
        else:
            return found


def test_forms_are_of_the_types_asked_for(sandbox: Sandbox) -> None:
    ids = put(sandbox, "form", {"name": "A"}, {"name": "B", "formType": "captured"}, {"name": "C", "formType": "flow"})
    assert [one["name"] for one in rows(sandbox, "/marketing/v3/forms/")] == ["A"]
    path = "/marketing/v3/forms?formTypes=hubspot&formTypes=captured&formTypes=flow&limit=2"
    assert {one["id"] for one in rows(sandbox, path)} == set(ids)
    assert len(rows(sandbox, "/marketing/forms/2026-09-beta?formTypes=all")) == 3
    assert sandbox.api("GET", "/marketing/forms/2026-03").status == 404
    assert sandbox.api("GET", "/marketing/v3/forms?formTypes=paper").status == 400
    assert sandbox.api("GET", "/marketing/v3/forms?limit=101").status == 400
    sandbox.mutate({"op": "drop", "kind": "form", "id": ids[0], "archive": True})
    assert rows(sandbox, "/marketing/v3/forms") == []
    assert [one["id"] for one in rows(sandbox, "/marketing/v3/forms?archived=true")] == [ids[0]]


def test_submissions_come_newest_first_without_their_form(sandbox: Sandbox) -> None:
    (form,) = put(sandbox, "form", {"name": "A"})
    value = {"name": "email", "value": "a@example.com", "objectTypeId": "0-1"}
    items = [{"formId": form, "submittedAt": T0 + at // 2, "values": [value]} for at in range(5)]
    ids = put(sandbox, "form_submission", *items)
    path = f"/form-integrations/v1/submissions/forms/{form}"
    found = rows(sandbox, f"{path}?limit=2")
    assert [one["submittedAt"] - T0 for one in found] == [2, 1, 1, 0, 0]
    assert {one["conversionId"] for one in found} == set(ids)
    assert found[0].keys() == {"conversionId", "submittedAt", "values", "pageUrl"}
    page = sandbox.api("GET", f"{path}?limit=2").json()
    put(sandbox, "form_submission", {"formId": form, "submittedAt": T0 + 9})
    following = sandbox.api("GET", f"{path}?limit=2&after={page['paging']['next']['after']}").json()
    assert [one["submittedAt"] - T0 for one in following["results"]] == [1, 0]
    assert sandbox.api("GET", f"{path}?limit=51").status == 400
    assert sandbox.api("GET", "/form-integrations/v1/submissions/forms/none").status == 404


def test_marketing_emails_are_filtered_by_their_last_change(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    put(sandbox, "marketing_email", *[{"name": f"E{at}"} for at in range(3)])
    sandbox.post("clock", {"advance_ms": 1000})
    (late,) = put(sandbox, "marketing_email", {"name": "late"})
    path = "/marketing/emails/2026-03"
    since = sandbox.api("GET", f"{path}?updatedAfter=2026-05-28T20:26:40.000Z").json()
    assert (since["total"], since["results"][0]["id"], "stats" in since["results"][0]) == (1, late, False)
    stats = sandbox.api("GET", "/marketing/v3/emails?includeStats=true&limit=250").json()
    assert (stats["total"], "counters" in stats["results"][0]["stats"]) == (4, True)
    names = [one["name"] for one in rows(sandbox, f"{path}?sort=-updatedAt&limit=1")]
    assert (names[0], len(names)) == ("late", 4)
    assert sandbox.api("GET", f"{path}?updatedAfter=soon").status == 400


def test_email_events_lie_between_the_bounds(sandbox: Sandbox) -> None:
    items = [{"type": "OPEN", "recipient": "a@example.com", "created": T0 + at} for at in range(5)]
    put(sandbox, "email_event", *items, {"type": "SENT", "recipient": "b@example.com", "created": T0 + 2})
    path = f"/email/public/v1/events?startTimestamp={T0}&endTimestamp={T0 + 4}&limit=2"
    assert [one["created"] - T0 for one in rows(sandbox, path, "events")] == [3, 2, 2, 1]
    sandbox.config(event_bounds="[]")
    assert [one["created"] - T0 for one in rows(sandbox, path, "events")] == [4, 3, 2, 2, 1, 0]
    assert [one["type"] for one in rows(sandbox, f"{path}&recipient=B@example.com", "events")] == ["SENT"]
    assert len(rows(sandbox, f"{path}&eventType=OPEN", "events")) == 5
    assert sandbox.api("GET", "/email/public/v1/events?limit=1001").status == 400
    assert sandbox.api("GET", "/email/public/v1/events?campaignId=1").status == 400
    assert len(sandbox.api("GET", "/email/public/v1/events").json()["events"]) == 6


def test_email_campaigns_take_a_call_each(sandbox: Sandbox) -> None:
    (id, _) = put(sandbox, "email_campaign", {"name": "May", "counters": {"sent": 7}}, {"name": "June"})
    listed = rows(sandbox, "/email/public/v1/campaigns/by-id?limit=1", "campaigns")
    assert [one["id"] for one in listed] == [int(id), int(id) + 1]
    assert listed[0].keys() == {"id", "appId", "appName", "lastUpdatedTime"}
    detail = sandbox.api("GET", f"/email/public/v1/campaigns/{id}?appId={listed[0]['appId']}").json()
    assert (detail["name"], detail["counters"], "lastUpdatedTime" in detail) == ("May", {"sent": 7}, False)
    assert sandbox.api("GET", f"/email/public/v1/campaigns/{id}?appId=5").status == 404


def test_subscriptions_and_their_changes(sandbox: Sandbox) -> None:
    (id,) = put(sandbox, "subscription_definition", {"name": "News"})
    newer = sandbox.api("GET", "/communication-preferences/2026-03/definitions").json()
    assert (newer["status"], newer["results"][0]["id"], newer["results"][0]["name"]) == ("COMPLETE", id, "News")
    third = sandbox.api("GET", "/communication-preferences/v3/definitions").json()
    assert third["subscriptionDefinitions"] == newer["results"]
    first = sandbox.api("GET", "/email/public/v1/subscriptions").json()["subscriptionDefinitions"]
    assert (first[0]["id"], first[0]["active"]) == (int(id), True)
    change = {"change": "UNSUBSCRIBED", "changeType": "SUBSCRIPTION_STATUS", "subscriptionId": int(id)}
    items = [{"recipient": "a@example.com", "timestamp": T0 + at, "changes": [change]} for at in (0, 1, 1, 2)]
    put(sandbox, "subscription_change", *items)
    path = f"/email/public/v1/subscriptions/timeline?startTimestamp={T0}&limit=1"
    found = rows(sandbox, path, "timeline")
    assert [one["timestamp"] - T0 for one in found] == [2, 1, 1]
    assert found[0].keys() == {"recipient", "portalId", "timestamp", "changes"}
    assert rows(sandbox, f"{path}&changeType=PORTAL_STATUS", "timeline") == []


def test_campaigns_show_the_properties_asked_for(sandbox: Sandbox) -> None:
    ids = put(sandbox, "campaign", *[{"properties": {"hs_name": name, "hs_notes": "n"}} for name in "BAC"])
    path = "/marketing/campaigns/2026-03"
    assert [one["id"] for one in rows(sandbox, f"{path}?limit=2")] == [ids[1], ids[0], ids[2]]
    assert rows(sandbox, path)[0]["properties"] == {}
    assert rows(sandbox, f"{path}?properties=hs_name,hs_none")[0]["properties"] == {"hs_name": "A"}
    batch = sandbox.api("POST", f"{path}/batch/read", {"inputs": [{"id": ids[2]}, {"id": "x"}]}).json()
    assert [one["id"] for one in batch["results"]] == [ids[2]]
    assert sandbox.api("GET", f"{path}?limit=101").status == 400


def test_workflows_have_two_shapes(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    (id, _) = put(sandbox, "workflow", {"name": "Welcome"}, {"name": "Deals", "objectTypeId": "0-3"})
    (old,) = sandbox.api("GET", "/automation/v3/workflows").json()["workflows"]
    assert (old["id"], old["insertedAt"], old["enabled"]) == (int(id), T0, True)
    flows = rows(sandbox, "/automation/v4/flows?limit=1")
    assert [one["name"] for one in flows] == ["Welcome", "Deals"]
    assert sandbox.api("GET", f"/automation/v4/flows/{flows[0]['id']}").json()["actions"] == []
    body = {"inputs": [{"workflowId": id}]}
    mapped = sandbox.api("POST", "/automation/v4/workflow-id-mappings/batch/read", body).json()
    assert mapped["results"] == [{"workflowId": id, "flowId": flows[0]["id"]}]
    assert sandbox.api("GET", "/automation/2026-03/flows").status == 404
    assert len(rows(sandbox, "/automation/2026-09-beta/flows")) == 2


def test_web_events_are_read_per_record(sandbox: Sandbox) -> None:
    ids = sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}}] * 2)
    for at in range(4):
        at_day = f"2026-01-0{at + 1}T00:00:00.000Z"
        put(sandbox, "web_event", {"object": "contact", "objectId": ids[at % 2], "occurredAt": at_day})
    path = f"/events/v3/events?objectType=contact&objectId={ids[0]}"
    found = rows(sandbox, f"{path}&limit=1")
    assert [one["occurredAt"][:10] for one in found] == ["2026-01-03", "2026-01-01"]
    assert (found[0]["objectType"], found[0]["objectId"]) == ("CONTACT", ids[0])
    dated = path.replace("v3/events", "event-occurrences/2026-03")
    window = "&occurredAfter=2026-01-01T00:00:00Z&occurredBefore=2026-01-04T00:00:00Z"
    assert [one["occurredAt"][:10] for one in rows(sandbox, dated + window)] == ["2026-01-03"]
    (new,) = sandbox.mutate({"op": "merge", "object": "contacts", "primary_id": ids[0], "merged_id": ids[1]})
    assert len(rows(sandbox, f"/events/v3/events?objectType=0-1&objectId={new}")) == 4
    for query in (
        "",
        "?objectType=contact",
        "?eventType=e_visited_page",
        f"?objectType=contact&objectId={new}&limit=101",
    ):
        assert sandbox.api("GET", f"/events/v3/events{query}").status == 400, query
    sandbox.config(web_analytics=False)
    assert sandbox.api("GET", dated).status == 403
    assert sandbox.api("GET", "/events/v3/events/event-types").status == 403


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/marketing/v3/forms", "forms"),
        ("/form-integrations/v1/submissions/forms/x", "forms"),
        ("/marketing/emails/2026-03", "content"),
        ("/marketing/emails/2026-03", "marketing.email.read"),
        ("/email/public/v1/campaigns", "content"),
        ("/email/public/v1/events", "content"),
        ("/email/public/v1/subscriptions/timeline", "content"),
        ("/communication-preferences/v4/definitions", "communication_preferences.read"),
        ("/marketing/campaigns/2026-03", "marketing.campaigns.read"),
        ("/automation/v3/workflows", "automation"),
        ("/automation/v4/flows", "automation"),
        ("/events/event-occurrences/2026-03", "oauth"),
        ("/files/2026-03/files/1", "files"),
        ("/crm/objects/2026-03/leads", "crm.objects.leads.read"),
        ("/crm/objects/2026-03/goal_targets", "crm.objects.goals.read"),
        ("/crm/objects/2026-03/feedback_submissions", "crm.objects.feedback_submissions.read"),
        ("/crm/v3/objects/deal_split", "crm.objects.deals.read"),
        ("/crm/objects/2026-03/taxes", "crm.objects.line_items.read"),
        ("/settings/users/2026-03/roles", "settings.users.read"),
    ],
)
def test_a_missing_scope_is_named(sandbox: Sandbox, path: str, scope: str) -> None:
    sandbox.grant("crm.export")
    reply = sandbox.api("GET", path)
    assert (reply.status, reply.json()["category"]) == (403, "MISSING_SCOPES")
    assert scope in reply.json()["errors"][0]["context"]["requiredGranularScopes"]
    sandbox.grant(scope)
    assert sandbox.api("GET", path).status != 403


def test_what_the_plan_lacks_or_has_ended_is_refused(sandbox: Sandbox) -> None:
    sandbox.config(unavailable=["leads", "workflows"], custom_objects=False, retired=["/automation/workflows"])
    assert sandbox.api("GET", "/crm/objects/2026-03/leads").status == 403
    assert "errors" not in sandbox.api("GET", "/automation/v4/flows").json()
    assert sandbox.api("GET", "/crm-object-schemas/2026-03/schemas").status == 403
    assert sandbox.api("GET", "/automation/v3/workflows").status == 404


def test_a_purged_person_is_in_no_answer(sandbox: Sandbox) -> None:
    (id,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {"email": "needle@example.com"}})
    (form,) = put(sandbox, "form", {})
    value = {"name": "email", "value": "Needle@example.com"}
    put(sandbox, "form_submission", {"formId": form, "values": [value]})
    put(sandbox, "email_event", {"recipient": "needle@example.com"})
    put(sandbox, "subscription_change", {"recipient": "needle@example.com"})
    put(sandbox, "web_event", {"object": "contacts", "objectId": id})
    (list_id,) = sandbox.mutate({"op": "add_list", "name": "A"})
    sandbox.mutate({"op": "add_member", "list_id": list_id, "record_id": id})
    body = {"objectId": "needle@example.com", "idProperty": "email"}
    assert sandbox.api("POST", "/crm/v3/objects/contacts/gdpr-delete", body).status == 204
    left = {row["kind"] for row in sandbox.dump()}
    assert not left & {"form_submission", "email_event", "subscription_change", "web_event", "list_membership"}
    assert b"needle" not in sandbox.request("GET", "/_sandbox/dump").body.lower()

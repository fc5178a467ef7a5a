"""What the sandbox portal refuses for want of a scope, a plan, a version, or because its time is over."""

from typing import Any

import pytest

from hubspot_pipeline.sandbox.config import NEEDS
from hubspot_pipeline_tests.conftest import Sandbox

V = "2026-03"


@pytest.fixture
def pair(sandbox: Sandbox) -> tuple[str, str]:
    """A contact and its company."""
    contact, company = sandbox.mutate(
        {"op": "create", "object": "contacts", "properties": {}},
        {"op": "create", "object": "companies", "properties": {"name": "Acme"}},
    )
    sandbox.portal.associate("contacts", contact, "companies", company)
    return contact, company


def lacking(reply: Any) -> list[list[str]]:
    """The lists of scopes that a 403 names."""
    assert (reply.status, reply.json()["category"]) == (403, "MISSING_SCOPES")
    return [one["context"]["requiredGranularScopes"] for one in reply.json()["errors"]]


def test_a_link_is_shown_to_who_may_read_both_its_ends(sandbox: Sandbox, pair: tuple[str, str]) -> None:
    contact, company = pair
    batch = {"inputs": [{"id": contact}]}
    calls = (
        ("POST", f"/crm/associations/{V}/contacts/companies/batch/read", batch),
        ("POST", "/crm/v4/associations/0-1/0-2/batch/read", batch),
        ("POST", "/crm/v3/associations/contact/company/batch/read", batch),
        ("GET", f"/crm/objects/{V}/contacts/{contact}/associations/companies", None),
    )
    contacts, companies = ["crm.objects.contacts.read"], ["crm.objects.companies.read"]
    for method, path, body in calls:
        sandbox.grant("crm.objects.contacts.read")
        assert lacking(sandbox.api(method, path, body)) == [companies]
        sandbox.grant("crm.objects.companies.read")
        assert lacking(sandbox.api(method, path, body)) == [contacts]
        sandbox.grant("tickets")
        assert lacking(sandbox.api(method, path, body)) == [contacts, companies]
        sandbox.grant(*contacts, *companies)
        assert sandbox.api(method, path, body).status == 200
    sandbox.grant("tickets")
    assert sandbox.api("GET", f"/crm/associations/{V}/contacts/companies/labels").status == 200
    sandbox.grant("forms")
    assert sandbox.api("GET", f"/crm/associations/{V}/contacts/companies/labels").status == 403
    assert company


def test_inline_links_to_what_the_token_may_not_read_stay_hidden(sandbox: Sandbox, pair: tuple[str, str]) -> None:
    sandbox.grant("crm.objects.contacts.read")
    for path in (f"/crm/objects/{V}/contacts/{pair[0]}", f"/crm/objects/{V}/contacts"):
        for archived in ("", "&archived=false"):
            reply = sandbox.api("GET", f"{path}?associations=companies,contacts{archived}")
            assert reply.status == 200
            assert b"associations" not in reply.body
    sandbox.config(inline_without_scope="refuse")
    assert lacking(sandbox.api("GET", f"/crm/objects/{V}/contacts?associations=companies")) == [
        ["crm.objects.companies.read"]
    ]
    sandbox.grant("crm.objects.contacts.read", "crm.objects.companies.read")
    assert b'"associations"' in sandbox.api("GET", f"/crm/objects/{V}/contacts?associations=companies").body
    assert sandbox.request("POST", "/_sandbox/config", {"inline_without_scope": "maybe"}).status == 400


def test_a_search_by_link_needs_the_scope_of_the_other_end(sandbox: Sandbox, pair: tuple[str, str]) -> None:
    one = {"propertyName": "associations.company", "operator": "EQ", "value": pair[1]}
    sandbox.grant("crm.objects.contacts.read")
    for body in ({"filters": [one]}, {"filterGroups": [{"filters": [one]}]}):
        assert lacking(sandbox.api("POST", f"/crm/objects/{V}/contacts/search", body)) == [
            ["crm.objects.companies.read"]
        ]
    sandbox.grant("crm.objects.contacts.read", "crm.objects.companies.read")
    assert sandbox.api("POST", f"/crm/objects/{V}/contacts/search", {"filters": [one]}).json()["total"] == 1


FEATURES = {
    "marketing_emails": f"/marketing/emails/{V}", "leads": f"/crm/objects/{V}/leads",
    "feedback_submissions": f"/crm/objects/{V}/feedback_submissions", "workflows": "/automation/v4/flows",
    "campaigns": f"/marketing/campaigns/{V}", "sequences": f"/automation/sequences/{V}?userId=1",
    "custom_objects": f"/crm-object-schemas/{V}/schemas",
    "web_analytics": f"/events/event-occurrences/{V}/event-types",
    "event_definitions": "/events/v3/event-definitions", "security": f"/account-info/{V}/activity/login",
}  # fmt: skip


@pytest.mark.parametrize("feature", FEATURES)
def test_what_a_plan_lacks_is_refused_without_naming_a_scope(sandbox: Sandbox, feature: str) -> None:
    tiers = ("free", "starter", "professional", "enterprise")
    for tier in tiers:
        sandbox.config(plan=tier)
        reply = sandbox.api("GET", FEATURES[feature])
        has = tiers.index(tier) >= tiers.index(NEEDS[feature])
        assert reply.status == (200 if has else 403), (tier, reply.body)
        assert "errors" not in reply.json()
    sandbox.post("reset", {"tier": "free"})
    assert sandbox.api("GET", FEATURES[feature]).status == 403
    assert sandbox.request("POST", "/_sandbox/config", {"plan": "gold"}).status == 400


def test_every_feature_that_a_plan_can_lack_is_asked_for_somewhere(sandbox: Sandbox) -> None:
    sandbox.config(plan="professional")
    body = {"inputs": ["a@example.com"]}
    assert sandbox.api("POST", f"/communication-preferences/{V}/statuses/batch/read", body).status == 403
    assert {*FEATURES, "consent_batch"} == set(NEEDS)


def test_a_path_ends_on_its_day(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": "2026-12-03T23:59:59Z", "frozen": True})
    old = "/crm-pipelines/v1/pipelines/deals"
    assert sandbox.api("GET", old).json()["results"][0]["pipelineId"] == "default"
    sandbox.post("clock", {"advance_ms": 1000})
    assert (sandbox.api("GET", old).status, sandbox.api("GET", "/crm/v3/pipelines/deals").status) == (404, 200)
    paths = (
        "/engagements/v1/engagements/paged", "/email/public/v1/campaigns", "/automation/v3/workflows",
        "/form-integrations/v1/submissions/forms/x",
    )  # fmt: skip
    (form,) = sandbox.mutate({"op": "put", "kind": "form", "item": {}})
    paths = (*paths[:3], f"/form-integrations/v1/submissions/forms/{form}")
    starts = ["/engagements/v1", "/email/public/v1", "/automation/v3/workflows", "/form-integrations/v1/"]
    assert {sandbox.api("GET", path).status for path in paths} == {200}
    sandbox.config(sunset=dict.fromkeys(starts, "2027-09-01"))
    assert {sandbox.api("GET", path).status for path in paths} == {200}
    sandbox.post("clock", {"now": "2027-09-01T00:00:00Z"})
    assert {sandbox.api("GET", path).status for path in paths} == {404}
    sandbox.config(sunset=starts[1:])
    assert [sandbox.api("GET", path).status for path in paths] == [200, 404, 404, 404]
    assert sandbox.api("GET", "/automation/v4/flows").status == 200
    for wrong in ({"/x": "soon"}, None, "/x"):
        assert sandbox.request("POST", "/_sandbox/config", {"sunset": wrong}).status == 400


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v1/objects/contacts", "/crm/v4/properties/contacts", "/crm/v2/owners", "/settings/users/2026-09",
        "/settings/v4/users", "/settings/teams/2026-03", "/files/v2/files/search", "/account-info/v1/details",
        "/deal-splits/v3/batch/read", "/engagements/v2/engagements/paged", "/crm-pipelines/v3/pipelines/deals",
        "/conversations/conversations/2026-03/inboxes", "/automation/2026-03/sequences",
        "/events/2025-09/event-definitions",
        "/automation/v3/sequences", "/communication-preferences/v2/definitions", "/marketing/v1/emails",
    ],
)  # fmt: skip
def test_versions_that_hubspot_does_not_have_are_not_found(sandbox: Sandbox, path: str) -> None:
    assert sandbox.api("POST" if path.endswith("/read") else "GET", path, {} if "read" in path else None).status == 404


def test_contracts_and_what_partners_see_have_few_operations(sandbox: Sandbox) -> None:
    (contract, client) = sandbox.mutate(
        {"op": "create", "object": "contracts", "properties": {"hs_name": "C"}},
        {"op": "create", "object": "partner_clients", "properties": {}},
    )
    inputs = {"inputs": [{"id": contract}]}
    for version, search in (("v3", 404), ("2026-09", 200)):
        path = "/crm/v3/objects/contracts" if version == "v3" else f"/crm/objects/{version}/contracts"
        assert sandbox.api("GET", path).json()["results"][0]["id"] == contract
        assert sandbox.api("GET", f"{path}/{contract}").status == 200
        assert sandbox.api("POST", f"{path}/batch/read", inputs).status == 200
        assert sandbox.api("POST", f"{path}/search", {}).status == search
    assert sandbox.api("POST", "/crm/v3/objects/contracts", {"properties": {}}).status == 404
    path = f"/crm/objects/{V}/partner_clients"
    assert sandbox.api("DELETE", f"{path}/{client}").status == 404
    assert sandbox.api("PATCH", f"{path}/{client}", {"properties": {}}).status == 200
    assert sandbox.api("POST", f"{path}/search", {}).json()["total"] == 1
    sandbox.grant("crm.objects.partner-services.read")
    assert lacking(sandbox.api("GET", path)) == [["crm.objects.partner-clients.read"]]

"""Properties, pipelines, owners, users and custom objects of the sandbox portal."""

from typing import Any

import pytest

from hubspot_pipeline_tests.conftest import Sandbox

PROPERTIES = "/crm/properties/2026-03/contacts"
PIPELINES = "/crm/pipelines/2026-03/deals"


def new(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "label": name, "type": "string", "fieldType": "text", "groupName": "contactinformation", **more,
    }  # fmt: skip


def test_a_portal_starts_with_its_defaults(sandbox: Sandbox) -> None:
    known = {one["name"]: one for one in sandbox.api("GET", PROPERTIES).json()["results"]}
    assert {"email", "lastmodifieddate", "hs_object_id", "hubspot_owner_id", "lifecyclestage"} <= set(known)
    assert "hs_lastmodifieddate" not in known
    assert known["hubspot_owner_id"]["referencedObjectType"] == "OWNER"
    assert known["email"]["hubspotDefined"] is True
    assert known["num_associated_deals"]["calculated"] is True
    assert known["num_associated_deals"]["modificationMetadata"]["readOnlyValue"] is True
    deals = {one["name"] for one in sandbox.api("GET", "/crm/v3/properties/0-3").json()["results"]}
    assert {"hs_lastmodifieddate", "createdate", "dealstage", "hs_is_closed_won"} <= deals
    old = sandbox.api("GET", "/properties/v2/contacts/properties").json()
    assert {one["name"] for one in old} == set(known)


def test_a_property_lives_archived_and_comes_back(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": "2030-01-01T00:00:00Z", "frozen": True})
    made = sandbox.api("POST", PROPERTIES, new("tone"))
    assert (made.status, made.headers["location"].split("/")[-1], "hubspotDefined" in made.json()) == (
        201,
        "tone",
        False,
    )
    (id,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {"tone": "warm"}})
    twice = sandbox.api("POST", PROPERTIES, new("tone"))
    assert (twice.status, twice.json()["subCategory"]) == (409, "Properties.PROPERTY_WITH_NAME_EXISTS")
    assert sandbox.api("DELETE", f"{PROPERTIES}/tone").status == 204
    assert sandbox.api("GET", f"{PROPERTIES}/tone").status == 404
    assert sandbox.api("GET", f"{PROPERTIES}/tone?archived=true").json()["archivedAt"] == "2030-01-01T00:00:00.000Z"
    path = f"/crm/objects/2026-03/contacts/{id}?properties=tone"
    assert "tone" not in sandbox.api("GET", path).json()["properties"]
    sandbox.post("clock", {"advance_ms": 1000})
    assert sandbox.api("POST", PROPERTIES, new("tone")).json()["createdAt"] == "2030-01-01T00:00:00.000Z"
    assert sandbox.api("GET", path).json()["properties"]["tone"] == "warm"


def test_an_unlisted_property_is_read_by_those_who_know_its_name(sandbox: Sandbox) -> None:
    name = "hs_v2_date_entered_closedwon"
    definition = {"name": name, "type": "datetime", "calculated": True, "unlisted": True, "hubspotDefined": True}
    sandbox.mutate(
        {"op": "define_property", "object_type": "deals", "definition": definition},
        {"op": "create", "object": "deals", "properties": {name: "2026-01-01T00:00:00.000Z"}},
    )
    assert name not in {one["name"] for one in sandbox.api("GET", "/crm/v3/properties/deals").json()["results"]}
    (row,) = sandbox.api("GET", f"/crm/v3/objects/deals?properties={name}").json()["results"]
    assert row["properties"][name] == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    "body",
    [
        new("Upper"),
        new("1st"),
        new("x", type="number"),
        new("x", groupName="nowhere"),
        {"name": "x"},
        new("x", type="json"),
    ],
)
def test_definitions_that_hubspot_refuses(sandbox: Sandbox, body: dict[str, Any]) -> None:
    assert sandbox.api("POST", PROPERTIES, body).status == 400


def test_options_are_kept_or_replaced_as_a_whole(sandbox: Sandbox) -> None:
    options = [
        {"label": name.upper(), "value": name, "displayOrder": at, "hidden": False} for at, name in enumerate("ab")
    ]
    sandbox.api("POST", PROPERTIES, new("grade", type="enumeration", fieldType="select", options=options))
    kept = sandbox.api("PATCH", f"{PROPERTIES}/grade", {"label": "Grade"}).json()
    assert [one["value"] for one in kept["options"]] == ["a", "b"]
    changed = sandbox.api("PATCH", f"{PROPERTIES}/grade", {"options": options[1:]}).json()
    assert ([one["value"] for one in changed["options"]], changed["label"]) == (["b"], "Grade")


def test_what_hubspot_defined_is_not_archived_and_used_groups_stay(sandbox: Sandbox) -> None:
    assert sandbox.api("DELETE", f"{PROPERTIES}/email").status == 400
    reply = sandbox.api("DELETE", f"{PROPERTIES}/groups/contactinformation")
    assert (reply.status, reply.json()["subCategory"]) == (400, "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES")
    assert sandbox.api("POST", f"{PROPERTIES}/groups", {"name": "own", "label": "Own"}).status == 201
    assert sandbox.api("DELETE", f"{PROPERTIES}/groups/own").status == 204
    batch = sandbox.api("POST", f"{PROPERTIES}/batch/read", {"inputs": [{"name": "email"}, {"name": "nothing"}]})
    assert (batch.status, [one["name"] for one in batch.json()["results"]]) == (207, ["email"])


def test_pipelines_and_stages_are_changed_but_not_lost_in_use(sandbox: Sandbox) -> None:
    (default,) = sandbox.api("GET", PIPELINES).json()["results"]
    assert [stage["metadata"]["probability"] for stage in default["stages"]][-2:] == ["1.0", "0.0"]
    assert default["stages"][-1]["metadata"]["isClosed"] == "true"
    body = {
        "label": "New",
        "displayOrder": 1,
        "stages": [{"label": "Open", "displayOrder": 0, "metadata": {"probability": 0.5}}],
    }
    made = sandbox.api("POST", PIPELINES, body).json()
    stage = made["stages"][0]
    assert stage["metadata"] == {"probability": "0.5"}
    more = {"label": "Done", "displayOrder": 1, "metadata": {"probability": "1.0", "isClosed": "true"}}
    assert sandbox.api("POST", f"{PIPELINES}/{made['id']}/stages", more).status == 201
    deal = {"dealname": "D", "dealstage": stage["id"], "pipeline": made["id"]}
    sandbox.mutate({"op": "create", "object": "deals", "properties": deal})
    refused = sandbox.api("DELETE", f"{PIPELINES}/{made['id']}/stages/{stage['id']}")
    assert (refused.status, refused.json()["subCategory"]) == (400, "PipelineError.STAGE_ID_IN_USE")
    assert sandbox.api("PATCH", f"{PIPELINES}/{made['id']}", {"label": "Newer"}).json()["label"] == "Newer"
    assert len(sandbox.api("GET", f"{PIPELINES}/{made['id']}/stages").json()["results"]) == 2
    elsewhere = {"dealname": "E", "dealstage": stage["id"], "pipeline": "default"}
    assert sandbox.api("POST", "/crm/objects/2026-03/deals", {"properties": elsewhere}).status == 400
    no_pipeline = sandbox.api(
        "POST", "/crm/objects/2026-03/deals", {"properties": {"dealname": "E", "dealstage": stage["id"]}}
    )
    assert no_pipeline.status == 400


def test_owners_are_paged_and_archived_ones_are_listed_apart(sandbox: Sandbox) -> None:
    sandbox.mutate({"op": "add_team", "id": "31", "name": "East"})
    ids = sandbox.mutate(*[
        {"op": "add_owner", "email": f"o{at}@example.com",
         "first_name": "O", "last_name": str(at), "teams": ["31"][: not at]}
        for at in range(3)
    ])  # fmt: skip
    first = sandbox.api("GET", "/crm/owners/2026-03?limit=2").json()
    rest = sandbox.api("GET", f"/crm/v3/owners/?limit=2&after={first['paging']['next']['after']}").json()
    assert [one["id"] for one in first["results"] + rest["results"]] == ids
    assert first["results"][0]["teams"] == [{"id": "31", "name": "East", "primary": True}]
    assert "teams" not in first["results"][1]
    sandbox.mutate({"op": "archive_owner", "id": ids[1]})
    (gone,) = sandbox.api("GET", "/crm/owners/2026-03?archived=true").json()["results"]
    assert (gone["id"], gone["userId"], gone["archived"]) == (ids[1], None, True)
    assert gone["userIdIncludingInactive"] is not None
    assert sandbox.api("GET", f"/crm/owners/2026-03/{ids[1]}").status == 404
    assert sandbox.api("GET", "/settings/users/2026-03/teams").json()["results"][0]["name"] == "East"
    assert sandbox.api("GET", "/crm/owners/2026-03?email=O2@example.com").json()["results"][0]["id"] == ids[2]


def test_a_user_is_in_the_settings_and_among_the_records(sandbox: Sandbox) -> None:
    (user,) = sandbox.mutate({"op": "add_user", "email": "u@example.com", "first_name": "U"})
    (shown,) = sandbox.api("GET", "/settings/v3/users").json()["results"]
    (record,) = sandbox.api("GET", "/crm/objects/2026-03/users?properties=hs_internal_user_id,hs_email").json()[
        "results"
    ]
    assert shown["id"] == record["properties"]["hs_internal_user_id"] == user != record["id"]


def test_a_custom_object_is_reached_by_each_of_its_names(sandbox: Sandbox) -> None:
    schema = {
        "name": "vessel", "labels": {"singular": "Vessel", "plural": "Vessels"}, "requiredProperties": ["hull"],
        "properties": [{"name": "hull", "label": "Hull", "type": "string", "fieldType": "text"}],
        "associatedObjects": ["CONTACT"], "primaryDisplayProperty": "hull",
    }  # fmt: skip
    made = sandbox.api("POST", "/crm/v3/schemas", schema).json()
    assert made["fullyQualifiedName"] == f"p{sandbox.portal.portal_id}_vessel"
    assert sandbox.api("POST", "/crm/v3/schemas", schema).status == 409
    assert sandbox.api("POST", "/crm/v3/objects/vessel", {"properties": {}}).status == 400
    (contact,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {}})
    link = {"associationCategory": "USER_DEFINED", "associationTypeId": int(made["associations"][0]["id"])}
    body = {"properties": {"hull": "steel"}, "associations": [{"to": {"id": contact}, "types": [link]}]}
    id = sandbox.api("POST", "/crm/v3/objects/p_vessel", body).json()["id"]
    for name in ("vessel", "p_vessel", made["fullyQualifiedName"], made["objectTypeId"]):
        (row,) = sandbox.api("GET", f"/crm/objects/2026-03/{name}?associations=contacts").json()["results"]
        assert (row["id"], row["associations"]["contacts"]["results"]) == (
            id,
            [{"id": contact, "type": "vessel_to_contact"}],
        )
    assert sandbox.api("DELETE", "/crm/v3/schemas/vessel").status == 400
    sandbox.api("DELETE", f"/crm/v3/objects/vessel/{id}")
    assert sandbox.api("DELETE", "/crm/v3/schemas/vessel").status == 204
    assert sandbox.api("GET", "/crm/v3/objects/vessel").status == 400


def test_a_stage_of_life_only_moves_forward(sandbox: Sandbox) -> None:
    (id,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {"lifecyclestage": "customer"}})
    path = f"/crm/objects/2026-03/contacts/{id}"
    for stage in ("lead", "evangelist", "customer", "", "lead"):
        assert sandbox.api("PATCH", path, {"properties": {"lifecyclestage": stage}}).status == 200
    versions = sandbox.api("GET", f"{path}?propertiesWithHistory=lifecyclestage").json()["propertiesWithHistory"]
    assert [one["value"] for one in versions["lifecyclestage"]] == ["lead", "", "evangelist", "customer"]


def test_the_content_of_emails_needs_its_own_scope(sandbox: Sandbox) -> None:
    sandbox.mutate(
        {"op": "create", "object": "emails", "properties": {"hs_email_subject": "secret", "hs_email_status": "SENT"}}
    )
    sandbox.post("tokens", {"token": "pat-na1-few", "scopes": ["crm.objects.contacts.read"]})
    path = "/crm/objects/2026-03/emails?properties=hs_email_subject,hs_email_status"
    for token, subject in (("pat-na1-all", "secret"), ("pat-na1-few", None)):
        (row,) = sandbox.api("GET", path, token=token).json()["results"]
        assert (row["properties"]["hs_email_subject"], row["properties"]["hs_email_status"]) == (subject, "SENT")

"""Files and deal splits of the sandbox portal, and object types beyond the first twelve."""

from urllib.parse import urlsplit

import pytest

from hubspot_pipeline.sandbox.link_table import unlabelled
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline_tests.conftest import Sandbox


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def test_a_private_file_opens_by_its_signed_url_until_it_expires(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": "2030-01-01T00:00:00Z", "frozen": True})
    item = {"name": "../Über uns", "extension": "pdf", "content": "needle"}
    (id,) = sandbox.mutate({"op": "put", "kind": "file", "item": item})
    shown = sandbox.api("GET", f"/files/v3/files/{id}").json()
    assert (shown["name"], shown["size"], shown["access"], "content" in shown) == ("../Über uns", 6, "PRIVATE", False)
    assert sandbox.request("GET", path_of(shown["url"])).status == 404
    signed = sandbox.api("GET", f"/files/2026-03/files/{id}/signed-url?expirationSeconds=60").json()
    assert signed["expiresAt"] == "2030-01-01T00:01:00.000Z"
    reply = sandbox.request("GET", path_of(signed["url"]))
    assert (reply.status, reply.body, reply.headers["content-type"]) == (200, b"needle", "application/pdf")
    assert sandbox.request("GET", path_of(signed["url"]) + "0").status == 403
    sandbox.post("clock", {"advance_ms": 60_000})
    assert sandbox.request("GET", path_of(signed["url"])).status == 403
    sandbox.mutate({"op": "put", "kind": "file", "id": id, "item": {"access": "PUBLIC_INDEXABLE"}})
    assert sandbox.request("GET", path_of(shown["url"])).body == b"needle"
    assert sandbox.api("GET", "/files/v3/files/404").status == 404


def test_splits_are_read_by_deal_or_as_objects_of_old_versions(sandbox: Sandbox) -> None:
    deal, other, split = sandbox.mutate(
        {"op": "create", "object": "deals", "properties": {"dealname": "D"}},
        {"op": "create", "object": "deals", "properties": {"dealname": "E"}},
        {"op": "create", "object": "deal_split", "properties": {"hs_deal_split_percentage": "0.5"}},
    )
    sandbox.mutate({
        "op": "associate", "from_object": "deals", "from_id": deal, "to_object": "deal_split", "to_id": split,
    })  # fmt: skip
    inputs = {"inputs": [{"id": deal}, {"id": other}, {"id": "999"}]}
    for path in ("/deal-splits/2026-03/batch/read", "/crm/objects/v3/deals/splits/batch/read"):
        reply = sandbox.api("POST", path, inputs)
        assert (reply.status, [len(one["splits"]) for one in reply.json()["results"]]) == (207, [1, 0])
        shown = reply.json()["results"][0]["splits"][0]
        assert (shown["id"], shown["properties"]["hs_deal_split_percentage"]) == (split, "0.5")
    assert sandbox.api("GET", "/crm/v3/objects/deal_split").json()["results"][0]["id"] == split
    assert sandbox.api("POST", "/crm/v3/objects/deal_split/search", {}).json()["total"] == 1
    assert sandbox.api("GET", "/crm/objects/2026-03/deal_split").status == 400


NEW = (
    "leads", "goal_targets", "feedback_submissions", "quotes", "orders", "invoices", "carts", "subscriptions",
    "commerce_payments", "discounts", "fees", "taxes", "communications", "postal_mail", "appointments", "courses",
    "listings", "services", "projects",
)  # fmt: skip


@pytest.mark.parametrize("object_type", NEW)
def test_every_object_type_is_listed_searched_and_described(sandbox: Sandbox, object_type: str) -> None:
    (id,) = sandbox.mutate({"op": "create", "object": object_type, "properties": {}})
    path = f"/crm/objects/2026-03/{object_type}"
    (row,) = sandbox.api("GET", path).json()["results"]
    kind = sandbox.portal.kind(object_type)
    assert set(kind.always) <= set(row["properties"])
    assert sandbox.api("POST", f"{path}/search", {"filters": [
        {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "0"}]}).json()["total"] == 1  # fmt: skip
    names = {one["name"] for one in sandbox.api("GET", f"/crm/properties/2026-03/{object_type}").json()["results"]}
    assert {*kind.defaults, *kind.required, *kind.searched} <= names
    refused = sandbox.api("PATCH", f"{path}/{id}", {"properties": {}}).status == 405
    assert refused is (object_type == "feedback_submissions")


def test_pipelines_of_every_object_that_has_them(sandbox: Sandbox) -> None:
    for object_type in ("leads", "orders", "appointments", "courses", "listings", "services", "projects"):
        (one,) = sandbox.api("GET", f"/crm/pipelines/2026-03/{object_type}").json()["results"]
        assert {stage["metadata"]["isClosed"] for stage in one["stages"]} == {"true", "false"}, object_type


def test_type_ids_belong_to_one_direction_each(sandbox: Sandbox) -> None:
    types = Portal().link_types
    ids = [key for known in types.by_pair.values() for key in known]
    both = [known for (from_, to), known in types.by_pair.items() if from_ == to]
    assert len(ids) == len(set(ids))
    assert all((key[0], one.inverse) in known for known in both for key, one in known.items())
    for from_, to in unlabelled():
        shown = sandbox.api("GET", f"/crm/associations/2026-03/{from_}/{to}/labels").json()["results"]
        assert sum(one["label"] is None for one in shown) == 1, (from_, to)


def test_a_custom_object_may_be_called_like_one_of_hubspots(sandbox: Sandbox) -> None:
    schema = {
        "name": "deals", "labels": {"singular": "Own deal", "plural": "Own deals"}, "requiredProperties": [],
        "properties": [{"name": "hull", "label": "Hull", "type": "string", "fieldType": "text"}],
        "associatedObjects": ["CONTACT"], "primaryDisplayProperty": "hull",
    }  # fmt: skip
    made = sandbox.api("POST", "/crm/v3/schemas", schema).json()
    sandbox.mutate(
        {"op": "create", "object": "deals", "properties": {"dealname": "D"}},
        {"op": "create", "object": "p_deals", "properties": {"hull": "steel"}},
        {"op": "define_pipeline", "object_type": "p_deals", "pipeline": {"id": "p", "label": "P", "stages": []}},
    )
    for name, shown in (
        ("deals", "dealname"),
        ("p_deals", "hull"),
        (made["objectTypeId"], "hull"),
        ("0-3", "dealname"),
    ):
        (row,) = sandbox.api("GET", f"/crm/objects/2026-03/{name}?properties=hull,dealname").json()["results"]
        assert shown in row["properties"]
    assert [one["id"] for one in sandbox.api("GET", "/crm/pipelines/2026-03/p_deals").json()["results"]] == ["p"]
    assert sandbox.api("GET", "/crm-object-schemas/2026-03/schemas").json()["results"][0]["name"] == "deals"
    labels = sandbox.api("GET", "/crm/associations/2026-03/p_deals/contacts/labels").json()["results"]
    assert [one["category"] for one in labels] == ["USER_DEFINED"]

"""HubSpot's new Python client (hubspot-sdk) drives the sandbox portal with every answer checked against its types.

Where HubSpot is known to answer other than its own contract says (null property values, numeric `toObjectId`), the
client without strict checking is used.
"""

import pytest
from hubspot_sdk import BadRequestError, HubSpot

from hubspot_pipeline_tests.conftest import TOKEN, Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HubSpot:
    """Strict: an answer that does not fit its type raises."""
    return HubSpot(access_token=TOKEN, base_url=sandbox.url, max_retries=0, _strict_response_validation=True)


@pytest.fixture
def lenient(sandbox: Sandbox) -> HubSpot:
    return HubSpot(access_token=TOKEN, base_url=sandbox.url, max_retries=0)


def _contact(client: HubSpot, email: str) -> str:
    full = {"email": email, "firstname": "Ada", "lastname": "L"}
    return client.crm.objects.contacts.create(properties=full, associations=[]).id


def test_it_creates_reads_pages_searches_and_updates(client: HubSpot) -> None:
    api = client.crm.objects.contacts
    ids = [_contact(client, f"p{n}@example.com") for n in range(3)]
    assert [row.id for row in api.list(limit=1, properties=["email"], properties_with_history=["email"])] == ids
    assert api.get("p1@example.com", id_property="email").id == ids[1]
    found = api.search(
        after="0", limit=1, properties=["email"], sorts=["-createdate"],
        filter_groups=[{"filters": [{"property_name": "email", "operator": "CONTAINS_TOKEN", "value": "*.com"}]}],
    )  # fmt: skip
    assert found.total == 3
    assert api.search(after="", filter_groups=[], limit=10, properties=[], sorts=[]).total == 3
    assert (api.update(ids[0], properties={"phone": "1"}).properties or {})["phone"] == "1"


def test_it_writes_in_batches(client: HubSpot) -> None:
    batch = client.crm.objects.contacts.batch
    known = _contact(client, "a@example.com")
    read = batch.get(inputs=[{"id": known}, {"id": "999999"}], properties=["email"], properties_with_history=["email"])
    assert [row.id for row in read.results] == [known]
    full = {"firstname": "Ada", "lastname": "L"}
    done = batch.upsert(inputs=[{"id": "b@example.com", "id_property": "email", "properties": full}])
    assert [row.new for row in done.results] == [True]
    twice = {"properties": {**full, "email": "b@example.com"}, "associations": [], "object_write_trace_id": "t1"}
    assert batch.create(inputs=[twice]).results == []
    assert batch.update(inputs=[{"id": known, "properties": {"email": "c@example.com"}}]).results[0].id == known
    batch.delete(inputs=[{"id": known}, {"id": "999999"}])
    assert [row.id for row in client.crm.objects.contacts.list(archived=True)] == [known]


def test_it_merges_and_purges(client: HubSpot) -> None:
    api = client.crm.objects.contacts
    first, second = _contact(client, "a@example.com"), _contact(client, "b@example.com")
    survivor = api.merge(primary_object_id=first, object_id_to_merge=second).id
    assert api.get(first).id == api.get(second).id == survivor
    api.gdpr_delete(object_id="a@example.com", id_property="email")
    assert list(api.list()) == []


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("companies", {"name": "Acme", "domain": "acme.example"}),
        ("deals", {"dealname": "D", "dealstage": "contractsent", "amount": "1", "closedate": "2026-01-01T00:00:00Z"}),
        ("tickets", {"subject": "s", "hs_pipeline": "0", "hs_pipeline_stage": "1", "content": "c",
                     "hs_ticket_category": "BILLING_ISSUE", "hs_ticket_priority": "LOW"}),
        ("products", {"name": "p", "description": "d", "price": "1"}),
        ("calls", {"hs_timestamp": "1700000000000"}),
        ("meetings", {"hs_timestamp": "2026-01-01T00:00:00Z"}),
        ("notes", {"hs_timestamp": "1700000000000", "hs_note_body": "n"}),
        ("tasks", {"hs_timestamp": "1700000000000"}),
    ],
)  # fmt: skip
def test_every_object_type_is_created_and_listed(client: HubSpot, name: str, properties: dict[str, str]) -> None:
    api = getattr(client.crm.objects, name)
    made = api.create(properties=properties, associations=[])
    assert [row.id for row in api.list()] == [made.id]


def test_it_links_records(lenient: HubSpot, client: HubSpot, sandbox: Sandbox) -> None:
    contact, company = sandbox.mutate(
        {"op": "create", "object": "contacts", "properties": {"email": "a@example.com"}},
        {"op": "create", "object": "companies", "properties": {"name": "Acme"}},
    )
    api = lenient.crm.associations
    client.crm.associations.create(
        company, from_object_type="contacts", from_object_id=contact, to_object_type="companies"
    )
    api.update_labels(
        company, object_type="contacts", object_id=contact, to_object_type="companies",
        body=[{"association_category": "HUBSPOT_DEFINED", "association_type_id": 1}],
    )  # fmt: skip
    read = api.batch.get("companies", from_object_type="contacts", inputs=[{"id": contact}, {"id": "999999"}])
    assert [one.type_id for one in read.results[0].to[0].association_types] == [1, 279]
    (row,) = list(api.list("companies", object_type="contacts", object_id=contact))
    assert str(row.to_object_id) == company
    made = client.crm.associations_schema.labels.create_label(
        "companies", from_object_type="contacts", label="Partner", name="partner"
    )
    labels = client.crm.associations_schema.labels.list_labels("companies", from_object_type="contacts")
    assert made.results[0].type_id in {one.type_id for one in labels.results}
    api.delete(company, object_type="contacts", object_id=contact, to_object_type="companies")
    assert list(api.list("companies", object_type="contacts", object_id=contact)) == []


def test_it_reads_and_changes_settings(client: HubSpot, sandbox: Sandbox) -> None:
    sandbox.mutate({"op": "add_user", "email": "u@example.com"})
    owner, _ = sandbox.mutate(
        {"op": "add_owner", "email": "o@example.com", "first_name": "O", "last_name": "W"},
        {"op": "add_owner", "email": "p@example.com", "first_name": "P", "last_name": "W"},
    )
    assert next(iter(client.crm.owners.list(limit=1))).id == owner
    assert client.crm.owners.get(int(owner)).email == "o@example.com"
    names = client.crm.properties
    made = names.create(
        "contacts", name="tone", label="Tone", type="string", field_type="text", group_name="contactinformation"
    )
    assert made.hubspot_defined is None
    assert names.update("tone", object_type="contacts", label="Ton").label == "Ton"
    names.delete("tone", object_type="contacts")
    assert [one.name for one in names.list("contacts", archived=True).results] == ["tone"]
    assert [one.id for one in client.crm.pipelines.list("deals").results] == ["default"]
    assert client.account.get().portal_id == sandbox.portal.portal_id
    assert client.account.get_daily_private_apps_usage().results[0].usage_limit > 0
    assert [one.email for one in client.settings.users.list()] == ["u@example.com"]


def test_it_defines_a_custom_object_and_fills_it(client: HubSpot) -> None:
    client.crm.object_schemas.create(
        name="vessel", labels={"singular": "Vessel", "plural": "Vessels"}, allows_sensitive_properties=False,
        properties=[{"name": "hull", "label": "Hull", "type": "string", "field_type": "text"}],
        required_properties=["hull"], searchable_properties=["hull"], secondary_display_properties=[],
        primary_display_property="hull",
        associated_objects=["CONTACT"],
    )  # fmt: skip
    assert [one.name for one in client.crm.object_schemas.list().results] == ["vessel"]
    made = client.crm.objects.custom.create("vessel", properties={"hull": "steel"}, associations=[])
    assert [row.id for row in client.crm.objects.custom.list("p_vessel")] == [made.id]


def test_a_refusal_names_the_property(client: HubSpot) -> None:
    with pytest.raises(BadRequestError, match="PROPERTY_DOESNT_EXIST"):
        client.crm.objects.contacts.create(properties={"nothing": "x"}, associations=[])

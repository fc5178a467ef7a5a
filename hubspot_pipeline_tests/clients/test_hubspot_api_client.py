"""HubSpot's stable Python client (hubspot-api-client) drives the sandbox portal, unpatched but for its host."""

import hubspot.crm.associations.v4 as links
import hubspot.crm.companies as companies
import hubspot.crm.contacts as contacts
import hubspot.crm.objects as objects
import hubspot.crm.pipelines as pipelines
import hubspot.crm.properties as properties
import hubspot.crm.schemas as schemas
import pytest
from hubspot import HubSpot

from hubspot_pipeline_tests.conftest import TOKEN, Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> HubSpot:
    return HubSpot(access_token=TOKEN, host=sandbox.url)


def _contact(client: HubSpot, email: str) -> str:
    body = contacts.SimplePublicObjectInputForCreate(properties={"email": email, "firstname": "Ada"}, associations=[])
    id: str = client.crm.contacts.basic_api.create(body).id
    return id


def test_it_creates_reads_pages_searches_and_updates(client: HubSpot) -> None:
    api = client.crm.contacts
    ids = [_contact(client, f"p{n}@example.com") for n in range(3)]
    page = api.basic_api.get_page(limit=2, properties=["email", "phone"], properties_with_history=["email"])
    assert [row.id for row in page.results] == ids[:2]
    assert page.results[0].properties["phone"] is None
    assert page.results[0].properties_with_history["email"][0].value == "p0@example.com"
    assert page.paging.next.after == ids[2]
    assert [row.id for row in api.get_all(properties=["email"])] == ids
    assert api.basic_api.get_by_id("p1@example.com", id_property="email").id == ids[1]
    wanted_email = contacts.Filter(property_name="email", operator="EQ", value="P2@example.com")
    wanted = contacts.PublicObjectSearchRequest(
        filter_groups=[contacts.FilterGroup(filters=[wanted_email])],
        sorts=[{"propertyName": "createdate", "direction": "DESCENDING"}], limit=1, after=0, properties=["email"],
    )  # fmt: skip
    found = api.search_api.do_search(wanted)
    assert (found.total, found.results[0].id) == (1, ids[2])
    changed = api.basic_api.update(ids[0], contacts.SimplePublicObjectInput(properties={"phone": "1"}))
    assert changed.properties["phone"] == "1"


def test_it_writes_in_batches_and_sees_what_failed(client: HubSpot) -> None:
    api = client.crm.contacts.batch_api
    known = _contact(client, "a@example.com")
    inputs = [contacts.SimplePublicObjectId(known), contacts.SimplePublicObjectId("999999")]
    read = api.read(
        contacts.BatchReadInputSimplePublicObjectId(inputs=inputs, properties=["email"], properties_with_history=[])
    )
    assert [row.id for row in read.results] == [known]
    assert read.errors[0].context["ids"] == ["999999"]
    upserts = [
        contacts.SimplePublicObjectBatchInputUpsert(id=email, id_property="email", properties={"firstname": "Grace"})
        for email in ("a@example.com", "b@example.com")
    ]
    done = api.upsert(contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=upserts))
    assert [row.new for row in done.results] == [False, True]
    made = api.create(
        contacts.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[
                contacts.SimplePublicObjectBatchInputForCreate(properties={"email": "c@example.com"}, associations=[])
            ]
        )
    )
    assert made.results[0].properties["email"] == "c@example.com"


def test_a_used_email_is_refused_with_the_existing_id(client: HubSpot) -> None:
    known = _contact(client, "a@example.com")
    with pytest.raises(contacts.ApiException) as refused:
        _contact(client, "A@example.com")
    assert refused.value.status == 409
    assert f"Existing ID: {known}" in refused.value.body


def test_it_links_records_and_reads_the_links(client: HubSpot) -> None:
    contact = _contact(client, "a@example.com")
    company = client.crm.companies.basic_api.create(
        companies.SimplePublicObjectInputForCreate(properties={"name": "Acme"}, associations=[])
    ).id
    primary = links.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)
    client.crm.associations.v4.basic_api.create("contacts", contact, "companies", company, [primary])
    (row,) = client.crm.associations.v4.basic_api.get_page("contacts", contact, "companies").results
    assert [(one.type_id, one.label) for one in row.association_types] == [(1, "Primary"), (279, None)]
    inputs = [links.PublicFetchAssociationsBatchRequest(id=id) for id in (contact, "999999")]
    read = client.crm.associations.v4.batch_api.get_page(
        "contacts", "companies", links.BatchInputPublicFetchAssociationsBatchRequest(inputs=inputs)
    )
    assert read.results[0].to[0].to_object_id == company
    assert read.errors[0].category == "OBJECT_NOT_FOUND"
    inline = client.crm.contacts.basic_api.get_by_id(contact, associations=["companies"]).associations["companies"]
    assert [one.type for one in inline.results] == ["contact_to_company", "contact_to_company_unlabeled"]


def test_it_merges_archives_and_purges(client: HubSpot) -> None:
    api = client.crm.contacts
    first, second = _contact(client, "a@example.com"), _contact(client, "b@example.com")
    merge = contacts.PublicMergeInput(primary_object_id=first, object_id_to_merge=second)
    survivor = api.basic_api.merge(merge).id
    assert survivor not in (first, second)
    assert api.basic_api.get_by_id(second).id == survivor
    api.basic_api.archive(survivor)
    (gone,) = api.basic_api.get_page(archived=True).results
    assert gone.archived
    assert gone.archived_at is not None
    api.basic_api.purge(contacts.PublicGdprDeleteInput(object_id=survivor))
    assert api.basic_api.get_page(archived=True).results == []


def test_it_reads_and_changes_settings(client: HubSpot, sandbox: Sandbox) -> None:
    core = client.crm.properties.core_api
    option = properties.OptionInput(label="A", value="a", display_order=0, hidden=False)
    made = core.create("contacts", properties.PropertyCreate(
        name="tone", label="Tone", type="enumeration", field_type="select", group_name="contactinformation",
        options=[option],
    ))  # fmt: skip
    assert [one.value for one in made.options] == ["a"]
    assert {one.name for one in core.get_all("contacts").results} >= {"email", "tone"}
    core.archive("contacts", "tone")
    assert [one.name for one in core.get_all("contacts", archived=True).results] == ["tone"]
    stage = pipelines.PipelineStageInput(label="Open", display_order=0, metadata={"probability": "0.5"})
    pipeline = client.crm.pipelines.pipelines_api.create(
        "deals", pipelines.PipelineInput(label="Renewals", display_order=1, stages=[stage])
    )
    assert [one.id for one in client.crm.pipelines.pipelines_api.get_all("deals").results] == ["default", pipeline.id]
    kept, left = sandbox.mutate(*[
        {"op": "add_owner", "email": f"{name}@example.com", "first_name": name, "last_name": "O"}
        for name in ("ada", "bob")
    ])  # fmt: skip
    sandbox.mutate({"op": "archive_owner", "id": left})
    assert [one.id for one in client.crm.owners.owners_api.get_page().results] == [kept]
    (gone,) = client.crm.owners.owners_api.get_page(archived=True).results
    assert (gone.user_id, gone.id) == (None, left)


def test_it_defines_a_custom_object_and_fills_it(client: HubSpot) -> None:
    made = client.crm.schemas.core_api.create(schemas.ObjectSchemaEgg(
        name="vessel", labels=schemas.ObjectTypeDefinitionLabels(singular="Vessel", plural="Vessels"),
        properties=[schemas.ObjectTypePropertyCreate(name="hull", label="Hull", type="string", field_type="text")],
        required_properties=["hull"], searchable_properties=["hull"], secondary_display_properties=[],
        primary_display_property="hull", associated_objects=["CONTACT"],
    ))  # fmt: skip
    assert [one.name for one in client.crm.schemas.core_api.get_all().results] == ["vessel"]
    body = objects.SimplePublicObjectInputForCreate(properties={"hull": "steel"}, associations=[])
    id = client.crm.objects.basic_api.create("vessel", body).id
    for spelling in ("vessel", "p_vessel", made.fully_qualified_name, made.object_type_id):
        (row,) = client.crm.objects.basic_api.get_page(spelling, properties=["hull"]).results
        assert (row.id, row.properties["hull"]) == (id, "steel")


def test_its_oauth_tokens_reach_only_what_the_app_may(sandbox: Sandbox) -> None:
    sandbox.post("oauth", {
        "client_id": "app", "client_secret": "hush", "refresh_token": "na1-r", "expires_in": 1800,
        "scopes": ["crm.objects.contacts.read"],
    })  # fmt: skip
    anyone = HubSpot(host=sandbox.url)
    token = anyone.oauth.tokens_api.create(
        grant_type="refresh_token", refresh_token="na1-r", client_id="app", client_secret="hush"
    ).access_token
    app = HubSpot(access_token=token, host=sandbox.url)
    assert app.crm.contacts.basic_api.get_page().results == []
    with pytest.raises(Exception, match=r"crm\.objects\.deals\.read"):
        app.crm.deals.basic_api.get_page()
    assert anyone.oauth.access_tokens_api.get(token).hub_id == sandbox.portal.portal_id

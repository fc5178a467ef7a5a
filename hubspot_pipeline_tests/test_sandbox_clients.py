"""HubSpot's two Python clients read what a generated portal holds beside contacts, companies and deals.

The new client checks every answer against its types; of quotes it is told which properties to ask for, as it has no
place for a property without a value.
"""

import pytest
from hubspot import HubSpot as Stable
from hubspot_sdk import HubSpot

from hubspot_pipeline_tests.conftest import TOKEN, Sandbox


@pytest.fixture
def portal(sandbox: Sandbox) -> Sandbox:
    """A small generated portal."""
    sandbox.post("seed", {"contacts": 20})
    return sandbox


def test_the_stable_client_reads_everything(portal: Sandbox) -> None:
    client = Stable(access_token=TOKEN, host=portal.url)
    items = portal.portal.items
    forms = client.marketing.forms.forms_api.get_page(form_types=["hubspot", "captured", "flow"], limit=3)
    assert len(forms.results) == 3
    assert forms.paging.next.after
    emails = client.marketing.emails.marketing_emails_api.get_page(limit=3, include_stats=True)
    assert emails.results[0].stats.counters.keys() >= {"sent", "open"}
    lists = client.crm.lists
    found = lists.lists_api.do_search(list_search_request={"count": 5, "offset": 0})
    assert (found.has_more, found.lists[0].list_id) == (True, "1")
    assert lists.lists_api.get_by_id(list_id="1").list.name == "All contacts"
    page = lists.memberships_api.get_page(list_id="1", limit=5)
    assert len(page.results) == 5
    event = next(iter(items["web_event"].values()))
    events = client.events.events_api.get_page(object_type="contact", object_id=event["objectId"])
    assert events.results[0].object_id == event["objectId"]
    assert "e_visited_page" in client.events.events_api.get_types().event_types
    file = next(id for id, one in items["file"].items() if not one["archived"])
    assert client.files.files_api.get_by_id(file_id=file).id == file
    assert client.files.files_api.get_signed_url(file_id=file).url.startswith(portal.url)
    definitions = client.communication_preferences.definition_api.get_page().subscription_definitions
    assert len(definitions) == len(items["subscription_definition"])
    assert next(one.name for one in client.settings.users.roles_api.get_all().results) == "Super Admin"
    assert len(client.settings.users.teams_api.get_all().results) == 3
    assert client.crm.objects.basic_api.get_page("0-136", limit=1).results
    assert [one.name for one in client.crm.schemas.core_api.get_all().results] == [
        "workspace", "campaigns", "engagements",
    ]  # fmt: skip


OBJECTS = (
    "leads", "goal_targets", "feedback_submissions", "orders", "invoices", "carts", "subscriptions",
    "commerce_payments", "discounts", "fees", "taxes", "communications", "postal_mail", "courses", "listings",
    "services", "projects",
)  # fmt: skip


def test_the_new_client_finds_every_answer_of_its_type(portal: Sandbox) -> None:
    client = HubSpot(access_token=TOKEN, base_url=portal.url, max_retries=0, _strict_response_validation=True)
    items = portal.portal.items
    for name in OBJECTS:
        live = portal.portal.shelves[name].live
        assert [int(row.id) for row in getattr(client.crm.objects, name).list()] == live, name
    deal = portal.portal.shelves["deals"].live[0]
    assert client.crm.deal_splits.batch.read(inputs=[{"id": str(deal)}]).results[0].id == str(deal)
    assert len(list(client.marketing.emails.list(limit=1, include_stats=True))) == len(items["marketing_email"])
    assert len(list(client.marketing.campaigns.list(limit=1, properties=["hs_name"]))) == len(items["campaign"])
    assert client.crm.lists.get("1").list.list_id == "1"
    everyone = [row.record_id for row in client.crm.lists.list_memberships("1", limit=7)]
    assert everyone == [row["recordId"] for row in portal.portal.shown_memberships("1")]
    event = next(iter(items["web_event"].values()))
    assert list(client.events.occurrences.list(object_type="contact", object_id=int(event["objectId"])))
    file = next(id for id, one in items["file"].items() if not one["archived"])
    assert client.files.file_assets.get_signed_url(file).url.startswith(portal.url)
    assert client.communication_preferences.definitions.list().status == "COMPLETE"
    assert next(one.name for one in client.settings.users.list_roles().results) == "Super Admin"


def test_the_new_client_knows_the_shapes_of_what_an_office_leaves_behind(portal: Sandbox) -> None:
    client = HubSpot(access_token=TOKEN, base_url=portal.url, max_retries=0, _strict_response_validation=True)
    items = portal.portal.items
    sequence, enrolled = (next(iter(items[kind].values())) for kind in ("sequence", "sequence_enrollment"))
    activity, money = client.account.activity, client.settings.currencies
    for kind, found in (
        ("marketing_event", client.marketing.marketing_events.list(limit=1)),
        ("event_definition", client.events.definitions.list()),
        ("sequence", client.automation.sequences.list(user_id=sequence["userId"])),
        ("audit_log", activity.list_audit_logs(limit=1)), ("login_activity", activity.list_login_activities(limit=1)),
        ("security_activity", activity.list_security_activities(limit=1)),
        ("exchange_rate", money.exchange_rates.list_exchange_rates(limit=1)),
    ):  # fmt: skip
        assert len(list(found)) == len(items[kind]) > 0, kind
    contact = enrolled["contactId"]
    assert client.automation.sequences.get_enrollment_by_contact_id(contact).sequence_id == sequence["id"]
    assert {one.currency_code for one in money.list_codes().results} == {"USD", "EUR", "GBP"}
    assert money.get_company_currency().id == "USD"
    consent = next(iter(items["consent_status"].values()))["subscriberIdString"]
    (row,) = client.communication_preferences.statuses.batch.read(channel="EMAIL", inputs=[consent]).results
    assert row.statuses == client.communication_preferences.get_statuses(consent, channel="EMAIL").results != []

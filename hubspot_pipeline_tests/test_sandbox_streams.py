"""A generated portal of the default seed and size has data for every stream that must work, through its endpoint."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline_tests.conftest import Sandbox

TABLE = Path(__file__).parents[2] / "shared" / "reference" / "streams.csv"
V = "2026-03"
END = 1_790_784_000_000
OBJECTS = {
    **{name: name for name in ("companies", "contacts", "deals", "tickets", "leads", "line_items", "products", "users",
                               "feedback_submissions")},
    "goals": "goal_targets",
    **{f"engagements_{name}": name for name in ("calls", "emails", "meetings", "notes", "tasks")},
}  # fmt: skip
CUSTOM = ("workspace", "campaigns", "engagements")
EXTRA = (
    "quotes", "orders", "invoices", "carts", "subscriptions", "commerce_payments", "discounts", "fees", "taxes",
    "communications", "postal_mail", "appointments", "courses", "listings", "services", "projects", "contracts",
    "partner_clients", "partner_services",
)  # fmt: skip
ONE_CALL = {
    "deals_archived": f"/crm/objects/{V}/deals?archived=true",
    "engagements": "/engagements/v1/engagements/paged",
    "deal_pipelines": f"/crm/pipelines/{V}/deals", "ticket_pipelines": f"/crm/pipelines/{V}/tickets",
    "properties": f"/crm/properties/{V}/contacts",
    "owners": f"/crm/owners/{V}", "owners_archived": f"/crm/owners/{V}?archived=true",
    "marketing_emails": f"/marketing/emails/{V}?includeStats=true",
    "email_subscriptions": f"/communication-preferences/{V}/definitions",
    "forms": "/marketing/v3/forms?formTypes=hubspot&formTypes=captured&formTypes=flow",
}  # fmt: skip


def wanted() -> list[str]:
    """Names of the table's rows that must have data."""
    if not TABLE.exists():
        return []
    with TABLE.open(newline="") as file:
        return [row["stream"] for row in csv.DictReader(file) if row["seed"] == "yes"]


@pytest.fixture(scope="module")
def portal() -> Iterator[Sandbox]:
    made = Portal()
    generate(made)
    with serve(made, rate_limit=0) as server:
        yield Sandbox(server)


def get(portal: Sandbox, path: str, body: Any = None) -> Any:
    reply = portal.api("GET" if body is None else "POST", path, body)
    assert reply.status in (200, 207), (path, reply.body)
    return reply.json()


def walked(portal: Sandbox, path: str) -> list[Any]:
    sign, after, found = "&" if "?" in path else "?", "", []
    while True:
        page = get(portal, path + (f"{sign}after={after}" if after else ""))
        found += page["results"]
        if "paging" not in page:
            return found
        after = page["paging"]["next"]["after"]


def events(portal: Sandbox, object_type: str) -> list[Any]:
    """Web events of the records of one type, asked for record by record until there are some."""
    for row in walked(portal, f"/crm/objects/{V}/{object_type}?limit=100"):
        found: list[Any] = get(portal, f"/events/event-occurrences/{V}?objectType={object_type}&objectId={row['id']}")[
            "results"
        ]
        if found:
            return found
    return []


def history(portal: Sandbox, object_type: str, name: str) -> list[Any]:
    page = get(portal, f"/crm/objects/{V}/{object_type}?propertiesWithHistory={name}&limit=50")["results"]
    return [one for row in page for one in row["propertiesWithHistory"].get(name, ())[1:]]


def lists(portal: Sandbox) -> list[Any]:
    found: list[Any] = get(portal, f"/crm/lists/{V}/search", {"count": 500})["lists"]
    return found


def rows(portal: Sandbox, stream: str) -> Any:
    """What the endpoint of a stream gives; not empty where there is any data."""
    if stream in ONE_CALL:
        return get(portal, ONE_CALL[stream])["results"]
    if stream in OBJECTS:
        return get(portal, f"/crm/objects/{V}/{OBJECTS[stream]}?limit=100")["results"]
    if stream.endswith("_property_history"):
        object_type = stream.removesuffix("_property_history")
        return history(portal, object_type, "dealstage" if object_type == "deals" else "lifecyclestage")
    if stream == "custom_objects_web_analytics":
        return all(events(portal, name) for name in CUSTOM)
    if stream.endswith("_web_analytics"):
        parent = stream.removesuffix("_web_analytics")
        return events(portal, OBJECTS[parent])
    deal = get(portal, f"/crm/objects/{V}/deals?limit=100")["results"]
    window = f"startTimestamp=1&endTimestamp={END}"
    special: dict[str, Any] = {
        "deal_splits": lambda: [
            split for row in get(portal, f"/deal-splits/{V}/batch/read",
                                 {"inputs": [{"id": one["id"]} for one in deal]})["results"] for split in row["splits"]
        ],
        "contact_lists": lambda: lists(portal),
        "list_memberships": lambda: get(portal, f"/crm/lists/{V}/{lists(portal)[0]['listId']}/memberships")["results"],
        "account_details": lambda: get(portal, f"/account-info/{V}/details"),
        "campaigns": lambda: get(portal, "/email/public/v1/campaigns/by-id")["campaigns"],
        "email_events": lambda: get(portal, f"/email/public/v1/events?{window}")["events"],
        "subscription_changes": lambda: get(portal, f"/email/public/v1/subscriptions/timeline?{window}")["timeline"],
        "form_submissions": lambda: [
            len(walked(portal, f"/form-integrations/v1/submissions/forms/{form['id']}?limit=50")) > 50
            for form in rows(portal, "forms")
        ].count(True),
        "workflows": lambda: (get(portal, "/automation/v3/workflows")["workflows"]
                              and get(portal, "/automation/v4/flows")["results"]),
        "custom_objects": lambda: all(get(portal, f"/crm/objects/{V}/{name}")["results"] for name in CUSTOM),
    }  # fmt: skip
    return special[stream]()


@pytest.mark.skipif(not TABLE.exists(), reason="the table of streams is not part of the repository")
def test_every_stream_that_must_work_has_data(portal: Sandbox) -> None:
    names = wanted()
    assert len(names) > 40
    assert [name for name in names if not rows(portal, name)] == []


@pytest.mark.parametrize("object_type", EXTRA)
def test_further_objects_have_records(portal: Sandbox, object_type: str) -> None:
    assert get(portal, f"/crm/objects/{V}/{object_type}")["results"]


def test_custom_objects_are_linked_labelled_and_piped(portal: Sandbox) -> None:
    schemas = {one["name"]: one for one in get(portal, f"/crm-object-schemas/{V}/schemas")["results"]}
    assert set(schemas) == set(CUSTOM)
    found = {}
    for name, other in (
        ("workspace", "contacts"), ("workspace", "companies"), ("workspace", "deals"), ("workspace", "notes"),
        ("workspace", "calls"), ("campaigns", "contacts"), ("campaigns", "workspace"), ("engagements", "workspace"),
    ):  # fmt: skip
        ids = [{"id": row["id"]} for row in get(portal, f"/crm/objects/{V}/{name}?limit=100")["results"]]
        linked = get(portal, f"/crm/associations/{V}/{name}/{other}/batch/read", {"inputs": ids})["results"]
        found[name, other] = {
            type_["label"] for row in linked for to in row["to"] for type_ in to["associationTypes"]
        }  # fmt: skip
    assert all(None in labels for labels in found.values()), found
    assert "Workspace owner" in found["workspace", "contacts"]
    assert "Promotes" in found["campaigns", "workspace"]
    for name in ("workspace", "engagements"):
        assert get(portal, f"/crm/pipelines/{V}/{name}")["results"]
    assert len(get(portal, f"/crm/associations/{V}/workspace/campaigns/labels")["results"]) == 2


def test_lists_forms_and_tickets_are_of_several_kinds(portal: Sandbox) -> None:
    assert {one["processingType"] for one in lists(portal)} == {"MANUAL", "DYNAMIC", "SNAPSHOT"}
    forms = walked(portal, "/marketing/v3/forms?formTypes=all")
    assert {one["formType"] for one in forms} == {"hubspot", "captured", "flow", "blog_comment"}
    assert history(portal, "tickets", "hs_pipeline_stage")
    assert len(get(portal, "/settings/users/2026-03/roles")["results"]) == 3
    assert get(portal, "/settings/users/2026-03/teams")["results"][0]["userIds"]


def test_files_behind_attachments_have_hostile_names_and_one_is_gone(portal: Sandbox) -> None:
    notes = walked(portal, f"/crm/objects/{V}/notes?limit=100&properties=hs_attachment_ids")
    ids = [id for row in notes for id in (row["properties"]["hs_attachment_ids"] or "").split(";") if id]
    replies = [portal.api("GET", f"/files/{V}/files/{id}") for id in ids]
    assert {reply.status for reply in replies} == {200, 404}
    shown = [reply.json() for reply in replies if reply.status == 200]
    names = {one["name"] for one in shown}
    assert "../../etc/passwd" in names
    assert any("\x00" in name and "\\" in name for name in names)
    assert any(len(name) > 255 for name in names)
    assert any(not name.isascii() for name in names)
    signed = get(portal, f"/files/{V}/files/{shown[0]['id']}/signed-url")["url"]
    assert portal.request("GET", signed.removeprefix(portal.url)).status == 200

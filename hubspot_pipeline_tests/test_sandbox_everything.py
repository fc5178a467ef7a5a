"""All that a generated portal's dump says can be read through its API, and nothing else: kind by kind, page by page."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline_tests.conftest import Sandbox

Row = dict[str, Any]
END = 1_790_784_000_000


class Reader:
    """Every listing of a portal, walked to its end in small pages."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.dump: dict[str, list[Row]] = defaultdict(list)
        for row in sandbox.dump():
            self.dump[row.pop("kind")].append(row)

    def one(self, path: str, body: Any = None) -> Any:
        reply = self.sandbox.api("GET" if body is None else "POST", path, body)
        assert reply.status == 200, (path, reply.body)
        return reply.json()

    def after(self, path: str) -> Iterator[Row]:
        """Rows of a listing whose pages end with `paging.next.after`."""
        sign, cursor = "&" if "?" in path else "?", ""
        while True:
            page = self.one(path + (f"{sign}after={cursor}" if cursor else ""))
            yield from page["results"]
            if "paging" not in page:
                return
            cursor = page["paging"]["next"]["after"]

    def offset(self, path: str, name: str) -> Iterator[Row]:
        """Rows of a listing whose pages end with `hasMore` and `offset`."""
        sign, cursor = "&" if "?" in path else "?", ""
        while True:
            page = self.one(path + (f"{sign}offset={cursor}" if cursor else ""))
            yield from page[name]
            if not page["hasMore"]:
                return
            cursor = page["offset"]

    def same(self, kind: str, found: Iterator[Row] | list[Row], *hidden: str) -> None:
        """Fails unless the rows are those of the dump, in whatever order."""
        told = [{key: value for key, value in row.items() if key not in hidden} for row in self.dump[kind]]
        assert told, kind
        assert sorted(map(_text, told)) == sorted(_text(row) for row in found), kind


def _text(row: Row) -> str:
    return json.dumps(row, sort_keys=True)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    portal = Portal()
    generate(portal, contacts=60)
    with serve(portal, rate_limit=0) as server:
        yield Reader(Sandbox(server))


def test_lists_and_their_members(reader: Reader) -> None:
    found, offset = [], 0
    while True:
        page = reader.one("/crm/lists/2026-03/search", {"offset": offset, "count": 3})
        found += page["lists"]
        offset = page["offset"]
        if not page["hasMore"]:
            break
    reader.same("list", found)
    reader.same("list_membership", [
        {"listId": one["listId"], **row}
        for one in found for row in reader.after(f"/crm/lists/2026-03/{one['listId']}/memberships?limit=7")
    ])  # fmt: skip


def test_forms_and_their_submissions(reader: Reader) -> None:
    forms = [one for archived in ("false", "true")
             for one in reader.after(f"/marketing/v3/forms?formTypes=all&limit=2&archived={archived}")]  # fmt: skip
    reader.same("form", forms)
    reader.same("form_submission", [
        {"formId": one["id"], **row}
        for one in forms for row in reader.after(f"/form-integrations/v1/submissions/forms/{one['id']}?limit=7")
    ])  # fmt: skip


def test_emails_and_what_became_of_them(reader: Reader) -> None:
    reader.same("marketing_email", reader.after("/marketing/emails/2026-03?limit=2&includeStats=true&sort=updatedAt"))
    rows = list(reader.offset("/email/public/v1/campaigns/by-id?limit=2", "campaigns"))
    reader.same("email_campaign", [
        {**row, **reader.one(f"/email/public/v1/campaigns/{row['id']}?appId={row['appId']}")} for row in rows
    ])  # fmt: skip
    window = f"startTimestamp=1&endTimestamp={END}&limit=50"
    reader.same("email_event", reader.offset(f"/email/public/v1/events?{window}", "events"))
    reader.same("subscription_change", reader.offset(f"/email/public/v1/subscriptions/timeline?{window}", "timeline"))
    reader.same("subscription_definition", reader.one("/communication-preferences/v4/definitions")["results"])


def test_campaigns_and_workflows(reader: Reader) -> None:
    names = ",".join(reader.dump["campaign"][0]["properties"])
    reader.same("campaign", reader.after(f"/marketing/campaigns/2026-03?limit=1&properties={names}"))
    reader.same("workflow", reader.one("/automation/v3/workflows")["workflows"])
    reader.same("flow", reader.after("/automation/v4/flows?limit=3"))


def test_web_events_of_every_kind_of_record(reader: Reader) -> None:
    owners = {(row["object"], row["objectId"]) for row in reader.dump["web_event"]}
    path = "/events/event-occurrences/2026-03?limit=3&occurredAfter=2020-01-01T00:00:00Z"
    reader.same("web_event", [
        {"object": object_type, **row} for object_type, id in sorted(owners)
        for row in reader.after(f"{path}&objectType={object_type}&objectId={id}")
    ])  # fmt: skip


def test_files_teams_users_roles_and_association_types(reader: Reader) -> None:
    found = []
    for row in reader.dump["file"]:
        path = f"/files/2026-03/files/{row['id']}"
        if row["archived"]:
            assert reader.sandbox.api("GET", path).status == 404
            found.append({key: value for key, value in row.items() if key != "archivedAt"})
        else:
            found.append({k: v for k, v in reader.one(path).items() if k not in ("url", "defaultHostingUrl")})
    reader.same("file", found, "archivedAt")
    reader.same("role", reader.one("/settings/users/2026-03/roles")["results"])
    reader.same("team", reader.one("/settings/v3/users/teams")["results"])
    reader.same("team", reader.one("/settings/teams/2026-09-beta")["results"])
    reader.same("settings_user", reader.after("/settings/v3/users?limit=5"))
    pairs = {(row["from_object"], row["to_object"]) for row in reader.dump["association_type"]}
    reader.same("association_type", [
        {"from_object": from_, "to_object": to, **row} for from_, to in sorted(pairs)
        for row in reader.one(f"/crm/associations/2026-03/{from_}/{to}/labels")["results"]
    ])  # fmt: skip


def test_pipelines_records_and_schemas_of_every_object(reader: Reader) -> None:
    objects = {row["object"] for row in reader.dump["record"]}
    assert {"workspace", "campaigns", "leads", "deal_split"} <= objects
    reader.same("pipeline", [
        {"object": object_type, **row} for object_type in sorted(objects | {"listings"})
        for row in reader.one(f"/crm/pipelines/2026-03/{object_type}")["results"]
    ])  # fmt: skip
    for object_type in sorted(objects):
        told = {row["id"] for row in reader.dump["record"]
                if row["object"] == object_type and not row["archived"] and row["mergedInto"] is None}  # fmt: skip
        assert {row["id"] for row in reader.after(f"/crm/v3/objects/{object_type}?limit=50")} == told, object_type
    schemas = {row["name"]: row for row in reader.one("/crm-object-schemas/2026-03/schemas")["results"]}
    assert schemas.keys() == {"workspace", "campaigns", "engagements"}
    reader.same("schema", [{**one, "object": one["name"]} for one in schemas.values()])
    reader.same("property_group", [
        {"object": object_type, **row} for object_type in sorted({row["object"] for row in reader.dump["property"]})
        for row in reader.one(f"/crm/properties/2026-03/{object_type}/groups")["results"]
    ])  # fmt: skip

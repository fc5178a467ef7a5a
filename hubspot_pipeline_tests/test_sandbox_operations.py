"""Every kind of thing is made, changed and taken away by the admin API, and the dump tells it as the API does."""

import inspect
import re
from pathlib import Path
from typing import Any

from hubspot_pipeline.sandbox import Portal
from hubspot_pipeline.sandbox.admin import OPERATIONS
from hubspot_pipeline.sandbox.collection import ITEM_KINDS
from hubspot_pipeline.sandbox.config import Config
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline_tests.conftest import Sandbox

GUIDE = Path(__file__).parents[1] / "docs" / "sandbox.md"
V = "2026-03"


def told(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "kind"} for row in sandbox.dump() if row["kind"] == kind]


def shown(sandbox: Sandbox, path: str, name: str = "results") -> Any:
    return sandbox.api("GET", path).json()[name]


def put(sandbox: Sandbox, kind: str, item: dict[str, Any], **more: Any) -> str:
    (id,) = sandbox.mutate({"op": "put", "kind": kind, "item": item, **more})
    return str(id)


def test_owners_teams_and_users_are_changed_and_taken_away(sandbox: Sandbox) -> None:
    sandbox.mutate({"op": "add_team", "id": "31", "name": "East"})
    owner, user = sandbox.mutate(
        {"op": "add_owner", "email": "o@x.io", "first_name": "O", "last_name": "W", "teams": ["31"]},
        {"op": "add_user", "email": "u@x.io", "first_name": "U"},
    )
    sandbox.mutate(
        {"op": "update_team", "id": "31", "name": "West", "user_ids": [user], "secondary_user_ids": []},
        {"op": "update_owner", "id": owner, "changes": {"lastName": "X"}},
        {"op": "update_user", "id": user, "changes": {"superAdmin": True}},
    )
    assert told(sandbox, "team") == shown(sandbox, "/settings/users/2026-03/teams")
    assert told(sandbox, "team") == [{"id": "31", "name": "West", "userIds": [user], "secondaryUserIds": []}]
    assert told(sandbox, "owner") == shown(sandbox, f"/crm/owners/{V}")
    assert (told(sandbox, "owner")[0]["teams"][0]["name"], told(sandbox, "owner")[0]["lastName"]) == ("West", "X")
    assert told(sandbox, "settings_user") == shown(sandbox, "/settings/users/2026-03")
    assert told(sandbox, "settings_user")[0]["superAdmin"]
    sandbox.mutate({"op": "drop_team", "id": "31"}, {"op": "drop_user", "id": user})
    assert told(sandbox, "team") == told(sandbox, "settings_user") == []
    assert "teams" not in told(sandbox, "owner")[0]


def test_labels_groups_and_custom_objects_are_changed_and_taken_away(sandbox: Sandbox) -> None:
    schema = {"name": "vessel", "properties": [{"name": "hull"}], "associatedObjects": ["contacts"]}
    type_id, label = sandbox.mutate(
        {"op": "define_schema", "schema": schema},
        {"op": "define_label", "from_object": "contacts", "to_object": "companies", "label": "Friend"},
    )
    sandbox.mutate(
        {"op": "rename_label", "from_object": "contacts", "to_object": "companies", "type_id": label, "label": "Foe"},
        {"op": "define_group", "object": "contacts", "name": "odd", "label": "Odd"},
        {"op": "connect_schema", "object": type_id, "other": "deals"},
        {"op": "define_pipeline", "object": "vessel", "pipeline": {"id": "p", "label": "P", "stages": []}},
    )
    pair = [one for one in told(sandbox, "association_type")
            if (one["from_object"], one["to_object"]) == ("contacts", "companies")]  # fmt: skip
    path = f"/crm/associations/{V}/contacts/companies/labels"
    assert [{k: one[k] for k in ("category", "typeId", "label")} for one in pair] == shown(sandbox, path)
    assert "Foe" in {one["label"] for one in pair}
    groups = [one for one in told(sandbox, "property_group") if one.pop("object") == "contacts"]
    assert groups == shown(sandbox, f"/crm/properties/{V}/contacts/groups")
    (told_schema,) = told(sandbox, "schema")
    assert told_schema.pop("object") == "vessel"
    assert [told_schema] == shown(sandbox, f"/crm-object-schemas/{V}/schemas")
    assert len(told_schema["associations"]) == 4
    sandbox.mutate(
        {"op": "disconnect_schema", "object": type_id, "id": told_schema["associations"][0]["id"]},
        {"op": "drop_label", "from_object": "contacts", "to_object": "companies", "type_id": label},
        {"op": "drop_group", "object": "contacts", "name": "odd"},
        {"op": "drop_pipeline", "object": "vessel", "id": "p"},
        {"op": "drop_schema", "object": "vessel"},
    )
    assert "Foe" not in {one["label"] for one in told(sandbox, "association_type")}
    assert "odd" not in {one["name"] for one in told(sandbox, "property_group")}
    assert shown(sandbox, f"/crm-object-schemas/{V}/schemas") == []
    assert len(shown(sandbox, f"/crm-object-schemas/{V}/schemas?archived=true")[0]["associations"]) == 3


def test_items_are_changed_and_taken_away(sandbox: Sandbox) -> None:
    form = put(sandbox, "form", {"name": "A"})
    flow = put(sandbox, "workflow", {"name": "W"})
    submission = put(sandbox, "form_submission", {"formId": form, "submittedAt": 1_780_000_000_000})
    event = put(sandbox, "email_event", {"recipient": "a@x.io"})
    change = put(sandbox, "subscription_change", {"recipient": "a@x.io"})
    file = put(sandbox, "file", {"name": "n", "content": "x"})
    put(sandbox, "workflow", {"name": "W2", "enabled": False}, id=flow)
    put(sandbox, "form", {"name": "B"}, id=form)
    assert told(sandbox, "flow") == shown(sandbox, "/automation/v4/flows")
    assert told(sandbox, "workflow") == shown(sandbox, "/automation/v3/workflows", "workflows")
    assert (told(sandbox, "flow")[0]["name"], told(sandbox, "flow")[0]["isEnabled"]) == ("W2", False)
    assert told(sandbox, "form") == shown(sandbox, "/marketing/v3/forms")
    path = f"/form-integrations/v1/submissions/forms/{form}"
    assert [{k: v for k, v in one.items() if k != "formId"} for one in told(sandbox, "form_submission")] == shown(
        sandbox, path
    )
    assert told(sandbox, "email_event") == shown(sandbox, "/email/public/v1/events", "events")
    timeline = "/email/public/v1/subscriptions/timeline"
    assert told(sandbox, "subscription_change") == shown(sandbox, timeline, "timeline")
    sandbox.mutate(*[
        {"op": "drop", "kind": kind, "id": id} for kind, id in (
            ("workflow", flow), ("form_submission", submission), ("email_event", event),
            ("subscription_change", change), ("file", file))
    ])  # fmt: skip
    for kind in ("flow", "workflow", "form_submission", "email_event", "subscription_change", "file"):
        assert told(sandbox, kind) == [], kind
    assert sandbox.api("GET", f"/files/{V}/files/{file}").status == 404


def test_lists_and_their_members_are_changed_and_taken_away(sandbox: Sandbox) -> None:
    one, two = sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}}] * 2)
    (id,) = sandbox.mutate({"op": "add_list", "name": "L", "processing_type": "DYNAMIC"})
    sandbox.mutate(
        {"op": "update_list", "id": id, "name": "M", "filter_branch": {"filterBranchType": "OR"}},
        {"op": "add_member", "list_id": id, "record_id": one}, {"op": "add_member", "list_id": id, "record_id": two},
        {"op": "remove_member", "list_id": id, "record_id": one},
    )  # fmt: skip
    assert told(sandbox, "list") == sandbox.api("POST", f"/crm/lists/{V}/search", {}).json()["lists"]
    members = shown(sandbox, f"/crm/lists/{V}/{id}/memberships")
    assert told(sandbox, "list_membership") == [{"listId": id, **row} for row in members]
    assert [row["recordId"] for row in members] == [two]
    sandbox.mutate({"op": "delete_list", "id": id})
    assert told(sandbox, "list") == told(sandbox, "list_membership") == []
    sandbox.mutate({"op": "restore_list", "id": id})
    assert len(told(sandbox, "list_membership")) == 1


def test_the_guide_names_every_operation_with_its_arguments_every_kind_and_every_knob() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name in OPERATIONS:
        known = [one for one in inspect.signature(getattr(Portal, name)).parameters if one != "self"]
        row = re.search(rf"^\| `{name}` \| (.*?) \|", text, re.MULTILINE)
        assert row, name
        given = re.findall(r"`([a-z_]+)\??`", row[1])
        assert given == [{"object_type": "object"}.get(one, one) for one in known], name
    portal = Portal()
    generate(portal, contacts=20)
    kinds = {row["kind"] for row in portal.dump()} | set(ITEM_KINDS)
    assert {one for one in kinds if f"| `{one}` |" not in text} == set()
    assert {one for one in vars(Config()) if f"| `{one}` |" not in text} == set()

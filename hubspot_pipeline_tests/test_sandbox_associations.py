"""Associations in the sandbox portal: types, paging, gaps."""

from typing import Any

import pytest

from hubspot_pipeline_tests.conftest import Reply, Sandbox

V = "2026-03"


@pytest.fixture
def trio(sandbox: Sandbox) -> tuple[str, str, str]:
    """A contact, a company, a deal."""
    return tuple(sandbox.mutate(  # type: ignore[return-value]
        {"op": "create", "object": "contacts", "properties": {}},
        {"op": "create", "object": "companies", "properties": {"name": "Acme"}},
        {"op": "create", "object": "deals", "properties": {"dealname": "D"}},
    ))  # fmt: skip


def batch_read(sandbox: Sandbox, pair: str, *ids: Any, path: str = "/crm/associations/2026-03") -> Reply:
    inputs = [{"id": id} if isinstance(id, str) else id for id in ids]
    return sandbox.api("POST", f"{path}/{pair}/batch/read", {"inputs": inputs})


def spec(type_id: int, category: str = "HUBSPOT_DEFINED") -> dict[str, Any]:
    return {"associationCategory": category, "associationTypeId": type_id}


def test_a_primary_company_shows_two_types_from_both_ends(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    contact, company, _ = trio
    pair = {"from": {"id": contact}, "to": {"id": company}, "types": [spec(1)]}
    made = sandbox.api("POST", f"/crm/associations/{V}/contact/company/batch/create", {"inputs": [pair]})
    assert (made.status, made.json()["results"][0]["labels"]) == (201, ["Primary"])
    reply = batch_read(sandbox, "contacts/companies", contact)
    (row,) = reply.json()["results"]
    assert (reply.status, row["from"]["id"], row["to"][0]["toObjectId"]) == (200, contact, int(company))
    assert row["to"][0]["associationTypes"] == [
        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
    ]
    (back,) = batch_read(sandbox, "0-2/0-1", company, path="/crm/v4/associations").json()["results"]
    assert [one["typeId"] for one in back["to"][0]["associationTypes"]] == [2, 280]


def test_there_is_one_primary_company(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    contact, company, _ = trio
    (other,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {"name": "B"}})
    for id in (company, other):
        sandbox.portal.associate("contacts", contact, "companies", id, [("HUBSPOT_DEFINED", 1)])
    (row,) = batch_read(sandbox, "contacts/companies", contact).json()["results"]
    assert [[one["typeId"] for one in to["associationTypes"]] for to in row["to"]] == [[279], [1, 279]]


def test_gaps_are_errors_of_a_207(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    reply = batch_read(sandbox, "deals/companies", trio[2], "999999")
    body = reply.json()
    assert (reply.status, body["results"], body["numErrors"]) == (207, [], 2)
    assert body["errors"][0]["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert body["errors"][0]["message"] == f"No company is associated with deal {trio[2]}."
    assert body["errors"][0]["context"] == {
        "fromObjectId": [trio[2]], "fromObjectType": ["deal"], "toObjectType": ["company"],
    }  # fmt: skip
    assert body["errors"][1]["subCategory"] == "crm.associations.FROM_OBJECT_NOT_FOUND"
    wrong = {"from": {"id": trio[2]}, "to": {"id": trio[1]}, "types": [spec(279)]}
    refused = sandbox.api("POST", f"/crm/associations/{V}/deals/companies/batch/create", {"inputs": [wrong]})
    assert refused.status == 207
    assert refused.json()["errors"][0]["subCategory"] == "crm.associations.INVALID_ASSOCIATION_TYPE"


def test_many_links_come_in_pages_of_500(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    _, company, deal = trio
    contacts = sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}} for _ in range(1203)])
    for id in contacts:
        sandbox.portal.associate("deals", deal, "contacts", id)
    seen: list[str] = []
    wanted: dict[str, str] = {"id": deal}
    for size in (500, 500, 203):
        (row,) = batch_read(sandbox, "deals/contacts", wanted).json()["results"]
        assert len(row["to"]) == size
        seen += [str(one["toObjectId"]) for one in row["to"]]
        wanted["after"] = row.get("paging", {}).get("next", {}).get("after", "")
    assert (seen, wanted["after"]) == (contacts, "")
    page = sandbox.api("GET", f"/crm/v4/objects/deals/{deal}/associations/contacts").json()
    rest = sandbox.api("GET", page["paging"]["next"]["link"].removeprefix(sandbox.url)).json()
    assert (len(page["results"]), len(rest["results"])) == (500, 500)
    inline = sandbox.api("GET", f"/crm/objects/{V}/deals/{deal}?associations=contacts").json()["associations"][
        "contacts"
    ]
    assert (len(inline["results"]), inline["results"][0]["type"]) == (100, "deal_to_contact")
    assert "after" in inline["paging"]["next"]
    assert sandbox.api("POST", f"/crm/associations/{V}/a/b/batch/read", {"inputs": []}).status == 400
    assert batch_read(sandbox, "deals/contacts", *["1"] * 1001).status == 400
    assert company


def test_labels_have_a_type_in_each_direction(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    contact, company, _ = trio
    path = f"/crm/associations/{V}/contacts/companies/labels"
    body = {"label": "Decision maker", "inverseLabel": "Decided by", "name": "decision_maker"}
    first, second = sandbox.api("POST", path, body).json()["results"]
    assert first in sandbox.api("GET", path).json()["results"]
    put = f"/crm/objects/{V}/contacts/{contact}/associations/companies/{company}"
    made = sandbox.api("PUT", put, [spec(first["typeId"], "USER_DEFINED")])
    assert (made.status, made.json()["labels"]) == (201, ["Decision maker"])
    (row,) = batch_read(sandbox, "companies/contacts", company).json()["results"]
    labels = [(one["category"], one["typeId"], one["label"]) for one in row["to"][0]["associationTypes"]]
    assert ("USER_DEFINED", second["typeId"], "Decided by") in labels
    archive = {"from": {"id": contact}, "to": {"id": company}, "types": [spec(279)]}
    assert (
        sandbox.api(
            "POST", f"/crm/associations/{V}/contacts/companies/batch/labels/archive", {"inputs": [archive]}
        ).status
        == 204
    )
    assert batch_read(sandbox, "contacts/companies", contact).status == 207


def test_parent_and_child_companies_have_a_type_each(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    (child,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {"name": "Child"}})
    sandbox.portal.associate("companies", trio[1], "companies", child, [("HUBSPOT_DEFINED", 13)])
    rows = {
        row["from"]["id"]: row["to"]
        for row in batch_read(sandbox, "companies/companies", trio[1], child).json()["results"]
    }
    assert [one["typeId"] for one in rows[trio[1]][0]["associationTypes"]] == [13]
    assert [one["typeId"] for one in rows[child][0]["associationTypes"]] == [14]


def test_links_to_archived_records_hide_until_they_are_restored(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    contact, company, _ = trio
    sandbox.portal.associate("contacts", contact, "companies", company)
    sandbox.mutate({"op": "archive", "object": "companies", "id": company})
    assert batch_read(sandbox, "contacts/companies", contact).status == 207
    assert "associations" not in sandbox.api("GET", f"/crm/v3/objects/contacts/{contact}?associations=companies").json()
    bin_ = "/crm/v3/objects/companies?archived=true&associations=contacts"
    (bin_row,) = sandbox.api("GET", bin_).json()["results"]
    assert "associations" not in bin_row
    sandbox.config(archived_associations="show")
    (bin_row,) = sandbox.api("GET", bin_).json()["results"]
    assert bin_row["associations"]["contacts"]["results"][0]["id"] == contact
    shown = [row for row in sandbox.dump() if row["kind"] == "association"]
    assert [(row["from_object"], row["type_id"]) for row in shown] == [("companies", 280)]
    sandbox.mutate({"op": "restore", "object": "companies", "id": company})
    assert batch_read(sandbox, "contacts/companies", contact).status == 200


def test_the_old_forms_of_v3_still_work(sandbox: Sandbox, trio: tuple[str, str, str]) -> None:
    contact, company, deal = trio
    put = f"/crm/v3/objects/deals/{deal}/associations/companies/{company}/deal_to_company"
    assert sandbox.api("PUT", put).json()["id"] == deal
    (row,) = batch_read(sandbox, "deals/companies", deal, path="/crm/v3/associations").json()["results"]
    assert row["to"] == [
        {"id": company, "type": "deal_to_company"}, {"id": company, "type": "deal_to_company_unlabeled"},
    ]  # fmt: skip
    default = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}"
    assert sandbox.api("PUT", default).status == 200
    assert sandbox.api("DELETE", f"/crm/v4/objects/contacts/{contact}/associations/companies/{company}").status == 204
    assert sandbox.api("GET", f"/crm/v4/objects/contacts/{contact}/associations/companies").json()["results"] == []

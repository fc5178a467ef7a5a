"""The life of records in the sandbox portal: history, archive, merge, privacy deletion."""

from typing import Any

import pytest

from hubspot_pipeline_tests.conftest import Sandbox

T0 = 1_780_000_000_000
DAY = 86_400_000
CONTACTS = "/crm/objects/2026-03/contacts"


def contact(sandbox: Sandbox, **properties: str) -> str:
    (id,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": properties, "at": T0})
    return str(id)


def read(sandbox: Sandbox, id: str, query: str = "") -> Any:
    return sandbox.api("GET", f"{CONTACTS}/{id}{query}").json()


@pytest.fixture(autouse=True)
def _still(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0 + DAY, "frozen": True})


def test_a_lone_create_has_its_dates_and_id(sandbox: Sandbox) -> None:
    made = sandbox.api("POST", CONTACTS, {"properties": {"email": "Ada@Example.com"}})
    assert made.status == 201
    row = made.json()
    assert row["properties"]["hs_object_id"] == row["id"]
    assert row["properties"]["email"] == "ada@example.com"
    assert row["createdAt"] == row["updatedAt"] == row["properties"]["createdate"] == "2026-05-29T20:26:40.000Z"
    assert row["properties"]["lastmodifieddate"] == row["updatedAt"]


def test_history_is_newest_first_and_keeps_equal_instants(sandbox: Sandbox) -> None:
    id = contact(sandbox, firstname="one")
    for value, at in (("two", T0 + 1), ("three", T0 + 1), ("", T0 + 2)):
        sandbox.mutate({
            "op": "update", "object": "contacts", "id": id, "properties": {"firstname": value}, "at": at,
            "source": "INTEGRATION", "source_id": "userId:7",
        })  # fmt: skip
    versions = read(sandbox, id, "?propertiesWithHistory=firstname")["propertiesWithHistory"]["firstname"]
    assert [one["value"] for one in versions] == ["", "three", "two", "one"]
    assert (versions[0]["sourceType"], versions[0]["updatedByUserId"]) == ("INTEGRATION", 7)
    assert read(sandbox, id)["properties"]["firstname"] is None
    seqs = [row["seq"] for row in sandbox.dump() if row["kind"] == "history"]
    assert seqs == [0, 0, 1, 0]


def test_only_values_move_the_modified_date(sandbox: Sandbox) -> None:
    id = contact(sandbox, firstname="one")
    (company,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {"name": "n"}, "at": T0})
    before = read(sandbox, id)["updatedAt"]
    sandbox.mutate(
        {"op": "associate", "from_object": "contacts", "from_id": id, "to_object": "companies", "to_id": company},
        {"op": "archive", "object": "contacts", "id": id},
        {"op": "restore", "object": "contacts", "id": id},
        {"op": "update", "object": "contacts", "id": id, "properties": {"num_notes": "3"}, "touch": False},
    )
    row = read(sandbox, id, "?properties=num_notes")
    assert (row["updatedAt"], row["properties"]["num_notes"]) == (before, "3")
    assert row["properties"]["lastmodifieddate"] == before
    sandbox.mutate({"op": "update", "object": "contacts", "id": id, "properties": {"firstname": "two"}})
    assert read(sandbox, id)["updatedAt"] > before


def test_archived_records_have_their_own_listing_for_90_days(sandbox: Sandbox) -> None:
    id, other = contact(sandbox, firstname="gone"), contact(sandbox)
    assert sandbox.api("DELETE", f"{CONTACTS}/{id}").status == 204
    assert [row["id"] for row in sandbox.api("GET", CONTACTS).json()["results"]] == [other]
    assert sandbox.api("GET", f"{CONTACTS}/{id}").status == 404
    (row,) = sandbox.api("GET", f"{CONTACTS}?archived=true").json()["results"]
    assert (row["id"], row["archived"], row["archivedAt"]) == (id, True, "2026-05-29T20:26:40.000Z")
    assert row["properties"]["firstname"] == "gone"
    assert read(sandbox, id, "?archived=True")["id"] == id
    batch = sandbox.api("POST", f"{CONTACTS}/batch/read?archived=true", {"inputs": [{"id": id}, {"id": other}]})
    assert (batch.status, [row["id"] for row in batch.json()["results"]]) == (207, [id])
    sandbox.post("clock", {"advance_ms": 90 * DAY})
    assert sandbox.api("GET", f"{CONTACTS}?archived=true").json()["results"] == []


def test_a_merge_makes_a_new_record_that_both_old_ids_lead_to(sandbox: Sandbox) -> None:
    first, second = (
        contact(sandbox, firstname="Ada", email="a@b.cd"),
        contact(sandbox, firstname="Eve", phone="1", email="e@f.gh"),
    )
    third = contact(sandbox, lastname="Third")
    c1, c2 = sandbox.mutate(*[{"op": "create", "object": "companies", "properties": {"name": n}} for n in "xy"])
    for id, company in ((first, c1), (second, c2)):
        sandbox.portal.associate("contacts", id, "companies", company, [("HUBSPOT_DEFINED", 1)])
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    survivor = sandbox.api("POST", f"{CONTACTS}/merge", body).json()["id"]
    last = sandbox.api("POST", f"{CONTACTS}/merge", {"primaryObjectId": third, "objectIdToMerge": survivor}).json()[
        "id"
    ]
    assert len({first, second, third, survivor, last}) == 5
    for old in (first, second, third, survivor):
        assert read(sandbox, old)["id"] == last
    names = "hs_merged_object_ids,firstname,phone,lastname,email,hs_additional_emails"
    row = read(sandbox, last, f"?properties={names}&associations=companies")
    assert (row["properties"]["email"], row["properties"]["hs_additional_emails"]) == ("a@b.cd", "e@f.gh")
    assert row["properties"]["hs_merged_object_ids"].split(";") == [third, first, second, survivor]
    assert [row["properties"][name] for name in ("firstname", "phone", "lastname")] == ["Ada", "1", "Third"]
    types = [(one["id"], one["type"]) for one in row["associations"]["companies"]["results"]]
    assert types == [
        (c1, "contact_to_company"), (c1, "contact_to_company_unlabeled"), (c2, "contact_to_company_unlabeled"),
    ]  # fmt: skip
    assert [row["id"] for row in sandbox.api("GET", CONTACTS).json()["results"]] == [last]
    assert sandbox.api("GET", f"{CONTACTS}?archived=true").json()["results"] == []
    assert sandbox.api("POST", f"{CONTACTS}/search", {}).json()["total"] == 1
    patched = sandbox.api("PATCH", f"{CONTACTS}/{first}", {"properties": {"phone": "2"}})
    assert (patched.status, patched.json()["id"]) == (200, last)
    batch = {"inputs": [{"id": first, "properties": {"phone": "3"}}]}
    assert sandbox.api("POST", f"{CONTACTS}/batch/update", batch).status == 207


def test_a_purged_person_leaves_no_trace(sandbox: Sandbox) -> None:
    id = contact(sandbox, email="a@b.cd")
    (company,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {"name": "n"}})
    sandbox.portal.associate("contacts", id, "companies", company)
    body = {"objectId": "a@b.cd", "idProperty": "email"}
    assert sandbox.api("POST", f"{CONTACTS}/gdpr-delete", body).status == 204
    assert sandbox.api("POST", f"{CONTACTS}/gdpr-delete", body).status == 204
    assert not [
        row for row in sandbox.dump() if row["kind"] in ("history", "association") and row.get("object") == "contacts"
    ]
    assert sandbox.api("GET", f"{CONTACTS}?archived=true").json()["results"] == []
    assert b"a@b.cd" not in sandbox.request("GET", "/_sandbox/dump").body


def test_odd_text_survives(sandbox: Sandbox) -> None:
    odd = "😀 \x00\x01\x1f \u202e \"'\\ <b> " + "x" * 65_000
    id = contact(sandbox, firstname=odd, lastname="\ud83d alone")
    reply = sandbox.api("GET", f"{CONTACTS}/{id}")
    assert b'"lastname":"\\ud83d alone"' in reply.body
    assert reply.json()["properties"]["firstname"] == odd
    assert "😀".encode() in reply.body
    sandbox.mutate(
        {"op": "update", "object": "contacts", "id": id, "properties": {"num_notes": 17, "phone": ""}, "raw": True}
    )
    assert b'"num_notes":17' in sandbox.api("GET", f"{CONTACTS}/{id}?properties=num_notes,phone").body


def test_required_values_and_options_are_checked_on_writing(sandbox: Sandbox) -> None:
    def codes(path: str, properties: dict[str, Any]) -> list[str]:
        reply = sandbox.api("POST", f"/crm/objects/2026-03/{path}", {"properties": properties})
        assert reply.status == 400
        return [one["code"] for one in reply.json()["errors"]]

    assert codes("contacts", {"nothing": "x"}) == ["PROPERTY_DOESNT_EXIST"]
    assert codes("contacts", {"lifecyclestage": "Lead"}) == ["INVALID_OPTION"]
    assert codes("contacts", {"email": "x"}) == ["INVALID_EMAIL"]
    assert codes("contacts", {"createdate": "1"}) == ["READ_ONLY_VALUE"]
    assert codes("deals", {"dealname": "D"}) == ["MISSING_REQUIRED_PROPERTY"]
    assert codes("deals", {"dealname": "D", "dealstage": "nowhere"}) == ["INVALID_OPTION"]
    assert codes("deals", {"dealname": "D", "dealstage": "contractsent", "amount": "much"}) == ["INVALID_INTEGER"]
    assert codes("notes", {"hs_timestamp": "yesterday"}) == ["INVALID_DATE"]
    assert codes("companies", {"city": "Rome"}) == ["MISSING_REQUIRED_PROPERTY"]


def test_one_bad_input_fails_a_batch_create_unless_all_are_traced(sandbox: Sandbox) -> None:
    inputs: list[dict[str, Any]] = [{"properties": {"email": "a@b.cd"}}, {"properties": {"nothing": "x"}}]
    assert sandbox.api("POST", f"{CONTACTS}/batch/create", {"inputs": inputs}).status == 400
    assert sandbox.api("GET", CONTACTS).json()["results"] == []
    traced = [{**one, "objectWriteTraceId": f"t{at}"} for at, one in enumerate(inputs)]
    reply = sandbox.api("POST", f"{CONTACTS}/batch/create", {"inputs": traced})
    body = reply.json()
    assert (reply.status, body["results"][0]["objectWriteTraceId"], body["numErrors"]) == (207, "t0", 1)
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["t1"]

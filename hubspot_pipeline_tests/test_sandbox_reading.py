"""Reading CRM objects from the sandbox portal."""

from hubspot_pipeline_tests.conftest import Sandbox

CONTACTS = "/crm/objects/2026-03/contacts"


def _contacts(sandbox: Sandbox, count: int) -> list[str]:
    return sandbox.mutate(*[
        {"op": "create", "object": "contacts", "properties": {"email": f"p{n}@example.com"}} for n in range(count)
    ])  # fmt: skip


def test_every_version_and_spelling_leads_to_the_same_records(sandbox: Sandbox) -> None:
    (id,) = _contacts(sandbox, 1)
    for path in ("/crm/v3/objects/contacts", "/crm/objects/2026-03/contact", "/crm/objects/2026-09/0-1/",
                 "/crm/objects/v3/CONTACTS", "/crm/objects/2025-09/contacts"):  # fmt: skip
        assert [row["id"] for row in sandbox.api("GET", path).json()["results"]] == [id], path
    for path in ("/crm/2026-03/objects/contacts", "/crm/objects/2024-03/contacts", "/crm/objects/contacts", "/nothing"):
        assert sandbox.api("GET", path).status == 404, path


def test_a_list_is_walked_by_the_id_of_the_next_record(sandbox: Sandbox) -> None:
    ids = _contacts(sandbox, 25)
    first = sandbox.api("GET", CONTACTS).json()
    assert [row["id"] for row in first["results"]] == ids[:10]
    assert first["paging"]["next"]["after"] == ids[10]
    assert first["paging"]["next"]["link"].startswith(sandbox.url)
    last = sandbox.api("GET", f"{CONTACTS}?limit=100&after={ids[10]}").json()
    assert [row["id"] for row in last["results"]] == ids[10:]
    assert "paging" not in last
    assert sandbox.api("GET", f"{CONTACTS}?limit=101").status == 400
    assert sandbox.api("GET", f"{CONTACTS}?limit=51&propertiesWithHistory=email").status == 400


def test_values_are_text_or_null_and_unknown_properties_are_left_out(sandbox: Sandbox) -> None:
    _contacts(sandbox, 1)
    for query in ("properties=email,phone,nothing", "properties=email&properties=phone&properties=nothing"):
        (row,) = sandbox.api("GET", f"{CONTACTS}?{query}").json()["results"]
        assert set(row["properties"]) == {"createdate", "email", "hs_object_id", "lastmodifieddate", "phone"}
        assert row["properties"]["phone"] is None
        assert row["archived"] is False
        assert "archivedAt" not in row

"""CRM search in the sandbox portal: HubSpot's operators, limits and unkindness."""

from typing import Any

import pytest

from hubspot_pipeline_tests.conftest import Reply, Sandbox

T0 = 1_780_000_000_000


def search(sandbox: Sandbox, *filters: dict[str, Any], object_type: str = "contacts", **body: Any) -> Reply:
    groups = [{"filters": list(filters)}] if filters else []
    return sandbox.api("POST", f"/crm/objects/2026-03/{object_type}/search", {"filterGroups": groups, **body})


def where(name: str, operator: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


def ids(reply: Reply) -> list[str]:
    assert reply.status == 200, reply.body
    return [row["id"] for row in reply.json()["results"]]


@pytest.fixture
def people(sandbox: Sandbox) -> list[str]:
    """Four contacts, a second apart; the last one has no values."""
    values: list[dict[str, str]] = [
        {"firstname": "Ada", "email": "ada@example.com", "lifecyclestage": "lead", "num_notes": "9"},
        {"firstname": "ADA", "email": "grace@other.org", "lifecyclestage": "customer", "num_notes": "10"},
        {"firstname": "Zoë", "email": "zoe@example.com", "lifecyclestage": "lead", "num_notes": "100"},
        {},
    ]
    return sandbox.mutate(*[
        {"op": "create", "object": "contacts", "properties": properties, "at": T0 + 1000 * at}
        for at, properties in enumerate(values)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (where("firstname", "EQ", "ada"), [0, 1]),
        (where("firstname", "NEQ", "ada"), [2, 3]),
        (where("firstname", "IN", values=["ada"]), [0, 1]),
        (where("firstname", "IN", values=["Ada"]), []),
        (where("firstname", "NOT_IN", values=["ada"]), [2, 3]),
        (where("lifecyclestage", "EQ", "lead"), [0, 2]),
        (where("lifecyclestage", "EQ", "Lead"), []),
        (where("num_notes", "GT", "9"), [1, 2]),
        (where("num_notes", "BETWEEN", "9", highValue="10"), [0, 1]),
        (where("firstname", "HAS_PROPERTY"), [0, 1, 2]),
        (where("firstname", "NOT_HAS_PROPERTY"), [3]),
        (where("email", "CONTAINS_TOKEN", "*@example.com"), [0, 2]),
        (where("email", "NOT_CONTAINS_TOKEN", "*@example.com"), [1, 3]),
        (where("createdate", "GTE", str(T0 + 2000)), [2, 3]),
        (where("createdate", "LT", "2026-05-28T20:26:41.000Z"), [0]),
        (where("lastmodifieddate", "LTE", T0 + 1000), [0, 1]),
    ],
)
def test_operators(sandbox: Sandbox, people: list[str], given: dict[str, Any], found: list[int]) -> None:
    assert ids(search(sandbox, given)) == [people[at] for at in found]


def test_groups_are_alternatives_and_a_shorthand_is_one_more(sandbox: Sandbox, people: list[str]) -> None:
    body = {
        "filterGroups": [{"filters": [where("num_notes", "EQ", "9")]}],
        "filters": [where("num_notes", "EQ", "100")],
    }
    assert ids(sandbox.api("POST", "/crm/v3/objects/contacts/search", body)) == [people[0], people[2]]
    assert ids(search(sandbox, query="ada")) == people[:2]


def test_records_are_found_by_what_they_are_associated_with(sandbox: Sandbox, people: list[str]) -> None:
    (company,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {"name": "Acme"}})
    sandbox.portal.associate("contacts", people[1], "companies", company)
    assert ids(search(sandbox, where("associations.company", "EQ", company))) == [people[1]]


@pytest.mark.parametrize(
    "body",
    [
        {"filterGroups": [{"filters": [where("nothing", "EQ", "x")]}]},
        {"filterGroups": [{"filters": [where("email", "LIKE", "x")]}]},
        {"filterGroups": [{"filters": [where("email", "EQ")]}]},
        {"filterGroups": [{"filters": [where("num_notes", "EQ", "many")]}]},
        {"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")]}] * 6},
        {"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")] * 7}]},
        {"filterGroups": [{"filters": [where("email", "HAS_PROPERTY")] * 5}] * 4},
        {"query": "x" * 3000},
        {"sorts": ["createdate", "email"]},
        {"sorts": ["nothing"]},
        {"limit": 201},
        {"limit": 0},
        {"after": "next"},
        {"after": 10_000},
    ],
)
def test_what_hubspot_refuses(sandbox: Sandbox, body: dict[str, Any]) -> None:
    reply = sandbox.api("POST", "/crm/objects/2026-03/contacts/search", body)
    assert (reply.status, reply.json()["category"]) == (400, "VALIDATION_ERROR")


def test_pages_are_offsets_up_to_the_cap(sandbox: Sandbox) -> None:
    sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}} for _ in range(9)])
    sandbox.config(result_cap=8)
    first = search(sandbox, limit=4).json()
    assert (first["total"], first["paging"]["next"]["after"]) == (9, "4")
    second = search(sandbox, limit=4, after=4).json()
    assert (len(second["results"]), second["paging"]["next"]["after"]) == (4, "8")
    assert search(sandbox, limit=4, after="8").status == 400
    sandbox.config(result_cap=9)
    last = search(sandbox, limit=4, after="8").json()
    assert (len(last["results"]), last.get("paging")) == (1, None)


def test_the_contacts_wrong_cursor_property_finds_nothing(sandbox: Sandbox, people: list[str]) -> None:
    reply = search(sandbox, where("hs_lastmodifieddate", "GTE", "0"))
    assert (reply.status, reply.json()["total"]) == (200, 0)
    assert search(sandbox, where("lastmodifieddate", "GTE", "0"), object_type="companies").status == 400


def test_knobs_for_what_others_have_seen(sandbox: Sandbox) -> None:
    since_ever = where("lastmodifieddate", "GTE", "0")
    assert search(sandbox, since_ever).status == 200
    sandbox.config(epoch_zero_fails=True, wrong_cursor_property="error")
    assert search(sandbox, since_ever).status == 500
    assert search(sandbox, where("hs_lastmodifieddate", "GTE", "1")).status == 400


def test_a_lagging_index_shows_the_earlier_state(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    (id,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {"firstname": "Ada"}})
    sandbox.post("clock", {"advance_ms": 60_000})
    sandbox.config(index_lag_ms={"contacts": 5000})
    sandbox.mutate({"op": "update", "object": "contacts", "id": id, "properties": {"firstname": "Grace"}})
    (new,) = sandbox.mutate({"op": "create", "object": "contacts", "properties": {"firstname": "Linus"}})
    sandbox.post("clock", {"advance_ms": 4999})
    (row,) = search(sandbox, where("firstname", "HAS_PROPERTY"), properties=["firstname"]).json()["results"]
    assert (row["id"], row["properties"]["firstname"]) == (id, "Ada")
    assert search(sandbox, where("lastmodifieddate", "GT", T0)).json()["total"] == 0
    assert sandbox.api("GET", f"/crm/objects/2026-03/contacts/{new}").status == 200
    sandbox.post("clock", {"advance_ms": 1})
    assert ids(search(sandbox, where("lastmodifieddate", "GT", T0))) == [id, new]
    sandbox.mutate({"op": "archive", "object": "contacts", "id": id})
    assert ids(search(sandbox)) == [id, new]
    sandbox.post("clock", {"advance_ms": 5000})
    assert ids(search(sandbox)) == [new]


def test_each_change_lags_on_its_own(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    create = {"op": "create", "object": "contacts", "properties": {}}
    sandbox.config(index_lag_ms=90_000)
    (late,) = sandbox.mutate(create)
    sandbox.config(index_lag_ms=0)
    (prompt,) = sandbox.mutate(create)
    assert ids(search(sandbox)) == [prompt]
    sandbox.config(index_lag_ms={"contacts": [1000, 50_000]})
    sandbox.mutate(*[create] * 20)
    counts = []
    for _ in range(4):
        counts.append(search(sandbox).json()["total"])
        sandbox.post("clock", {"advance_ms": 30_000})
    assert counts[0] == 1 < counts[1] < counts[2] == 21
    assert (counts[3], ids(search(sandbox))[0]) == (22, late)


def test_ids_can_compare_as_text(sandbox: Sandbox) -> None:
    sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}, "id": str(id)} for id in (99, 100, 1000)])
    sort = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
    assert ids(search(sandbox, where("hs_object_id", "GT", "99"), sorts=sort)) == ["100", "1000"]
    sandbox.config(id_compare="text")
    assert ids(search(sandbox, sorts=sort)) == ["100", "1000", "99"]
    assert ids(search(sandbox, where("hs_object_id", "GT", "99"), sorts=sort)) == []


def test_sort_noise_moves_rows_but_loses_none(sandbox: Sandbox) -> None:
    made = sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}} for _ in range(50)])
    sandbox.config(sort_noise=10)
    found = ids(search(sandbox, limit=100))
    assert found != made
    assert sorted(found) == sorted(made)


@pytest.mark.parametrize("after", ["str", "int"])
def test_page_shapes_cut_pages_short_and_keep_the_cursor(sandbox: Sandbox, after: str) -> None:
    made = sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}} for _ in range(7)])
    for searching in (True, False):
        sandbox.config(page_shapes={"sizes": [3, 0, 100], "after": after})
        sizes, seen, cursor = [], [], None
        while True:
            if searching:
                body = search(sandbox, limit=100, **({} if cursor is None else {"after": cursor})).json()
            else:
                query = "" if cursor is None else f"&after={cursor}"
                body = sandbox.api("GET", f"/crm/objects/2026-03/contacts?limit=100{query}").json()
            sizes.append(len(body["results"]))
            seen += [row["id"] for row in body["results"]]
            if "paging" not in body:
                break
            cursor = body["paging"]["next"]["after"]
            assert isinstance(cursor, int) is (after == "int")
        assert (sizes, seen) == ([3, 0, 4], made)

"""Lists and memberships of the sandbox portal."""

from typing import Any

from hubspot_pipeline_tests.conftest import Sandbox

LISTS = "/crm/lists/2026-03"


def people(sandbox: Sandbox, count: int) -> list[str]:
    return sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}}] * count)


def search(sandbox: Sandbox, **body: Any) -> Any:
    return sandbox.api("POST", f"{LISTS}/search", body)


def walked(sandbox: Sandbox, path: str, limit: int) -> list[str]:
    ids: list[str] = []
    after = ""
    while True:
        page = sandbox.api("GET", f"{path}?limit={limit}{after and '&after=' + after}").json()
        ids += [row["recordId"] for row in page["results"]]
        if "paging" not in page:
            return ids
        after = page["paging"]["next"]["after"]


def test_lists_are_searched_by_offset_up_to_a_ceiling(sandbox: Sandbox) -> None:
    ids = sandbox.mutate(*[{"op": "add_list", "name": f"List {at}"} for at in range(5)])
    first = search(sandbox, count=3).json()
    rest = search(sandbox, count=3, offset=first["offset"]).json()
    assert [one["listId"] for one in first["lists"] + rest["lists"]] == ids
    assert (first["hasMore"], first["offset"], first["total"], rest["hasMore"]) == (True, 3, 5, False)
    assert first["lists"][0]["additionalProperties"]["hs_list_size"] == "0"
    assert "filterBranch" not in first["lists"][0]
    assert search(sandbox, count=0).status == 400
    assert search(sandbox, count=500, offset=9_501).status == 400
    assert [one["name"] for one in search(sandbox, query="list 4").json()["lists"]] == ["List 4"]
    sandbox.mutate({"op": "delete_list", "id": ids[0]})
    assert search(sandbox).json()["total"] == 4
    assert sandbox.api("GET", f"{LISTS}/{ids[0]}").status == 404


def test_a_list_shows_its_size_and_filters_when_asked(sandbox: Sandbox) -> None:
    branch = {"filterBranchType": "OR", "filterBranches": [], "filters": []}
    (list_id,) = sandbox.mutate({"op": "add_list", "name": "A", "processing_type": "DYNAMIC", "filter_branch": branch})
    (id,) = people(sandbox, 1)
    sandbox.mutate({"op": "add_member", "list_id": list_id, "record_id": id})
    one = sandbox.api("GET", f"/crm/v3/lists/{list_id}?includeFilters=true").json()["list"]
    assert (one["size"], one["filterBranch"], one["objectTypeId"]) == (1, branch, "0-1")
    many = sandbox.api("GET", f"{LISTS}?listIds={list_id}&listIds=99").json()["lists"]
    assert [(one["listId"], "filterBranch" in one) for one in many] == [(list_id, False)]


def test_members_come_by_record_id_or_in_the_order_of_joining(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": "2030-01-01T00:00:00Z", "frozen": True})
    (list_id,) = sandbox.mutate({"op": "add_list", "name": "A"})
    ids = people(sandbox, 5)
    for at, id in enumerate(reversed(ids)):
        sandbox.mutate({"op": "add_member", "list_id": list_id, "record_id": id, "at": f"2029-01-0{at + 1}T00:00:00Z"})
    path = f"{LISTS}/{list_id}/memberships"
    assert walked(sandbox, path, 2) == ids
    assert walked(sandbox, f"{path}/join-order", 2) == ids[::-1]
    rows = sandbox.api("GET", path).json()["results"]
    assert rows[-1] == {"recordId": ids[-1], "membershipTimestamp": "2029-01-01T00:00:00.000Z"}
    assert sandbox.api("GET", f"{path}?limit=251").status == 400
    assert sandbox.api("GET", f"{path}?after=nonsense!").status == 400
    down = sandbox.api("GET", f"{path}?before={ids[3]}&limit=2").json()["results"]
    assert [row["recordId"] for row in down] == [ids[2], ids[1]]


def test_what_leaves_the_portal_leaves_its_lists(sandbox: Sandbox) -> None:
    (list_id,) = sandbox.mutate({"op": "add_list", "name": "A"})
    ids = people(sandbox, 5)
    sandbox.mutate(*[{"op": "add_member", "list_id": list_id, "record_id": id} for id in ids])
    updated = search(sandbox).json()["lists"][0]["updatedAt"]
    new, *_ = sandbox.mutate(
        {"op": "merge", "object": "contacts", "primary_id": ids[0], "merged_id": ids[1]},
        {"op": "archive", "object": "contacts", "id": ids[2]},
        {"op": "remove_member", "list_id": list_id, "record_id": ids[3]},
    )
    assert walked(sandbox, f"{LISTS}/{list_id}/memberships", 250) == [ids[4], new]
    (shown,) = search(sandbox).json()["lists"]
    assert (shown["additionalProperties"]["hs_list_size"], shown["updatedAt"]) == ("2", updated)
    found = sandbox.api("GET", f"{LISTS}/records/0-1/{new}/memberships").json()["results"]
    assert [one["listId"] for one in found] == [list_id]
    members = [row["recordId"] for row in sandbox.dump() if row["kind"] == "list_membership"]
    assert members == [ids[4], new]


def test_lists_need_their_scope(sandbox: Sandbox) -> None:
    sandbox.grant("crm.objects.contacts.read")
    reply = search(sandbox)
    assert reply.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.lists.read"]
    sandbox.grant("crm.lists.read")
    assert search(sandbox).status == 200


def test_a_larger_count_gives_500_lists(sandbox: Sandbox) -> None:
    sandbox.mutate(*[{"op": "add_list", "name": f"L{at}"} for at in range(501)])
    page = search(sandbox, count=1000).json()
    assert (len(page["lists"]), page["hasMore"], page["offset"]) == (500, True, 500)

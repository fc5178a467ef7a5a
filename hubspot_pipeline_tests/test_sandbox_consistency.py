"""Whatever was done to the portal, its dump, its lists, its searches and its restored state file tell the same."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from hubspot_pipeline.sandbox import Portal
from hubspot_pipeline.sandbox.state import kept
from hubspot_pipeline_tests.conftest import Sandbox

OBJECTS = ("contacts", "companies", "deals", "notes")
NAMES = {"contacts": "firstname", "companies": "name", "deals": "dealname", "notes": "hs_note_body"}
PRIMARY = {("contacts", "companies"): 1, ("deals", "companies"): 5}
T0 = 1_780_000_000_000


def act(portal: Portal, random: Random) -> None:
    """One random change."""
    object_type = random.choice(OBJECTS)
    shelf = portal.shelves[object_type]
    live, binned = [str(id) for id in shelf.live], [str(id) for id in shelf.binned]
    name, value = NAMES[object_type], random.choice(["a", "b", "", "é😀"])
    choice = random.random()
    portal.clock.advance(random.choice([0, 1, 1000]))
    if choice < 0.3 or len(live) < 3:
        portal.create(object_type, {name: value})
    elif choice < 0.5:
        portal.update(object_type, random.choice(live), {name: value}, touch=random.random() < 0.8)
    elif choice < 0.58:
        portal.archive(object_type, random.choice(live))
    elif choice < 0.62 and binned:
        portal.restore(object_type, random.choice(binned))
    elif choice < 0.66 and shelf.kind.merges:
        portal.merge(object_type, *random.sample(live, 2))
    elif choice < 0.68:
        portal.forget(object_type, random.choice(live + binned))
    else:
        other = random.choice([one for one in OBJECTS if one != object_type])
        there = [str(id) for id in portal.shelves[other].live]
        if there and choice < 0.95:
            type_id = PRIMARY.get((object_type, other))
            types = [("HUBSPOT_DEFINED", type_id)] if type_id and random.random() < 0.5 else None
            portal.associate(object_type, random.choice(live), other, random.choice(there), types)
        elif there:
            portal.disassociate(object_type, random.choice(live), other, random.choice(there))


def listed(sandbox: Sandbox, object_type: str, archived: str) -> list[dict[str, Any]]:
    names = ",".join(sandbox.portal.definitions[object_type])
    query = f"limit=50&archived={archived}&properties={names}&propertiesWithHistory={names}"
    path = f"/crm/objects/2026-03/{object_type}?{query}"
    rows, after = [], "0"
    while after:
        body = sandbox.api("GET", f"{path}&after={after}").json()
        rows += body["results"]
        after = body.get("paging", {}).get("next", {}).get("after", "")
    return rows


def links(sandbox: Sandbox, from_object: str, ids: list[str]) -> set[tuple[Any, ...]]:
    found = set()
    for to_object in OBJECTS:
        if not ids or sandbox.portal.link_types.plain(from_object, to_object) is None:
            continue
        path = f"/crm/associations/2026-03/{from_object}/{to_object}/batch/read"
        for row in sandbox.api("POST", path, {"inputs": [{"id": id} for id in ids]}).json()["results"]:
            found |= {
                (from_object, row["from"]["id"], to_object, str(to["toObjectId"]), one["category"], one["typeId"])
                for to in row["to"]
                for one in to["associationTypes"]
            }
    return found


@pytest.mark.parametrize("seed", range(2))
def test_dump_lists_links_and_searches_agree(sandbox: Sandbox, seed: int) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    random = Random(seed)
    for _ in range(300):
        act(sandbox.portal, random)
    dump = sandbox.dump()
    records = {(row["object"], row["id"]): row for row in dump if row["kind"] == "record"}
    linked = {
        (row["from_object"], row["from_id"], row["to_object"], row["to_id"], row["category"], row["type_id"])
        for row in dump if row["kind"] == "association"
    }  # fmt: skip
    shown, seen_links, gone = set(), set(), set()
    for object_type in OBJECTS:
        for archived in ("false", "true"):
            for row in listed(sandbox, object_type, archived):
                known = records[object_type, row["id"]]
                shown.add((object_type, row["id"]))
                values = {name: value for name, value in row["properties"].items() if value is not None}
                assert values == known["properties"]
                assert (row["archived"], row.get("archivedAt")) == (known["archived"], known["archivedAt"])
                for name, versions in row["propertiesWithHistory"].items():
                    assert (versions[0]["value"] if versions else "") == (values.get(name) or "")
                if archived == "true":
                    gone.add((object_type, row["id"]))
        live = [id for at, id in shown if at == object_type and (at, id) not in gone]
        seen_links |= links(sandbox, object_type, live)
        total = sandbox.api("POST", f"/crm/objects/2026-03/{object_type}/search", {"limit": 1}).json()["total"]
        assert total == len(live)
    assert shown == {key for key, row in records.items() if row["mergedInto"] is None}
    assert seen_links == {link for link in linked if link[:2] not in gone}
    assert {(link[2], link[3], link[0], link[1]) for link in seen_links} == {link[:4] for link in seen_links}
    for (object_type, id), row in records.items():
        if row["mergedInto"] is not None and (object_type, row["mergedInto"]) in shown - gone:
            assert sandbox.api("GET", f"/crm/v3/objects/{object_type}/{id}").json()["id"] == row["mergedInto"]
    primaries = [(link[0], link[1]) for link in linked if link[0] in ("contacts", "deals") and link[5] in (1, 5)]
    assert len(primaries) == len(set(primaries))


def test_a_state_file_gives_the_same_portal_again(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    sandbox, fresh = kept(path, {"seed": 5})
    portal, random = sandbox.portal, Random(5)
    assert fresh
    portal.clock.freeze()
    for _ in range(300):
        act(portal, random)
    assert portal.journal is not None
    portal.journal.close()
    again, fresh = kept(path, {})
    again.portal.clock.set(portal.now())
    assert (fresh, list(again.portal.dump())) == (False, list(portal.dump()))

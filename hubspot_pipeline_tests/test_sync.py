"""The main walk: a portal's records, links and history end up in the warehouse, and stay equal through changes."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hubspot_pipeline import custom_objects
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Streams
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import calls_of, landed, rows, settings

HOUR = 3_600_000


def _seed(sandbox: Sandbox, contacts: int = 60) -> dict[str, list[str]]:
    """A small company; gives the ids of its live records by object."""
    generate(sandbox.portal, seed=7, contacts=contacts)
    sandbox.post("clock", {"frozen": True})
    live: dict[str, list[str]] = {}
    for entry in sandbox.dump():
        if entry["kind"] == "record" and not entry["archived"] and not entry["mergedInto"]:
            live.setdefault(entry["object"], []).append(entry["id"])
    return live


def _change_one_percent(sandbox: Sandbox, live: dict[str, list[str]]) -> None:
    contacts, deals = live["contacts"], live["deals"]
    archived = next(
        e["id"] for e in sandbox.dump() if e["kind"] == "record" and e["object"] == "contacts" and e["archived"]
    )
    sandbox.post("clock", {"advance_ms": HOUR})
    sandbox.mutate(
        {"op": "update", "object_type": "contacts", "id": contacts[0], "properties": {"firstname": "Née"}},
        {"op": "update", "object_type": "deals", "id": deals[0], "properties": {"amount": "123.45"}},
        {"op": "update", "object_type": "tickets", "id": live["tickets"][0], "properties": {"subject": ""}},
        {"op": "create", "object_type": "contacts", "properties": {"email": "new@example.com"}},
        {"op": "create", "object_type": "notes", "properties": {"hs_note_body": "x", "hs_timestamp": "1790000000000"}},
        {"op": "archive", "object_type": "deals", "id": deals[1]},
        {"op": "archive", "object_type": "contacts", "id": contacts[1]},
        {"op": "restore", "object_type": "contacts", "id": archived},
        {"op": "merge", "object_type": "contacts", "primary_id": contacts[2], "merged_id": contacts[3]},
        {"op": "associate", "from_object": "contacts", "from_id": contacts[4], "to_object": "companies",
         "to_id": live["companies"][0]},
        {"op": "disassociate", "from_object": "notes", "from_id": live["notes"][0], "to_object": "contacts",
         "to_id": _a_contact_of(sandbox, live["notes"][0])},
        {"op": "update", "object_type": "deals", "id": deals[2], "properties": {"description": "x"}, "touch": False},
        {"op": "forget", "object_type": "calls", "id": live["calls"][0]},
    )  # fmt: skip
    sandbox.post("clock", {"advance_ms": HOUR})


def _a_contact_of(sandbox: Sandbox, note: str) -> str:
    links = (e for e in sandbox.dump() if e["kind"] == "association" and e["from_id"] == note)
    return next((e["to_id"] for e in links if (e["from_object"], e["to_object"]) == ("notes", "contacts")), "1")


@pytest.fixture
def changed(sandbox: Sandbox, tmp_path: Path) -> tuple[Sandbox, Any, dict[str, int]]:
    """A portal that was read once and then changed; with the number of its live records by object."""
    live = _seed(sandbox)
    first = settings(tmp_path, sandbox.url, small_portal=0)
    landed(run(first))
    assert differences(sandbox.url, first.working) == []
    _change_one_percent(sandbox, live)
    sandbox.delete("calls")
    return sandbox, first, {name: len(ids) for name, ids in live.items()}


def test_changes_arrive_by_sync_and_reconcile_at_the_fewest_calls(changed: tuple[Any, ...]) -> None:
    sandbox, given, sizes = changed
    objects = [one for one in Streams(custom_objects.read(given.data_dir)).objects if one.default]
    result = landed(run(given))
    sync = calls_of(sandbox)
    assert result.outcomes["contacts"].rows_inserted == 2  # the new one and the merge's survivor
    assert result.outcomes["deals"].rows_updated == 1
    # changes and the completeness count: 2 searches an object; then the changed records, and their links
    assert _total(sync, "/search") == 2 * len(objects)
    assert _total(sync, "/batch/read") <= 1.1 * (4 + 1 + 3 + 3 + 4)
    sandbox.delete("calls")

    result = landed(run(given, mode="reconcile"))
    reconcile = calls_of(sandbox)
    assert differences(sandbox.url, given.working) == []
    pages = sum(max(1, math.ceil(sizes.get(stream.object, 0) / 100)) for stream in objects)
    pairs = sum(
        max(1, math.ceil(sizes.get(name, 0) / 1000)) for one in objects for name in (one.object,) * len(one.pairs)
    )
    fewest = {
        "GET /crm/objects": pages + len(objects),  # all live records, and the recycle bin
        "POST /crm/associations": pairs,
        "/search": len(objects),
    }
    for path, calls in fewest.items():
        assert _total(reconcile, path) <= 1.1 * calls, (path, reconcile)
    sandbox.delete("calls")


def test_a_quiet_sync_changes_no_data(changed: tuple[Any, ...]) -> None:
    sandbox, given, _ = changed
    landed(run(given, mode="reconcile"))
    before = _content(given.working)
    for mode in ("sync", "reconcile", "full"):
        result = landed(run(given, mode=mode))
        assert not result.changed
        assert _content(given.working) == before
    assert differences(sandbox.url, given.working) == []


def test_a_small_portal_is_reconciled_by_every_sync(sandbox: Sandbox, tmp_path: Path) -> None:
    live = _seed(sandbox)
    given = settings(tmp_path, sandbox.url)
    landed(run(given))
    _change_one_percent(sandbox, live)
    result = landed(run(given))
    assert differences(sandbox.url, given.working) == []
    for outcome in result.outcomes.values():
        assert outcome.visible_total == outcome.expected_total, outcome.stream


def test_a_long_first_read_lands_in_several_packages(sandbox: Sandbox, tmp_path: Path) -> None:
    _seed(sandbox, contacts=120)
    given = settings(tmp_path, sandbox.url, page_window=1)
    landed(run(given))
    assert differences(sandbox.url, given.working) == []
    assert _loads(given) > 2


def test_a_new_property_is_filled_for_records_that_did_not_change(sandbox: Sandbox, tmp_path: Path) -> None:
    live = _seed(sandbox)
    given = settings(tmp_path, sandbox.url, small_portal=0)
    landed(run(given))
    sandbox.mutate(
        {"op": "define_property", "object_type": "contacts",
         "definition": {"name": "tier", "label": "Tier", "type": "string", "fieldType": "text"}},
        *({"op": "update", "object_type": "contacts", "id": id_, "properties": {"tier": "gold"}, "touch": False}
          for id_ in live["contacts"][:3]),
    )  # fmt: skip
    landed(run(given))
    assert rows(given, "SELECT count(*) FROM hubspot.contacts WHERE properties_tier = 'gold'") == [(3,)]
    assert differences(sandbox.url, given.working) == []


def test_a_dropped_property_is_empty_in_every_row(sandbox: Sandbox, tmp_path: Path) -> None:
    live = _seed(sandbox)
    given = settings(tmp_path, sandbox.url, small_portal=0)
    landed(run(given))
    sandbox.mutate(
        {"op": "archive_property", "object_type": "contacts", "name": "jobtitle"},
        {"op": "update", "object_type": "contacts", "id": live["contacts"][0], "properties": {"city": "Oslo"}},
    )
    landed(run(given))
    assert rows(given, "SELECT count(properties_jobtitle) FROM hubspot.contacts") == [(0,)]
    assert differences(sandbox.url, given.working) == []


def test_an_empty_portal_has_every_table_with_its_columns(sandbox: Sandbox, tmp_path: Path) -> None:
    given = settings(tmp_path, sandbox.url)
    landed(run(given))
    present = {row[0] for row in rows(given, "SHOW TABLES FROM hubspot")}
    views = {stream.name for stream in given.chosen if stream.shape == "derived"}
    assert {stream.name for stream in given.chosen} - views <= present
    columns = {row[0] for row in rows(given, "DESCRIBE hubspot.contacts")}
    assert {"id", "deletion", "properties", "properties_email", "_synced_at"} <= columns


def _total(calls: Counter[str], part: str) -> int:
    return sum(count for path, count in calls.items() if part in path)


def _content(working: Path) -> dict[str, Any]:
    """A fingerprint of every data table: rows, and a hash over all their values."""
    with duckdb.connect(str(working), read_only=True) as con:
        names = [row[0] for row in con.execute("SHOW TABLES FROM hubspot").fetchall()]
        data = [name for name in names if name != "sync_runs"]
        return {n: con.execute(f'SELECT count(*), bit_xor(hash(t)) FROM hubspot."{n}" AS t').fetchone() for n in data}


def _loads(given: Settings) -> int:
    return int(rows(given, "SELECT count(*) FROM hubspot._dlt_loads")[0][0])

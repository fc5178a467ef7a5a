"""Where a sync begins: disturbed, broken off, behind the start date or an interruption, it passes over nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse import links
from hubspot_pipeline.warehouse.run import RunResult, run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import chosen, landed, rows, settings

NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)
MINUTE = 60_000


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    """An empty portal at noon, whose clock stands still; a sync reads only what changed."""
    at(sandbox, 0)
    return settings(tmp_path / "data", sandbox.url, small_portal=0)


def at(sandbox: Sandbox, minutes: int) -> None:
    """It is so many minutes after noon."""
    sandbox.post("clock", {"now": (NOON + timedelta(minutes=minutes)).isoformat(), "frozen": True})


def create(sandbox: Sandbox, name: str, minutes: int = 0, **more: Any) -> str:
    moment = (NOON + timedelta(minutes=minutes)).isoformat()
    op = {"op": "create", "object": "contacts", "properties": {"firstname": name}, "at": moment, **more}
    return str(sandbox.mutate(op)[0])


def rename(id_: str, name: str, minutes: int) -> dict[str, Any]:
    moment = (NOON + timedelta(minutes=minutes)).isoformat()
    return {"op": "update", "object": "contacts", "id": id_, "properties": {"firstname": name}, "at": moment}


def read(given: Settings, streams: Sequence[str] = ("contacts",), **more: Any) -> RunResult:
    return landed(run(given, streams=streams, **more))


def names(given: Settings) -> set[str]:
    return {row[0] for row in rows(given, "SELECT properties_firstname FROM hubspot.contacts WHERE deletion IS NULL")}


def test_a_sync_asks_for_what_changed_since_its_cursor_and_no_more(sandbox: Sandbox, given: Settings) -> None:
    long_ago = {"at": (NOON - timedelta(days=1)).isoformat(), "properties": {"firstname": "old"}}
    sandbox.mutate(*[{"op": "create", "object": "contacts", **long_ago}] * 450)
    create(sandbox, "newest")
    read(given)
    at(sandbox, 600)
    create(sandbox, "new", 599)
    sandbox.delete("calls")
    read(given)
    # one page with the changes, and one that counts all; of the old ones there would be more
    assert len([call for call in sandbox.calls() if call["path"].endswith("/contacts/search")]) == 2
    assert names(given) == {"old", "newest", "new"}


def test_what_changes_in_a_long_read_after_its_page_is_read_by_the_next(sandbox: Sandbox, given: Settings) -> None:
    first, last = create(sandbox, "first"), create(sandbox, "last")
    read(given)
    at(sandbox, 60)
    sandbox.config(page_shapes=[1])
    changes = [rename(first, "first, changed", 61), rename(last, "last, changed", 90)]
    sandbox.post("hooks", {"hooks": [{"match": "GET /crm/objects/.*/contacts", "nth": 1, "ops": changes}]})
    read(given, mode="reconcile")
    assert names(given) == {"first", "last, changed"}
    sandbox.config(page_shapes=None)
    at(sandbox, 120)
    read(given)
    assert names(given) == {"first, changed", "last, changed"}


def test_a_sync_that_broke_off_behind_the_newest_change_is_repeated(sandbox: Sandbox, given: Settings) -> None:
    # with their versions, records are read page by page
    streams = ["contacts", "contacts_property_history"]
    first, last = create(sandbox, "first"), create(sandbox, "last")
    read(given, streams)
    at(sandbox, 120)
    sandbox.mutate(rename(first, "first, changed", 110), rename(last, "last, changed", 30))
    sandbox.config(page_shapes=[1])
    sandbox.post("faults", {"faults": [{"match": "contacts/search", "nth": 2, "status": 500, "times": -1}]})
    assert [outcome.stream for outcome in run(given, streams=streams).failed] == streams
    sandbox.delete("faults")
    sandbox.config(page_shapes=None)
    read(given, streams)
    assert names(given) == {"first, changed", "last, changed"}


def test_the_start_date_is_compared_with_the_last_change(sandbox: Sandbox, given: Settings) -> None:
    given = replace(given, start=NOON)
    changed, quiet = create(sandbox, "old", -60), create(sandbox, "old and quiet", -60)
    sandbox.mutate(rename(changed, "old, changed", 1))
    create(sandbox, "new", 2)
    at(sandbox, 10)
    read(given)
    assert names(given) == {"old, changed", "new"}
    sandbox.mutate(rename(quiet, "old, changed at last", 12))
    at(sandbox, 20)
    read(given)
    assert names(given) == {"old, changed", "new", "old, changed at last"}


def test_an_earlier_state_that_search_still_shows_replaces_no_later_one(sandbox: Sandbox, given: Settings) -> None:
    # few properties: the values come with the search
    given = chosen(given, "properties: {products: [name]}\nstreams: {products_property_history: false}")
    product = {"object": "products", "properties": {"name": "first"}}
    (id_,) = sandbox.mutate({"op": "create", **product})
    read(given, ["products"])
    later = {"op": "update", "object": "products", "id": id_}
    at(sandbox, 60)
    sandbox.mutate(later | {"properties": {"name": "second"}})
    sandbox.config(index_lag_ms=5 * MINUTE)
    at(sandbox, 61)
    sandbox.mutate(later | {"properties": {"name": "third"}})
    read(given, ["products"], mode="reconcile")
    at(sandbox, 62)
    result = read(given, ["products"])
    assert rows(given, "SELECT properties_name FROM hubspot.products") == [("third",)]
    assert result.outcomes["products"].rows_refused == 1


def test_links_are_read_behind_an_interruption_whatever_the_length_of_ids(
    sandbox: Sandbox, given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "LINK_INPUTS", 1)
    monkeypatch.setattr(links, "WIDTH", 1)
    (company,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {"name": "Acme"}})
    for id_ in ("9", "10", "11"):
        create(sandbox, id_, id=id_)
        sandbox.mutate({"op": "associate", "from_object": "contacts", "from_id": id_, "to_object": "companies",
                        "to_id": company})  # fmt: skip
    sandbox.post("faults", {"faults": [{"match": "contacts/companies/batch", "nth": 2, "status": 500, "times": -1}]})
    streams = ["contacts", "associations"]
    assert run(given, streams=streams).failed
    sandbox.delete("faults")
    read(given, streams)
    found = rows(given, "SELECT DISTINCT from_id FROM hubspot.associations WHERE from_object = 'contacts'")
    assert {row[0] for row in found} == {"9", "10", "11"}


def test_a_record_that_the_list_leaves_out_is_asked_for_before_it_counts_as_gone(
    sandbox: Sandbox, given: Settings
) -> None:
    create(sandbox, "first")
    read(given)
    at(sandbox, 60)
    sandbox.post("faults", {"faults": [{"match": "GET /crm/objects/.*/contacts", "kind": "drop_results"}]})
    read(given, mode="reconcile")
    assert names(given) == {"first"}

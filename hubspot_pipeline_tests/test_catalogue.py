"""Ways in which pipelines of this kind lose data, played through whole runs; `coverage.py` says which row is which."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dlt.common.versioned_state import compress_state, decompress_state

from hubspot_pipeline.assets.checks import evaluate
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse import plan
from hubspot_pipeline.warehouse.objects import Walk
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.reading import fill, reader
from hubspot_pipeline_tests.runs import chosen, landed, rows, settings

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)
LIST = "GET /crm/objects/[^/]*/contacts$"


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    """A portal whose clock stands at noon, and settings under which a sync only reads what changed."""
    at(sandbox, 0)
    return settings(tmp_path, sandbox.url, small_portal=0)


def at(sandbox: Sandbox, seconds: float) -> None:
    """It is so many seconds past noon in the portal."""
    sandbox.post("clock", {"now": (NOON + timedelta(seconds=seconds)).isoformat(), "frozen": True})


def make(sandbox: Sandbox, object_type: str, lag: int = 0, **properties: str) -> str:
    """A record that search shows after `lag` milliseconds."""
    sandbox.config(index_lag_ms=lag)
    (id_,) = sandbox.mutate({"op": "create", "object": object_type, "properties": properties})
    sandbox.config(index_lag_ms=0)
    return str(id_)


def test_a_record_that_search_shows_late_lands_by_the_look_back_or_the_reconcile(
    sandbox: Sandbox, given: Settings
) -> None:
    def sync(mode: str = "sync") -> dict[str, str]:
        landed(run(given, streams=["contacts"], mode=mode))
        return dict(rows(given, "SELECT id, properties_firstname FROM hubspot.contacts"))

    old = make(sandbox, "contacts", firstname="old")
    assert sync() == {old: "old"}
    at(sandbox, 3)
    late = make(sandbox, "contacts", 117 * SECOND, firstname="late")
    at(sandbox, 5)
    early = make(sandbox, "contacts", firstname="early")
    at(sandbox, 60)
    assert sync() == {old: "old", early: "early"}
    # the same modified instant and another value
    sandbox.portal.update("contacts", early, {"firstname": "EARLY"}, touch=False)
    at(sandbox, 300)
    assert sync() == {old: "old", early: "EARLY", late: "late"}
    later = make(sandbox, "contacts", 55 * MINUTE, firstname="very late")
    at(sandbox, 2400)
    newer = make(sandbox, "contacts", firstname="newer")
    assert sync() == {old: "old", early: "EARLY", late: "late", newer: "newer"}
    # the cursor has passed these by more than the look-back
    sandbox.portal.update("contacts", old, {"firstname": "recalculated"}, touch=False)
    at(sandbox, 4000)
    others = f"SELECT * FROM hubspot.contacts WHERE id NOT IN ('{old}', '{later}') ORDER BY id"
    before = rows(given, others)
    assert sync("reconcile") == {
        old: "recalculated", early: "EARLY", late: "late", newer: "newer", later: "very late",
    }  # fmt: skip
    assert rows(given, others) == before, "nothing else has changed"


def test_disorder_delay_and_changes_in_mid_read_leave_nothing_out(sandbox: Sandbox, given: Settings) -> None:
    ids = list(range(1000, 1450))
    fill(sandbox, ids, at=lambda place: int(NOON.timestamp() * 1000) - place % 5)

    def touched(*chosen: int) -> list[dict[str, Any]]:
        return [{"op": "update", "object": "contacts", "id": str(id_), "properties": {"city": f"Oslo {nth}"}}
                for nth, id_ in enumerate(chosen)]  # fmt: skip

    sandbox.post("hooks", {"hooks": [{"match": LIST, "nth": 2, "ops": touched(1000, 1001, 1150, 1449)}]})
    landed(run(given, streams=["contacts"]))
    at(sandbox, 3600)
    sandbox.config(sort_noise=30, result_cap=400, index_lag_ms=[0, 9 * MINUTE])
    for number, id_ in enumerate(random.Random(3).sample(ids, 430)):
        sandbox.post("clock", {"advance_ms": 7})
        sandbox.portal.update("contacts", str(id_), {"firstname": f"F{number}"})
    hook = {"match": "/contacts/search", "nth": 2, "ops": touched(1003, 1200, 1201, 1402, 1448)}
    sandbox.post("hooks", {"hooks": [hook]})
    landed(run(given, streams=["contacts"]))
    assert differences(sandbox.url, given.working, streams=["contacts"]), "search shows all that changed at once"
    sandbox.config(index_lag_ms=0)
    sandbox.post("clock", {"advance_ms": 15 * MINUTE})
    landed(run(given, streams=["contacts"]))
    assert differences(sandbox.url, given.working, streams=["contacts"]) == []


def test_associations_that_change_alone_are_exact_after_one_reconcile(sandbox: Sandbox, given: Settings) -> None:
    portal, streams = sandbox.portal, ["deals", "associations"]
    fill(sandbox, list(range(1, 1205)))
    fill(sandbox, [7001, 7002, 7003], object_type="deals")
    label = portal.define_label("deals", "contacts", "Decider")
    for contact in range(1, 1204):
        portal.associate("deals", "7001", "contacts", str(contact))
    portal.associate("deals", "7002", "contacts", "2")
    portal.associate("deals", "7002", "contacts", "3", [("USER_DEFINED", label)])
    landed(run(given, streams=streams))
    counted = "SELECT count(*) FROM hubspot.associations WHERE from_id = '7001'"
    assert rows(given, counted) == [(1203,)]
    assert differences(sandbox.url, given.working, streams=streams) == []

    at(sandbox, 3600)
    portal.associate("deals", "7001", "contacts", "1204")
    portal.disassociate("deals", "7001", "contacts", "600")
    portal.associate("deals", "7001", "contacts", "5", [("USER_DEFINED", label)])
    portal.disassociate("deals", "7002", "contacts", "2")
    portal.disassociate("deals", "7002", "contacts", "3", [("USER_DEFINED", label)])
    portal.rename_label("deals", "contacts", label, "Signs")
    portal.associate("deals", "7003", "contacts", "1")
    result = landed(run(given, streams=streams, mode="reconcile"))
    assert differences(sandbox.url, given.working, streams=streams) == []
    assert rows(given, counted) == [(1204,)]  # one more, one less, and one with a second type
    assert result.outcomes["deals"].rows_updated == 0


ALL = ["deals", "contacts", "associations", "deals_property_history"]
VERSIONS = "SELECT id, property, changed_at, seq, value FROM hubspot.deals_property_history ORDER BY ALL"


@dataclass
class Story:
    """What stood in the warehouse after each run: `deletion` of each deal, all versions; and what differed
    after those that reconciled."""

    deals: list[str]
    deletions: list[dict[str, str | None]] = field(default_factory=list)
    versions: list[list[Any]] = field(default_factory=list)
    differences: list[list[str]] = field(default_factory=list)
    tables: list[dict[str, set[Any]]] = field(default_factory=list)


BOOKKEEPING = {"_synced_at", "_dlt_load_id", "_dlt_id"}


def tables(given: Settings) -> dict[str, set[Any]]:
    """All rows of all tables, without what only says when they came."""
    found = {}
    with duckdb.connect(str(given.working), read_only=True) as con:
        for name in ALL:
            columns = [row[0] for row in con.execute(f"DESCRIBE hubspot.{name}").fetchall()]
            kept = ", ".join(f'"{column}"' for column in sorted(set(columns) - BOOKKEEPING))
            found[name] = set(con.execute(f"SELECT {kept} FROM hubspot.{name}").fetchall())
    return found


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A first read, five syncs of which two also reconcile, and the same portal read anew."""
    folder = tmp_path_factory.mktemp("story")
    with serve(rate_limit=0) as server:
        sandbox = Sandbox(server)
        # links that the bin hides are known from before alone, so a first read could not have them
        sandbox.config(archived_associations="show")
        at(sandbox, 0)
        portal = sandbox.portal
        people = [make(sandbox, "contacts", firstname=f"P{number}") for number in range(4)]
        told = Story([make(sandbox, "deals", dealname=f"D{number}", amount="1") for number in range(5)])
        one, two, three, four, five = told.deals
        for deal, contact in zip(told.deals, [*people, people[0]], strict=True):
            portal.associate("deals", deal, "contacts", contact)
        given = settings(folder / "data", server.url, small_portal=0)

        def sync(**more: Any) -> None:
            landed(run(replace(given, **more), streams=ALL))
            told.deletions.append(dict(rows(given, "SELECT id, deletion FROM hubspot.deals")))
            told.versions.append(rows(given, VERSIONS))
            if more:
                told.differences.append(differences(server.url, given.working, streams=ALL))
            told.tables.append(tables(given))
            sandbox.post("clock", {"advance_ms": HOUR})

        sync()
        portal.archive("deals", one)
        portal.archive("deals", two)
        portal.update("deals", three, {"amount": "2", "dealstage": "presentationscheduled"})  # in one millisecond
        portal.update("deals", three, {"amount": "3"})
        sync()
        portal.restore("deals", one)
        portal.update("deals", one, {"amount": "4"})
        portal.associate("deals", three, "contacts", people[0])
        portal.update("deals", three, {"dealname": "renamed"})
        make(sandbox, "contacts", firstname="new")
        sync()
        portal.archive("deals", one)
        portal.restore("deals", two)
        portal.archive("deals", four)
        portal.disassociate("deals", five, "contacts", people[0])
        sync(small_portal=50_000)
        portal.restore("deals", one)
        portal.archive("deals", two)
        portal.restore("deals", two)
        portal.update("deals", five, {"amount": ""})
        sync()
        portal.archive("deals", one)
        portal.restore("deals", four)
        portal.update("deals", four, {"amount": "5"})
        sync(small_portal=50_000)
        given = settings(folder / "anew", server.url)
        sync(small_portal=50_000)
        yield told


def test_five_syncs_and_one_full_read_give_identical_tables(story: Story) -> None:
    *synced, anew = story.tables
    assert synced[-1].keys() == anew.keys()
    for name, found in anew.items():
        assert synced[-1][name] == found, name
    assert story.differences == [[]] * 3


def test_archive_and_restore_in_any_order_are_followed_and_history_stays(story: Story) -> None:
    one, _, three, four, five = story.deals
    alive: dict[str, str | None] = dict.fromkeys(story.deals)
    assert story.deletions[3] == alive | {one: "archived", four: "archived"}
    assert story.deletions[5] == alive | {one: "archived"}
    for earlier, later in zip(story.versions[:-1], story.versions[1:], strict=True):
        assert set(earlier) <= set(later)
    amounts = [[row[4] for row in story.versions[-1] if row[:2] == (id_, "amount")] for id_ in (one, three, four, five)]
    assert amounts == [["1", "4"], ["1", "2", "3"], ["1", "5"], ["1", ""]]


def test_versions_of_one_millisecond_are_there_once_however_often_they_are_read(story: Story) -> None:
    three = story.deals[2]
    for versions in story.versions[1:]:
        keys = [row[:4] for row in versions]
        assert len(set(keys)) == len(keys)
        moved = [row for row in versions if row[0] == three and row[1] in ("amount", "dealstage") and row[4] != "1"]
        assert [(row[1], row[3], row[4]) for row in moved] == [
            ("amount", 0, "2"), ("amount", 1, "3"), ("dealstage", 0, "presentationscheduled"),
        ]  # fmt: skip
        assert len({row[2] for row in moved}) == 1


def completeness(given: Settings) -> tuple[bool, dict[str, Any]]:
    """What the check says of contacts."""
    with duckdb.connect(str(given.working), read_only=True) as con:
        (result,) = evaluate(con, DECLARED.by_name["contacts"], {"completeness"}, NOON)
    assert result.severity is dg.AssetCheckSeverity.ERROR
    return result.passed, {name: value.value for name, value in result.metadata.items()}


def test_a_dropped_page_turns_the_check_red_and_only_complete_scans_infer_deletions(
    sandbox: Sandbox, given: Settings
) -> None:
    fill(sandbox, list(range(1, 1235)), at=int(NOON.timestamp() * 1000) - HOUR)
    sandbox.post("faults", {"faults": [{"match": LIST, "nth": 4, "kind": "drop_results"}]})
    landed(run(given, streams=["contacts"]))
    assert completeness(given) == (False, {"portal_total": 1234, "warehouse_total": 1134, "difference": 100})

    gone = sorted(row[0] for row in rows(given, "SELECT id FROM hubspot.contacts ORDER BY id LIMIT 3"))
    sandbox.mutate(*({"op": "forget", "object": "contacts", "id": id_} for id_ in gone))
    missing = "SELECT id FROM hubspot.contacts WHERE deletion IS NOT NULL ORDER BY id"
    at(sandbox, 3600)
    sandbox.post("faults", {"faults": [{"match": LIST, "nth": 9, "times": -1, "status": 500}]})
    assert run(given, streams=["contacts"], mode="reconcile").failed
    assert rows(given, missing) == []

    sandbox.delete("faults")
    at(sandbox, 7200)
    landed(run(given, streams=["contacts"], mode="reconcile"))
    # the scan went on behind the one that was cut short, so it proves nothing of what that one passed over
    assert rows(given, missing) == []
    landed(run(given, streams=["contacts"], mode="reconcile"))
    assert rows(given, missing) == [(id_,) for id_ in gone]
    assert rows(given, "SELECT DISTINCT deletion FROM hubspot.contacts WHERE deletion IS NOT NULL") == [("missing",)]
    assert completeness(given) == (True, {"portal_total": 1231, "warehouse_total": 1231, "difference": 0})


def states(given: Settings) -> dict[str, Any]:
    """What each stream keeps from run to run, as stored in the warehouse."""
    (stored,) = rows(given, "SELECT state FROM hubspot._dlt_pipeline_state ORDER BY version DESC LIMIT 1")
    found: dict[str, Any] = decompress_state(stored[0])["sources"]["hubspot"]["resources"]
    return found


def rewrite(given: Settings, stream: str, kept: dict[str, Any]) -> None:
    """The stored state of a stream becomes another one."""
    with duckdb.connect(str(given.working)) as con:
        newest = "(SELECT max(version) FROM hubspot._dlt_pipeline_state)"
        (text,) = con.execute(f"SELECT state FROM hubspot._dlt_pipeline_state WHERE version = {newest}").fetchone()
        state = decompress_state(text)
        state["sources"]["hubspot"]["resources"][stream] = kept
        con.execute(
            f"UPDATE hubspot._dlt_pipeline_state SET state = ? WHERE version = {newest}", [compress_state(state)]
        )


def test_a_stream_read_again_moves_no_other_and_an_older_state_goes_on(sandbox: Sandbox, given: Settings) -> None:
    both = ["deals", "deals_property_history", "contacts"]
    make(sandbox, "contacts", firstname="Ada")
    deal = make(sandbox, "deals", amount="1")
    landed(run(given, streams=both))
    before = json.dumps(states(given)["contacts"])
    at(sandbox, 3600)
    sandbox.portal.update("deals", deal, {"amount": "2"})
    landed(run(given, streams=both[:2], mode="full"))
    assert json.dumps(states(given)["contacts"]) == before
    assert states(given)["deals"]["cursor"] > json.loads(before)["cursor"]

    # as the first versions wrote it: followed histories were not noted; and a word that no version knows
    old = {name: value for name, value in states(given)["deals"].items() if name != "history"}
    rewrite(given, "deals", old | {"of_a_later_version": 1})
    at(sandbox, 7200)
    sandbox.portal.update("deals", deal, {"amount": "3"})
    landed(run(given, streams=both))
    versions = "SELECT value FROM hubspot.deals_property_history WHERE property = 'amount' ORDER BY changed_at"
    assert rows(given, versions) == [("1",), ("2",), ("3",)]
    assert differences(sandbox.url, given.working, streams=both) == []


def test_more_filters_than_search_takes_keep_exactly_what_they_say(sandbox: Sandbox, given: Settings) -> None:
    given = replace(chosen(given, FILTERS), start=NOON - timedelta(days=1))
    matching = {f"f{number}": f"V{number}" for number in range(7)}
    for name in matching:
        sandbox.portal.define_property("contacts", {"name": name, "label": name, "type": "string"})
    kept = make(sandbox, "contacts", **matching)
    for name in matching:
        make(sandbox, "contacts", **matching | {name: "other"})
    # made long ago and changed today: the start date is about the change
    sandbox.post("clock", {"now": "2026-01-01T00:00:00Z", "frozen": True})
    old, untouched = make(sandbox, "contacts", **matching), make(sandbox, "contacts", **matching)
    at(sandbox, 60)
    sandbox.portal.update("contacts", old, {"city": "Oslo"})
    landed(run(given, streams=["contacts"]))
    assert rows(given, "SELECT id FROM hubspot.contacts ORDER BY id") == sorted([(kept,), (old,)])
    at(sandbox, 3600)
    sandbox.portal.update("contacts", kept, {"f6": "other"})
    sandbox.portal.update("contacts", untouched, {"city": "Oslo"})
    landed(run(given, streams=["contacts"]))
    assert rows(given, "SELECT id FROM hubspot.contacts ORDER BY id") == sorted([(untouched,), (old,)])
    assert max(call["status"] for call in sandbox.calls()) < 400


def test_what_is_read_is_handed_on_in_pieces_of_bounded_size_as_parquet(
    sandbox: Sandbox, given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "CHUNK_BYTES", 1 << 20)
    fill(sandbox, list(range(1, 501)), properties={"firstname": "x" * 10_000})
    with reader(sandbox, properties=("firstname",)) as one:
        todo = plan.Plan(NOON, given.lookback, given.start)
        walk = Walk(one, todo, {"firstname": "properties_firstname"}, None, plan.Tally(), plan.Memory())
        sizes = [(batch.rows.num_rows, batch.rows.nbytes) for batch in walk.run({}) if batch.table == "contacts"]
    assert sum(count for count, _ in sizes) == 500
    assert max(size for _, size in sizes) < 2 * ((1 << 20) + 1_100_000)  # a value is a cell, and in the JSON
    landed(run(given, streams=["contacts"]))
    jobs = {path.name for path in given.data_dir.glob(".dlt/hubspot/load/**/*jobs/contacts.*")}
    assert jobs
    assert {name.rpartition(".")[2] for name in jobs} == {"parquet"}


FILTERS = "filters:\n  contacts:\n" + "".join(
    f"    - {{field: f{number}, condition: equals, value: V{number}}}\n" for number in range(7)
)

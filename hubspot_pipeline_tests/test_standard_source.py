"""Counterparts of the standard tests of sources: Airbyte's connector acceptance tests and Singer's tap-tester.

Each test bears the name of its original. One generated portal is read over streams of every shape: objects, property
history, associations, lists, lists of parents, a log. The runs that several tests ask about are made once.
"""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from hubspot_pipeline import hubspot
from hubspot_pipeline.errors import CredentialError, HubSpotError
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import DECLARED, Streams
from hubspot_pipeline.warehouse.discover import discover
from hubspot_pipeline.warehouse.run import RunResult, check_credential, run
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.contract import BY_NAME
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.reading import client
from hubspot_pipeline_tests.runs import chosen, landed, rows, settings
from hubspot_pipeline_tests.test_catalogue import rewrite, states

SHAPES = {
    "contacts": "an object", "deals": "an object with history", "deals_property_history": "history",
    "associations": "links", "engagements_notes": "an object", "owners": "two listings",
    "deal_pipelines": "one answer", "forms": "a list by cursor", "form_submissions": "a list of each form",
    "contact_lists": "a list by offset", "list_memberships": "a list of each list", "email_events": "a log",
}  # fmt: skip
STREAMS = [*SHAPES]
INCREMENTAL = ("contacts", "deals", "engagements_notes", "email_events")
AUTOMATIC = frozenset({"hs_createdate", "hs_lastmodifieddate", "hs_object_id", "hs_merged_object_ids", "hs_timestamp",
             "hubspot_owner_id"})  # fmt: skip
"""Properties of notes that are read whatever is chosen."""
BOOKKEEPING = {"_synced_at", "_dlt_load_id", "_dlt_id"}
Tables = dict[str, set[Any]]


@dataclass
class Told:
    """The results and tables of the runs by name, and the calls of each."""

    sandbox: Sandbox
    given: Settings
    results: dict[str, RunResult] = field(default_factory=dict)
    tables: dict[str, Tables] = field(default_factory=dict)
    states: dict[str, Any] = field(default_factory=dict)
    differences: dict[str, list[str]] = field(default_factory=dict)
    calls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    changed: str = ""

    def run(self, name: str, **given: Any) -> None:
        self.sandbox.delete("calls")
        self.results[name] = landed(run(self.given, streams=STREAMS, **given))
        self.calls[name] = self.sandbox.calls()
        self.tables[name] = tables(self.given)
        self.states[name] = states(self.given)
        self.differences[name] = differences(self.sandbox.url, self.given.working, streams=STREAMS)


def tables(given: Settings) -> Tables:
    """All rows of the streams, without what only says when they came."""
    found = {}
    with duckdb.connect(str(given.working), read_only=True) as con:
        for name in STREAMS:
            columns = [row[0] for row in con.execute(f"DESCRIBE hubspot.{name}").fetchall()]
            kept = ", ".join(f'CAST("{column}" AS VARCHAR)' for column in columns if column not in BOOKKEEPING)
            found[name] = set(con.execute(f"SELECT {kept} FROM hubspot.{name}").fetchall())
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A first read in small pages, the same read in full, then some changes and a read of these."""
    with serve(rate_limit=0) as server:
        sandbox = Sandbox(server)
        generate(sandbox.portal, seed=9, contacts=30)
        sandbox.post("clock", {"frozen": True})
        given = settings(tmp_path_factory.mktemp("standard") / "data", server.url, small_portal=0)
        story = Told(sandbox, given)
        sandbox.config(page_shapes={"sizes": [5], "after": "int"})
        story.run("first")
        sandbox.config(page_shapes=None)
        story.run("full", mode="full")
        sandbox.post("clock", {"advance_ms": 3_600_000})
        change(story)
        story.run("incremental")
        yield story


def change(told: Told) -> None:
    """A contact and a note are new, a deal has another amount, a form another answer, a list another member."""
    portal = told.sandbox.portal
    told.changed = portal.create("contacts", {"email": "new@example.com"})
    portal.create("notes", {"hs_note_body": "new"})
    portal.update("deals", str(portal.shelves["deals"].live[0]), {"amount": "4321"})
    form, (list_id, *_) = next(iter(portal.items["form"])), list(portal.lists)
    portal.put("form_submission", {"formId": form, "values": []}, at=portal.now())
    portal.add_member(list_id, told.changed)
    portal.put("email_event", {"recipient": "new@example.com"}, at=portal.now() - 60_000)


def test_airbyte_connection_check_passes_fails_and_shows_no_secret(sandbox: Sandbox) -> None:
    assert check_credential(client(sandbox))["portalId"]
    sandbox.post("faults", {"faults": [{"match": "/account-info/", "status": 502, "times": None}]})
    with pytest.raises(HubSpotError, match="502"):
        check_credential(client(sandbox))
    sandbox.delete("faults")
    sandbox.post("tokens", {"token": TOKEN, "revoked": True})
    with pytest.raises(CredentialError, match="HUBSPOT_ACCESS_TOKEN") as refused:
        check_credential(client(sandbox))
    assert TOKEN not in str(refused.value)


def test_airbyte_discovery_and_singer_discovery_name_each_stream_once_with_key_cursor_and_columns(told: Told) -> None:
    found = discover(replace(told.given, streams=Streams()), client(told.sandbox)).settings.streams
    assert {stream.name for stream in found} == {*BY_NAME, *(stream.name for stream in found.custom)}
    assert {"workspace", "custom_campaigns"} <= {stream.name for stream in found.custom}
    names = [stream.name for stream in found]
    assert len(set(names)) == len(names)
    for stream in found:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", stream.name)
        assert stream.key
        columns = {column for column, _, _ in stream.columns}
        assert stream.shape in ("object", "derived") or set(stream.key) | ({stream.cursor} - {""}) <= columns
        assert stream.shape == "derived" or stream.modes
    resources = hubspot(access_token=TOKEN, base_url=told.sandbox.url).resources
    assert set(resources) == {
        stream.name for stream in DECLARED if stream.shape != "derived" and stream.name != "files"
    }


def test_airbyte_basic_read_and_singer_sync_canary_bring_records_of_every_stream(told: Told) -> None:
    first = told.results["first"]
    assert first.exit_code == 0
    assert [name for name in STREAMS if not told.tables["first"][name]] == []
    counted = {name: first.outcomes[name].rows_inserted for name in STREAMS}
    assert counted == {name: len(found) for name, found in told.tables["first"].items()}


def test_singer_all_fields_have_every_value_of_every_record(told: Told) -> None:
    assert told.differences["first"] == []
    shown = {row[0] for row in rows(told.given, "DESCRIBE hubspot.contacts")}
    known = rows(told.given, "SELECT column_name FROM hubspot.properties WHERE object = 'contacts' AND NOT archived")
    assert {row[0] for row in known} <= shown
    for name in STREAMS:
        columns = {row[0] for row in rows(told.given, f"DESCRIBE hubspot.{name}")}
        assert {*DECLARED.by_name[name].key, *(column for column, _, _ in DECLARED.by_name[name].columns)} <= columns


def test_singer_pagination_brings_each_record_of_more_than_a_page_once(told: Told) -> None:
    paged = {
        call["path"].rpartition("/")[2] for call in told.calls["first"] if re.search("(after|offset)=", call["query"])
    }
    assert {"contacts", "deals", "notes", "memberships", "events"} <= paged
    for name, found in told.tables["first"].items():
        keys = ", ".join(DECLARED.by_name[name].key)
        ((count, once),) = rows(told.given, f"SELECT count(*), count(DISTINCT ({keys})) FROM hubspot.{name}")
        assert count == once >= len(found)
    assert told.differences["first"] == []


def test_airbyte_full_refresh_two_sequential_reads_are_equal(told: Told) -> None:
    for name in STREAMS:
        assert told.tables["full"][name] == told.tables["first"][name], name
    assert not told.results["full"].changed


def test_airbyte_incremental_two_sequential_reads_bring_only_what_lies_behind_the_state(told: Told) -> None:
    second = told.results["incremental"]
    assert {name: second.outcomes[name].rows_inserted for name in INCREMENTAL} == {
        "contacts": 1, "deals": 0, "engagements_notes": 1, "email_events": 1,
    }  # fmt: skip
    assert second.outcomes["deals"].rows_updated == 1
    assert len(told.tables["incremental"]["contacts"] - told.tables["first"]["contacts"]) == 1
    # nothing was listed anew: changes come by search, from the instant that the state holds
    listed = [call for call in told.calls["incremental"] if "archived=false" in call["query"]]
    assert [call for call in listed if "/crm/objects/" in call["path"]] == []
    newest = f"SELECT min(updated_at) FROM hubspot.contacts WHERE id = '{told.changed}'"
    ((changed,),) = rows(told.given, newest)
    assert datetime.fromisoformat(told.states["full"]["contacts"]["cursor"]) <= changed
    assert told.differences["incremental"] == []


def test_singer_bookmarks_are_kept_per_stream_and_never_move_back(told: Told) -> None:
    before, after = told.states["full"], told.states["incremental"]
    for name in ("contacts", "deals", "engagements_notes"):
        assert before[name]["cursor"] < after[name]["cursor"], name
        newest = max(row[0] for row in rows(told.given, f"SELECT max(updated_at) FROM hubspot.{name}"))
        assert datetime.fromisoformat(after[name]["cursor"]) <= newest - told.given.lookback, name
    assert before["email_events"]["until"] < after["email_events"]["until"]
    for name in INCREMENTAL:
        outcome = told.results["incremental"].outcomes[name]
        assert outcome.cursor_before is not None
        assert outcome.cursor_after is not None
        assert outcome.cursor_before < outcome.cursor_after


def test_singer_parent_child_streams_have_no_child_without_its_parent(told: Told) -> None:
    for child, column, parent, key in (("form_submissions", "form_id", "forms", "id"),
                                       ("list_memberships", "list_id", "contact_lists", "list_id")):  # fmt: skip
        orphans = f"SELECT count(*) FROM hubspot.{child} WHERE {column} NOT IN (SELECT {key} FROM hubspot.{parent})"
        assert rows(told.given, orphans) == [(0,)]
        assert len(told.tables["incremental"][child] - told.tables["full"][child]) == 1


def test_singer_child_stream_only_and_automatic_fields_bring_what_is_asked_for(told: Told, tmp_path: Path) -> None:
    given = chosen(settings(tmp_path / "data", told.sandbox.url), "properties: {engagements_notes: [hs_object_id]}")
    result = landed(run(given, streams=["list_memberships", "engagements_notes"]))
    assert result.outcomes.keys() == {"list_memberships", "engagements_notes"}
    assert differences(told.sandbox.url, given.working, streams=["list_memberships"]) == []
    # an object of which nothing is chosen still has what ids, cursors, merges and marts need, in every record
    found = rows(given, "SELECT id, json_keys(properties) FROM hubspot.engagements_notes")
    assert {id_ for id_, _ in found} == {row[0] for row in rows(told.given, "SELECT id FROM hubspot.engagements_notes")}
    assert {frozenset(keys) for _, keys in found} == {AUTOMATIC}
    assert rows(given, "SELECT count(*) FROM hubspot.engagements_notes WHERE updated_at IS NULL") == [(0,)]


def test_singer_start_date_leaves_out_what_was_modified_before_it(told: Told, tmp_path: Path) -> None:
    objects = ["contacts", "deals"]
    middle = "SELECT quantile_disc(updated_at, 0.5) FROM hubspot.contacts"
    ((start,),) = rows(told.given, middle)
    later = settings(tmp_path, told.sandbox.url, start=start)
    landed(run(later, streams=objects))
    for name in objects:
        everything = rows(told.given, f"SELECT id, updated_at FROM hubspot.{name} WHERE deletion IS NULL")
        kept = {id_ for id_, updated in everything if updated >= start}
        assert {row[0] for row in rows(later, f"SELECT id FROM hubspot.{name} WHERE deletion IS NULL")} == kept
        assert 0 < len(kept) < len(everything)
        assert any(updated > start for _, updated in everything), "made before, changed after"


def test_singer_interrupted_sync_and_airbyte_sequential_slices_go_on_behind_what_landed(
    told: Told, tmp_path: Path
) -> None:
    objects, sandbox = ["contacts", "deals", "owners"], told.sandbox
    given = settings(tmp_path, sandbox.url, small_portal=0, page_window=1)
    sandbox.config(page_shapes=[8])
    fault = {"match": "GET /crm/objects/.*/deals$", "nth": 2, "status": 400, "times": -1}
    sandbox.post("faults", {"faults": [fault]})
    first = run(given, streams=objects)
    sandbox.delete("faults")
    assert [outcome.stream for outcome in first.failed] == ["deals"]
    ((stored,),) = rows(given, "SELECT count(*) FROM hubspot.deals")
    assert stored == 8
    ((unread, end),) = states(given)["deals"]["unread"]
    assert (unread > 0, end) == (True, None)
    ((slices,),) = rows(given, "SELECT count(*) FROM hubspot._dlt_loads WHERE status = 0")
    assert slices >= 3
    before = states(given)["contacts"]["cursor"]

    sandbox.delete("calls")
    second = landed(run(given, streams=objects))
    sandbox.config(page_shapes=None)
    deals = [call["query"] for call in sandbox.calls() if call["path"].endswith("/deals")]
    listed = [query for query in deals if "archived=false" in query]
    assert listed[0].endswith(f"after={unread}")
    assert all(int(query.rpartition("after=")[2]) >= unread for query in listed)
    assert not [call for call in sandbox.calls() if re.fullmatch("GET /crm/objects/[^/]*/contacts", _line(call))]
    assert states(given)["contacts"]["cursor"] == before
    assert second.outcomes["contacts"].rows_inserted == 0
    assert differences(sandbox.url, given.working, streams=objects) == []


def _line(call: dict[str, Any]) -> str:
    return f"{call['method']} {call['path']}"


def test_airbyte_state_with_abnormally_large_values_reads_nothing_and_is_put_right_by_the_reconcile(
    told: Told, tmp_path: Path
) -> None:
    given = replace(told.given, data_dir=Path(shutil.copytree(told.given.data_dir, tmp_path / "data")))
    rewrite(given, "contacts", states(given)["contacts"] | {"cursor": "2999-01-01T00:00:00+00:00"})
    new = told.sandbox.portal.create("contacts", {"email": "later@example.com"})
    count = "SELECT count(*) FROM hubspot.contacts WHERE id = '{}'"
    result = landed(run(given, streams=["contacts"]))
    assert (result.outcomes["contacts"].rows_read, rows(given, count.format(new))) == (0, [(0,)])
    landed(run(given, streams=["contacts"], mode="reconcile"))
    assert rows(given, count.format(new)) == [(1,)]
    told.sandbox.portal.forget("contacts", new)

"""Streams that hang on parents: passes that are cut short, spans that were named, items that are no more."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse import children
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.reading import T0, fill
from hubspot_pipeline_tests.runs import landed, rows, settings

VISITS = "contacts_web_analytics"
HOUR = 3_600_000
CONTACTS = range(1001, 1131)
"""More contacts than a sync asks without a reason."""


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    sandbox.post("clock", {"now": "2027-03-01T12:00:00Z", "frozen": True})
    return settings(tmp_path, sandbox.url, small_portal=0)


def visit(sandbox: Sandbox, contact: int, **more: Any) -> dict[str, Any]:
    item = {"object": "contacts", "objectId": str(contact)}
    return {"op": "put", "kind": "web_event", "item": item, **more}


def submit(sandbox: Sandbox, at: str, times: int = 1, form: str = "f-1") -> None:
    sandbox.mutate(*[{"op": "put", "kind": "form_submission", "item": {"formId": form}, "at": at}] * times)


def count(given: Settings, stream: str) -> int:
    return int(rows(given, f"SELECT count(*) FROM hubspot.{stream}")[0][0])


def test_a_reconcile_asks_all_parents_also_after_a_sync_that_was_cut_short(sandbox: Sandbox, given: Settings) -> None:
    fill(sandbox, [*CONTACTS], at=T0)
    landed(run(given, streams=[VISITS]))
    sandbox.post("clock", {"advance_ms": HOUR})
    sandbox.mutate(
        {"op": "update", "object": "contacts", "id": "1005", "properties": {"firstname": "A"}},
        visit(sandbox, 1005), visit(sandbox, 1009),
    )  # fmt: skip
    sandbox.post("clock", {"advance_ms": HOUR})
    sandbox.post("faults", {"faults": [{"match": "event-occurrences", "status": 400, "times": None}]})
    assert run(given, streams=[VISITS]).outcomes[VISITS].status == "failed"
    sandbox.delete("faults")
    landed(run(given, streams=[VISITS], mode="reconcile"))
    assert differences(sandbox.url, given.working, streams=[VISITS]) == []
    assert count(given, VISITS) == 2


def test_what_was_proven_gone_before_a_pass_was_cut_short_is_taken_away(
    sandbox: Sandbox, given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "CHUNK_ROWS", 2)
    fill(sandbox, [1, 2, 3])
    one, two = sandbox.mutate({"op": "add_list", "name": "One"}, {"op": "add_list", "name": "Two"})
    sandbox.mutate(*({"op": "add_member", "list_id": each, "record_id": str(id_)}
                     for each in (one, two) for id_ in (1, 2, 3)))  # fmt: skip
    landed(run(given, streams=["list_memberships"]))
    assert count(given, "list_memberships") == 6
    sandbox.mutate({"op": "remove_member", "list_id": one, "record_id": "2"},
                   {"op": "remove_member", "list_id": two, "record_id": "2"})  # fmt: skip
    sandbox.post("faults", {"faults": [{"match": f"/{two}/memberships", "status": 400, "times": None}]})
    assert run(given, streams=["list_memberships"]).outcomes["list_memberships"].status == "failed"
    sandbox.delete("faults")
    # the pass goes on behind the first list, which nobody asks again
    sandbox.delete("calls")
    landed(run(given, streams=["list_memberships"]))
    assert not [call for call in sandbox.calls() if f"/{one}/memberships" in call["path"]]
    assert count(given, "list_memberships") == 4


@pytest.mark.parametrize("end", ["forget", "merge"])
def test_items_of_a_parent_that_this_run_finds_gone_go_with_it(sandbox: Sandbox, given: Settings, end: str) -> None:
    kept, gone = sandbox.mutate(*[{"op": "create", "object": "deals", "properties": {}}] * 2)
    for deal in (kept, gone):
        (split,) = sandbox.mutate({"op": "create", "object": "deal_split", "properties": {"hs_deal_id": deal}})
        sandbox.mutate({"op": "associate", "from_object": "deals", "from_id": deal, "to_object": "deal_split",
                        "to_id": split})  # fmt: skip
    landed(run(given, streams=["deal_splits"]))
    assert count(given, "deal_splits") == 2
    sandbox.post("clock", {"advance_ms": HOUR})
    ids = {"id": gone} if end == "forget" else {"primary_id": kept, "merged_id": gone}
    sandbox.mutate({"op": end, "object": "deals", **ids})
    sandbox.post("clock", {"advance_ms": HOUR})
    landed(run(given, streams=["deal_splits"], mode="reconcile"))
    assert differences(sandbox.url, given.working, streams=["deals", "deal_splits"]) == []


def test_a_named_span_leaves_no_gap_before_it(sandbox: Sandbox, given: Settings) -> None:
    sandbox.mutate({"op": "put", "kind": "form", "id": "f-1", "item": {"name": "Contact us"}})
    submit(sandbox, "2027-03-01T08:00:00Z")
    landed(run(given, streams=["form_submissions"]))
    submit(sandbox, "2027-03-01T11:00:00Z", 60)  # more than a page
    submit(sandbox, "2027-03-01T11:50:00Z", 60)
    landed(run(given, streams=["form_submissions"], since=given.start.replace(year=2027, month=3, day=1, hour=11)
               + timedelta(minutes=30)))  # fmt: skip
    landed(run(given, streams=["form_submissions"]))
    assert count(given, "form_submissions") == 121


def test_each_parent_is_read_behind_its_own_newest_item(sandbox: Sandbox, given: Settings) -> None:
    for form in ("f-1", "f-2"):
        sandbox.mutate({"op": "put", "kind": "form", "id": form, "item": {"name": form}})
    submit(sandbox, "2027-03-01T08:00:00Z", form="f-1")
    submit(sandbox, "2027-03-01T11:50:00Z", form="f-2")
    landed(run(given, streams=["form_submissions"]))
    submit(sandbox, "2027-03-01T09:00:00Z", 60, form="f-1")  # more than a page
    landed(run(given, streams=["form_submissions"]))
    assert count(given, "form_submissions") == 62


def test_a_named_span_does_not_count_as_the_pass_of_changed_parents(sandbox: Sandbox, given: Settings) -> None:
    fill(sandbox, [*CONTACTS], at=T0)
    first = landed(run(given, streams=[VISITS])).outcomes[VISITS]
    sandbox.post("clock", {"advance_ms": HOUR})
    sandbox.mutate({"op": "update", "object": "contacts", "id": "1005", "properties": {"firstname": "A"}},
                   visit(sandbox, 1005))  # fmt: skip
    sandbox.post("clock", {"advance_ms": HOUR})
    # the change lands, and the span ends before its visit
    until = given.start.replace(year=2027, month=3, day=1, hour=12, minute=30)
    landed(run(given, streams=["contacts"]))
    named = landed(run(given, streams=[VISITS], until=until)).outcomes[VISITS]
    assert (named.cursor_before, named.cursor_after) == (first.cursor_after, first.cursor_after)
    assert count(given, VISITS) == 0
    landed(run(given, streams=[VISITS]))
    assert count(given, VISITS) == 1


def test_a_stream_whose_parents_cannot_be_listed_fails_and_keeps_its_rows(sandbox: Sandbox, given: Settings) -> None:
    fill(sandbox, [1])
    one, two = sandbox.mutate({"op": "add_list", "name": "One"}, {"op": "add_list", "name": "Two"})
    sandbox.mutate({"op": "add_member", "list_id": one, "record_id": "1"})
    broken = {"match": "POST /crm/lists/.*/search", "status": 500, "times": -1}
    sandbox.post("faults", {"faults": [broken]})
    first = run(given, streams=["list_memberships"])
    assert first.outcomes["list_memberships"].status == "failed"
    assert first.exit_code == 1
    assert "/search" in first.outcomes["list_memberships"].message
    sandbox.delete("faults")
    landed(run(given, streams=["list_memberships"]))

    sandbox.mutate({"op": "delete_list", "id": one}, {"op": "add_member", "list_id": two, "record_id": "1"})
    sandbox.post("faults", {"faults": [broken]})
    assert run(given, streams=["list_memberships"], mode="reconcile").failed
    # what its known parents have is read all the same
    assert rows(given, "SELECT list_id FROM hubspot.list_memberships ORDER BY 1") == [(one,), (two,)]
    sandbox.delete("faults")
    landed(run(given, streams=["list_memberships"], mode="reconcile"))
    assert rows(given, "SELECT list_id FROM hubspot.list_memberships") == [(two,)]


def test_files_lack_those_of_activities_that_may_not_be_read_and_fail_with_those_that_cannot(
    sandbox: Sandbox, given: Settings
) -> None:
    refused = {"match": "/crm/objects/.*/postal_mail", "status": 403, "body": {"category": "MISSING_SCOPES"}}
    sandbox.post("faults", {"faults": [refused | {"times": -1}]})
    assert "Without some of its sources" in landed(run(given, streams=["files"])).outcomes["files"].message
    broken = {"match": "/crm/objects/.*/notes", "status": 500, "times": -1}
    sandbox.post("faults", {"faults": [refused | {"times": -1}, broken]})
    assert run(given, streams=["files"]).outcomes["files"].status == "failed"

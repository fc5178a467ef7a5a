"""One thing that HubSpot no longer has is gone; where it has none of a stream's things at once, its path has ended."""

from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import landed, only, rows, settings

LISTS = {
    "pipelines": "GET /crm/pipelines/",
    "property_groups": "GET /crm/properties/.*/groups",
    "association_types": "GET /crm/associations/.*/labels",
}
CHILDREN = {
    "list_memberships": "GET /crm/lists/.*/memberships",
    "contacts_web_analytics": "GET /events/event-occurrences",
}


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    sandbox.post("clock", {"now": "2026-09-30T12:00:00Z", "frozen": True})
    return only(settings(tmp_path, sandbox.url), "contacts", "companies", "deals", "tickets", "engagements_notes",
                "files", *LISTS, *CHILDREN)  # fmt: skip


def gone(sandbox: Sandbox, match: str, times: int = -1, status: int = 404) -> None:
    sandbox.post("faults", {"faults": [{"match": match, "nth": 1, "status": status, "times": times}]})


def table(given: Settings, name: str) -> list[Any]:
    return rows(given, f"SELECT * FROM hubspot.{name} ORDER BY ALL")


@pytest.fixture
def parents(sandbox: Sandbox) -> tuple[list[str], list[str]]:
    """Two contacts with a visit each, two lists with a contact each, a note with two files: (contacts, lists)."""
    contacts = sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}}] * 2)
    lists = sandbox.mutate({"op": "add_list", "name": "One"}, {"op": "add_list", "name": "Two"})
    files = sandbox.mutate(*[{"op": "put", "kind": "file", "item": {"name": "A"}}] * 2)
    note = {"hs_note_body": "A", "hs_attachment_ids": ";".join(files)}
    sandbox.mutate({"op": "create", "object": "notes", "properties": note})
    for contact, list_ in zip(contacts, lists, strict=True):
        item = {"object": "contacts", "objectId": contact}
        sandbox.mutate({"op": "add_member", "list_id": list_, "record_id": contact},
                       {"op": "put", "kind": "web_event", "item": item, "at": "2026-09-01T00:00:00Z"})  # fmt: skip
    return contacts, lists


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("stream", LISTS)
def test_a_list_that_hubspot_has_of_no_object_any_more_fails_and_keeps_its_rows(
    sandbox: Sandbox, given: Settings, stream: str, status: int
) -> None:
    landed(run(given, streams=[stream]))
    before = table(given, stream)
    assert before
    gone(sandbox, LISTS[stream], status=status)
    outcome = run(given, streams=[stream], mode="reconcile").outcomes[stream]
    assert outcome.status == "failed"
    assert "has ended" in outcome.message
    assert "hubspot.yaml" in outcome.message
    assert table(given, stream) == before


def test_a_list_that_hubspot_lacks_of_one_object_is_empty_for_it(sandbox: Sandbox, given: Settings) -> None:
    landed(run(given, streams=["property_groups"]))
    gone(sandbox, "GET /crm/properties/.*/deals/groups")
    landed(run(given, streams=["property_groups"], mode="reconcile"))
    objects = {row[0] for row in rows(given, "SELECT object FROM hubspot.property_groups")}
    assert objects >= {"contacts", "companies", "tickets"}
    assert "deals" not in objects


@pytest.mark.parametrize("mode", ["sync", "reconcile"])
@pytest.mark.parametrize("stream", CHILDREN)
def test_a_stream_all_of_whose_parents_are_gone_fails_and_keeps_its_rows(
    sandbox: Sandbox, given: Settings, parents: tuple[list[str], list[str]], stream: str, mode: str
) -> None:
    landed(run(given, streams=[stream]))
    before = table(given, stream)
    assert len(before) == 2
    sandbox.post("clock", {"advance_ms": 3_600_000})
    # one list is due in a sync; the other one is asked because that one is gone
    sandbox.mutate({"op": "add_member", "list_id": parents[1][0], "record_id": parents[0][1]})
    gone(sandbox, CHILDREN[stream])
    outcome = run(given, streams=[stream], mode=mode).outcomes[stream]
    assert outcome.status == "failed"
    assert "has ended" in outcome.message
    assert table(given, stream) == before


def test_attached_files_that_were_all_deleted_are_no_error(
    sandbox: Sandbox, given: Settings, parents: tuple[list[str], list[str]]
) -> None:
    landed(run(given, streams=["files"]))
    before = table(given, "files")
    gone(sandbox, "GET /files/")
    assert landed(run(given, streams=["files"], mode="reconcile")).outcomes["files"].rows_archived == 0
    assert len(before) == 2
    assert table(given, "files") == before


def test_a_parent_that_is_gone_alone_is_no_error(
    sandbox: Sandbox, given: Settings, parents: tuple[list[str], list[str]]
) -> None:
    landed(run(given, streams=[*CHILDREN]))
    before = table(given, "list_memberships")
    one, _ = parents[1]
    gone(sandbox, f"GET /crm/lists/.*/{one}/memberships")
    landed(run(given, streams=["list_memberships"], mode="reconcile"))
    # the only one that is due
    sandbox.mutate({"op": "add_member", "list_id": one, "record_id": parents[0][1]})
    landed(run(given, streams=["list_memberships"]))
    assert table(given, "list_memberships") == before

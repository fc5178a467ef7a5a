"""The sandbox portal's own switches: clock, faults, hooks, call log, state over restarts, computed portals."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from hubspot_pipeline import cli
from hubspot_pipeline.sandbox import Portal
from hubspot_pipeline.sandbox.__main__ import made, main, parser
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox

CONTACTS = "/crm/objects/2026-03/contacts"
MATCH = "GET /crm/objects/.*/contacts"


def test_every_time_comes_from_the_virtual_clock(sandbox: Sandbox) -> None:
    assert sandbox.post("clock", {"now": "2030-01-01T00:00:00Z", "frozen": True}) == {
        "now": 1893456000000,
        "frozen": True,
    }
    reply = sandbox.api("POST", CONTACTS, {"properties": {}})
    assert reply.headers["date"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    assert reply.json()["createdAt"] == "2030-01-01T00:00:00.000Z"
    sandbox.post("clock", {"advance_ms": 1500})
    assert sandbox.api("POST", CONTACTS, {"properties": {}}).json()["createdAt"] == "2030-01-01T00:00:01.500Z"


def test_the_call_log_counts_by_versionless_path(sandbox: Sandbox) -> None:
    sandbox.api("GET", CONTACTS)
    sandbox.api("GET", "/crm/v3/objects/contacts?limit=5")
    sandbox.api("POST", f"{CONTACTS}/search", {})
    sandbox.api("GET", CONTACTS, token=None)
    count = sandbox.get("calls/count")
    assert count["by"] == {"GET /crm/objects/{v}/contacts": 3, "POST /crm/objects/{v}/contacts/search": 1}
    assert (count["total"], count["status"]) == (4, {"200": 3, "401": 1})
    last = sandbox.calls(since=2)
    assert [call["search"] for call in last] == [True, False]
    assert (last[0]["token"], last[1]["token"], sandbox.calls()[1]["query"]) == (TOKEN[-4:], None, "limit=5")
    sandbox.delete("calls")
    assert sandbox.calls() == []


def test_a_status_fault_plays_at_its_call(sandbox: Sandbox) -> None:
    fault = {
        "match": MATCH,
        "nth": 2,
        "times": 2,
        "status": 502,
        "body": "<html>bad</html>",
        "headers": {"Retry-After": "3"},
    }
    sandbox.post("faults", {"faults": [fault]})
    replies = [sandbox.api("GET", CONTACTS) for _ in range(4)]
    assert [reply.status for reply in replies] == [200, 502, 502, 200]
    assert (replies[1].body, replies[1].headers["retry-after"]) == (b"<html>bad</html>", "3")
    assert replies[1].headers["content-type"] == "text/html"


@pytest.mark.parametrize(
    "kind", ["truncate", "malformed", "empty_page", "short_page", "drop_results", "repeat_results"]
)
def test_faulty_bodies(sandbox: Sandbox, kind: str) -> None:
    sandbox.mutate(*[{"op": "create", "object": "contacts", "properties": {}} for _ in range(20)])
    sandbox.post("faults", {"faults": [{"match": MATCH, "kind": kind}]})
    reply = sandbox.api("GET", f"{CONTACTS}?limit=10")
    assert reply.status == 200
    if kind == "truncate":
        with pytest.raises(json.JSONDecodeError):
            json.loads(reply.body)
        return
    body = reply.json()
    assert ("results" in body) is (kind != "malformed")
    if kind == "malformed":
        return
    rows, after = body["results"], body["paging"]["next"]["after"]
    assert len(rows) == {"empty_page": 0, "short_page": 7, "drop_results": 0, "repeat_results": 12}[kind]
    assert int(after) - 101 == {"empty_page": 0, "short_page": 7}.get(kind, 10)


@pytest.mark.parametrize("kind", ["cut", "hang", "slow"])
def test_faulty_connections(sandbox: Sandbox, kind: str) -> None:
    sandbox.post("faults", {"faults": [{"match": MATCH, "kind": kind, "delay_ms": 150 * (kind == "slow")}]})
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc, timeout=20 if kind == "cut" else 0.05)
    connection.request("GET", CONTACTS, headers={"authorization": f"Bearer {TOKEN}"})
    with pytest.raises(http.client.IncompleteRead if kind == "cut" else TimeoutError):
        connection.getresponse().read()
    connection.close()
    assert sandbox.api("GET", CONTACTS).status == 200


def test_a_hook_changes_the_portal_right_after_an_answer(sandbox: Sandbox) -> None:
    op = {"op": "create", "object": "contacts", "properties": {"firstname": "new"}}
    sandbox.post("hooks", {"hooks": [{"match": MATCH, "nth": 2, "ops": [op]}]})
    assert [len(sandbox.api("GET", CONTACTS).json()["results"]) for _ in range(4)] == [0, 0, 1, 1]


def test_wrong_arguments_are_named(sandbox: Sandbox) -> None:
    for op in ({"op": "explode"}, {"op": "create", "object": "contacts", "properties": {"nothing": "x"}},
               {"op": "archive", "object": "contacts", "id": "5", "why": 1},
               {"op": "archive", "object": "contacts", "id": "5"}):  # fmt: skip
        assert sandbox.request("POST", "/_sandbox/mutate", {"ops": [op]}).status == 400, op
    assert sandbox.request("POST", "/_sandbox/config", {"nothing": 1}).status == 400


def test_the_dump_is_what_the_api_shows(sandbox: Sandbox) -> None:
    sandbox.mutate(
        {"op": "add_owner", "email": "o@example.com", "first_name": "O", "last_name": "W"},
        {"op": "create", "object": "contacts", "properties": {"firstname": "Ada"}},
        {"op": "create", "object": "companies", "properties": {"name": "Acme"}},
        {"op": "associate", "from_object": "contacts", "from_id": "103", "to_object": "companies", "to_id": "104"},
    )
    rows = sandbox.dump()
    assert {row["kind"] for row in rows} == {
        "record",
        "association",
        "history",
        "owner",
        "pipeline",
        "property",
        "property_group",
        "association_type",
        "event_type",
        "account",
        "company_currency",
    }
    (person,) = [row for row in rows if row["kind"] == "record" and row["object"] == "contacts"]
    shown = sandbox.api("GET", f"{CONTACTS}/103").json()
    assert person["properties"] == {name: value for name, value in shown["properties"].items() if value is not None}
    links = [(row["from_object"], row["from_id"], row["type_id"]) for row in rows if row["kind"] == "association"]
    assert links == [("contacts", "103", 279), ("companies", "104", 280)]


def _listed(portal: Portal, *kinds: str) -> list[dict[str, Any]]:
    return [row for row in portal.dump() if row["kind"] in kinds]


def test_a_computed_portal_answers_like_a_stored_one(sandbox: Sandbox) -> None:
    size = {"contacts": 250, "companies": 50, "deals": 100, "properties": 12}
    sandbox.post("seed", {"bench": size})
    seen, after = [], "0"
    while after:
        body = sandbox.api(
            "GET", f"{CONTACTS}?limit=100&after={after}&properties=email,bench_001&associations=companies"
        ).json()
        seen += body["results"]
        after = body.get("paging", {}).get("next", {}).get("after", "")
    dumped = {row["id"]: row for row in _listed(sandbox.portal, "record") if row["object"] == "contacts"}
    assert [row["id"] for row in seen] == list(dumped)
    for row in seen:
        known = dumped[row["id"]]
        assert {name: value for name, value in row["properties"].items() if value is not None} == {
            name: known["properties"][name] for name in row["properties"] if name in known["properties"]
        }
        assert (row["createdAt"], row["updatedAt"]) == (known["createdAt"], known["updatedAt"])
    first = seen[0]
    assert sandbox.api("PATCH", f"{CONTACTS}/{first['id']}", {"properties": {"firstname": "New"}}).status == 200
    assert sandbox.api("GET", f"{CONTACTS}/{first['id']}?properties=firstname,bench_001").json()["properties"] | {
        "lastmodifieddate": "", "firstname": "", "email": first["properties"]["email"],
    } == first["properties"] | {"lastmodifieddate": "", "firstname": ""}  # fmt: skip
    sandbox.api("DELETE", f"{CONTACTS}/{first['id']}")
    assert sandbox.api("POST", f"{CONTACTS}/search", {}).json()["total"] == 249
    wanted = {"propertyName": "email", "operator": "EQ", "value": seen[7]["properties"]["email"]}
    found = sandbox.api("POST", f"{CONTACTS}/search", {"filterGroups": [{"filters": [wanted]}]})
    assert [row["id"] for row in found.json()["results"]] == [seen[7]["id"]]
    pairs = {(row["from_id"], row["to_id"], row["type_id"]) for row in _listed(sandbox.portal, "association")
             if (row["from_object"], row["to_object"]) == ("contacts", "companies")}  # fmt: skip
    assert len(pairs) == 250 * 2, "links of an archived record in the bin are shown"


@contextmanager
def process_of(*options: str) -> Iterator[tuple[Any, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "hubspot_pipeline.sandbox", "--port", "0", "--empty", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    connection = http.client.HTTPConnection(urlsplit(process.stdout.readline().split()[-1]).netloc, timeout=20)

    def call(method: str, path: str, body: Any = None, content_type: str = "application/json") -> bytes:
        headers = {"authorization": f"Bearer {TOKEN}", "content-type": content_type}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        return connection.getresponse().read()

    try:
        yield call, process
    finally:
        connection.close()
        process.kill()
        process.wait()


def test_a_killed_portal_comes_back_as_it_was(tmp_path: Path) -> None:
    state = tmp_path / "portal.jsonl"
    with process_of("--state", str(state)) as (call, process):
        call("POST", "/_sandbox/clock", {"now": "2030-01-01T00:00:00Z", "frozen": True})
        call("POST", "/_sandbox/seed", {"bench": {"contacts": 5, "companies": 2, "deals": 3, "properties": 2}})
        for name in ("Ada", "\ud83d\x00", "Eve"):
            call("POST", CONTACTS, {"properties": {"firstname": name}})
        call("POST", f"{CONTACTS}/merge", {"primaryObjectId": "111", "objectIdToMerge": "112"})
        call("POST", "/_sandbox/mutate", {"ops": [
            {"op": "define_schema", "schema": {"name": "vessel", "properties": [{"name": "hull"}]}},
            {"op": "define_label", "from_object": "contacts", "to_object": "vessel", "label": "Captain"},
            {"op": "archive", "object": "contacts", "id": "113"},
        ]})  # fmt: skip
        call("POST", CONTACTS, {"properties": {"email": "needle@example.com"}})
        call("PATCH", f"{CONTACTS}/needle@example.com?idProperty=email", {"properties": {"firstname": "Needle"}})
        assert b"needle" in state.read_bytes()
        call("POST", f"{CONTACTS}/gdpr-delete", {"objectId": "needle@example.com", "idProperty": "email"})
        assert b"needle" not in state.read_bytes().lower()
        call("POST", "/_sandbox/tokens", {"token": TOKEN, "scopes": ["crm.objects.contacts.read"]})
        before = call("GET", "/_sandbox/dump")
        process.kill()
    with state.open("ab") as file:
        file.write(b'{"op":"create","torn')
    with process_of("--state", str(state)) as (call, _):
        assert call("GET", "/_sandbox/dump") == before
        assert b"MISSING_SCOPES" in call("GET", "/crm/objects/2026-03/deals")
        assert b'"id":"' in call("GET", CONTACTS)


def test_the_clock_of_a_generated_portal_survives_a_restart(tmp_path: Path) -> None:
    given = ["--state", str(tmp_path / "portal.state"), "--contacts", "3"]
    first = made(parser().parse_args(given))
    ahead = first.portal.clock.now() - time.time_ns() // 1_000_000
    assert first.portal.journal is not None
    first.portal.journal.close()
    second = made(parser().parse_args(given))
    assert abs(second.portal.clock.now() - time.time_ns() // 1_000_000 - ahead) < 60_000


def test_a_folder_that_cannot_be_imported_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--load", "/no/such/folder", "--port", "0"]) == 2
    assert "/no/such/folder" in capsys.readouterr().err


def test_the_command_starts_whatever_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dbt_project").mkdir()
    (tmp_path / "hubspot.yaml").write_text("hash: {contacts: [email]}")  # and no key
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["sandbox", "--help"])
    assert ended.value.code == 0

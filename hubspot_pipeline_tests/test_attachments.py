"""Content of attached files: fetched by a signed URL into a folder, under names that can do no harm."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import requests

from hubspot_pipeline.api.download import download
from hubspot_pipeline.choice import Choice, Files
from hubspot_pipeline.errors import HubSpotError
from hubspot_pipeline.warehouse.attachments import safe_name
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.runs import landed, settings

HOSTILE = ("../../etc/passwd", "a\0b/c\\d", "x" * 300, "CON", "..", "\u202egnp.exe", "Über uns")


def _attach(sandbox: Sandbox, names: tuple[str, ...]) -> list[str]:
    ids = sandbox.mutate(*(
        {"op": "put", "kind": "file", "item": {"name": name, "extension": "p/d\\f", "content": f"content {at}"}}
        for at, name in enumerate(names)
    ))  # fmt: skip
    sandbox.mutate({"op": "create", "object": "notes", "properties": {"hs_attachment_ids": ";".join(ids)}})
    return ids


def _rows(warehouse: Path) -> dict[str, Any]:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return dict(con.execute("SELECT id, content_path FROM hubspot.files").fetchall())


def test_content_is_fetched_under_names_that_stay_in_their_folder(sandbox: Sandbox, tmp_path: Path) -> None:
    ids = _attach(sandbox, HOSTILE)
    given = settings(tmp_path / "data", sandbox.url, choice=Choice(files=Files(download=True)))
    landed(run(given, streams=["files"]))
    paths = _rows(given.working)
    assert set(paths) == set(ids)
    for at, id_ in enumerate(ids):
        path = given.data_dir / paths[id_]
        assert path.parent == given.data_dir / "files"
        assert path.read_text() == f"content {at}"
        assert path.name.startswith(id_)
        assert path.stat().st_mode & 0o077 == 0
    assert {path.parent for path in tmp_path.rglob("*content*")} <= {given.data_dir / "files"}


def test_content_that_is_there_is_not_fetched_again_and_missing_content_is(sandbox: Sandbox, tmp_path: Path) -> None:
    ids = _attach(sandbox, ("one", "two"))
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    landed(run(given, streams=["files"]))
    (given.data_dir / _rows(given.working)[ids[0]]).unlink()
    sandbox.delete("calls")
    landed(run(given, streams=["files"]))
    assert sum("signed-url" in call["path"] for call in sandbox.calls()) == 1
    assert (given.data_dir / _rows(given.working)[ids[0]]).read_text() == "content 0"


def _contents(data: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (data / "files").iterdir()}


def test_content_that_no_row_names_any_more_goes_and_what_is_not_ours_stays(sandbox: Sandbox, tmp_path: Path) -> None:
    kept, renamed = _attach(sandbox, ("one", "two"))
    gone = sandbox.mutate({"op": "put", "kind": "file", "item": {"name": "three", "content": "content 2"}})[0]
    (note,) = sandbox.mutate({"op": "create", "object": "notes", "properties": {"hs_attachment_ids": gone}})
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    landed(run(given))
    assert set(_contents(tmp_path)) == {f"{kept}_one.pdf", f"{renamed}_two.pdf", f"{gone}_three.txt"}
    others = ("list.txt", "2026.txt", ".hidden", "._1_one", ".12_one.txt")
    for name in (*others, f".{gone}_three.txt.4711", f".{kept}_one.pdf.4711", "999_from_before.txt"):
        (tmp_path / "files" / name).write_text("x")
    sandbox.mutate({"op": "archive", "object": "notes", "id": note},
                   {"op": "put", "kind": "file", "id": renamed, "item": {"name": "zwei"}})  # fmt: skip
    landed(run(given, mode="reconcile"))
    left = {f"{kept}_one.pdf": "content 0", f"{renamed}_zwei.pdf": "content 1"}
    assert _contents(tmp_path) == left | dict.fromkeys(others, "x")


@pytest.mark.parametrize("status", [401, 404])
def test_content_stays_where_the_run_could_not_read_it_anew(sandbox: Sandbox, tmp_path: Path, status: int) -> None:
    ids = _attach(sandbox, ("one", "two"))
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    landed(run(given))
    before = _contents(tmp_path)
    sandbox.mutate({"op": "put", "kind": "file", "id": ids[0], "item": {"name": "uno"}})
    sandbox.post("faults", {"faults": [{"match": "signed-url", "status": status, "times": -1}]})
    run(given, mode="reconcile")
    assert _contents(tmp_path) == before


def test_content_stays_where_files_and_notes_may_not_be_read_any_more(sandbox: Sandbox, tmp_path: Path) -> None:
    _attach(sandbox, ("one", "two"))
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    landed(run(given))
    before, rows = _contents(tmp_path), _rows(given.working)
    sandbox.grant("oauth")
    run(given, mode="reconcile")
    assert (_contents(tmp_path), _rows(given.working)) == (before, rows)


def test_content_is_left_alone_unless_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    (id_,) = _attach(sandbox, ("one",))
    given = settings(tmp_path, sandbox.url)
    landed(run(given, streams=["files"]))
    assert _rows(given.working) == {id_: None}
    assert not (tmp_path / "files").exists()


def test_content_that_cannot_be_had_is_told_and_stops_nothing(sandbox: Sandbox, tmp_path: Path) -> None:
    _attach(sandbox, ("one", "two"))
    sandbox.post("faults", {"faults": [{"match": "signed-url", "status": 404, "times": 1}]})
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    outcome = landed(run(given, streams=["files"])).outcomes["files"]
    assert "was not fetched" in outcome.message
    assert sorted(path is None for path in _rows(given.working).values()) == [False, True]


def test_a_token_that_ends_meanwhile_fails_the_stream(sandbox: Sandbox, tmp_path: Path) -> None:
    ids = _attach(sandbox, ("one", "two"))
    sandbox.post("faults", {"faults": [{"match": "signed-url", "status": 401, "times": None}]})
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    outcome = run(given, streams=["files"]).outcomes["files"]
    assert outcome.status == "failed"
    assert "HubSpot refuses the token" in outcome.message
    assert _rows(given.working) == dict.fromkeys(ids)


def test_content_that_comes_later_counts_as_a_change(sandbox: Sandbox, tmp_path: Path) -> None:
    _attach(sandbox, ("one",))
    landed(run(settings(tmp_path, sandbox.url), streams=["files"]))
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    assert landed(run(given, streams=["files"])).changed
    assert not landed(run(given, streams=["files"])).changed


def test_the_token_does_not_travel_with_a_signed_url(sandbox: Sandbox, tmp_path: Path) -> None:
    _attach(sandbox, ("one",))
    given = settings(tmp_path, sandbox.url, choice=Choice(files=Files(download=True)))
    landed(run(given, streams=["files"]))
    signed = [call for call in sandbox.calls() if call["path"].startswith("/cdn/")]
    assert all(TOKEN not in json.dumps(call) for call in signed)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_keeps_only_plain_characters(name: str) -> None:
    made = safe_name("42", name, "ex/e")
    assert made.startswith("42")
    assert not set(made) & set("/\\\0:\u202e")
    assert len(made.encode()) <= 255


@pytest.mark.parametrize("url", [
    "http://files.example.com/a", "https://127.0.0.1/a", "https://localhost/a", "https://[::1]/a", "https://10.0.0.7/a",
    "https://169.254.169.254/latest/meta-data", "https://[::ffff:127.0.0.1]/a", "https://127.1/a", "https://0x7f.1/a",
    "https://2130706433/a", "https://metadata/a", "https://[fe80::1]/a", "https://[::1/a", "file:///etc/passwd", "",
])  # fmt: skip
def test_content_is_never_asked_of_this_network(url: str, tmp_path: Path) -> None:
    with requests.Session() as session, pytest.raises(HubSpotError, match="the file's URL"):
        download(session, url, tmp_path / "one", local=False, timeout=(0.01, 0.01))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["https://f.hubspotusercontent.com/a", "https://10.0.0.7/a", "http://example.com/a"])
def test_a_sandbox_leads_nowhere_else(url: str, tmp_path: Path) -> None:
    with requests.Session() as session, pytest.raises(HubSpotError, match="the file's URL"):
        download(session, url, tmp_path / "one", local=True, timeout=(0.01, 0.01))

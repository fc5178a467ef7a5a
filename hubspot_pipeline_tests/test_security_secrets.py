"""After failing runs of every kind: no secret is anywhere but where it was put, and nothing else leaves the machine."""

import base64
import gzip
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import pytest

from hubspot_pipeline_tests import failing
from hubspot_pipeline_tests.conftest import TellOnce
from hubspot_pipeline_tests.needles import places, spellings
from hubspot_pipeline_tests.reading import READING

ALLOWED = {".env", "data/credentials.json"}


class Story:
    """What the failing runs told, and the folder with all that they left."""

    def __init__(self, told: dict[str, Any], folder: Path) -> None:
        self.told, self.folder = told, folder
        self.printed: str = told["printed"]
        self.secrets = {*failing.SECRETS, *told["access_tokens"], *told["refresh_tokens"]}

    def shown_in(self, text: str) -> set[str]:
        """Secrets that a text holds in one of their spellings."""
        return {one for one in self.secrets if any(spelling in text.encode() for spelling in spellings(one))}


@pytest.fixture(scope="module")
def story(told_once: TellOnce) -> Story:
    return Story(*told_once("failing", failing.tell))


def test_everything_fails_as_it_was_meant_to(story: Story) -> None:
    codes = story.told["codes"]
    refused = codes.pop("refused")
    assert refused.startswith("CredentialError: ")
    assert codes == {"some streams fail": 1, "refresh refused": 2, "contradiction": 2, "all streams fail": 1,
                     "dbt fails": 1, "day is over": 3}  # fmt: skip
    for words in (
        "HubSpot answered 400", "the portal's plan or the token's user", "HubSpot answered 500", "has no list",
        "was cut off", "is not JSON", "could not be stored", "could not be refreshed", "are both set",
        "Failure in model broken", "daily calls are used up",
    ):  # fmt: skip
        assert words in story.printed, words
    assert len(story.told["access_tokens"]) > 1
    assert len(story.told["refresh_tokens"]) > 1, "the login was replaced meanwhile"


def test_no_secret_is_in_a_file_that_it_was_not_put_into(story: Story) -> None:
    assert places(story.folder, story.secrets) == ALLOWED
    assert places(story.folder, story.told["access_tokens"]) == set()


def test_no_secret_is_printed_or_logged(story: Story) -> None:
    assert "DEBUG:" in story.printed, "the loggers were as talkative as they can be"
    assert "DEBUG:urllib3" not in story.printed, "it writes paths, and that of a webhook is a secret"
    assert story.told["posted"] > 0
    assert "Traceback" not in story.printed
    assert story.shown_in(story.printed) == set()


def test_no_secret_is_an_argument_of_a_process(story: Story) -> None:
    lines = story.told["arguments"]
    assert any("hubspot_pipeline.cli check" in line for line in lines)
    assert any("dbt.cli.main" in line for line in lines), "children are looked at, too"
    assert story.shown_in("\n".join(lines)) == set()


def test_what_an_error_body_repeats_is_nowhere(story: Story) -> None:
    assert failing.IN_BODIES not in story.printed
    assert places(story.folder, [failing.IN_BODIES]) == set()


def test_no_message_steers_a_terminal(story: Story) -> None:
    assert "VALIDATION ]0;owned no number" in story.printed
    assert [char for char in story.printed if not char.isprintable() and char != "\n"] == []


def test_nothing_is_connected_to_but_the_portal(story: Story) -> None:
    connects = story.told["connects"]
    assert connects
    assert {line for line in connects if not line.startswith("('127.0.0.1', ")} == set()


def test_every_call_of_failing_runs_reads(story: Story) -> None:
    lines = [f"{method} {path}" for method, path in story.told["calls"]]
    assert any(line.endswith("/contacts/search") for line in lines)
    assert [line for line in lines if not READING.fullmatch(line)] == []


@pytest.mark.parametrize("change", [
    "POST /crm/objects/{v}/contacts", "POST /crm/objects/{v}/contacts/batch/create", "POST /crm/objects/{v}/merge",
    "POST /crm/associations/{v}/contacts/companies/batch/create", "PATCH /crm/objects/{v}/contacts/1",
    "DELETE /crm/objects/{v}/contacts/1", "PUT /crm/lists/{v}/1", "POST /crm/lists/{v}", "POST /oauth/{v}/token/revoke",
])  # fmt: skip
def test_the_look_at_calls_sees_one_that_changes_something(change: str) -> None:
    assert not READING.fullmatch(change)


def _sqlite(path: Path, text: str) -> None:
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE t (x TEXT)")
        con.execute("INSERT INTO t VALUES (?)", ["." * 4_050 + text + "." * 5_000])  # more than a page holds
        con.commit()


def _duckdb(path: Path, text: str) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE TABLE t AS SELECT ? || i AS x FROM range(5_000) AS n(i)", [text])


def _parquet(path: Path, text: str) -> None:
    with duckdb.connect() as con:
        con.execute("CREATE TABLE t AS SELECT ? || i AS x FROM range(5_000) AS n(i)", [text])
        con.execute(f"COPY t TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


@pytest.mark.parametrize("write", [
    lambda path, text: path.write_text(f"Bearer {text}"),
    lambda path, text: path.write_bytes(gzip.compress(text.encode() * 9)),
    lambda path, text: path.write_bytes(b"Basic " + base64.b64encode(f"app:{text}".encode())),
    lambda path, text: path.write_text(f"https://example.com/?token={quote(text, safe='')}"),
    _sqlite, _duckdb, _parquet,
])  # fmt: skip
def test_the_search_finds_a_secret_however_it_is_packed(tmp_path: Path, write: Callable[[Path, str], Any]) -> None:
    write(tmp_path / "file", failing.TOKEN)
    assert places(tmp_path, [failing.TOKEN])
    assert not places(tmp_path, [failing.HASH_KEY])

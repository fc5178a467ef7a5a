"""A person who is purged is nowhere: in no table, no file, no copy; and nobody else has lost anything."""

import contextlib
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from hubspot_pipeline import query
from hubspot_pipeline.assets.history import REMOVED
from hubspot_pipeline.cli import main
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse import purge, traces
from hubspot_pipeline.warehouse.person import needles
from hubspot_pipeline.warehouse.publish import publish, restore
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline.warehouse.store import locked
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.runs import chosen, landed, rows, settings
from hubspot_pipeline_tests.test_dagster_runs import Story, story  # noqa: F401  its runs, with marts and a history

CHOICE = "history: {contacts: [email]}\nfiles: {download: true, folder: files}"
STREAMS = (
    "contacts", "companies", "deals", "tickets", "engagements_notes", "engagements_emails", "engagements_meetings",
    "engagements_calls", "leads", "files", "contact_lists", "list_memberships", "forms", "form_submissions",
    "email_events", "subscription_changes", "contacts_web_analytics", "contacts_property_history", "associations",
)  # fmt: skip
ADDRESSES = (
    "ada.lovelace@example.com", "ada@former.example.com", "ada@old.example.com", "lovelace@home.example.com",
)  # fmt: skip
"""Her primary address, its former value, that of the contact that was merged, and an additional one."""
COPIES = (".load/warehouse.duckdb", "warehouse.duckdb", "warehouse.previous.duckdb")
PHONE, BOB = "+44 20 7946 0001", "bob@example.com"
NEEDLES = (*ADDRESSES, "Ada Lovelace", PHONE)
EARLIER = 1_767_225_600_000


@dataclass(frozen=True)
class World:
    """The portal, a warehouse that read it and was published twice, and ids by name."""

    sandbox: Sandbox
    data: Path
    ids: dict[str, str]

    @property
    def theirs(self) -> set[str]:
        """Ids of the three contacts that are Ada."""
        return {self.ids[name] for name in ("ada", "ada_before", "ada_beside")}


def arrange(sandbox: Sandbox, sync: Callable[[], object]) -> dict[str, str]:
    """Ada, who was two contacts; Bob, who shares an e-mail, a meeting, a note and a file with her; Lee and Ashlee."""
    portal, ids = sandbox.portal, dict[str, str]()

    def make(name: str, kind: str, properties: dict[str, Any], *contacts: str) -> None:
        ids[name] = portal.create(kind, properties, id=None if ids else "7000000000")
        for contact in contacts:
            portal.associate(kind, ids[name], "contacts", ids[contact])

    portal.define_property("contacts", {"name": "seats", "label": "Seats", "type": "number", "fieldType": "number"})
    ada = {"firstname": "Ada", "lastname": "Lovelace"}
    make("ada_before", "contacts", ada | {"email": ADDRESSES[1], "phone": PHONE, "seats": "many, says Ada"})
    portal.update("contacts", ids["ada_before"], {"email": ADDRESSES[0], "hs_additional_emails": ADDRESSES[3]})
    make("ada_beside", "contacts", ada | {"email": ADDRESSES[2]})
    bob = {"firstname": "Bob", "lastname": "Byron", "phone": "+44 20 7946 0002"}
    make("bob", "contacts", bob | {"email": BOB, "seats": "few"})
    make("lee", "contacts", bob | {"email": "lee@example.com", "hs_additional_emails": BOB})
    make("ashlee", "contacts", {"email": "ashlee@example.com"})
    sync()
    ids["ada"] = portal.merge("contacts", ids["ada_before"], ids["ada_beside"])
    # as HubSpot does when it merges
    portal.update("contacts", ids["ada"], {"hs_additional_emails": f"{ADDRESSES[3]};{ADDRESSES[2]}"})
    make("acme", "companies", {"name": "Acme"})
    for name in ("ada", "bob"):
        portal.associate("contacts", ids[name], "companies", ids["acme"])
    _records(sandbox, make)
    portal.associate("notes", ids["her_note"], "companies", ids["acme"])
    _marketing(sandbox, ids)
    return ids


def _records(sandbox: Sandbox, make: Callable[..., None]) -> None:
    files = [sandbox.portal.put("file", {"name": name, "content": name}) for name in ("only hers", "of both")]
    make("her_note", "notes", {"hs_note_body": "Ada Lovelace likes it", "hs_attachment_ids": ";".join(files)}, "ada")
    make("their_note", "notes", {"hs_note_body": "Both agree", "hs_attachment_ids": files[1]}, "ada", "bob")
    people = [{"email": ADDRESSES[0], "firstName": "Ada"}, {"email": BOB, "firstName": "Bob"}]
    header = {"from": {"email": "us@example.com"}, "to": people, "cc": [], "bcc": []}
    make("their_email", "emails", {
        "hs_email_subject": "Offer", "hs_email_headers": json.dumps(header), "hs_email_to_firstname": "Ada;Bob",
        "hs_email_to_email": f"{ADDRESSES[0]};{BOB}",
    }, "ada", "bob")  # fmt: skip
    make("her_call", "calls", {"hs_call_to_number": PHONE}, "ada")
    make("their_meeting", "meetings", {"hs_guest_emails": f"{BOB};{ADDRESSES[2].upper()}"}, "ada", "bob")
    make("her_lead", "leads", {"hs_lead_name": "Ada Lovelace"}, "ada")
    make("their_deal", "deals", {"dealname": "First"}, "ada", "bob")
    make("her_ticket", "tickets", {"subject": "Help"}, "ada")


def _marketing(sandbox: Sandbox, ids: dict[str, str]) -> None:
    portal = sandbox.portal
    members, form = portal.add_list("everybody"), portal.put("form", {"name": "Contact us"})
    for name in ("ada", "bob"):
        portal.add_member(members, ids[name])
        portal.put("web_event", {"object": "contacts", "objectId": ids[name]}, at=EARLIER)
    for address in (*(one.upper() for one in ADDRESSES), BOB):
        values = [{"name": "email", "value": address}, {"name": "message", "value": "hello"}]
        change = {"recipient": address, "changes": [{"change": "SUBSCRIBED"}]}
        portal.put("form_submission", {"formId": form, "values": values}, at=EARLIER)
        portal.put("email_event", {"recipient": address, "type": "OPEN"}, at=EARLIER)
        portal.put("subscription_change", change, at=EARLIER)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serve(rate_limit=0) as server:
        sandbox = Sandbox(server)
        sandbox.config(rate_limit=0)
        given = of(sandbox, tmp_path_factory.mktemp("world") / "data")
        ids = arrange(sandbox, lambda: landed(run(given, streams=["contacts", "contacts_property_history"])))
        landed(run(given, streams=STREAMS))
        publish(given)
        publish(given)
        yield World(sandbox, given.data_dir, ids)


@pytest.fixture
def given(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a copy of the warehouse, for this process and its commands."""
    return copied(world, tmp_path / "data", monkeypatch)


def copied(world: World, data: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    shutil.copytree(world.data, data)
    monkeypatch.setenv("HUBSPOT_DATA_DIR", str(data))
    monkeypatch.setenv("HUBSPOT_BASE_URL", world.sandbox.url)
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    return of(world.sandbox, data)


@dataclass(frozen=True)
class Purged:
    """A copy of the warehouse from which Ada was purged with her records, and what it was before."""

    given: Settings
    left: set[str]
    stored: dict[str, set[str]]
    packages: int
    exit_code: int
    said: str


@pytest.fixture(scope="module")
def purged(world: World, tmp_path_factory: pytest.TempPathFactory) -> Purged:
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as monkeypatch, contextlib.redirect_stdout(out):
        given = copied(world, tmp_path_factory.mktemp("purged") / "data", monkeypatch)
        before = left(given.data_dir, world.theirs), stored(given), len(list(given.data_dir.rglob("*.parquet")))
        code = main(["purge", world.ids["ada_beside"], "--with-records"])
    return Purged(given, *before, code, out.getvalue())


def of(sandbox: Sandbox, data: Path) -> Settings:
    return chosen(settings(data, sandbox.url), CHOICE)


def cells(database: Path) -> Iterator[tuple[str, str, str]]:
    """(table, column, text) of every cell of a DuckDB file."""
    with duckdb.connect(str(database), read_only=True) as con:
        sql = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        for schema, name in con.execute(sql).fetchall():
            cursor = con.execute(f'SELECT COLUMNS(*)::VARCHAR FROM "{schema}"."{name}"')
            columns = [column[0] for column in cursor.description or ()]
            for row in cursor.fetchall():
                for column, text in zip(columns, row, strict=True):
                    yield f"{schema}.{name}", column, text or ""


def left(folder: Path, ids: set[str] = frozenset()) -> set[str]:  # type: ignore[assignment]
    """Files and tables below the folder that hold a needle, or one of the ids as a number of its own in a cell."""
    found, numbers = set(), re.compile(rf"(?<!\d)({'|'.join(ids) or '(?!)'})(?!\d)")
    for path in (path for path in folder.rglob("*") if path.is_file()):
        name, content = str(path.relative_to(folder)), path.read_bytes().lower()
        found |= {name for needle in NEEDLES if needle.lower().encode() in content}
        for table, column, text in cells(path) if path.suffix == ".duckdb" else ():
            if any(needle.lower() in text.lower() for needle in NEEDLES):
                found.add(f"{name}: {table}")
            if numbers.search(text) and not column.startswith("_"):
                found.add(f"{name}: {table}.{column}")
    return found


def stored(given: Settings) -> dict[str, set[str]]:
    """Rows of every table as texts."""
    with duckdb.connect(str(given.working), read_only=True) as con:
        tables = con.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'hubspot'").fetchall()
        return {
            name: {row for (row,) in con.execute(f'SELECT CAST(t AS VARCHAR) FROM hubspot."{name}" AS t').fetchall()}
            for (name,) in tables
        }


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_purged_person_is_in_no_table_and_no_file(world: World, purged: Purged) -> None:
    wanted = {"contacts", "contacts_property_history", "associations", "rejects", "engagements_notes", "leads",
              "engagements_emails", "engagements_meetings", "engagements_calls", "form_submissions", "email_events",
              "subscription_changes", "list_memberships", "contacts_web_analytics"}  # fmt: skip
    for copy in COPIES:
        assert wanted <= {place.removeprefix(f"{copy}: hubspot.").split(".")[0] for place in purged.left}, copy
    assert purged.packages
    assert purged.exit_code == 0, purged.said
    assert re.search(r"^0 traces in \d+ tables, \d+ files\.$", purged.said, re.MULTILINE)
    data = purged.given.data_dir
    assert left(data, world.theirs) == set()
    assert {path.read_text() for path in (data / "files").iterdir()} == {"of both"}
    assert not list(data.rglob("*.parquet"))


def test_restore_brings_nobody_back(world: World, purged: Purged) -> None:
    published = purged.given.published.stat().st_ino
    restore(purged.given)
    assert purged.given.published.stat().st_ino != published
    assert query("SELECT count(*) AS n FROM hubspot.contacts", purged.given)["n"][0] == 3
    assert left(purged.given.data_dir, world.theirs) == set()


def test_nobody_else_loses_anything(world: World, purged: Purged) -> None:
    given, after = purged.given, stored(purged.given)
    hers = {*ADDRESSES, *world.theirs, *(world.ids[name] for name in ("her_note", "her_call", "her_lead")), "only hers"}
    for table, texts in purged.stored.items():
        gone, come = texts - after[table], after[table] - texts
        assert [row for row in gone if not any(needle.lower() in row.lower() for needle in hers)] == [], table
        assert (len(come) > 0) == (table in ("engagements_emails", "engagements_meetings")), table
    assert rows(given, "SELECT email, first_name FROM hubspot.engagements_metadata_to") == [(BOB, "Bob")]
    sql = "SELECT properties_hs_email_to_email, properties->>'hs_email_to_firstname' FROM hubspot.engagements_emails"
    assert rows(given, sql) == [(BOB, "Bob")]
    assert rows(given, "SELECT properties->>'hs_guest_emails' FROM hubspot.engagements_meetings") == [(BOB,)]


def test_records_of_the_person_stay_without_their_links_unless_they_are_asked_for(
    world: World, given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["purge", ADDRESSES[0]]) == 1
    said = capsys.readouterr().out
    found = set(re.findall(r"^\.load/warehouse\.duckdb: hubspot\.(\w+) +(\d+) +([\w, ]+)$", said, re.MULTILINE))
    assert found == {("engagements_notes", "1", "name"), ("engagements_calls", "1", "phone"), ("leads", "1", "name")}
    # what is left is told: no more, no less
    assert left(given.data_dir) == {*COPIES, *(f"{copy}: hubspot.{table}" for table, _, _ in found for copy in COPIES)}
    assert {path.read_text() for path in (given.data_dir / "files").iterdir()} == {"only hers", "of both"}


def test_what_others_say_of_the_person_is_told_and_stays(
    world: World, given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with duckdb.connect(str(given.working)) as con:
        said = json.dumps({"hs_note_body": f"Ask\n{ADDRESSES[0].title()}, she knows"})
        con.execute("UPDATE hubspot.engagements_notes SET properties = ? WHERE id = ?", [said, world.ids["their_note"]])
    (given.data_dir / "list.txt").write_bytes(f"x{ADDRESSES[2].upper()}".encode())
    assert main(["purge", ADDRESSES[0], "--with-records"]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"^4 traces in \d+ tables, \d+ files", printed, re.MULTILINE)
    assert re.search(r"^warehouse\.duckdb: hubspot\.engagements_notes +1 +address$", printed, re.MULTILINE)
    assert re.search(r"^list\.txt +address$", printed, re.MULTILINE)
    assert "she knows" in str(rows(given, "SELECT properties FROM hubspot.engagements_notes"))


def test_a_person_is_found_by_every_id_and_address_in_any_case(world: World) -> None:
    for who in (ADDRESSES[1], ADDRESSES[2].upper(), f" {ADDRESSES[3]} ", world.ids["ada"], world.ids["ada_beside"]):
        person = purge.find(of(world.sandbox, world.data), who)
        assert person.ids == world.theirs, who
        assert person.addresses >= set(ADDRESSES), who
        assert {needle.kind for needle in needles(person)} == {"address", "name", "phone", "id"}


def test_what_two_people_have_tells_neither_and_joins_them_not(world: World) -> None:
    given = of(world.sandbox, world.data)
    assert purge.find(given, BOB).ids == {world.ids["bob"]}
    lee = purge.find(given, world.ids["lee"])
    assert (lee.ids, lee.addresses) == ({world.ids["lee"]}, {"lee@example.com"})
    assert (lee.names, lee.phones) == (set(), set()), "Bob has the same"


def test_an_address_inside_another_one_is_told_apart(
    world: World, given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["purge", "lee@example.com"]) == 0
    assert "0 traces" in capsys.readouterr().out
    stored_ = {row[0] for row in rows(given, "SELECT properties_email FROM hubspot.contacts WHERE deletion IS NULL")}
    assert stored_ == {ADDRESSES[0], BOB, "ashlee@example.com"}


def test_a_purge_that_was_cut_short_is_ended_by_the_next_one(world: World, given: Settings) -> None:
    with locked(given):
        purge.remove(given, purge.find(given, ADDRESSES[0]), with_records=True)
    assert left(given.data_dir, world.theirs)
    assert main(["purge", ADDRESSES[0], "--with-records"]) == 0
    assert left(given.data_dir, world.theirs) == set()


def test_content_whose_row_is_gone_is_a_trace_and_goes_with_any_purge(
    world: World, given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = given.data_dir / "files"
    for name in ("999_from_a_note_that_is_gone.zip", ".999_half.zip.4711", "mine.zip"):
        (folder / name).write_bytes(b"compressed")
    with duckdb.connect(str(given.working)) as con:
        con.execute("UPDATE hubspot.files SET content_path = NULL")  # as when rows came anew and their content did not
    names = {path.name for path in folder.iterdir()}
    proof = traces.search(given, purge.find(given, "lee@example.com"))
    unknown = {Path(one.place).name for one in proof.traces if one.kinds == ("attached to nothing",)}
    assert unknown == {"999_from_a_note_that_is_gone.zip", ".999_half.zip.4711"}
    assert main(["purge", "lee@example.com"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^files on disk +2$", said, re.MULTILINE)
    assert "0 traces" in said
    assert {path.name for path in folder.iterdir()} == names - unknown


def test_a_dry_run_says_what_would_go_and_changes_nothing(
    world: World, given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = digests(given.data_dir)
    for more in ([], ["--with-records"]):
        assert main(["purge", ADDRESSES[0], "--dry-run", *more]) == 0
        said = capsys.readouterr().out
        listed = {name: int(rows) for name, rows in re.findall(r"^(\S.*?) {2,}(\d+)$", said, re.MULTILINE)}
        wanted = {"hubspot.contacts": 3, "hubspot.form_submissions": 4, "hubspot.rejects": 2,
                  "hubspot.engagements_emails (participants)": 1}  # fmt: skip
        records = {"hubspot.engagements_notes": 1, "hubspot.engagements_calls": 1, "files on disk": 1}
        assert listed.items() >= (wanted | records if more else wanted).items()
        assert more or not listed.keys() & records.keys()
    assert digests(given.data_dir) == before


def test_who_is_not_there_is_said_and_nothing_is_changed(given: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = digests(given.data_dir)
    for who, message in (("nobody@example.com", "Nobody"), ("12", "Nobody"), ("Ada", "neither")):
        assert main(["purge", who, "--dry-run"]) == main(["purge", who]) == 2
        assert capsys.readouterr().err.count(message) == 2
    assert digests(given.data_dir) == before


def test_a_run_that_works_and_a_program_that_reads_keep_a_purge_from_beginning(
    world: World, given: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = left(given.data_dir, world.theirs)
    with locked(given):
        assert main(["purge", ADDRESSES[0]]) == 2
    assert "is writing" in capsys.readouterr().err
    script = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    command = [sys.executable, "-c", script, str(given.working)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        assert main(["purge", ADDRESSES[0]]) == 2
        reader.communicate("\n")
    assert "Another program has" in capsys.readouterr().err
    assert left(given.data_dir, world.theirs) == before


def test_of_tables_that_models_made_the_persons_rows_go_and_rows_of_others_lose_only_what_names_them(
    world: World, given: Settings
) -> None:
    ada, bob, note = (world.ids[name] for name in ("ada", "bob", "her_note"))
    with duckdb.connect(str(given.working)) as con:
        con.execute(f"""
            CREATE SCHEMA mine;
            CREATE TABLE mine.people AS SELECT unnest(['contact:{ada}', 'contact:{bob}']) AS person_id, 'x' AS city;
            CREATE TABLE mine.notes AS SELECT unnest(['notes:{note}', 'notes:1']) AS engagement_key, 'said' AS body;
            CREATE TABLE mine.links AS SELECT 'contacts' AS object_type, unnest(['{ada}', '{bob}']) AS object_id;
            CREATE TABLE mine.firms AS SELECT 'Acme' AS name, 7 AS seats, '{ada}' AS main_contact_id,
                ['{bob}', '{ada}'] AS contact_ids, 'Write to {ADDRESSES[3].upper()}.' AS memo
        """)
    with locked(given):
        purge.remove(given, purge.find(given, ada), with_records=True)
    assert rows(given, "FROM mine.people") == [(f"contact:{bob}", "x")]
    assert rows(given, "FROM mine.notes") == [("notes:1", "said")]
    assert rows(given, "FROM mine.links") == [("contacts", bob)]
    assert rows(given, "FROM mine.firms") == [("Acme", 7, None, None, None)]


def test_a_hashed_address_is_found_by_what_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    ada, bob = ({"op": "create", "object": "contacts", "properties": {"email": one}} for one in (ADDRESSES[0], BOB))
    (ada_id, bob_id) = sandbox.mutate(ada, bob)
    hidden = chosen(settings(tmp_path / "data", sandbox.url), "hash: {contacts: [email]}")
    landed(run(hidden, streams=["contacts"]))
    person = purge.find(hidden, ADDRESSES[0].upper())
    assert person.ids == {ada_id}
    with locked(hidden):
        purge.remove(hidden, person, with_records=False)
        purge.seal(hidden)
    assert traces.search(hidden, person).traces == []
    assert rows(hidden, "SELECT id FROM hubspot.contacts") == [(bob_id,)]


def test_who_is_deleted_in_hubspot_stays_away_and_the_next_sync_is_green(world: World, given: Settings) -> None:
    """The one test that changes the portal; no other reads it."""
    person = purge.find(given, ADDRESSES[0])
    with locked(given):
        purge.remove(given, person, with_records=True)
        purge.seal(given)
    deleted = ({"op": "gdpr_delete", "id": world.ids["ada"]},
               *({"op": "forget", "object": kind, "id": world.ids[name]}
                 for name, kind in (("her_note", "notes"), ("their_email", "emails"))))  # fmt: skip
    world.sandbox.mutate(*deleted)
    landed(run(given, streams=["contacts", "engagements_notes", "engagements_emails", "forms", "form_submissions",
                               "email_events", "list_memberships"]))  # fmt: skip
    assert traces.search(given, person).traces == []
    assert left(given.data_dir, world.theirs) == set()


@pytest.mark.slow
def test_marts_are_built_anew_and_dagsters_history_shows_the_person_no_more(
    story: Story,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = tmp_path / "data"
    shutil.copytree(story.data, data)
    monkeypatch.setenv("HUBSPOT_DATA_DIR", str(data))
    given = settings(data, "http://127.0.0.1:9")
    email, name = "ada@acme.test", "Augusta"

    def places() -> set[str]:
        found = set()
        for path in (path for path in data.rglob("*") if path.is_file()):
            texts = {text for _, _, text in cells(path)} if path.suffix == ".duckdb" else ()
            if any(word.encode() in path.read_bytes() or word in texts for word in (email, name)):
                found.add(path.relative_to(data).parts[0])
        return found

    assert places() == {".load", "dagster_home", "warehouse.duckdb", "warehouse.previous.duckdb"}
    monkeypatch.setattr(sys, "argv", ["hubspot-pipeline", "purge", email])  # what a program writes down of its start
    assert main(sys.argv[1:]) == 0, capsys.readouterr()
    assert "0 traces in" in capsys.readouterr().out
    assert places() == set()
    assert rows(given, "SELECT count(*) FROM marts.people") == [(0,)]
    assert rows(given, "SELECT count(*) FROM marts.customers") == [(2,)]
    with dg.DagsterInstance.from_config(str(data / "dagster_home")) as history:
        copied = replace(story, history=history)
        assert copied.landed("first")["marts/people"]["preview"].value == REMOVED
        assert copied.landed("first")["marts/people"]["dagster/row_count"].value == 1
        newest = history.get_latest_materialization_event(dg.AssetKey(["marts", "people"]))
        assert newest is not None
        assert newest.asset_materialization is not None
        assert newest.asset_materialization.metadata["dagster/row_count"].value == 0
        assert newest.run_id not in {run["id"] for run in story.runs.values() if "id" in run}

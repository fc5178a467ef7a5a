"""What `check` tells of a credential, the stop before a sync that takes more than today's share, and `discover`."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline import custom_objects
from hubspot_pipeline.choice import Choice
from hubspot_pipeline.cli import parser
from hubspot_pipeline.errors import ConfigError, CredentialError, WrongPortal
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline.streams import STREAMS, Streams, smallest_scopes
from hubspot_pipeline.warehouse.budget import budget
from hubspot_pipeline.warehouse.check import Report, Row, check
from hubspot_pipeline.warehouse.rights import can_write
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import fill
from hubspot_pipeline_tests.runs import ROOT, landed, only, settings

HOSTILE = "Machines\x1b]0;owned\x07\x1b[2J\u202e\nsafe"


def _with_scopes(sandbox: Sandbox, given: Settings, *scopes: str) -> Settings:
    """The same settings with a token that has these scopes."""
    sandbox.post("tokens", {"token": "pat-few", "scopes": list(scopes)})
    return replace(given, credential=Credential(access_token=Secret("pat-few")))


def _rows(report: Report) -> dict[str, Row]:
    return {row.stream: row for row in report.streams}


def _command(given: Settings, *words: str) -> int:
    """A command as the terminal gives it, with these settings in place of those of the environment."""
    arguments = parser().parse_args(words)
    return int(arguments.act(given, arguments))


def _process(data_dir: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`hubspot-pipeline` as a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HUBSPOT_")}
    command = [sys.executable, "-m", "hubspot_pipeline.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=clean | {"HUBSPOT_DATA_DIR": str(data_dir)} | env,
                          capture_output=True, text=True, timeout=120)  # fmt: skip


def test_a_token_with_few_scopes_is_told_which_ones_each_stream_lacks(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, [11, 12, 13])
    given = only(settings(tmp_path / "none", sandbox.url), "contacts", "deals", "deal_pipelines", "owners", "tickets",
                  "deal_splits", "engagements_emails", "associations")  # fmt: skip
    report = check(_with_scopes(sandbox, given, "oauth", "crm.objects.contacts.read", "automation"))
    rows = _rows(report)
    contacts = rows["contacts"]
    assert (contacts.readable, contacts.visible, contacts.granted) == (True, 3, ("crm.objects.contacts.read",))
    assert (contacts.properties or 0) > (contacts.custom or 0) == 0
    assert (rows["deals"].readable, rows["deals"].missing) == (False, ("crm.objects.deals.read",))
    assert (rows["tickets"].readable, rows["tickets"].missing) == (False, ("tickets",))
    assert rows["deal_splits"].missing == ("crm.objects.deals.read",)  # without deals there is nothing to ask about
    assert (rows["owners"].readable, rows["owners"].granted, rows["owners"].missing) == (True, ("automation",), ())
    # it answers with the scope of contacts, but with what the e-mails say left out: a run does not read it
    assert not rows["engagements_emails"].readable
    assert rows["engagements_emails"].missing == ("sales-email-read",)
    assert rows["associations"].readable
    assert not (tmp_path / "none").exists()


def test_what_a_plan_lacks_is_told_apart_from_scopes(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, [11])
    sandbox.config(unavailable=["leads"], web_analytics=False, custom_objects=False)
    report = check(
        only(settings(tmp_path, sandbox.url), "contacts", "leads", "contacts_web_analytics", "object_schemas")
    )
    rows = _rows(report)
    lacking = {name: row.plan for name, row in rows.items() if not row.readable}
    assert lacking == {
        "leads": "Sales Hub Professional", "contacts_web_analytics": "Enterprise", "object_schemas": "Enterprise",
    }  # fmt: skip
    assert [rows[name].missing for name in lacking] == [()] * 3
    assert "plan" in report.discovery


def test_writing_scopes_that_nothing_needs_are_named(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = only(settings(tmp_path, sandbox.url), "contacts", "tickets", "deals", "deal_splits", "owners")
    given = _with_scopes(
        sandbox, given, "oauth", "crm.objects.contacts.read", "crm.objects.contacts.write", "tickets", "automation",
        "crm.objects.owners.read", "crm.objects.deals.read", "crm.dealsplits.read_write", "crm.schemas.deals.write",
    )  # fmt: skip
    # tickets and deal splits cannot be read with less
    assert check(given).spare_writes == ["automation", "crm.objects.contacts.write", "crm.schemas.deals.write"]
    assert _command(given, "check") == 0
    assert "The token could write with automation, crm.objects.contacts.write" in capsys.readouterr().out


def test_reading_scopes_are_not_taken_for_writing_ones() -> None:
    broad = {scope for stream in STREAMS for scope in stream.scopes if can_write(scope)}
    assert broad == {
        "tickets", "e-commerce", "automation", "forms", "content", "files", "marketing.email.write",
        "crm.dealsplits.read_write", "communication_preferences.read_write",
        "behavioral_events.event_definitions.read_write",
    }  # fmt: skip


def test_links_that_the_token_may_not_read_are_named(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, [11], object_type="deals")
    refusal = {"status": "error", "message": "no", "category": "MISSING_SCOPES", "errors": [
        {"message": "no", "context": {"requiredGranularScopes": ["crm.objects.line_items.read"]}}]}  # fmt: skip
    fault = {"match": "POST /crm/associations/.*/deals/line_items/", "status": 403, "body": refusal, "times": None}
    sandbox.post("faults", {"faults": [fault]})
    report = check(only(settings(tmp_path, sandbox.url), "deals", "associations"))
    assert [pair[:2] for pair in report.refused_links] == [("deals", "line_items")]
    assert "crm.objects.line_items.read" in report.refused_links[0][2]


def test_streams_that_are_off_and_readable_are_one_line(sandbox: Sandbox, tmp_path: Path) -> None:
    given = only(settings(tmp_path, sandbox.url), "contacts")
    sandbox.config(unavailable=["workflows"])  # for which the scope is not enough
    scopes = ("oauth", "crm.objects.contacts.read", "forms", "crm.lists.read", "automation")
    report = check(_with_scopes(sandbox, given, *scopes))
    off = set(report.off_readable)
    assert {
        "engagements_calls",
        "forms",
        "form_submissions",
        "contact_lists",
        "contacts_web_analytics",
        "owners",
    } <= off
    assert {"contacts", "deals", "email_events", "workflows"} & off == set()


def test_a_name_in_hubspot_yaml_that_the_portal_lacks_ends_the_check(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "hubspot.yaml").write_text("properties: {contacts: [emial]}\n", encoding="utf-8")
    given = replace(settings(tmp_path / "data", sandbox.url), choice=Choice.load(tmp_path))
    with pytest.raises(ConfigError, match="Did you mean email"):
        _command(given, "check")
    assert not (tmp_path / "data").exists()


def test_a_check_says_when_the_credential_is_refused_or_of_another_portal(sandbox: Sandbox, tmp_path: Path) -> None:
    given = only(settings(tmp_path, sandbox.url), "owners")
    with pytest.raises(CredentialError):
        check(replace(given, credential=Credential(access_token=Secret("no-such-token"))))
    landed(run(given))
    sandbox.post("tokens", {"token": "pat-other", "scopes": None, "portal_id": 4711})
    other = replace(given, credential=Credential(access_token=Secret("pat-other")))
    for words in (("check",), ("discover",)):
        with pytest.raises(WrongPortal):
            _command(other, *words)


def test_the_scopes_to_paste_need_neither_token_nor_network(tmp_path: Path) -> None:
    done = _process(tmp_path / "none", "check", "--scopes")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == list(smallest_scopes(stream for stream in STREAMS if stream.default))
    assert not (tmp_path / "none").exists()


def test_the_scopes_to_paste_open_also_what_chosen_streams_hang_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = only(settings(tmp_path, "http://127.0.0.1:9"), "deal_splits", "list_memberships")
    assert _command(given, "check", "--scopes") == 0
    assert sorted(capsys.readouterr().out.split()) == [
        "crm.dealsplits.read_write", "crm.lists.read", "crm.objects.deals.read",
    ]  # fmt: skip


def test_a_sync_that_takes_more_than_todays_share_stops_before_it_reads(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, list(range(1_001, 3_001)))
    sandbox.config(daily_limit=60)
    given = only(settings(tmp_path, sandbox.url, daily_share=0.5), "contacts")
    with pytest.raises(ConfigError) as refused:
        _command(given, "sync", "--no-marts")
    words = str(refused.value)
    # 21 pages, 2 definitions, 2 counts, the recycle bin, 2 calls for links, the account, custom objects; 5 were made
    assert "is expected to make 30 calls. Today 25 are left for this pipeline: 55 of the portal's 60 calls" in words
    assert "sync --yes" in words
    assert not given.working.exists()

    # so does one whose share is used up by counting
    env = {"HUBSPOT_ACCESS_TOKEN": sandbox.token, "HUBSPOT_BASE_URL": sandbox.url}
    done = _process(tmp_path, "sync", **env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yes" in done.stderr


def test_yes_begins_all_the_same_and_goes_on_day_after_day(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, list(range(1_001, 3_001)))
    sandbox.config(daily_limit=40)
    given = only(settings(tmp_path, sandbox.url, daily_share=0.5), "contacts")
    assert _command(given, "sync", "--yes", "--no-marts") == 3
    for _ in range(3):
        sandbox.post("clock", {"advance_ms": 86_400_000})
        code = _command(given, "sync", "--yes", "--no-marts")
        if code == 0:
            break
    assert code == 0


def test_a_warehouse_that_was_synced_tells_without_a_call(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, [1_001])
    given = only(settings(tmp_path, sandbox.url), "contacts", "owners")
    first = budget(given)
    assert first is not None
    assert "is expected to make" in first.line()
    landed(run(given))
    sandbox.delete("calls")
    assert budget(given) is None
    assert sandbox.calls() == []
    # what is chosen anew is counted, all that is read again is told
    assert budget(only(given, "contacts", "owners", "companies")) is None
    again = budget(given, full=True)
    assert again is not None
    assert again.calls <= first.calls


def test_an_oauth_app_is_told_no_daily_limit_and_goes_on(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.post("oauth", {"client_id": "app", "client_secret": "s", "refresh_token": "r",
                           "scopes": ["crm.objects.contacts.read"]})  # fmt: skip
    sandbox.config(daily_limit=1)
    app = Credential(client_id="app", client_secret=Secret("s"), refresh_token=Secret("r"))
    given = replace(only(settings(tmp_path, sandbox.url), "contacts"), credential=app)
    expected = budget(given)
    assert expected is not None
    assert "no daily limit" in expected.line()
    expected.require()
    report = check(given)
    assert (report.credential, report.daily_limit) == ("OAuth app", None)


def _schema(sandbox: Sandbox, name: str, label: str) -> str:
    """A custom object that is linked to contacts; its type id."""
    schema = {"name": name, "labels": {"singular": label, "plural": label}, "primaryDisplayProperty": "title",
              "properties": [{"name": "title", "label": "Title", "type": "string", "fieldType": "text"}],
              "associatedObjects": ["CONTACT"]}  # fmt: skip
    return str(sandbox.mutate({"op": "define_schema", "schema": schema})[0])


def test_discover_writes_custom_objects_down_and_a_hostile_label_steers_nothing(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    type_id = _schema(sandbox, "machine", HOSTILE)
    given = settings(tmp_path, sandbox.url)
    assert _command(given, "discover") == 0
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("machine")]
    assert type_id in line
    assert "contacts" in line
    assert line.endswith("yes")
    assert "Reload" in out
    assert all(c.isprintable() or c == "\n" for c in out)
    assert [stream.name for stream in custom_objects.read(tmp_path)] == ["machine"]
    assert not given.working.exists()

    assert _command(given, "check") == 0
    out = capsys.readouterr().out
    assert "\nmachine " in out
    assert all(c.isprintable() or c == "\n" for c in out)
    assert _command(given, "discover") == 0
    assert "Reload" not in capsys.readouterr().out  # nothing is new


@pytest.mark.parametrize("lack", ["plan", "scope"])
def test_discover_without_plan_or_scope_says_so_and_keeps_what_is_known(
    sandbox: Sandbox, tmp_path: Path, capsys: pytest.CaptureFixture[str], lack: str
) -> None:
    _schema(sandbox, "machine", "Machines")
    given = settings(tmp_path, sandbox.url)
    assert _command(given, "discover") == 0
    kept = json.loads((tmp_path / custom_objects.FILE).read_text())
    capsys.readouterr()
    given = replace(given, streams=Streams(custom_objects.read(tmp_path)))
    if lack == "plan":
        sandbox.config(custom_objects=False)
    else:
        given = _with_scopes(sandbox, given, "oauth", "crm.objects.contacts.read")
    assert _command(given, "discover") == 0
    out = capsys.readouterr().out
    wanted: dict[str, Any] = {"plan": "the portal's plan", "scope": "crm.schemas.custom.read"}
    assert wanted[lack] in out
    assert "machine" in out
    assert json.loads((tmp_path / custom_objects.FILE).read_text()) == kept

"""The kept login: who can read it, which credential wins, and refreshes by several threads and processes."""

import json
import logging
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline import credentials
from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.credentials import Credential, Login, Secret
from hubspot_pipeline.errors import ConfigError, CredentialError
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests import runs
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.logging_in import CONTACTS, SECRET, app, command, environment, login_of, settings
from hubspot_pipeline_tests.reading import asked, client

OWNERS = "/crm/owners/2026-03"
EMPTY = '{"portal_id":"1","client_id":"app","refresh_token":"","scopes":[],"granted_at":"2026-11-02T10:00:00Z"}'
ALONE = """
import sys
from pathlib import Path
from hubspot_pipeline.api.client import Client
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
sys.stdout.write(str(len(Client(Settings.load(Path(sys.argv[1]))).auth.token())))
"""
"""One refresh in a process of its own."""


def keeps(sandbox: Sandbox, folder: Path, refresh_token: str = "na1-first", **given: Any) -> Login:
    """The folder of somebody who logged in."""
    portal = str(sandbox.portal.portal_id)
    login = Login(portal, "app", Secret(refresh_token), (CONTACTS, "oauth"), datetime(2026, 11, 2, tzinfo=UTC))
    login = replace(login, **given)
    credentials.keep(folder / "credentials.json", login)
    return login


def reads(one: Client) -> int:
    return len(one.get(OWNERS, parse=unnest.page, meter=Meter()).results)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_only_its_owner_can_read_a_login(sandbox: Sandbox, tmp_path: Path, umask: int) -> None:
    file = tmp_path / "credentials.json"
    tmp_path.chmod(0o750)
    before = os.umask(umask)
    try:
        for _ in range(2):
            keeps(sandbox, tmp_path)
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        os.umask(before)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750
    assert [path.name for path in tmp_path.iterdir()] == ["credentials.json"]


def test_a_login_holds_neither_the_client_secret_nor_an_access_token(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-first", rotate=True)
    keeps(sandbox, tmp_path)
    one = Client(settings(sandbox, tmp_path, with_login=True))
    assert reads(one) == 0
    text = (tmp_path / "credentials.json").read_text(encoding="utf-8")
    assert set(json.loads(text)) == {"portal_id", "client_id", "refresh_token", "scopes", "granted_at"}
    assert not [secret for secret in (SECRET, one.auth.token().reveal(), "na1-first") if secret in text]
    shown = repr(login_of(tmp_path)) + repr(settings(sandbox, tmp_path, with_login=True)) + repr(vars(one.auth))
    assert not [secret for secret in (SECRET, json.loads(text)["refresh_token"]) if secret in shown]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_login_that_others_can_read_or_change_is_refused(sandbox: Sandbox, tmp_path: Path, mode: int) -> None:
    keeps(sandbox, tmp_path)
    file = tmp_path / "credentials.json"
    file.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 600 {file}"):
        settings(sandbox, tmp_path, with_login=True)
    done = command("check", env=environment(sandbox, tmp_path))
    assert done.returncode == 2
    assert "na1-first" not in done.stdout + done.stderr
    assert sandbox.calls() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"portal_id": 1}', "\ufeff{}", EMPTY, b"\xff\xfe"])
def test_a_damaged_login_is_told_without_its_content(sandbox: Sandbox, tmp_path: Path, content: str | bytes) -> None:
    file = tmp_path / "credentials.json"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="is damaged") as caught:
        settings(sandbox, tmp_path, with_login=True)
    assert caught.value.__cause__ is None


def test_a_write_that_fails_leaves_the_old_login(sandbox: Sandbox, tmp_path: Path) -> None:
    first = keeps(sandbox, tmp_path)
    with pytest.raises(TypeError):
        keeps(sandbox, tmp_path, granted_at=object())  # what cannot be written
    assert login_of(tmp_path) == first
    blocked = tmp_path / "folder" / "credentials.json"
    blocked.mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        credentials.keep(blocked, first)
    assert [path.name for path in blocked.parent.iterdir()] == ["credentials.json"]


def test_a_token_of_the_settings_wins_over_a_login(sandbox: Sandbox, tmp_path: Path) -> None:
    keeps(sandbox, tmp_path)
    chosen = settings(sandbox, tmp_path, with_login=True).credential
    assert (chosen.refresh_token.reveal(), chosen.kept_in) == ("na1-first", tmp_path / "credentials.json")
    private = settings(sandbox, tmp_path, with_login=True, HUBSPOT_ACCESS_TOKEN=TOKEN).credential
    assert (private.access_token.reveal(), private.is_oauth) == (TOKEN, False)
    own = settings(sandbox, tmp_path, with_login=True, HUBSPOT_REFRESH_TOKEN="na1-own").credential
    assert (own.refresh_token.reveal(), own.kept_in) == ("na1-own", None)


def test_the_client_id_may_come_from_the_login(sandbox: Sandbox, tmp_path: Path) -> None:
    keeps(sandbox, tmp_path)
    assert settings(sandbox, tmp_path, with_login=True, HUBSPOT_CLIENT_ID="").credential.client_id == "app"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"HUBSPOT_ACCESS_TOKEN": TOKEN, "HUBSPOT_REFRESH_TOKEN": "na1-own"}, "are both set"),
        ({"HUBSPOT_REFRESH_TOKEN": "na1-own", "HUBSPOT_CLIENT_SECRET": ""}, "all three settings; HUBSPOT_CLIENT_SEC"),
        ({"HUBSPOT_CLIENT_ID": "other"}, "HUBSPOT_CLIENT_ID is other"),
        ({"HUBSPOT_CLIENT_SECRET": ""}, "needs HUBSPOT_CLIENT_SECRET"),
    ],
)
def test_settings_that_contradict_each_other_or_the_login_are_errors(
    sandbox: Sandbox, tmp_path: Path, given: dict[str, str], words: str
) -> None:
    keeps(sandbox, tmp_path)
    with pytest.raises(ConfigError, match=words) as caught:
        settings(sandbox, tmp_path, with_login=True, **given)
    assert not [secret for secret in (TOKEN, "na1-own", SECRET) if secret in str(caught.value)]


def test_env_and_dotenv_are_one_set_of_settings(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"HUBSPOT_ACCESS_TOKEN={TOKEN}\n", encoding="utf-8")
    app_only = {"HUBSPOT_CLIENT_ID": "app", "HUBSPOT_CLIENT_SECRET": SECRET, "HUBSPOT_REFRESH_TOKEN": "na1-own"}
    with pytest.raises(ConfigError, match="both set"):
        Settings.load(tmp_path, app_only)
    chosen = Settings.load(tmp_path, {**app_only, "HUBSPOT_ACCESS_TOKEN": ""}).credential
    assert chosen.refresh_token.reveal() == "na1-own"


def test_a_replaced_refresh_token_is_there_for_the_next_process(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-first", rotate=True)
    keeps(sandbox, tmp_path)
    seen = {"na1-first"}
    for _ in range(2):
        done = command("check", env=environment(sandbox, tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        current = login_of(tmp_path).refresh_token.reveal()
        assert current not in seen
        assert current not in done.stdout
        seen.add(current)
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600


def test_processes_that_hold_the_same_login_refresh_one_after_the_other(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-first", rotate=True)
    keeps(sandbox, tmp_path)
    sandbox.config(latency_ms=50)
    line = [sys.executable, "-c", ALONE, str(tmp_path)]
    env = {**os.environ, **environment(sandbox, tmp_path)}
    others = [
        subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    one = Client(settings(sandbox, tmp_path, with_login=True))
    assert reads(one) == 0
    for other in others:
        said, errors = other.communicate(timeout=60)
        assert (other.returncode, errors) == (0, ""), errors
        assert int(said) > 200
    # the first client's own refresh token was spent by the others meanwhile
    sandbox.post("clock", {"advance_ms": 1_800_001})
    assert reads(one) == 0
    assert asked(sandbox, "/oauth/{v}/token") == 5


def test_eight_threads_refresh_a_rotating_login_once(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-first", rotate=True)
    keeps(sandbox, tmp_path)
    one = Client(settings(sandbox, tmp_path, with_login=True))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: reads(one), range(16))) == [0] * 16
    assert asked(sandbox, "/oauth/") == 1


def test_a_replaced_refresh_token_of_the_settings_is_warned_about(
    sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app(sandbox, refresh_token="na1-own", rotate=True)
    given = settings(sandbox, tmp_path, HUBSPOT_REFRESH_TOKEN="na1-own")
    one = Client(given)
    with caplog.at_level(logging.WARNING):
        assert reads(one) == 0
    assert "HUBSPOT_REFRESH_TOKEN" in caplog.text
    assert "hubspot-pipeline login" in caplog.text
    assert "na1-" not in caplog.text
    assert list(tmp_path.iterdir()) == []
    sandbox.post("clock", {"advance_ms": 1_800_001})
    assert reads(one) == 0
    with pytest.raises(CredentialError, match="set the new HUBSPOT_REFRESH_TOKEN"):
        reads(Client(given))


def test_a_revoked_login_says_to_log_in_again(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-of-another-install")
    keeps(sandbox, tmp_path)
    done = command("check", env=environment(sandbox, tmp_path))
    assert done.returncode == 2
    assert "was the app uninstalled?" in done.stderr
    assert "`hubspot-pipeline login`" in done.stderr
    assert "na1-first" not in done.stdout + done.stderr


def test_a_run_notices_that_its_login_was_deleted_or_is_another_ones(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-first")
    keeps(sandbox, tmp_path)
    one, two = (Client(settings(sandbox, tmp_path, with_login=True)) for _ in range(2))
    keeps(sandbox, tmp_path, portal_id="4711")
    with pytest.raises(CredentialError, match="another portal"):
        reads(one)
    (tmp_path / "credentials.json").unlink()
    with pytest.raises(CredentialError, match="deleted meanwhile"):
        reads(two)
    assert asked(sandbox, "/oauth/") == 0


def test_a_replaced_private_token_says_that_its_scopes_may_be_why(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.post("tokens", {"token": TOKEN, "revoked": True})
    with pytest.raises(CredentialError, match="changing its scopes") as caught:
        reads(client(sandbox, credential=Credential(access_token=Secret(TOKEN))))
    assert TOKEN not in str(caught.value)


def test_a_sync_with_a_login_leaves_its_secrets_in_one_file(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-first", rotate=True, scopes=["crm.objects.owners.read"])
    keeps(sandbox, tmp_path)
    given = replace(settings(sandbox, tmp_path, with_login=True), backoff=0.0)
    runs.landed(run(given, streams=["owners"]))
    current = login_of(tmp_path).refresh_token.reveal()
    assert current != "na1-first"
    holders = [
        path.relative_to(tmp_path).as_posix()
        for path in tmp_path.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in (current, "na1-first", SECRET))
    ]
    assert holders == ["credentials.json"]

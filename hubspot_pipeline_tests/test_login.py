"""`login` and `logout`: the authorization-code flow against the sandbox's consent page, and each way it can fail."""

import errno
import re
import socket
import stat
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from hubspot_pipeline.api.auth import REVOKE_PATH
from hubspot_pipeline.api.client import TOKEN_INFO_PATH, Client, Meter
from hubspot_pipeline.api.login import CONSENT_URL, Attempt, login
from hubspot_pipeline.api.scopes import granted_scopes
from hubspot_pipeline.credentials import Login
from hubspot_pipeline.errors import ConfigError, CredentialError, HubSpotError, WrongPortal
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.settings import Credential, Secret
from hubspot_pipeline.streams import CORE_SCOPES, STREAMS, install_scopes, smallest_scopes
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline.warehouse.store import portal_of
from hubspot_pipeline_tests import runs
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.logging_in import (
    CONTACTS,
    SCOPES,
    SECRET,
    Person,
    app,
    command,
    environment,
    free_port,
    link_in,
    login_of,
    pasted,
    settings,
    visit,
)
from hubspot_pipeline_tests.reading import asked, client


@pytest.fixture(autouse=True)
def no_real_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser of whoever runs the tests stays closed; `Person` goes where the link leads."""
    monkeypatch.setenv("BROWSER", "true")


def logs_in(sandbox: Sandbox, folder: Path, person: Person, portal_id: str | None = None, **given: str) -> Login:
    try:
        return login(
            settings(sandbox, folder, with_login=False, **given),
            portal_id,
            port=free_port(),
            scopes=SCOPES,
            tell=person.hears,
        )
    finally:
        person.done()


def refused(sandbox: Sandbox, folder: Path, words: str, person: Person | None = None, *,
            portal_id: str | None = None, kind: type[ConfigError] = CredentialError, **given: str) -> str:  # fmt: skip
    """The message of a login that has to fail, after which nothing is stored and no secret was told."""
    person = person or Person()
    with pytest.raises(kind, match=words) as caught:
        logs_in(sandbox, folder, person, portal_id, **given)
    assert not (folder / "credentials.json").exists()
    code = parse_qs(urlsplit(person.address).query).get("code", ["nothing"])[0]
    assert not [secret for secret in (SECRET, code) if secret in person.told + str(caught.value)]
    return str(caught.value)


def test_a_login_in_the_browser_keeps_what_the_next_run_needs(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    person = Person()
    granted = logs_in(sandbox, tmp_path, person)
    assert (granted.portal_id, granted.client_id) == (str(sandbox.portal.portal_id), "app")
    assert set(granted.scopes) == {"oauth", CONTACTS, "tickets", "forms"}
    assert login_of(tmp_path) == granted
    assert str(sandbox.portal.portal_id) in person.told
    one = Client(settings(sandbox, tmp_path, with_login=True))
    assert one.get("/crm/objects/2026-03/contacts", parse=unnest.page, meter=Meter()).results == []


def test_the_link_asks_for_what_is_checked_later(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    people = [Person(), Person()]
    for person in people:
        logs_in(sandbox, tmp_path, person)
    asked_for = [parse_qs(urlsplit(link_in(person.told)).query) for person in people]
    for query in asked_for:
        assert query["scope"] == [f"oauth {CONTACTS}"]
        assert query["optional_scope"] == ["tickets forms"]
        assert query["code_challenge_method"] == ["S256"]
        assert re.fullmatch(r"http://localhost:\d+/callback", query["redirect_uri"][0])
    for name in ("state", "code_challenge"):
        assert len({query[name][0] for query in asked_for}) == 2
        assert min(len(query[name][0]) for query in asked_for) >= 43
    assert (
        Attempt.begin("app", 8400)
        .install_url(CONSENT_URL, ["oauth"], [])
        .startswith(
            "https://app.hubspot.com/oauth/authorize?client_id=app&redirect_uri=http%3A%2F%2Flocalhost%3A8400%2Fcallback"
        )
    )


def test_core_scopes_are_required_and_all_others_optional() -> None:
    required, optional = install_scopes()
    assert required == CORE_SCOPES
    assert set(optional) == set(smallest_scopes()) - set(required)
    tickets = [stream for stream in STREAMS if stream.name == "tickets"]
    assert install_scopes(tickets) == (("oauth",), ("tickets",))
    assert all(
        not stream.scopes or "oauth" in stream.scopes or set(stream.scopes) & set(smallest_scopes())
        for stream in STREAMS
    )


def test_the_smallest_list_takes_no_alternative_of_what_is_needed_anyway() -> None:
    by_name = {stream.name: stream for stream in STREAMS}
    needs = {"owners": ("automation", "x"), "contacts": ("x",), "deals": ("y", "z"), "properties": ()}
    assert smallest_scopes(replace(by_name[name], scopes=scopes) for name, scopes in needs.items()) == ("x", "y")


def test_the_browser_is_opened_with_the_link(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    script = tmp_path / "browser.py"
    script.write_text("import sys, urllib.request\nurllib.request.urlopen(sys.argv[1]).read()\n", encoding="utf-8")
    env = environment(sandbox, tmp_path / "data", BROWSER=f"{sys.executable} {script} %s", no_proxy="*")
    app(sandbox, scopes=[*CORE_SCOPES, *smallest_scopes()])
    done = command("login", "--port", str(free_port()), env=env)
    assert (done.returncode, done.stderr) == (0, "")
    kept = login_of(tmp_path / "data")
    assert kept.refresh_token.reveal() not in done.stdout + done.stderr
    assert SECRET not in done.stdout + done.stderr
    chosen = smallest_scopes(stream for stream in STREAMS if stream.default)
    assert set(kept.scopes) == {*CORE_SCOPES, *chosen}


@pytest.mark.parametrize("whole", [True, False])
def test_without_a_browser_the_address_or_the_code_is_pasted(sandbox: Sandbox, tmp_path: Path, whole: bool) -> None:
    app(sandbox, scopes=[*CORE_SCOPES, *smallest_scopes()])

    def answer(link: str) -> str:
        address = visit(link)[1]
        return address if whole else parse_qs(urlsplit(address).query)["code"][0]

    done = pasted(environment(sandbox, tmp_path), answer)
    assert (done.returncode, done.stderr) == (0, "")
    assert "http://localhost:8400/callback" in done.stdout
    kept = login_of(tmp_path)
    assert kept.refresh_token.reveal() not in done.stdout
    assert stat.S_IMODE((tmp_path / "credentials.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "neither a code nor an address"),
        ("two words", "neither a code nor an address"),
        ("http://localhost:8400/callback?code=abc&state=of-another", "state differs"),
        ("http://localhost:8400/callback", "holds no code"),
        ("never-given", "used before or is incomplete"),
    ],
)
def test_what_cannot_be_the_answer_is_refused_with_the_reason(
    sandbox: Sandbox, tmp_path: Path, line: str, words: str
) -> None:
    app(sandbox, scopes=[*CORE_SCOPES, *smallest_scopes()])
    done = pasted(environment(sandbox, tmp_path), lambda _: line)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "credentials.json").exists()


def test_pasting_the_link_itself_is_noticed(sandbox: Sandbox) -> None:
    attempt = Attempt.begin("app", 8400)
    with pytest.raises(CredentialError, match="holds no code"):
        attempt.code_pasted(attempt.install_url(sandbox.url, ["oauth"], []))


def test_a_state_of_another_login_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    forged = Person(lambda address: re.sub(r"state=[^&]+", "state=forged", address))
    refused(sandbox, tmp_path, "its state differs", forged)
    assert asked(sandbox, "/oauth/{v}/token") == asked(sandbox, "/oauth/{v}/token/introspect") == 1
    missing = Person(lambda address: re.sub(r"&?state=[^&]+", "", address))
    refused(sandbox, tmp_path, "its state differs", missing)


def test_denied_access_says_who_may_allow_it(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    sandbox.config(oauth_consent="deny")
    assert "super admin" in refused(sandbox, tmp_path, "denied")


def test_an_expired_code_says_to_answer_sooner(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    sandbox.post("clock", {"now": "2026-11-02T10:00:00Z", "frozen": True})

    def dawdle(address: str) -> str:
        sandbox.server.portal.clock.advance(61_000)
        return address

    refused(sandbox, tmp_path, "answer sooner", Person(dawdle))


def test_a_used_code_says_that_it_works_once(sandbox: Sandbox, tmp_path: Path) -> None:
    used: list[str] = []

    def first(link: str) -> str:
        used.append(parse_qs(urlsplit(visit(link)[1]).query)["code"][0])
        return used[0]

    app(sandbox, scopes=[*CORE_SCOPES, *smallest_scopes()])
    assert pasted(environment(sandbox, tmp_path / "one"), first).returncode == 0
    done = pasted(environment(sandbox, tmp_path / "two"), lambda _: used[0])
    assert done.returncode == 2
    assert "A code works once" in done.stderr
    assert used[0] not in done.stdout + done.stderr
    assert not (tmp_path / "two" / "credentials.json").exists()


def test_a_code_for_another_redirect_url_names_the_port(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, scopes=[*CORE_SCOPES, *smallest_scopes()])

    def elsewhere(link: str) -> str:
        other = link.replace("localhost%3A8400", "localhost%3A8401")
        return parse_qs(urlsplit(visit(other)[1]).query)["code"][0]

    done = pasted(environment(sandbox, tmp_path), elsewhere)
    assert done.returncode == 2
    assert "another redirect URL" in done.stderr
    assert "--port" in done.stderr


def test_a_code_of_another_login_is_refused_by_its_challenge(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)

    def swapped(address: str) -> str:
        link = Attempt.begin("app", int(urlsplit(address).port or 0)).install_url(
            f"{sandbox.url}/oauth/authorize", *SCOPES
        )
        code = parse_qs(urlsplit(visit(link)[1]).query)["code"][0]
        return re.sub(r"code=[^&]+", f"code={code}", address)

    refused(sandbox, tmp_path, "PKCE", Person(swapped))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"HUBSPOT_CLIENT_ID": "other"}, "HUBSPOT_CLIENT_ID is not an app"),
        ({"HUBSPOT_CLIENT_SECRET": "s-wrong"}, "HUBSPOT_CLIENT_SECRET does not belong"),
    ],
)
def test_a_wrong_app_is_noticed_before_anybody_is_sent_to_hubspot(
    sandbox: Sandbox, tmp_path: Path, given: dict[str, str], words: str
) -> None:
    app(sandbox)
    person = Person()
    assert "s-wrong" not in refused(sandbox, tmp_path, words, person, **given)
    assert person.told == ""


def test_another_portal_than_the_warehouses_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    runs.landed(run(runs.settings(tmp_path, sandbox.url), streams=["owners"]))
    here = settings(sandbox, tmp_path)
    assert portal_of(here) == str(sandbox.portal.portal_id)
    sandbox.post("reset", {"portal_id": 4711})
    app(sandbox)
    message = refused(sandbox, tmp_path, "4711", portal_id=portal_of(here), kind=WrongPortal)
    assert "HUBSPOT_DATA_DIR" in message


@pytest.mark.parametrize(("in_the_way", "words"), [
    ("credentials.json", "cannot be kept in .*Nothing was stored"), (".credentials.json.lock", "cannot be locked"),
])  # fmt: skip
def test_a_login_that_cannot_be_written_says_where_and_what_to_do(
    sandbox: Sandbox, tmp_path: Path, in_the_way: str, words: str
) -> None:
    app(sandbox)
    (tmp_path / in_the_way / "folder").mkdir(parents=True)
    with pytest.raises(ConfigError, match=words):
        logs_in(sandbox, tmp_path, Person())


def test_fewer_scopes_than_required_are_listed(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    fewer = {"access_token": "a", "refresh_token": "r", "hub_id": 1, "scopes": ["oauth"], "expires_in": 1800}
    sandbox.post("faults", {"faults": [{"match": "/oauth/2026-03/token$", "status": 200, "body": fewer}]})
    refused(sandbox, tmp_path, f"missing: {CONTACTS}")


def test_optional_scopes_that_the_plan_lacks_are_named_and_do_no_harm(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    sandbox.config(lacking_scopes=["forms"])
    person = Person()
    assert "forms" not in logs_in(sandbox, tmp_path, person).scopes
    assert "skipped: forms." in person.told
    sandbox.config(lacking_scopes=[CONTACTS])
    assert visit(link_in(person.told))[0] == 400


def test_an_answer_without_portal_and_scopes_is_completed_by_asking(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-known")
    short = {"access_token": "a", "refresh_token": "na1-known", "expires_in": 1800}
    sandbox.post("faults", {"faults": [{"match": "/oauth/2026-03/token$", "status": 200, "body": short}]})
    granted = logs_in(sandbox, tmp_path, Person())
    assert granted.portal_id == str(sandbox.portal.portal_id)
    assert CONTACTS in granted.scopes


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"HUBSPOT_ACCESS_TOKEN": TOKEN}, "HUBSPOT_ACCESS_TOKEN is set"),
        ({"HUBSPOT_REFRESH_TOKEN": "na1-r"}, "HUBSPOT_REFRESH_TOKEN is set"),
        ({"HUBSPOT_CLIENT_SECRET": ""}, "HUBSPOT_CLIENT_SECRET missing"),
        ({"HUBSPOT_CLIENT_ID": "", "HUBSPOT_CLIENT_SECRET": ""}, "HUBSPOT_CLIENT_ID and HUBSPOT_CLIENT_SECRET missing"),
    ],
)
def test_a_login_that_could_not_be_used_is_not_begun(
    sandbox: Sandbox, tmp_path: Path, given: dict[str, str], words: str
) -> None:
    app(sandbox)
    refused(sandbox, tmp_path, words, kind=ConfigError, **given)
    assert sandbox.calls() == []


def test_a_taken_port_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port}"):
            login(settings(sandbox, tmp_path), None, port=port, scopes=SCOPES, tell=lambda _: None)


def test_an_idle_connection_and_other_paths_do_not_disturb_the_way_back(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    idle = socket.socket()

    def detour(address: str) -> str:
        port = int(urlsplit(address).port or 0)
        idle.connect(("127.0.0.1", port))
        assert visit(f"http://localhost:{port}/favicon.ico")[0] == 404
        assert visit(f"http://localhost:{port}/callback")[0] == 404
        return address

    logs_in(sandbox, tmp_path, Person(detour))
    idle.close()


def test_nobody_can_reach_the_way_back_from_another_machine(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    answers: list[int] = []

    def knock(address: str) -> str:
        with socket.socket(socket.AF_INET) as other:
            # loopback is a whole network: an address of it that is not 127.0.0.1 stands for any other interface
            answers.append(other.connect_ex(("127.0.0.2", int(urlsplit(address).port or 0))))
        return address

    logs_in(sandbox, tmp_path, Person(knock))
    assert answers == [errno.ECONNREFUSED]


def test_forms_go_to_three_paths_and_questions_to_reading_ones(sandbox: Sandbox) -> None:
    one = client(sandbox)
    for path in ("/oauth/2026-03/token/other", "/crm/objects/2026-03/contacts", TOKEN_INFO_PATH):
        with pytest.raises(HubSpotError, match="only reads"):
            one.post_form(path, {"token": "x"})
    with pytest.raises(HubSpotError, match="only reads"):
        one.post(f"/crm{TOKEN_INFO_PATH}", {}, parse=unnest.page, meter=Meter())
    assert sandbox.calls() == []


def test_scopes_of_an_oauth_token_come_with_it_or_by_asking(sandbox: Sandbox) -> None:
    app(sandbox, refresh_token="na1-r", scopes=[CONTACTS])
    parts = Credential(client_id="app", client_secret=Secret(SECRET), refresh_token=Secret("na1-r"))
    one = client(sandbox, credential=parts)
    assert granted_scopes(one) == {"oauth", CONTACTS}
    assert asked(sandbox, "/introspect") == 0
    other = client(sandbox, credential=parts)
    issued = one.auth.token().reveal()
    short = {"access_token": issued, "expires_in": 1800}
    sandbox.post("faults", {"faults": [{"match": "/oauth/2026-03/token$", "status": 200, "body": short}]})
    assert granted_scopes(other) == {"oauth", CONTACTS}
    assert asked(sandbox, "/introspect") == 1


def test_scopes_of_a_private_token_are_asked_for(sandbox: Sandbox) -> None:
    every = {scope for stream in STREAMS for scope in stream.scopes}
    told = granted_scopes(client(sandbox))
    assert told is not None
    assert told >= every
    sandbox.grant(CONTACTS, "forms")
    assert granted_scopes(client(sandbox)) == {CONTACTS, "forms"}
    sandbox.grant()
    assert granted_scopes(client(sandbox)) == frozenset()


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400, "body": {}}, {"status": 401, "body": {}}, {"status": 403, "body": {"category": "X"}},
        {"status": 404, "body": "<html>"}, {"status": 200, "body": {"scopes": "all"}}, {"status": 200, "body": "["},
        {"status": 200, "body": []}, {"status": 200, "body": {"hubId": 1}}, {"status": 500, "body": {}, "times": -1},
    ],
)  # fmt: skip
def test_scopes_that_hubspot_does_not_tell_are_unknown(sandbox: Sandbox, fault: dict[str, object]) -> None:
    sandbox.post("faults", {"faults": [{"match": "access-token-info", **fault}]})
    assert granted_scopes(client(sandbox)) is None


def test_logout_deletes_the_login_and_revokes_it(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    refresh_token = logs_in(sandbox, tmp_path, Person()).refresh_token.reveal()
    (tmp_path / "credentials.json").chmod(0o644)  # all the more reason to revoke it
    done = command("logout", env=environment(sandbox, tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "revoked the refresh token of app app" in done.stdout
    assert refresh_token not in done.stdout
    assert not (tmp_path / "credentials.json").exists()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and refresh_token in path.read_text()]
    parts = Credential(client_id="app", client_secret=Secret(SECRET), refresh_token=Secret(refresh_token))
    with pytest.raises(CredentialError, match="revoked"):
        client(sandbox, credential=parts).auth.token()
    again = command("logout", env=environment(sandbox, tmp_path))
    assert (again.returncode, again.stdout) == (0, "Nobody is logged in: no login is kept and no credential is set.\n")


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("no secret", "HUBSPOT_CLIENT_SECRET is not set"),
        ("refused", "HubSpot answered 404"),
        ("damaged", "the file was damaged"),
    ],
)
def test_logout_deletes_the_login_even_where_it_cannot_be_revoked(
    sandbox: Sandbox, tmp_path: Path, why: str, words: str
) -> None:
    app(sandbox)
    logs_in(sandbox, tmp_path, Person())
    file, given = tmp_path / "credentials.json", {}
    if why == "no secret":
        given = {"HUBSPOT_CLIENT_SECRET": ""}
    elif why == "refused":
        sandbox.post("faults", {"faults": [{"match": REVOKE_PATH, "status": 404, "times": -1}]})
    else:
        file.write_text("{", encoding="utf-8")
    done = command("logout", env=environment(sandbox, tmp_path, **given))
    assert done.returncode == 1
    assert not file.exists()
    assert "was not told to forget" in done.stdout
    assert words in done.stdout
    assert "Connected apps" in done.stdout


def test_an_app_that_cannot_be_asked_about_is_no_matter_of_a_read(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox)
    sandbox.post("faults", {"faults": [{"match": "/introspect", "status": 503, "times": None}]})
    with pytest.raises(HubSpotError, match=r"answered 503 \(tried 6 times; run the same again in a while\)"):
        logs_in(sandbox, tmp_path, Person())


def test_logout_says_where_a_private_token_is_deactivated(sandbox: Sandbox, tmp_path: Path) -> None:
    done = command("logout", env=environment(sandbox, tmp_path, HUBSPOT_ACCESS_TOKEN=TOKEN))
    assert done.returncode == 0
    assert "HUBSPOT_ACCESS_TOKEN" in done.stdout
    assert "Service keys" in done.stdout
    assert TOKEN not in done.stdout + done.stderr
    assert sandbox.calls() == []


def test_logout_revokes_a_refresh_token_of_the_settings(sandbox: Sandbox, tmp_path: Path) -> None:
    app(sandbox, refresh_token="na1-mine")
    done = command("logout", env=environment(sandbox, tmp_path, HUBSPOT_REFRESH_TOKEN="na1-mine"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Remove HUBSPOT_REFRESH_TOKEN" in done.stdout
    assert "na1-mine" not in done.stdout
    parts = Credential(client_id="app", client_secret=Secret(SECRET), refresh_token=Secret("na1-mine"))
    with pytest.raises(CredentialError):
        client(sandbox, credential=parts).auth.token()


def test_a_run_that_waits_for_a_login_does_not_read_invented_data(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "sandbox").mkdir()
    done = command("check", env=environment(sandbox, tmp_path))
    assert done.returncode == 2
    assert "run `hubspot-pipeline login`" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sandbox"]

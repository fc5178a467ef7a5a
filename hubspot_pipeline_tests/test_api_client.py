"""One HubSpot call made safe: what is tried again, what fails at once, and what an error says."""

import os
import time
import traceback
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.api.client import ATTEMPTS, Client, Meter
from hubspot_pipeline.errors import CredentialError, HubSpotError, MissingScope, PipelineError
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.reading import asked, client, fill

CONTACTS = "/crm/objects/2026-03/contacts"
SECRET_BODY = "<html><body>secret body</body></html>"


def get(one: Client, path: str = CONTACTS, meter: Meter | None = None) -> list[str]:
    page = one.get(path, {"limit": "100"}, parse=unnest.page, meter=meter or Meter())
    return [str(record.id) for record in page.results]


def failing(sandbox: Sandbox, **fault: Any) -> None:
    sandbox.post("faults", {"faults": [{"match": "/crm/", "times": None, **fault}]})


def refused(one: Client, path: str = CONTACTS) -> PipelineError:
    """The error of a call; fails the test where it, or its traceback, shows the token or the answer's body."""
    with pytest.raises(PipelineError) as caught:
        get(one, path)
    shown = str(caught.value) + repr(caught.value) + "".join(traceback.format_exception(caught.value)) + repr(vars(one))
    assert TOKEN not in shown
    assert "secret body" not in shown
    return caught.value


PASSING = [
    *({"status": status, "body": SECRET_BODY} for status in (423, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530)),
    {"status": 477, "headers": {"Retry-After": "1"}},
    {"status": 477, "headers": {"Retry-After": "Mon, 01 Jun 2026 10:00:00 GMT"}},
    {"status": 200, "body": SECRET_BODY},
    {"kind": "truncate"},
    {"kind": "malformed"},
    {"kind": "cut"},
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.get('status', '')}{fault.get('kind', '')}")
def test_what_passes_is_tried_again(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    fill(sandbox, [1, 2, 3])
    failing(sandbox, **{**fault, "times": ATTEMPTS - 1})
    meter = Meter()
    assert get(client(sandbox), meter=meter) == ["1", "2", "3"]
    assert (meter.calls, meter.retries) == (ATTEMPTS, ATTEMPTS - 1)


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.get('status', '')}{fault.get('kind', '')}")
def test_what_does_not_pass_is_an_error_that_names_the_call(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    fill(sandbox, [1, 2, 3])
    failing(sandbox, **fault)
    error = refused(client(sandbox))
    assert isinstance(error, HubSpotError)
    assert f"GET {CONTACTS}" in str(error)
    assert "next run" in str(error)
    assert asked(sandbox) == ATTEMPTS
    if fault.get("status", 200) != 200:
        assert str(fault["status"]) in str(error)


def test_an_answer_that_never_comes_ends_in_a_timeout(sandbox: Sandbox) -> None:
    failing(sandbox, kind="hang", times=1)
    fill(sandbox, [7])
    meter = Meter()
    assert get(client(sandbox, timeout=(1, 0.2)), meter=meter) == ["7"]
    assert meter.retries == 1
    failing(sandbox, kind="hang")
    error = refused(client(sandbox, timeout=(1, 0.05)))
    assert "timed out" in str(error)


def test_no_portal_at_all_is_an_error_that_names_it() -> None:
    nowhere = Settings(Path(), Path(), Credential(access_token=Secret(TOKEN)), "http://127.0.0.1:9", backoff=0.0)
    error = refused(Client(nowhere))
    assert "http://127.0.0.1:9 was cut off" in str(error)


def test_a_pause_hubspot_asks_for_is_kept_and_a_long_one_is_not_waited_for(sandbox: Sandbox) -> None:
    failing(sandbox, status=477, headers={"Retry-After": "300"}, times=1)
    begun = time.monotonic()
    assert get(client(sandbox, backoff=0.001)) == []
    assert time.monotonic() - begun >= 0.3
    failing(sandbox, status=477, headers={"Retry-After": "86400"})
    before = asked(sandbox)
    error = refused(client(sandbox))
    assert "24.0 hours" in str(error)
    assert asked(sandbox) - before == 1


def test_pauses_double(sandbox: Sandbox) -> None:
    failing(sandbox, status=503)
    begun = time.monotonic()
    refused(client(sandbox, backoff=0.01))
    # 1 + 2 + 4 + 8 + 16 hundredths, and up to one more of jitter before each retry
    assert 0.31 <= time.monotonic() - begun < 2


@pytest.mark.parametrize("status", [400, 404, 409, 414, 418])
def test_what_cannot_pass_is_not_tried_again(sandbox: Sandbox, status: int) -> None:
    failing(sandbox, status=status, body={"category": "VALIDATION_ERROR", "message": "secret body"})
    error = refused(client(sandbox))
    assert isinstance(error, HubSpotError)
    assert error.status == status
    assert "VALIDATION_ERROR" in str(error)
    assert asked(sandbox) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(sandbox: Sandbox, status: int) -> None:
    failing(sandbox, status=status, headers={"Location": f"{sandbox.url}/account-info/2026-03/details"})
    error = refused(client(sandbox))
    assert "redirect" in str(error)
    assert [call["path"] for call in sandbox.calls()] == ["/crm/objects/{v}/contacts"]


def test_only_reading_posts_leave(sandbox: Sandbox) -> None:
    one = client(sandbox)
    for tail in ("", "/batch/create", "/batch/archive", "/merge", "/search/x"):
        with pytest.raises(HubSpotError, match="only reads"):
            one.post(CONTACTS + tail, {}, parse=unnest.page, meter=Meter())
    assert sandbox.calls() == []
    assert not {name for name in dir(one) if name in ("put", "patch", "delete", "request")}


def test_a_refused_private_token_fails_at_once(sandbox: Sandbox) -> None:
    sandbox.post("tokens", {"token": TOKEN, "scopes": None, "revoked": True})
    error = refused(client(sandbox))
    assert isinstance(error, CredentialError)
    assert "HUBSPOT_ACCESS_TOKEN" in str(error)
    assert asked(sandbox) == 1


@pytest.mark.parametrize("token", ["pat-na1 with space", "pat-na1\nnext", "pat-na1-ümlaut", "\ufeffpat-na1"])
def test_a_token_that_cannot_be_sent_is_refused_without_showing_it(sandbox: Sandbox, token: str) -> None:
    with pytest.raises(CredentialError) as caught:
        client(sandbox, credential=Credential(access_token=Secret(token)))
    assert "pat-na1" not in str(caught.value) + "".join(traceback.format_exception(caught.value))


def test_a_missing_scope_is_named(sandbox: Sandbox) -> None:
    sandbox.grant("oauth")
    error = refused(client(sandbox))
    assert isinstance(error, MissingScope)
    assert "crm.objects.contacts.read" in error.scopes
    assert "crm.objects.contacts.read" in str(error)
    assert asked(sandbox) == 1


def test_a_403_that_names_no_scope_speaks_of_the_plan(sandbox: Sandbox) -> None:
    failing(sandbox, status=403, body={"status": "error", "category": "FORBIDDEN", "message": "secret body"})
    error = refused(client(sandbox))
    assert isinstance(error, MissingScope)
    assert error.scopes == ()
    assert "plan" in str(error)


def test_a_firewalls_403_is_no_missing_scope(sandbox: Sandbox) -> None:
    failing(sandbox, status=403, body=SECRET_BODY)
    error = refused(client(sandbox))
    assert isinstance(error, HubSpotError)
    assert "firewall" in str(error)


def test_the_portals_clock_is_that_of_its_latest_answer(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": "2027-02-03T04:05:06.000Z", "frozen": True})
    one = client(sandbox)
    get(one)
    assert one.portal_now is not None
    assert one.portal_now.isoformat() == "2027-02-03T04:05:06+00:00"


def test_a_netrc_does_not_replace_the_token(sandbox: Sandbox, tmp_path: Path) -> None:
    one = client(sandbox)
    one._trust_env = True  # as for a portal that is not on this machine
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login thief password secret\n")
    os.environ["NETRC"] = str(tmp_path / "netrc")
    try:
        get(one)
    finally:
        del os.environ["NETRC"]
    assert {call["token"] for call in sandbox.calls()} == {TOKEN[-4:]}

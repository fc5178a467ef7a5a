"""OAuth: tokens are refreshed before and on expiry, once, and nothing is lost when one dies in mid-read."""

import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hubspot_pipeline.api.auth import TOKEN_PATH, OAuthToken
from hubspot_pipeline.api.client import Meter
from hubspot_pipeline.errors import ConfigError, CredentialError, HubSpotError
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.windows import Chains
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import asked, client, fill, ids_of, reader

APP = Credential(client_id="app", client_secret=Secret("s-hush"), refresh_token=Secret("na1-refresh"))
SCOPES = ["crm.objects.contacts.read", "crm.objects.companies.read", "oauth"]


def install(sandbox: Sandbox, **given: Any) -> None:
    sandbox.post("oauth", {
        "client_id": "app", "client_secret": "s-hush", "refresh_token": "na1-refresh", "scopes": SCOPES,
        "expires_in": 1800, **given,
    })  # fmt: skip
    sandbox.post("clock", {"now": "2026-11-02T10:00:00Z", "frozen": True})


def refreshes(sandbox: Sandbox) -> int:
    return asked(sandbox, "/oauth/")


def ages_at(sandbox: Sandbox, match: str, *nth: int) -> None:
    """HubSpot takes the token for expired at the nth matching call."""
    sandbox.post("faults", {"faults": [
        {"match": match, "nth": n, "times": 1, "status": 401, "body": {
            "status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "The OAuth token expired.",
        }} for n in nth
    ]})  # fmt: skip


def test_a_retired_api_key_is_refused_with_the_reason(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="API key") as caught:
        Settings.load(tmp_path, {"HUBSPOT_ACCESS_TOKEN": "6f0d4f0c-1111-2222-3333-444455556666"})
    assert "private app" in str(caught.value)
    assert "6f0d4f0c" not in str(caught.value)


@pytest.mark.parametrize(("first", "second"), [(1, 3), (2, 5), (3, 10)])
def test_a_token_that_dies_in_mid_walk_costs_one_refresh_and_no_record(
    sandbox: Sandbox, first: int, second: int
) -> None:
    install(sandbox)
    fill(sandbox, list(range(1, 1001)))
    ages_at(sandbox, "GET /crm/objects/.*/contacts$", first, second)
    with reader(sandbox, credential=APP) as one:
        found = ids_of(one.scan(Chains([(0, None)], top=1000, total=1000, width=1)))
    assert found == list(range(1, 1001))
    assert refreshes(sandbox) == 3


def test_a_token_past_its_time_is_replaced_in_mid_walk(sandbox: Sandbox) -> None:
    install(sandbox)
    fill(sandbox, list(range(1, 401)))
    with reader(sandbox, credential=APP) as one:
        found = []
        for page in one.scan(Chains([(0, None)], top=400, total=400, width=1)):
            found += [int(record.id) for record in page]
            if len(found) == 200:
                sandbox.post("clock", {"advance_ms": 1_800_001})
    assert found == list(range(1, 401))
    assert refreshes(sandbox) == 2
    assert [call["status"] for call in sandbox.calls()].count(401) <= 1


def test_a_token_that_dies_in_an_association_batch_loses_no_link(sandbox: Sandbox) -> None:
    install(sandbox)
    fill(sandbox, list(range(1, 51)))
    (company,) = sandbox.mutate({"op": "create", "object": "companies", "properties": {}})
    for contact in range(1, 51):
        sandbox.portal.associate("contacts", str(contact), "companies", company)
    ages_at(sandbox, "/associations/", 1)
    with reader(sandbox, credential=APP) as one:
        ((known, rows),) = one.links("companies", map(str, range(1, 51)))
    assert len(known) == 50
    assert {row["from_id"] for row in rows} == set(known)
    assert refreshes(sandbox) == 2


def test_eight_threads_refresh_once(sandbox: Sandbox) -> None:
    install(sandbox)
    one = client(sandbox, credential=APP)

    def call(_: int) -> int:
        return len(one.get("/crm/objects/2026-03/contacts", parse=unnest.page, meter=Meter()).results)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(16))) == [0] * 16
        assert refreshes(sandbox) == 1
        sandbox.post("clock", {"advance_ms": 1_800_001})
        assert list(pool.map(call, range(16))) == [0] * 16
    assert refreshes(sandbox) == 2


def test_a_token_is_replaced_a_minute_before_its_end() -> None:
    now, issued = [0.0], []

    def post_form(path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        assert path == TOKEN_PATH
        issued.append(form["refresh_token"])
        number = len(issued)
        lifetime = 1800 if number < 3 else 40
        return 200, {"access_token": f"t{number}", "refresh_token": f"r{number}", "expires_in": lifetime}

    auth = OAuthToken(APP, post_form, lambda: now[0])
    given = []
    for moment in (0, 1739, 1740, 3479, 3480, 3499, 3500):
        now[0] = float(moment)
        given.append(auth.token().reveal())
    # the third one lives 40 seconds only, so half of it is what counts
    assert given == ["t1", "t1", "t2", "t2", "t3", "t3", "t4"]
    assert issued == ["na1-refresh", "r1", "r2", "r3"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"refresh_token": Secret("na1-other")}, "HUBSPOT_REFRESH_TOKEN"),
        ({"client_id": "other"}, "HUBSPOT_CLIENT_ID"),
        ({"client_secret": Secret("s-wrong")}, "HUBSPOT_CLIENT_SECRET"),
    ],
)
def test_a_refused_refresh_says_which_setting_is_wrong(sandbox: Sandbox, given: Any, words: str) -> None:
    install(sandbox)
    parts = {"client_id": "app", "client_secret": Secret("s-hush"), "refresh_token": Secret("na1-refresh"), **given}
    one = client(sandbox, credential=Credential(**parts))
    with pytest.raises(CredentialError, match=words) as caught:
        one.get("/crm/owners/2026-03", parse=unnest.page, meter=Meter())
    shown = str(caught.value) + "".join(traceback.format_exception(caught.value)) + repr(one.auth.__dict__)
    assert not [secret for secret in ("na1-refresh", "na1-other", "s-hush", "s-wrong") if secret in shown]
    assert asked(sandbox) == 0


@pytest.mark.parametrize("kind", ["cut", "truncate", "malformed"])
def test_a_refresh_that_passes_is_tried_again(sandbox: Sandbox, kind: str) -> None:
    install(sandbox)
    sandbox.post("faults", {"faults": [{"match": "/oauth/", "times": 2, "kind": kind}]})
    one = client(sandbox, credential=APP)
    assert one.get("/crm/objects/2026-03/contacts", parse=unnest.page, meter=Meter()).results == []
    assert refreshes(sandbox) == 3


def test_a_refresh_that_never_passes_blames_no_credential(sandbox: Sandbox) -> None:
    install(sandbox)
    sandbox.post("faults", {"faults": [{"match": "/oauth/", "times": None, "kind": "cut"}]})
    with pytest.raises(HubSpotError, match=TOKEN_PATH):
        client(sandbox, credential=APP).get("/crm/owners/2026-03", parse=unnest.page, meter=Meter())


def test_a_fresh_token_that_is_refused_again_and_again_is_a_credential_error(sandbox: Sandbox) -> None:
    install(sandbox)
    ages_at(sandbox, "/crm/", *range(1, 10))
    with pytest.raises(CredentialError, match="install the app again"):
        client(sandbox, credential=APP).get("/crm/owners/2026-03", parse=unnest.page, meter=Meter())

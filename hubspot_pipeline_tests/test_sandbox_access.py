"""Credentials, scopes and rate limits of the sandbox portal."""

import http.client
from base64 import urlsafe_b64encode
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from hubspot_pipeline_tests.conftest import TOKEN, Reply, Sandbox

CONTACTS = "/crm/objects/2026-03/contacts"
T0 = 1_780_000_000_000


def test_no_or_unknown_credentials_are_refused(sandbox: Sandbox) -> None:
    for token in (None, "unknown", "6f0d4f0c-1111-2222-3333-444455556666"):
        reply = sandbox.api("GET", CONTACTS, token=token)
        assert (reply.status, reply.json()["category"]) == (401, "INVALID_AUTHENTICATION")
        assert reply.headers["x-hubspot-auth-failure"] == "401 Unauthorized"
    sandbox.post("tokens", {"token": TOKEN, "scopes": None, "revoked": True})
    assert sandbox.api("GET", CONTACTS).status == 401


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", CONTACTS, "crm.objects.contacts.read"),
        ("POST", CONTACTS, "crm.objects.contacts.write"),
        ("GET", "/crm/objects/2026-03/tickets", "tickets"),
        ("GET", "/crm/objects/2026-03/line_items", "e-commerce"),
        ("GET", "/crm/objects/2026-03/emails", "sales-email-read"),
        ("POST", "/crm/objects/2026-03/deals/search", "crm.objects.deals.read"),
        ("GET", "/crm/owners/2026-03", "crm.objects.owners.read"),
        ("GET", "/crm-object-schemas/2026-03/schemas", "crm.schemas.custom.read"),
        ("POST", "/crm/properties/2026-03/deals", "crm.schemas.deals.write"),
        ("GET", "/settings/v3/users/teams", "settings.users.teams.read"),
    ],
)
def test_a_missing_scope_is_named(sandbox: Sandbox, method: str, path: str, scope: str) -> None:
    sandbox.grant("files")
    reply = sandbox.api(method, path, {} if method == "POST" else None)
    assert (reply.status, reply.json()["category"]) == (403, "MISSING_SCOPES")
    assert scope in reply.json()["errors"][0]["context"]["requiredGranularScopes"]
    sandbox.grant(scope)
    assert sandbox.api(method, path, {} if method == "POST" else None).status != 403


def test_account_details_need_no_scope_and_show_the_tokens_portal(sandbox: Sandbox) -> None:
    sandbox.post("tokens", {"token": TOKEN, "scopes": [], "portal_id": 77})
    assert sandbox.api("GET", "/account-info/v3/details").json()["portalId"] == 77


def test_oauth_tokens_end_in_virtual_time(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    client = {"client_id": "app", "client_secret": "hush", "refresh_token": "na1-r"}
    sandbox.post("oauth", {**client, "scopes": ["crm.objects.contacts.read"], "expires_in": 1800, "rotate": True})

    def token(**form: str) -> Reply:
        body = urlencode({"grant_type": "refresh_token", **client, **form}).encode()
        return sandbox.request(
            "POST", "/oauth/2026-03/token", body, {"content-type": "application/x-www-form-urlencoded"}
        )

    answer = token().json()
    access = answer["access_token"]
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 1800)
    refused = token()
    assert (refused.status, refused.json()["status"]) == (400, "BAD_REFRESH_TOKEN")
    assert token(refresh_token=answer["refresh_token"]).status == 200
    assert token(client_secret="wrong").status == 400
    reply = sandbox.api("GET", CONTACTS, token=access)
    assert (reply.status, "x-hubspot-ratelimit-daily" in reply.headers) == (200, False)
    assert sandbox.api("GET", "/crm/objects/2026-03/deals", token=access).status == 403
    sandbox.post("clock", {"advance_ms": 1_801_000})
    late = sandbox.api("GET", CONTACTS, token=access)
    assert (late.status, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert late.json()["message"] == "The OAuth token used to make this call expired 1 second(s) ago."
    assert late.json()["context"] == {"expire time": ["2026-05-28T20:56:40.000Z"]}


def test_oauth_tokens_can_be_looked_at_and_revoked(sandbox: Sandbox) -> None:
    client = {"client_id": "app", "client_secret": "hush"}
    sandbox.post("oauth", {**client, "refresh_token": "na1-r", "code": "once", "redirect_uri": "http://localhost/"})

    def call(tail: str, **form: str) -> Reply:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return sandbox.request("POST", f"/oauth/v3/token{tail}", urlencode({**client, **form}).encode(), headers)

    code = {"grant_type": "authorization_code", "code": "once", "redirect_uri": "http://localhost/"}
    assert (
        call("", **{**code, "redirect_uri": "http://elsewhere/"}).json()["status"] == "MISMATCH_REDIRECT_URI_AUTH_CODE"
    )
    access = call("", **code).json()["access_token"]
    assert call("", **code).json()["status"] == "BAD_AUTH_CODE"
    seen = call("/introspect", token=access).json()
    assert (seen["active"], seen["client_id"], seen["hub_id"]) == (True, "app", sandbox.portal.portal_id)
    assert call("/revoke", token=access).status == 200
    assert call("/introspect", token=access).json() == {"active": False}
    assert sandbox.api("GET", "/account-info/v3/details", token=access).status == 401
    assert sandbox.request("GET", "/oauth/v1/refresh-tokens/na1-r").json()["client_id"] == "app"
    private = sandbox.request("POST", "/oauth/v2/private-apps/get/access-token-info", {"tokenKey": TOKEN})
    assert private.json()["hubId"] == sandbox.portal.portal_id


def test_a_person_lets_an_app_in(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    client = {"client_id": "app", "client_secret": "hush"}
    home = "http://localhost:8400/callback"
    offered = ["crm.objects.contacts.read", "forms"]
    sandbox.post("oauth", {**client, "refresh_token": "r0", "redirect_uri": home, "scopes": offered})
    challenge = urlsafe_b64encode(sha256(b"v" * 43).digest()).decode().rstrip("=")

    def asked(**more: str) -> Reply:
        query = {"client_id": "app", "redirect_uri": home, "scope": "forms", "state": "s&1", **more}
        return sandbox.request("GET", f"/oauth/authorize?{urlencode(query)}")

    def code(**more: str) -> str:
        return parse_qs(urlsplit(asked(**more).headers["location"]).query)["code"][0]

    def redeemed(given: str, **form: str) -> Reply:
        body = {**client, "grant_type": "authorization_code", "code": given, "redirect_uri": home, **form}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return sandbox.request("POST", "/oauth/v3/token", urlencode(body).encode(), headers)

    back = asked()
    assert (back.status, parse_qs(urlsplit(back.headers["location"]).query)["state"]) == (302, ["s&1"])
    assert asked(redirect_uri="http://elsewhere/").json()["status"] == "BAD_REDIRECT_URI"
    assert asked(client_id="other").json()["status"] == "BAD_CLIENT_ID"
    assert asked(scope="tickets").json()["status"] == "BAD_SCOPES"
    sealed = code(code_challenge=challenge, code_challenge_method="S256")
    assert redeemed(sealed, code_verifier="x" * 43).json()["status"] == "BAD_CODE_VERIFIER"
    assert redeemed(sealed, code_verifier="v" * 43).json()["scopes"] == ["forms", "oauth"]
    assert redeemed(sealed, code_verifier="v" * 43).json()["message"] == "auth code was used before"
    late = code()
    sandbox.post("clock", {"advance_ms": 60_000})
    assert redeemed(late).json()["status"] == "EXPIRED_AUTH_CODE"
    sandbox.config(oauth_consent="deny")
    assert "error=access_denied" in asked().headers["location"]


def test_the_burst_is_limited_per_token(sandbox: Sandbox) -> None:
    sandbox.config(tier="professional")
    first = sandbox.api("GET", CONTACTS)
    assert first.headers["x-hubspot-ratelimit-max"] == "190"
    assert first.headers["x-hubspot-ratelimit-remaining"] == "189"
    assert first.headers["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
    assert first.headers["x-hubspot-ratelimit-daily-remaining"] == "624999"
    sandbox.config(rate_limit=3)
    statuses = [sandbox.api("GET", CONTACTS).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = sandbox.api("GET", CONTACTS)
    assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert refused.headers["x-hubspot-ratelimit-remaining"] == "0"
    assert sandbox.api("GET", CONTACTS, token="pat-eu1-other").status == 200


def test_search_has_a_limit_of_its_own_without_headers(sandbox: Sandbox) -> None:
    sandbox.config(tier="starter")
    replies = [sandbox.api("POST", f"{CONTACTS}/search", {}) for _ in range(6)]
    assert [reply.status for reply in replies] == [200] * 5 + [429]
    assert replies[-1].json()["policyName"] == "SECONDLY"
    assert not [name for reply in replies for name in reply.headers if "ratelimit" in name]
    assert sandbox.api("GET", CONTACTS).status == 200


def test_association_endpoints_have_a_burst_of_their_own(sandbox: Sandbox) -> None:
    sandbox.config(tier="professional", association_limit=1)
    path = "/crm/associations/2026-03/contacts/companies/batch/read"
    assert [sandbox.api("POST", path, {"inputs": [{"id": "1"}]}).status for _ in range(2)] == [207, 429]
    assert sandbox.api("GET", CONTACTS).status == 200


def test_the_daily_counter_turns_at_midnight_of_the_portals_time_zone(sandbox: Sandbox) -> None:
    sandbox.post("reset", {"time_zone": "America/New_York"})
    sandbox.post("clock", {"now": "2026-06-02T03:59:00Z", "frozen": True})
    sandbox.config(daily_limit=2, rate_limit=100)
    assert [sandbox.api("GET", CONTACTS).status for _ in range(3)] == [200, 200, 429]
    assert sandbox.api("POST", f"{CONTACTS}/search", {}).json()["policyName"] == "DAILY"
    assert sandbox.api("GET", CONTACTS, token="pat-na1-another-app").status == 429
    sandbox.post("clock", {"now": "2026-06-02T04:00:00Z"})
    usage = sandbox.api("GET", "/account-info/2026-03/api-usage/daily/private-apps").json()["results"][0]
    assert (usage["usageLimit"], usage["currentUsage"], usage["resetsAt"]) == (2, 1, "2026-06-03T04:00:00.000Z")


def test_bad_requests_get_their_status(sandbox: Sandbox) -> None:
    for path in (CONTACTS, "/crm/properties/2026-03/contacts", "/crm/pipelines/2026-03/deals", "/crm/v3/schemas/"):
        assert sandbox.api("PUT", path).status == 405, path
    assert sandbox.api("POST", CONTACTS, b"{", token=TOKEN).status == 400
    assert sandbox.api("POST", CONTACTS, b"{}", **{"content-type": "text/plain"}).status == 415
    assert sandbox.api("GET", "/crm/objects/2026-03/starships").status == 400
    sandbox.config(url_limit=300)
    assert sandbox.api("GET", f"{CONTACTS}?properties={'x' * 300}").status == 414


def test_a_url_of_the_usual_limit_passes(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc)
    path = f"{CONTACTS}?properties=" + "x" * (16_384 - len(CONTACTS) - 12)
    for url, status in ((path, 200), (path + "x", 414)):
        connection.request("GET", url, headers={"authorization": f"Bearer {TOKEN}"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status
    connection.close()

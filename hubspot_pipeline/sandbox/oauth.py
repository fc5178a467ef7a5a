"""OAuth endpoints: token, introspect, revoke, and the metadata paths of v1.

form body -> tokens of a client that the admin API set up
"""

import json
from collections.abc import Sequence
from urllib.parse import parse_qsl

from starlette.requests import Request

from hubspot_pipeline.sandbox.access import Client, Token
from hubspot_pipeline.sandbox.answers import Answer, ApiError, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.consent import code_refused, redeem, refusal
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.paths import Route
from hubspot_pipeline.sandbox.sandbox import Sandbox
from hubspot_pipeline.sandbox.scopes import EVERY_SCOPE

_REFRESH = "refresh token is invalid, expired or revoked"


def _refused(error: str, words: str, status: str) -> Answer:
    return json_answer(refusal(error, words, status), 400)


def answer(sandbox: Sandbox, method: str, found: Route, request: Request, raw: bytes) -> Answer:
    """Everything below /oauth. Raises 404, 405, 415."""
    tail = found.parts[1:]
    if tail[:1] in (("access-tokens",), ("refresh-tokens",)) and found.version == "v1" and len(tail) == 2:
        return _metadata(sandbox, method, tail)
    if tail == ("private-apps", "get", "access-token-info") and found.version == "v2":
        return _private(sandbox, raw)
    if tail not in (("token",), ("token", "introspect"), ("token", "revoke")):
        raise not_found()
    if method != "POST":
        raise ApiError(405, "Method Not Allowed", headers={"allow": "POST"})
    if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        raise ApiError(415, "HTTP 415 Unsupported Media Type")
    form = dict(parse_qsl(raw.decode("utf-8", "replace")))
    if found.version == "v1":
        form = {**dict(request.query_params), **form}
    client = sandbox.access.clients.get(form.get("client_id", ""))
    if client is None:
        return _refused("invalid_client", "missing or invalid client id", "BAD_CLIENT_ID")
    if form.get("client_secret") != client.client_secret:
        return _refused("invalid_client", "missing or invalid client secret", "BAD_CLIENT_SECRET")
    if tail == ("token",):
        return _token(sandbox, client, form, found.version)
    if tail == ("token", "revoke"):
        return _revoke(sandbox, client, form)
    return _introspect(sandbox, form)


def _token(sandbox: Sandbox, client: Client, form: Json, version: str) -> Answer:
    grant = form.get("grant_type")
    if grant == "refresh_token":
        if form.get("refresh_token") not in client.refresh_tokens:
            return _refused("invalid_grant", _REFRESH, "BAD_REFRESH_TOKEN")
        refresh = form["refresh_token"]
        if client.rotate:
            client.spend(refresh)
            refresh = sandbox.access.new_refresh_token()
            client.refresh_tokens.add(refresh)
    elif grant == "authorization_code":
        refused = code_refused(client, form, sandbox.portal.now())
        if refused is not None:
            return json_answer(refused, 400)
        redeem(client, form["code"])
        refresh = sandbox.access.new_refresh_token()
        client.refresh_tokens.add(refresh)
    else:
        return _refused("unsupported_grant_type", f"grant_type {grant!r} is not supported", "BAD_GRANT_TYPE")
    token = sandbox.access.issue(client, sandbox.portal.now())
    sandbox.remember("tokens", sandbox.access.as_given(token))
    if grant == "authorization_code" or client.rotate:
        sandbox.remember("oauth", sandbox.access.as_client(client))
    body: Json = {
        "token_type": "bearer", "refresh_token": refresh, "access_token": token.text, "expires_in": client.expires_in,
    }  # fmt: skip
    if version != "v1":
        body |= {"hub_id": sandbox.portal.portal_id, "scopes": sorted(token.scopes or ())}
    return json_answer(body)


def _alive(sandbox: Sandbox, text: str) -> Token | None:
    token = sandbox.access.tokens.get(text)
    if token is None or token.revoked or (token.expires_at is not None and token.expires_at <= sandbox.portal.now()):
        return None
    return token


def _introspect(sandbox: Sandbox, form: Json) -> Answer:
    text = form.get("token") or form.get("access_token") or form.get("refresh_token") or ""
    portal = sandbox.portal
    owner = next((one for one in sandbox.access.clients.values() if text in one.refresh_tokens), None)
    if owner is not None:
        return json_answer({
            "active": True, "token": text, "hub_id": portal.portal_id, "client_id": owner.client_id,
            "scopes": sorted(owner.scopes), "token_use": "refresh_token", "token_type": "bearer",
        })  # fmt: skip
    token = _alive(sandbox, text)
    if token is None:
        return json_answer({"active": False})
    body = _about(sandbox, token) | {"active": True, "token_use": "access_token", "client_id": token.client_id}
    return json_answer(body)


def _about(sandbox: Sandbox, token: Token) -> Json:
    left = (token.expires_at - sandbox.portal.now()) // 1000 if token.expires_at is not None else None
    return {
        "token": token.text, "hub_id": token.portal_id or sandbox.portal.portal_id, "user_id": 1, "app_id": 1,
        "user": "admin@example.com", "hub_domain": "example.com", "scopes": sorted(token.scopes or ()),
        "expires_in": left, "token_type": "access",
    }  # fmt: skip


def _revoke(sandbox: Sandbox, client: Client, form: Json) -> Answer:
    text = form.get("token", "")
    client.spend(text)
    sandbox.remember("oauth", sandbox.access.as_client(client))
    if text in sandbox.access.tokens:
        sandbox.access.tokens[text].revoked = True
        sandbox.remember("tokens", sandbox.access.as_given(sandbox.access.tokens[text]))
    return json_answer({})


def _metadata(sandbox: Sandbox, method: str, tail: Sequence[str]) -> Answer:
    if tail[0] == "access-tokens":
        token = _alive(sandbox, tail[1])
        if token is None:
            raise not_found("access token not found")
        return json_answer(_about(sandbox, token))
    client = next((one for one in sandbox.access.clients.values() if tail[1] in one.refresh_tokens), None)
    if client is None:
        raise not_found("refresh token not found")
    if method == "DELETE":
        client.spend(tail[1])
        sandbox.remember("oauth", sandbox.access.as_client(client))
        return Answer(204)
    return json_answer({
        "token": tail[1], "client_id": client.client_id, "hub_id": sandbox.portal.portal_id,
        "scopes": sorted(client.scopes), "token_type": "refresh",
        "user": "admin@example.com", "hub_domain": "example.com", "user_id": 1,
    })  # fmt: skip


def _private(sandbox: Sandbox, raw: bytes) -> Answer:
    try:
        text = str(json.loads(raw)["tokenKey"])
    except (ValueError, KeyError, TypeError):
        raise invalid("Invalid input JSON: tokenKey is required") from None
    token = sandbox.access.authenticate(f"Bearer {text}", sandbox.portal.now())
    return json_answer({
        "userId": 1, "hubId": token.portal_id or sandbox.portal.portal_id, "appId": 1,
        "scopes": sorted(EVERY_SCOPE if token.scopes is None else token.scopes),
    })  # fmt: skip

"""The page on which somebody lets an app into the portal, and the code that comes of it.

GET /oauth/authorize -> redirect with a code; code + verifier -> nothing, or why it is refused

HubSpot asks a person; here the `oauth_consent` knob answers.
"""

import base64
import hashlib
from urllib.parse import parse_qs, urlencode

from hubspot_pipeline.sandbox.access import Client
from hubspot_pipeline.sandbox.answers import Answer, json_answer
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.sandbox import Sandbox

PATH = "/oauth/authorize"
CODE_LIFE = 60_000
"""Milliseconds that a code can be used for."""


def refusal(error: str, words: str, status: str) -> Json:
    """Body of an OAuth error."""
    return {"error": error, "error_description": words, "status": status, "message": words}


def authorize(sandbox: Sandbox, query: bytes) -> Answer:
    """Sends the browser back to the app with `code` and `state`, or with `error=access_denied`."""
    given = {key: values[-1] for key, values in parse_qs(query.decode("latin-1"), encoding="utf-8").items()}
    client = sandbox.access.clients.get(given.get("client_id", ""))
    redirect = given.get("redirect_uri", "")
    if client is None:
        return json_answer(refusal("invalid_client", "missing or invalid client id", "BAD_CLIENT_ID"), 400)
    if not redirect or (client.redirect_uri and redirect != client.redirect_uri):
        words = "redirect uri does not match those registered for the app"
        return json_answer(refusal("invalid_request", words, "BAD_REDIRECT_URI"), 400)
    wanted = given.get("scope", "").split()
    optional = given.get("optional_scope", "").split()
    lacking = set(sandbox.config.lacking_scopes or ())
    if lacking & set(wanted):
        words = f"this account does not have access to: {', '.join(sorted(lacking & set(wanted)))}"
        return json_answer(refusal("invalid_scope", words, "BAD_SCOPES"), 400)
    foreign = sorted({*wanted, *optional} - {*client.offered, "oauth"})
    if foreign:
        words = f"scopes that the app is not set up for: {', '.join(foreign)}"
        return json_answer(refusal("invalid_scope", words, "BAD_SCOPES"), 400)
    state = {"state": given["state"]} if "state" in given else {}
    if sandbox.config.oauth_consent != "allow":
        back = {"error": "access_denied", "error_description": "User denied access", **state}
    else:
        code = sandbox.access.new_code()
        client.codes.add(code)
        client.grants[code] = {
            "redirect_uri": redirect, "challenge": given.get("code_challenge", ""),
            "expires_at": sandbox.portal.now() + CODE_LIFE, "scopes": sorted({*wanted, *optional} - lacking),
        }  # fmt: skip
        sandbox.remember("oauth", sandbox.access.as_client(client))
        back = {"code": code, **state}
    sign = "&" if "?" in redirect else "?"
    return Answer(302, b"", {"location": f"{redirect}{sign}{urlencode(back)}"})


def code_refused(client: Client, form: Json, now: int) -> Json | None:
    """Why the code of a token request is not taken; None where it is."""
    code = form.get("code", "")
    if code not in client.codes:
        words = "auth code was used before" if code in client.spent else "missing or unknown auth code"
        return refusal("invalid_grant", words, "BAD_AUTH_CODE")
    grant = client.grants.get(code, {})
    if now >= grant.get("expires_at", now + 1):
        return refusal("invalid_grant", "auth code has expired", "EXPIRED_AUTH_CODE")
    if form.get("redirect_uri", "") != grant.get("redirect_uri", client.redirect_uri):
        words = "redirect uri does not match the auth code's"
        return refusal("invalid_grant", words, "MISMATCH_REDIRECT_URI_AUTH_CODE")
    if grant.get("challenge"):
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != grant["challenge"]:
            return refusal("invalid_grant", "code verifier does not match the challenge", "BAD_CODE_VERIFIER")
    return None


def redeem(client: Client, code: str) -> None:
    """Uses up a code; from now on the app has the scopes that were agreed to."""
    grant = client.grants.pop(code, None)
    if grant is not None:
        client.scopes = tuple(grant["scopes"]) or client.offered
    client.spend(code)

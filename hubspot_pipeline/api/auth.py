"""Credential -> bearer token for the next call; OAuth access tokens are refreshed before and on expiry."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

from hubspot_pipeline import credentials
from hubspot_pipeline.credentials import Login
from hubspot_pipeline.errors import CredentialError
from hubspot_pipeline.settings import Credential, Secret
from hubspot_pipeline.streams import API_VERSION

EARLY = 60.0
"""Seconds before its expiry at which an access token is replaced (a short-lived one at half its life)."""

TOKEN_PATH = f"/oauth/{API_VERSION}/token"
INTROSPECT_PATH = f"{TOKEN_PATH}/introspect"
REVOKE_PATH = f"{TOKEN_PATH}/revoke"

PostForm = Callable[[str, dict[str, str]], tuple[int, dict[str, Any]]]
"""Sends a form to one of the three paths and gives (status, answer)."""

_HEADER_SAFE = re.compile(r"[\x21-\x7e]*")
_WHY = {
    "BAD_REFRESH_TOKEN": "the refresh token is invalid, expired or was revoked (was the app uninstalled?); {renewal}",
    "BAD_CLIENT_ID": "HUBSPOT_CLIENT_ID is not an app that HubSpot knows, or HUBSPOT_CLIENT_SECRET is not its secret; "
    "copy both again from the app's Auth page.",
    "BAD_CLIENT_SECRET": "HUBSPOT_CLIENT_SECRET does not belong to HUBSPOT_CLIENT_ID; "
    "copy it again from the app's Auth page.",
    "BAD_AUTH_CODE": "the code was used before or is incomplete. A code works once: run the command again and use the "
    "link that it shows then.",
    "EXPIRED_AUTH_CODE": "the code has expired; codes live about a minute. Run the command again and answer sooner.",
    "MISMATCH_REDIRECT_URI_AUTH_CODE": "the code was given for another redirect URL. Use the same --port as for the "
    "link, and register exactly the redirect URL shown above for the app.",
    "BAD_REDIRECT_URI": "the app does not have the redirect URL shown above. Register exactly that one for the app.",
    "BAD_CODE_VERIFIER": "the code belongs to another login than this one (PKCE). Run the command again and use the "
    "link that it shows then, not an older one.",
}


def refusal(status: int, answer: Mapping[str, Any], credential: Credential) -> str:
    """Why HubSpot gave no token, and what to do: a sentence without secrets, whatever the answer holds."""
    code = str(answer.get("status", ""))
    if code not in _WHY and "verifier" in str(answer.get("message", "")):
        code = "BAD_CODE_VERIFIER"
    why = _WHY.get(code, f"HubSpot answered {status}; check the OAuth settings.")
    return why.format(renewal=credential.renewal)


def scopes_of(answer: Mapping[str, Any]) -> frozenset[str] | None:
    """The scopes that an answer lists; None where it lists none in a form that is known."""
    told = answer.get("scopes")
    if isinstance(told, list) and all(isinstance(scope, str) for scope in told):
        return frozenset(told)
    return None


class Auth(Protocol):
    """What the client asks for a token."""

    def token(self) -> Secret: ...
    def expired(self, stale: Secret) -> bool:
        """HubSpot refused `stale`. True: a new token is there, try again."""
        ...


class PrivateToken:
    """A private app's token or a service key: it does not expire, so a refusal is final."""

    def __init__(self, token: Secret) -> None:
        # the error of the HTTP library would show the token
        if not _HEADER_SAFE.fullmatch(token.reveal()):
            raise CredentialError(
                "HUBSPOT_ACCESS_TOKEN contains a space, a line break or a character no token has; copy it again."
            )
        self._token = token

    def token(self) -> Secret:
        return self._token

    def expired(self, stale: Secret) -> bool:
        return False


class OAuthToken:
    """An OAuth app's access token (30 minutes), refreshed by one thread, and of a kept login one process, at a time."""

    def __init__(
        self, credential: Credential, post_form: PostForm, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._credential = credential
        self._refresh_token = credential.refresh_token
        self._post_form = post_form
        self._clock = clock
        self._lock = threading.Lock()
        self._token = Secret("")
        self._scopes: frozenset[str] | None = None
        self._renew_at = 0.0

    def token(self) -> Secret:
        with self._lock:
            if not self._token or self._clock() >= self._renew_at:
                self._refresh()
            return self._token

    def expired(self, stale: Secret) -> bool:
        with self._lock:
            if stale.reveal() == self._token.reveal():
                self._refresh()
            return True

    def scopes(self) -> frozenset[str] | None:
        """Scopes of the access token, as given with it or told on request; None where HubSpot does not tell."""
        token = self.token()
        if self._scopes is None:
            status, answer = self._post_form(INTROSPECT_PATH, self._form(token=token.reveal()))
            self._scopes = scopes_of(answer) if status == 200 else None
        return self._scopes

    def _form(self, **fields: str) -> dict[str, str]:
        one = self._credential
        return {"client_id": one.client_id, "client_secret": one.client_secret.reveal(), **fields}

    def _refresh(self) -> None:
        with self._kept() as login:
            form = self._form(grant_type="refresh_token", refresh_token=self._refresh_token.reveal())
            status, answer = self._post_form(TOKEN_PATH, form)
            if status != 200 or "access_token" not in answer:
                why = refusal(status, answer, self._credential)
                raise CredentialError(f"The OAuth token could not be refreshed: {why}")
            successor = str(answer.get("refresh_token") or "")
            if successor and successor != self._refresh_token.reveal():
                self._refresh_token = Secret(successor)
                self._keep(login)
        self._token = Secret(answer["access_token"])
        self._scopes = scopes_of(answer)
        lifetime = float(answer.get("expires_in", 1800))
        self._renew_at = self._clock() + lifetime - min(EARLY, lifetime / 2)

    @contextmanager
    def _kept(self) -> Iterator[Login | None]:
        """Take the refresh token from the kept login and hold that: another process may have had it replaced."""
        file = self._credential.kept_in
        if file is None:
            yield None
            return
        with credentials.locked(file):
            login = credentials.kept(file)
            if login is None:
                raise CredentialError(f"The login in {file} was deleted meanwhile: run `hubspot-pipeline login`.")
            if (login.portal_id, login.client_id) != (self._credential.portal_id, self._credential.client_id):
                raise CredentialError(f"Meanwhile somebody logged in to another portal or app in {file}: run it again.")
            self._refresh_token = login.refresh_token
            yield login

    def _keep(self, login: Login | None) -> None:
        """Keep the refresh token that took the old one's place. Where that cannot be, this run goes on and warns."""
        file, why = self._credential.kept_in, "HUBSPOT_REFRESH_TOKEN, which only you can change"
        if login is not None and file is not None:
            try:
                credentials.keep(file, replace(login, refresh_token=self._refresh_token))
                return
            except OSError as error:
                why = f"{file} ({error.strerror})"
        logging.getLogger(__name__).warning(
            "HubSpot replaced the refresh token. This run goes on, the next one cannot: the old token is in %s. "
            "To go on after this run, %s", why, self._credential.renewal,
        )  # fmt: skip

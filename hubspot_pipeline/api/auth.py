"""Credential -> bearer token for the next call; OAuth access tokens are refreshed before and on expiry."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from hubspot_pipeline.errors import CredentialError
from hubspot_pipeline.settings import Credential, Secret
from hubspot_pipeline.streams import API_VERSION

EARLY = 60.0
"""Seconds before its expiry at which an access token is replaced (a short-lived one at half its life)."""

TOKEN_PATH = f"/oauth/{API_VERSION}/token"

_HEADER_SAFE = re.compile(r"[\x21-\x7e]*")
_WHY = {
    "BAD_REFRESH_TOKEN": "the refresh token is invalid, expired or was revoked (was the app uninstalled?). "
    "Install the app again and set the new HUBSPOT_REFRESH_TOKEN.",
    "BAD_CLIENT_ID": "HUBSPOT_CLIENT_ID is not an app that HubSpot knows, or HUBSPOT_CLIENT_SECRET is not its secret.",
    "BAD_CLIENT_SECRET": "HUBSPOT_CLIENT_SECRET does not belong to HUBSPOT_CLIENT_ID.",
}


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
    """An OAuth app's access token (30 minutes), refreshed by one thread at a time.

    `post_form` sends a form to a path and gives (status, answer).
    """

    def __init__(
        self,
        credential: Credential,
        post_form: Callable[[str, dict[str, str]], tuple[int, dict[str, Any]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._credential = credential
        self._refresh_token = credential.refresh_token
        self._post_form = post_form
        self._clock = clock
        self._lock = threading.Lock()
        self._token = Secret("")
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

    def _refresh(self) -> None:
        form = {
            "grant_type": "refresh_token",
            "client_id": self._credential.client_id,
            "client_secret": self._credential.client_secret.reveal(),
            "refresh_token": self._refresh_token.reveal(),
        }
        status, answer = self._post_form(TOKEN_PATH, form)
        if status != 200 or "access_token" not in answer:
            code = str(answer.get("status", ""))
            why = _WHY.get(code, f"HubSpot answered {status}; check the three OAuth settings.")
            raise CredentialError(f"The OAuth token could not be refreshed: {why}")
        self._token = Secret(answer["access_token"])
        self._refresh_token = Secret(answer.get("refresh_token") or self._refresh_token.reveal())
        lifetime = float(answer.get("expires_in", 1800))
        self._renew_at = self._clock() + lifetime - min(EARLY, lifetime / 2)

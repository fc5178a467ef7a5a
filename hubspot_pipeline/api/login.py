"""The OAuth authorization-code flow for an app of the user's own, and its end.

install URL -> the browser's way back, or what was pasted -> code -> refresh token -> `credentials.json`
"""

import base64
import hashlib
import os
import queue
import re
import secrets
import sys
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from hubspot_pipeline import credentials
from hubspot_pipeline.api.auth import INTROSPECT_PATH, TOKEN_PATH, refusal, scopes_of
from hubspot_pipeline.api.client import Client
from hubspot_pipeline.api.redirect import listening, redirect_url
from hubspot_pipeline.credentials import Login
from hubspot_pipeline.errors import ConfigError, CredentialError, WrongPortal
from hubspot_pipeline.settings import Secret, Settings
from hubspot_pipeline.streams import install_scopes

DEFAULT_PORT = 8400
"""Fixed, because the app in HubSpot has to know the redirect URL."""
PATIENCE = 600.0
"""Seconds to wait for the browser to come back."""
CONSENT_URL = "https://app.hubspot.com/oauth/authorize"
_CODE = re.compile(r"[\w.~+/=-]+")
_NOTHING_STORED = "Nothing was stored"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One login under way: what goes into its link and what the way back is checked against."""

    client_id: str
    redirect_url: str
    state: str
    verifier: Secret

    @classmethod
    def begin(cls, client_id: str, port: int) -> "Attempt":
        """A new one, with a random state and a random PKCE verifier."""
        return cls(client_id, redirect_url(port), secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(64)))

    def install_url(self, page: str, required: Sequence[str], optional: Sequence[str]) -> str:
        """The link to the consent page."""
        digest = hashlib.sha256(self.verifier.reveal().encode()).digest()
        query = {
            "client_id": self.client_id, "redirect_uri": self.redirect_url, "response_type": "code",
            "scope": " ".join(required), "optional_scope": " ".join(optional), "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="), "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{page}?{urlencode({name: value for name, value in query.items() if value})}"

    def code_in(self, query: str) -> Secret:
        """The code in the query of the redirect. Raises CredentialError where it holds none for this attempt."""
        given = {name: values[-1] for name, values in parse_qs(query).items()}
        if not {"code", "error"} & set(given):
            raise CredentialError(
                "That address holds no code: paste the one the browser shows after you allowed access, which begins "
                f"with {self.redirect_url}?code="
            )
        if not secrets.compare_digest(given.get("state", "").encode(), self.state.encode()):
            raise CredentialError(
                f"The answer does not belong to this login (its state differs). {_NOTHING_STORED}; run the command "
                "again and use the link that it shows then, not an older one."
            )
        if given.get("error") == "access_denied":
            raise CredentialError(
                f"Access was denied on HubSpot's page. {_NOTHING_STORED}; run the command again and allow it there, as "
                "a super admin or a user who may install apps."
            )
        if "error" in given:
            told = "".join(sign for sign in given["error"][:80] if sign.isprintable())
            raise CredentialError(f"HubSpot did not install the app ({told}). {_NOTHING_STORED}.")
        return Secret(given["code"])

    def code_pasted(self, text: str) -> Secret:
        """The code in what a person pasted: the code alone, or the whole address the browser ended up at.

        An address must have the state of this attempt; a code alone is bound to it by PKCE.
        """
        text = text.strip().strip("'\"<>")
        if "?" in text or "://" in text or "code=" in text:
            return self.code_in(urlsplit(text).query if "?" in text else text)
        if not _CODE.fullmatch(text):
            raise CredentialError(
                f"What was pasted is neither a code nor an address. {_NOTHING_STORED}; run the command again."
            )
        return Secret(text)


def login(
    settings: Settings, portal_id: str | None, *, port: int = DEFAULT_PORT, browser: bool = True,
    scopes: tuple[Sequence[str], Sequence[str]] | None = None, tell: Callable[[str], None] | None = None,
    ask: Callable[[], str] | None = None,
) -> Login:  # fmt: skip
    """Let the app of the settings into a portal, by a person, and keep what HubSpot grants.

    `portal_id`: the portal that the warehouse holds, None before its first sync. `scopes`: required and optional ones,
    None for the smallest that read the chosen streams. `browser` False: no browser on this machine, the person pastes a
    line. `tell` and `ask` stand for standard output and input. Raises ConfigError and its kinds; then nothing was
    stored.
    """
    # a person who waits must see what is told, in a pipe too
    tell, ask = tell or (lambda text: print(text, flush=True)), ask or (lambda: sys.stdin.readline())
    _require_ready(settings, port)
    client = Client(settings)
    _require_known_app(client, settings)
    required, optional = scopes or install_scopes(settings.chosen)
    attempt = Attempt.begin(settings.credential.client_id, port)
    page = f"{settings.base_url}/oauth/authorize" if settings.is_loopback else CONSENT_URL
    url = attempt.install_url(page, required, optional)
    tell(_introduction(attempt, required, optional))
    try:
        code = _from_browser(attempt, url, port, tell) if browser else _from_paste(attempt, url, tell, ask)
    except KeyboardInterrupt:
        raise ConfigError(f"The login was stopped. {_NOTHING_STORED}.") from None
    granted = _redeemed(client, settings, attempt, code)
    _require_right(granted, portal_id, required)
    with credentials.locked(settings.login_file):
        _keep(settings, granted)
    tell(_summary(settings, granted, optional))
    return granted


def _keep(settings: Settings, granted: Login) -> None:
    try:
        credentials.keep(settings.login_file, granted)
    except OSError as error:
        raise ConfigError(
            f"The login cannot be kept in {settings.login_file} ({error.strerror}). {_NOTHING_STORED}; mend that, then "
            "run the command again."
        ) from None


def _require_ready(settings: Settings, port: int) -> None:
    """Raises ConfigError where a login could not be used or kept, before a person is sent to HubSpot."""
    credential, folder = settings.credential, settings.data_dir
    if credential.given:
        name = "HUBSPOT_ACCESS_TOKEN" if credential.access_token else "HUBSPOT_REFRESH_TOKEN"
        raise ConfigError(f"{name} is set and would be used instead of the login: remove it, then log in.")
    credentials.require_app(credential)
    if not 0 < port < 65_536:
        raise ConfigError(f"--port is {port}; it must be a number from 1 to 65535.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error.strerror}): correct HUBSPOT_DATA_DIR.") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"{folder} cannot be written to: run as its owner, or correct HUBSPOT_DATA_DIR.")


def _require_known_app(client: Client, settings: Settings) -> None:
    """Raises CredentialError where HubSpot does not know the app, whose own page would only say so to the browser."""
    app = settings.credential
    status, answer = client.post_form(
        INTROSPECT_PATH, {"client_id": app.client_id, "client_secret": app.client_secret.reveal(), "token": "none"}
    )
    if answer.get("status") in ("BAD_CLIENT_ID", "BAD_CLIENT_SECRET"):
        raise CredentialError(f"HubSpot does not accept the app: {refusal(status, answer, app)}")


def _introduction(attempt: Attempt, required: Sequence[str], optional: Sequence[str]) -> str:
    return (
        f"Redirect URL, to be registered for the app in HubSpot exactly so: {attempt.redirect_url}\n"
        f"Scopes, to be chosen for the app. Required: {' '.join(required)}\n"
        f"Optional: {' '.join(optional) or 'none'}\n"
        "If HubSpot's page shows an error instead of asking you, one of these differs from the app's settings.\n"
    )


def _from_browser(attempt: Attempt, url: str, port: int, tell: Callable[[str], None]) -> Secret:
    with listening(port) as answers:
        tell(f"Open this link if no browser opens (none on this machine? stop, and add --no-browser):\n\n{url}\n")
        webbrowser.open(url)
        try:
            return attempt.code_in(answers.get(timeout=PATIENCE))
        except queue.Empty:
            raise ConfigError(
                f"Nobody came back from HubSpot within ten minutes. {_NOTHING_STORED}; run the command again."
            ) from None


def _from_paste(attempt: Attempt, url: str, tell: Callable[[str], None], ask: Callable[[], str]) -> Secret:
    tell(
        f"Open this link in any browser and allow access:\n\n{url}\n\nThe browser then goes to {attempt.redirect_url}, "
        "where no page may show. Paste that whole address, or the code in it, and press Enter:"
    )
    return attempt.code_pasted(ask())


def _redeemed(client: Client, settings: Settings, attempt: Attempt, code: Secret) -> Login:
    """Turn the code into what is kept. Raises CredentialError."""
    app = settings.credential
    own = {"client_id": app.client_id, "client_secret": app.client_secret.reveal()}
    form = {"grant_type": "authorization_code", "code": code.reveal(), "redirect_uri": attempt.redirect_url,
            "code_verifier": attempt.verifier.reveal()}  # fmt: skip
    status, answer = client.post_form(TOKEN_PATH, own | form)
    if status != 200:
        raise CredentialError(f"HubSpot gave no token for the code: {refusal(status, answer, app)} {_NOTHING_STORED}.")
    refresh_token = str(answer.get("refresh_token") or "")
    told: dict[str, Any] = dict(answer)
    if refresh_token and not {"hub_id", "scopes"} <= set(told):
        told |= client.post_form(INTROSPECT_PATH, own | {"token": refresh_token})[1]
    if not refresh_token or not told.get("hub_id"):
        raise CredentialError(f"HubSpot's answer lacks the refresh token or the portal's id. {_NOTHING_STORED}.")
    scopes = tuple(sorted(scopes_of(told) or ()))
    return Login(str(told["hub_id"]), app.client_id, Secret(refresh_token), scopes, datetime.now(UTC))


def _require_right(granted: Login, portal_id: str | None, required: Sequence[str]) -> None:
    """Raises WrongPortal, CredentialError. What HubSpot granted is not revoked: another warehouse may live by it."""
    if portal_id is not None and granted.portal_id != portal_id:
        raise WrongPortal(
            f"This warehouse holds portal {portal_id}, and the login is to portal {granted.portal_id}. "
            f"{_NOTHING_STORED}; run the command again and choose portal {portal_id}, or set another HUBSPOT_DATA_DIR."
        )
    missing = [scope for scope in required if scope not in granted.scopes]
    if granted.scopes and missing:
        raise CredentialError(
            f"HubSpot granted fewer scopes than are required; missing: {', '.join(missing)}. {_NOTHING_STORED}; add "
            "them to the app's settings in HubSpot, then run the command again."
        )


def _summary(settings: Settings, granted: Login, optional: Sequence[str]) -> str:
    missing = [scope for scope in optional if scope not in granted.scopes]
    lines = [
        f"Logged in to portal {granted.portal_id}. The login is kept in {settings.login_file}, for you alone; each "
        "run needs HUBSPOT_CLIENT_SECRET with it."
    ]
    if granted.scopes and missing:
        lines.append(f"Not granted, so what needs them is skipped: {', '.join(missing)}.")
    return "\n".join(lines)

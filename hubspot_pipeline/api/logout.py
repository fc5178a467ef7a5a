"""The kept login and the credentials of the settings -> deleted, revoked, or told how to be."""

from hubspot_pipeline import credentials
from hubspot_pipeline.api.auth import REVOKE_PATH, refusal
from hubspot_pipeline.api.client import Client
from hubspot_pipeline.credentials import Credential, Secret
from hubspot_pipeline.errors import ConfigError, HubSpotError
from hubspot_pipeline.settings import Settings

_UNINSTALL = "Uninstall the app in HubSpot: Settings > Integrations > Connected apps."


def logout(settings: Settings) -> tuple[list[str], bool]:
    """Delete the kept login, revoke OAuth tokens; gives what to tell, and whether all that could be done was done.

    `settings`: loaded without the login. The file is deleted whether HubSpot can be reached or not. Raises ConfigError
    where it cannot be.
    """
    credential, lines, done = settings.credential, [], True
    if settings.login_file.is_file():
        lost, refresh_token, client_id = _delete(settings)
        lines.append(f"{settings.login_file} is deleted.")
        why = lost or _revoke(settings, client_id, refresh_token)
        done = not why
        lines.append(_told(f"the refresh token of app {client_id}", why))
    if credential.refresh_token:
        why = _revoke(settings, credential.client_id, credential.refresh_token)
        done = done and not why
        lines.append(_told("the refresh token in HUBSPOT_REFRESH_TOKEN", why))
        lines.append("Remove HUBSPOT_REFRESH_TOKEN from the environment or .env.")
    if credential.access_token:
        lines.append(
            "HUBSPOT_ACCESS_TOKEN goes on working: remove it from the environment or .env, and deactivate it in "
            "HubSpot, a service key under Development > Keys > Service keys, a private app's token under "
            "Development > Legacy apps."
        )
    return lines or ["Nobody is logged in: no login is kept and no credential is set."], done


def _delete(settings: Settings) -> tuple[str, Secret, str]:
    """(why it cannot be revoked, refresh token, client id) of the login that is no more."""
    file = settings.login_file
    try:
        with credentials.locked(file):
            try:
                # open to others or not: what they may have read is revoked just now
                login = credentials.kept(file, private=False)
            except ConfigError:
                login = None
            file.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigError(f"{file} cannot be deleted ({error.strerror}): delete it yourself, then again.") from None
    if login is None:
        return "the file was damaged", Secret(""), "(unknown)"
    return "", login.refresh_token, login.client_id


def _revoke(settings: Settings, client_id: str, refresh_token: Secret) -> str:
    """Why HubSpot did not revoke the token; empty where it did."""
    secret = settings.credential.client_secret
    if not secret:
        return "HUBSPOT_CLIENT_SECRET is not set"
    form = {"client_id": client_id, "client_secret": secret.reveal(), "token": refresh_token.reveal(),
            "token_type_hint": "refresh_token"}  # fmt: skip
    try:
        client = Client(settings)
        status, answer = client.post_form(REVOKE_PATH, form)
    except HubSpotError as error:
        return str(error)
    return "" if status in (200, 204) else refusal(status, answer, Credential())


def _told(what: str, why: str) -> str:
    if why:
        return f"HubSpot was not told to forget {what}: {why}. {_UNINSTALL}"
    return f"HubSpot revoked {what}. The app stays installed, without a token. {_UNINSTALL}"

"""What opens a portal, and the file that keeps a login.

Environment, `.env` and `credentials.json` of the data folder -> one `Credential`; a login -> that file, readable by its
owner alone. The file holds neither the client secret nor an access token.
"""

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from hubspot_pipeline.errors import ConfigError

LOCK_PATIENCE = 300.0
"""Seconds to wait for another process that refreshes the same login: six tries of a call that times out."""
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class Secret(str):
    """A string that does not print itself; `reveal()` gives the value."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return str.__str__(self)


NO_SECRET = Secret("")


@dataclass(frozen=True, slots=True)
class Credential:
    """A private token (private app, service key), or an OAuth app with a refresh token."""

    access_token: Secret = NO_SECRET
    client_id: str = ""
    client_secret: Secret = NO_SECRET
    refresh_token: Secret = NO_SECRET
    kept_in: Path | None = None
    """The file of the login that the refresh token is from; None: it is from the settings."""
    portal_id: str = ""
    """The portal of that login."""

    @property
    def is_oauth(self) -> bool:
        return bool(self.refresh_token)

    @property
    def given(self) -> bool:
        return bool(self.access_token or self.refresh_token)

    @property
    def lacks_login(self) -> bool:
        """An OAuth app is set that nobody has logged in with yet."""
        return not self.given and bool(self.client_id or self.client_secret)

    @property
    def renewal(self) -> str:
        """What to do about a refresh token that works no more."""
        again = "install the app again and set the new HUBSPOT_REFRESH_TOKEN, or remove it and run"
        return f"{'install the app again with' if self.kept_in else again} `hubspot-pipeline login`."


@dataclass(frozen=True, slots=True)
class Login:
    """What a login leaves behind."""

    portal_id: str
    client_id: str
    refresh_token: Secret
    scopes: tuple[str, ...]
    granted_at: datetime


class _File(msgspec.Struct):
    portal_id: str
    client_id: str
    refresh_token: str
    scopes: tuple[str, ...]
    granted_at: datetime


def chosen(get: Callable[[str], str], file: Path | None) -> Credential:
    """The credential of the settings, or else of the login kept in `file` (None: leave that aside).

    `get`: a setting by name, empty where it is not set. Raises ConfigError where settings contradict each other or the
    login, or one is missing.
    """
    token, refresh_token = get("HUBSPOT_ACCESS_TOKEN"), Secret(get("HUBSPOT_REFRESH_TOKEN"))
    if _UUID.fullmatch(token):
        raise ConfigError(
            "HUBSPOT_ACCESS_TOKEN holds an API key (a UUID). HubSpot switched API keys off on 30 November 2022: "
            "create a private app or a service key in HubSpot and use its token, which starts with `pat-`."
        )
    if token and refresh_token:
        raise ConfigError(
            "HUBSPOT_ACCESS_TOKEN and HUBSPOT_REFRESH_TOKEN are both set, and they may open two portals: remove one "
            "from the environment or .env (`HUBSPOT_ACCESS_TOKEN=` in the environment makes it empty)."
        )
    if token:
        return Credential(access_token=Secret(token))
    app = Credential(client_id=get("HUBSPOT_CLIENT_ID"), client_secret=Secret(get("HUBSPOT_CLIENT_SECRET")))
    if refresh_token:
        _require(app, "OAuth needs all three settings;")
        return Credential(client_id=app.client_id, client_secret=app.client_secret, refresh_token=refresh_token)
    if file is None:
        return app
    login = kept(file)
    return app if login is None else _of_login(login, app, file)


def _require(app: Credential, why: str) -> None:
    parts = {"HUBSPOT_CLIENT_ID": app.client_id, "HUBSPOT_CLIENT_SECRET": app.client_secret}
    missing = [name for name, value in parts.items() if not value]
    if missing:
        raise ConfigError(f"{why} {' and '.join(missing)} missing. HubSpot shows both on the app's Auth page.")


def require_app(app: Credential) -> None:
    """Raises ConfigError unless client id and secret of an OAuth app are set."""
    _require(app, "A login needs an OAuth app of yours;")


def _of_login(login: Login, app: Credential, file: Path) -> Credential:
    if app.client_id and app.client_id != login.client_id:
        raise ConfigError(
            f"{file} keeps a login through the app {login.client_id}, and HUBSPOT_CLIENT_ID is {app.client_id}: "
            "correct the setting, or run `hubspot-pipeline login` to log in through that app."
        )
    if not app.client_secret:
        raise ConfigError(
            f"The login in {file} needs HUBSPOT_CLIENT_SECRET, the secret of the app {login.client_id}: set it again, "
            "or run `hubspot-pipeline logout`."
        )
    return Credential(
        client_id=login.client_id, client_secret=app.client_secret, refresh_token=login.refresh_token,
        kept_in=file, portal_id=login.portal_id,
    )  # fmt: skip


def kept(file: Path, *, private: bool = True) -> Login | None:
    """The login kept in `file`, None where there is none.

    Raises ConfigError where the file is not a login, or (`private`) others than its owner may read or change it.
    """
    try:
        handle = os.open(file, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}): run as the user who logged in.") from None
    with os.fdopen(handle, "rb") as opened:
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        if private and mode & 0o077:
            raise ConfigError(
                f"{file} is open to others on this machine (mode {mode:04o}) and is not used. If nobody read it, "
                f"`chmod 600 {file}`; else run `hubspot-pipeline logout` and `hubspot-pipeline login`."
            )
        content = opened.read()
    with suppress(msgspec.MsgspecError, UnicodeDecodeError):
        found = msgspec.json.decode(content, type=_File)
        if found.refresh_token and found.client_id:
            return Login(
                found.portal_id, found.client_id, Secret(found.refresh_token), found.scopes, found.granted_at
            )  # fmt: skip
    raise ConfigError(f"{file} is damaged: run `hubspot-pipeline login`, which writes it anew.")


def keep(file: Path, login: Login) -> None:
    """Put `login` in the place of what `file` held, in one step. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.encode(_File(
        login.portal_id, login.client_id, login.refresh_token.reveal(), login.scopes, login.granted_at,
    ))  # fmt: skip
    # mkstemp gives mode 0600 from the first moment on, whatever the umask
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(msgspec.json.format(content) + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(temporary, file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let no other process refresh, replace or delete the login in `file` meanwhile. Raises ConfigError."""
    lock = FileLock(file.with_name(f".{file.name}.lock"))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=LOCK_PATIENCE)
    except Timeout:
        raise ConfigError(
            f"Another process has been refreshing the login in {file} for five minutes: end it, then run again."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"The login in {file} cannot be locked ({error.strerror}): run as the user who logged in, in a folder that "
            "can be written to."
        ) from None
    try:
        yield
    finally:
        lock.release()

"""Environment, `.env`, hubspot.yaml -> one frozen `Settings`.

Read once at the edge (CLI, Dagster resource) and handed down; nothing is read at import.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from hubspot_pipeline import custom_objects
from hubspot_pipeline.choice import Choice
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.streams import Stream, Streams

DEFAULT_BASE_URL = "https://api.hubapi.com"
DEFAULT_START = datetime(2006, 6, 1, tzinfo=UTC)
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
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

    @property
    def is_oauth(self) -> bool:
        return bool(self.refresh_token)

    @property
    def given(self) -> bool:
        return bool(self.access_token or self.refresh_token)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run needs to know, checked."""

    root: Path
    data_dir: Path
    credential: Credential = field(default_factory=Credential)
    base_url: str = DEFAULT_BASE_URL
    start: datetime = DEFAULT_START
    lookback: timedelta = timedelta(minutes=10)
    daily_share: float = 0.5
    small_portal: int = 50_000
    """Up to this many records every sync also reconciles."""
    page_window: int = 2_000
    """Pages of a first full read per load package; what an interruption can cost."""
    backoff: float = 1.0
    """Factor on every wait before a retry; tests take 0."""
    streams: Streams = field(default_factory=Streams, compare=False)
    """Every stream there is, the custom objects of this portal included."""
    everything: bool = False
    """All streams are read unless hubspot.yaml says otherwise; the demo's portal has them all."""
    choice: Choice = field(default_factory=Choice, hash=False)
    """What hubspot.yaml chooses."""
    hash_key: Secret = NO_SECRET
    """Key of the hashes that hubspot.yaml asks for; another key makes other hashes."""

    @property
    def published(self) -> Path:
        """The file that people open."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def working(self) -> Path:
        """The file that the pipeline and dbt write."""
        return self.data_dir / ".load" / "warehouse.duckdb"

    @property
    def chosen(self) -> list[Stream]:
        """The streams that are read when nobody names some, in declared order."""
        return [one for one in self.streams if self._is_on(one)]

    def _is_on(self, stream: Stream) -> bool:
        """Chosen by name or group, or by default; naming properties whose history is kept chooses their history."""
        kept = stream.is_history and self.choice.stream(stream.source[0]).history is not None
        return self.choice.is_on(stream.name, stream.group, stream.default or kept, self.everything)

    @property
    def sandbox_dir(self) -> Path:
        """State of the local portal; its presence marks a data folder in which the demo ran."""
        return self.data_dir / "sandbox"

    @property
    def is_sandbox(self) -> bool:
        """No credential is set and the demo ran here: runs talk to the local sandbox portal."""
        return not self.credential.given and self.sandbox_dir.exists()

    @property
    def is_loopback(self) -> bool:
        """The portal is on this machine, so it is a sandbox whatever the token."""
        return urlsplit(self.base_url).hostname in _LOOPBACK

    @classmethod
    def load(cls, root: Path | None = None, env: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings of the project in `root` (default: the working folder or the project itself).

        Raises ConfigError naming the setting, what is wrong and what would be right.
        """
        root = root or project_root()
        env = os.environ if env is None else env
        values = {k: v for k, v in dotenv_values(root / ".env").items() if v is not None} | dict(env)

        def text(name: str, default: str = "") -> str:
            return (values.get(name) or "").strip() or default

        data_dir = Path(text("HUBSPOT_DATA_DIR", "data")).expanduser()
        data_dir = data_dir if data_dir.is_absolute() else root / data_dir
        credential = _credential(text)
        choice = Choice.load(root)
        return cls(
            root=root,
            data_dir=data_dir,
            credential=credential,
            streams=Streams(custom_objects.read(data_dir)),
            everything=not credential.given and (data_dir / "sandbox").exists(),
            base_url=_base_url(text("HUBSPOT_BASE_URL", DEFAULT_BASE_URL)),
            start=parse_instant("HUBSPOT_START_DATE", text("HUBSPOT_START_DATE"), DEFAULT_START),
            lookback=timedelta(
                minutes=_number("HUBSPOT_LOOKBACK_MINUTES", text("HUBSPOT_LOOKBACK_MINUTES", "10"), 0, 10_080)
            ),
            daily_share=_number("HUBSPOT_DAILY_CALL_SHARE", text("HUBSPOT_DAILY_CALL_SHARE", "0.5"), 0.01, 1),
            choice=choice,
            hash_key=_hash_key(text("HUBSPOT_HASH_KEY"), needed=choice.hashes),
        )


def project_root() -> Path:
    """The folder that holds the project: the working folder if it has a dbt_project, else the package's parent."""
    here = Path.cwd()
    return here if (here / "dbt_project").is_dir() else Path(__file__).resolve().parent.parent


def parse_instant(name: str, value: str, default: datetime) -> datetime:
    """`YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SSZ` as an instant in UTC; `name` is for the error message."""
    if not value:
        return default
    for pattern in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(value, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise ConfigError(f"{name} is {value!r}; write it as 2024-01-31 or 2024-01-31T08:00:00Z.")


def _credential(get: Callable[[str], str]) -> Credential:
    token = get("HUBSPOT_ACCESS_TOKEN")
    if _UUID.fullmatch(token):
        raise ConfigError(
            "HUBSPOT_ACCESS_TOKEN holds an API key (a UUID). HubSpot switched API keys off on 30 November 2022: "
            "create a private app or a service key in HubSpot and use its token, which starts with `pat-`."
        )
    parts = {n: get(f"HUBSPOT_{n}") for n in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN")}
    missing = [f"HUBSPOT_{n}" for n, v in parts.items() if not v]
    if token:
        return Credential(access_token=Secret(token))
    if len(missing) == 3:
        return Credential()
    if missing:
        raise ConfigError(f"OAuth needs all three settings; {' and '.join(missing)} missing.")
    return Credential(
        client_id=parts["CLIENT_ID"],
        client_secret=Secret(parts["CLIENT_SECRET"]),
        refresh_token=Secret(parts["REFRESH_TOKEN"]),
    )


_MAKE_KEY = """.venv/bin/python -c 'import secrets; print("HUBSPOT_HASH_KEY=" + secrets.token_urlsafe(32))' >> .env"""


def _hash_key(value: str, *, needed: bool) -> Secret:
    if needed and not value:
        raise ConfigError(f"hubspot.yaml hashes values and HUBSPOT_HASH_KEY is not set. Make a key once: {_MAKE_KEY}")
    if value and len(value) < 16:
        raise ConfigError(f"HUBSPOT_HASH_KEY is shorter than 16 characters. Make a better one: {_MAKE_KEY}")
    return Secret(value)


def _base_url(value: str) -> str:
    url = urlsplit(value)
    allowed = url.hostname in _LOOPBACK or (url.scheme == "https" and (url.hostname or "").endswith(".hubapi.com"))
    if not allowed:
        raise ConfigError(
            f"HUBSPOT_BASE_URL is {value!r}; the token is sent only to https://*.hubapi.com or to this machine."
        )
    return value.rstrip("/")


def _number(name: str, value: str, low: float, high: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ConfigError(f"{name} is {value!r}; it must be a number from {low:g} to {high:g}.")
    return number

"""Environment, `.env`, the login of the data folder, hubspot.yaml -> one frozen `Settings`.

Read once at the edge (CLI, Dagster resource) and handed down; nothing is read at import.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from hubspot_pipeline import credentials, custom_objects
from hubspot_pipeline.choice import Choice
from hubspot_pipeline.credentials import NO_SECRET, Credential, Secret
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.streams import Stream, Streams

__all__ = [
    "DEFAULT_BASE_URL",
    "DEFAULT_START",
    "DEFAULT_UI",
    "NO_SECRET",
    "Credential",
    "Secret",
    "Settings",
    "parse_instant",
]

DEFAULT_BASE_URL = "https://api.hubapi.com"
DEFAULT_UI = "http://127.0.0.1:3000"
"""Where `make ui` shows a run."""
DEFAULT_START = datetime(2006, 6, 1, tzinfo=UTC)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_BASE_URL = re.compile(
    r"https://([a-z0-9-]+\.)+hubapi\.com(:\d+)?|https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?",
    re.ASCII | re.IGNORECASE,
)
"""The whole of an address that a token may go to. No parser takes it apart: two of them may disagree about a host."""


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
    retention_days: float = 30
    """How long Dagster keeps what it knows of a finished run."""
    small_portal: int = 50_000
    """Up to this many records every sync also reconciles."""
    page_window: int = 2_000
    """Pages of a first full read per load package; what an interruption can cost."""
    backoff: float = 1.0
    """Factor on every wait before a retry; tests take 0."""
    timeout: tuple[float, float] = (10, 120)
    """Seconds to connect to HubSpot, and between two bytes of an answer (Cloudflare gives up on HubSpot after 100)."""
    searches: int = 5
    """Searches a second that HubSpot lets an account make; tests of a portal without limits take more."""
    streams: Streams = field(default_factory=Streams, compare=False)
    """Every stream there is, the custom objects of this portal included."""
    everything: bool = False
    """All streams are read unless hubspot.yaml says otherwise; the demo's portal has them all."""
    choice: Choice = field(default_factory=Choice, hash=False)
    """What hubspot.yaml chooses."""
    hash_key: Secret = NO_SECRET
    """Key of the hashes that hubspot.yaml asks for; another key makes other hashes."""
    alert_webhook: Secret = NO_SECRET
    """Where incidents are told; whoever knows the URL can post there."""
    dagster_url: str = DEFAULT_UI
    """Where Dagster's UI is reached by those who are told; their links lead there."""

    def __post_init__(self) -> None:
        if not _BASE_URL.fullmatch(self.base_url):
            shown = self.base_url.rpartition("@")[2]
            raise ConfigError(
                f"HUBSPOT_BASE_URL is {shown!r}; the token is sent only to https://*.hubapi.com or to this machine."
            )

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
        """Chosen by name or group, by default, or by asking for what it holds: histories, content of files."""
        asked = stream.is_history and self.choice.stream(stream.source[0]).history is not None
        asked |= stream.name == "files" and self.choice.files.download
        return self.choice.is_on(stream.name, stream.group, stream.default or asked, self.everything)

    @property
    def login_file(self) -> Path:
        """Where `hubspot-pipeline login` keeps what it was granted."""
        return self.data_dir / "credentials.json"

    @property
    def sandbox_dir(self) -> Path:
        """State of the local portal; its presence marks a data folder in which the demo ran."""
        return self.data_dir / "sandbox"

    @property
    def is_sandbox(self) -> bool:
        """No credential is set and the demo ran here: runs talk to the local sandbox portal."""
        # an app that waits for its login must not end in invented data
        return not self.credential.given and not self.credential.lacks_login and self.sandbox_dir.exists()

    @property
    def is_loopback(self) -> bool:
        """The portal is on this machine, so it is a sandbox whatever the token."""
        return urlsplit(self.base_url).hostname in LOOPBACK

    @classmethod
    def load(
        cls, root: Path | None = None, env: Mapping[str, str] | None = None, *, with_login: bool = True
    ) -> "Settings":
        """Read the settings of the project in `root` (default: the working folder or the project itself).

        The environment wins over `.env`, and a token in either over the login kept in the data folder. `with_login`
        False leaves that login aside, as the commands do that write and delete it. Raises ConfigError naming the
        setting, what is wrong and what would be right.
        """
        root = root or project_root()
        env = os.environ if env is None else env
        values = {k: v for k, v in dotenv_values(root / ".env").items() if v is not None} | dict(env)

        def text(name: str, default: str = "") -> str:
            return (values.get(name) or "").strip() or default

        data_dir = root / Path(text("HUBSPOT_DATA_DIR", "data")).expanduser()
        choice = Choice.load(root)
        made = cls(
            root=root,
            data_dir=data_dir,
            streams=Streams(custom_objects.read(data_dir)),
            base_url=text("HUBSPOT_BASE_URL", DEFAULT_BASE_URL).rstrip("/"),
            start=parse_instant("HUBSPOT_START_DATE", text("HUBSPOT_START_DATE"), DEFAULT_START),
            lookback=timedelta(
                minutes=_number("HUBSPOT_LOOKBACK_MINUTES", text("HUBSPOT_LOOKBACK_MINUTES", "10"), 0, 10_080)
            ),
            retention_days=_number("HUBSPOT_RETENTION_DAYS", text("HUBSPOT_RETENTION_DAYS", "30"), 1, 36_500),
            daily_share=_number("HUBSPOT_DAILY_CALL_SHARE", text("HUBSPOT_DAILY_CALL_SHARE", "0.5"), 0.01, 1),
            choice=choice,
            hash_key=_hash_key(text("HUBSPOT_HASH_KEY"), needed=choice.hashes),
            alert_webhook=_webhook(text("HUBSPOT_ALERT_WEBHOOK")),
            dagster_url=_dagster_url(text("HUBSPOT_DAGSTER_URL", DEFAULT_UI)),
        )
        made = replace(made, credential=credentials.chosen(text, made.login_file if with_login else None))
        return replace(made, everything=made.is_sandbox)


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


_MAKE_KEY = """.venv/bin/python -c 'import secrets; print("HUBSPOT_HASH_KEY=" + secrets.token_urlsafe(32))' >> .env"""


def _hash_key(value: str, *, needed: bool) -> Secret:
    if needed and not value:
        raise ConfigError(f"hubspot.yaml hashes values and HUBSPOT_HASH_KEY is not set. Make a key once: {_MAKE_KEY}")
    if value and len(value) < 16:
        raise ConfigError(f"HUBSPOT_HASH_KEY is shorter than 16 characters. Make a better one: {_MAKE_KEY}")
    return Secret(value)


def _webhook(value: str) -> Secret:
    try:
        url = urlsplit(value)
        allowed = bool(url.hostname) and (url.scheme == "https" or (url.scheme == "http" and url.hostname in LOOPBACK))
    except ValueError:
        allowed = False
    if value and not allowed:
        raise ConfigError(
            "HUBSPOT_ALERT_WEBHOOK is not a URL that starts with https:// (http:// only to this machine). Copy the "
            "webhook's whole URL, or leave the setting empty."
        )
    return Secret(value)


def _dagster_url(value: str) -> str:
    """The address without its last slash. Names no secret: it is posted with every message."""
    try:
        url = urlsplit(value)
        allowed = url.scheme in ("http", "https") and bool(url.hostname) and not (url.username or url.query)
    except ValueError:
        allowed = False
    if not allowed:
        raise ConfigError("HUBSPOT_DAGSTER_URL is no address such as https://dagster.example.com; leave out the rest.")
    return value.rstrip("/")


def _number(name: str, value: str, low: float, high: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise ConfigError(f"{name} is {value!r}; it must be a number from {low:g} to {high:g}.")
    return number

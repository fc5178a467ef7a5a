"""What can go wrong, as a tree; every message says what the user must do.

PipelineError
├── ConfigError            settings or arguments are wrong: exit 2, nothing was written
│   ├── CredentialError    HubSpot refuses the credential
│   ├── WrongPortal        the credential belongs to another portal than the warehouse
│   └── WarehouseBusy      another run holds the warehouse
├── MissingScope           the token may not read this stream (or its plan lacks it)
│   └── Retired            HubSpot has switched the API off
├── DailyLimit             today's share of calls is used up; carries `resumes_at`
├── HubSpotError           HubSpot answered with an error that retries did not cure
│   ├── MalformedAnswer    an answer that is not what the API promises
│   ├── NotListed          HubSpot does not list the archived records of this type
│   └── AllGone            every single path of a stream is answered as if there were nothing behind it
├── LoadError              data was read and could not be stored
└── AlertError             the alert webhook did not take a message
"""

import re
from datetime import datetime


class PipelineError(Exception):
    """Root of all errors this package raises on purpose."""


class ConfigError(PipelineError):
    """Settings or arguments are wrong; nothing was written."""


class CredentialError(ConfigError):
    """HubSpot refuses the credential."""


class WrongPortal(ConfigError):
    """The credential belongs to another portal than the one in the warehouse."""


class WarehouseBusy(ConfigError):
    """Another run holds the warehouse; the message names its process."""


class MissingScope(PipelineError):
    """The token lacks every scope that would allow this call. `scopes`: any one of them is enough."""

    def __init__(self, message: str, scopes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.scopes = scopes


class Retired(MissingScope):
    """HubSpot has switched an API off; the message names what took its place."""

    def __init__(self, label: str, replaced_by: str) -> None:
        super().__init__(
            f"HubSpot has switched off the API behind {label}; what took its place: {replaced_by}. "
            "The rows read so far stay. Turn the stream off in hubspot.yaml."
        )


class DailyLimit(PipelineError):
    """Today's share of the portal's calls is used up. `resumes_at`: midnight in the portal's time zone, as UTC."""

    def __init__(self, message: str, resumes_at: datetime | None = None) -> None:
        super().__init__(message)
        self.resumes_at = resumes_at


class HubSpotError(PipelineError):
    """HubSpot answered with an error. `status` is 0 where no answer came at all."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class MalformedAnswer(HubSpotError):
    """An answer that parses but is not what the API promises, e.g. a page without `results`."""


class NotListed(HubSpotError):
    """HubSpot does not list the archived records of this type."""


class AllGone(HubSpotError):
    """Every single path of a stream is answered as if there were nothing behind it: the API has moved, more likely."""

    def __init__(self, name: str, asked: int) -> None:
        super().__init__(
            f"{name}: HubSpot answered each of {asked} different questions as if there were no such thing. Most likely "
            "the path of this API has ended: update this program. The rows read so far stay. If nothing of the kind is "
            "left in the portal, turn the stream off in hubspot.yaml.", 404,
        )  # fmt: skip


class LoadError(PipelineError):
    """Data was read and could not be stored, or its landing could not be proven."""


class AlertError(PipelineError):
    """The alert webhook did not take a message; the URL, which is a secret, is not in this one."""


_VALUE = re.compile(r"""["'`]|\bvalue\b""")


def said(error: BaseException) -> str:
    """What an error says, without values of records: all of one of ours; of others class and beginning.

    Databases and parsers put what does not fit into their messages, in quotes or behind the word value.
    """
    if isinstance(error, PipelineError):
        return str(error)
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {_VALUE.split(first)[0].strip()[:300]}".rstrip(": ")

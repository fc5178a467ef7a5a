"""Instants of the portal: one virtual clock, and the text forms HubSpot writes and reads.

real time + offset -> epoch milliseconds -> `2026-01-05T08:00:00.000Z`
"""

import re
import time
from datetime import UTC, datetime
from functools import lru_cache

DAY = 86_400_000
_DIGITS = re.compile(r"-?\d+")
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?)?",
)


@lru_cache(maxsize=4096)
def iso(ms: int) -> str:
    """Instant as HubSpot writes it: UTC with milliseconds."""
    seconds, rest = divmod(ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:03d}Z"


def instant(text: str | int) -> int | None:
    """Epoch milliseconds of an ISO-8601 text or of a number of milliseconds; None where it is neither.

    Digits after the millisecond are cut off, as HubSpot's search does.
    """
    if isinstance(text, int):
        return text
    text = text.strip()
    if _DIGITS.fullmatch(text):
        return int(text)
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        whole = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    ms = int(whole.timestamp()) * 1000 + int(((fraction or "0") + "00")[:3])
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "")
        offset = (int(digits[:2]) * 60 + int(digits[2:])) * 60_000
        ms += -offset if zone[0] == "+" else offset
    return ms


class Clock:
    """The portal's time in epoch milliseconds; runs with real time unless frozen."""

    def __init__(self) -> None:
        self._at = time.time_ns() // 1_000_000
        self._since = time.monotonic()
        self.frozen = False

    def now(self) -> int:
        if self.frozen:
            return self._at
        return self._at + int((time.monotonic() - self._since) * 1000)

    def set(self, ms: int) -> None:
        self._at, self._since = ms, time.monotonic()

    def advance(self, ms: int) -> None:
        self.set(self.now() + ms)

    def freeze(self) -> None:
        self.set(self.now())
        self.frozen = True

    def run(self) -> None:
        self.set(self.now())
        self.frozen = False

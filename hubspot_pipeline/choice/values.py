"""Texts of HubSpot -> what they compare as. One reading for filter values and for stored values.

text -> a number or an instant, None where it is none
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,3})?", re.ASCII)
_MILLISECONDS = re.compile(r"-?\d{1,15}", re.ASCII)
_STORED = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
DAY = 86_400_000
"""Milliseconds."""


def number(text: str) -> int | Decimal | None:
    """A number, exactly: `10` equals `10.0` and `1E1`. Blanks, signs of thousands, NaN and infinity are no number."""
    if _WHOLE.fullmatch(text):
        return int(text)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def instant(text: str) -> int | None:
    """Epoch milliseconds of what HubSpot writes into dates and datetimes; None of anything else.

    `2026-01-31` (midnight UTC), `2026-01-31T08:00:00.123Z` (digits after the millisecond are cut off, as HubSpot's
    search does), or epoch milliseconds.
    """
    if _MILLISECONDS.fullmatch(text):
        return int(text)
    found = _STORED.fullmatch(text)
    if found is None:
        return None
    day, time, fraction = found.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{time or '00:00:00'}+00:00")
    except ValueError:
        return None
    return (moment - _EPOCH) // _MILLISECOND + int(((fraction or "") + "000")[:3])


def iso(milliseconds: int) -> str:
    """An instant as HubSpot writes it: UTC with milliseconds. Raises ValueError outside the years 1 to 9999."""
    seconds, rest = divmod(milliseconds, 1000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(str(error)) from None
    return f"{moment.isoformat()[:19]}.{rest:03d}Z"


def given_instant(text: str) -> int | None:
    """As `instant`, for a value that a person wrote: also with a UTC offset, without seconds, without a zone (UTC)."""
    known = instant(text.strip())
    if known is not None:
        return known
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND

"""HubSpot's rate limits: rolling bursts per app, search per account, a counter per day.

(call kind, token) -> limit headers, or 429 with its policyName

Burst and search windows run on the real clock, the day on the portal's.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hubspot_pipeline.sandbox.access import Token
from hubspot_pipeline.sandbox.answers import rate_limited
from hubspot_pipeline.sandbox.tally import Tally

BURST = {"free": 100, "starter": 100, "professional": 190, "enterprise": 190}
DAILY = {"free": 250_000, "starter": 250_000, "professional": 625_000, "enterprise": 1_000_000}
ASSOCIATION_BURST = {"free": 100, "starter": 100, "professional": 150, "enterprise": 150}
OAUTH_BURST = 110
SEARCH_PER_SECOND = 5
UNLIMITED = 1_000_000_000


@dataclass
class Window:
    """A rolling window of calls."""

    limit: int
    seconds: float
    calls: deque[float] = field(default_factory=deque)

    def remaining(self, now: float) -> int:
        while self.calls and self.calls[0] <= now - self.seconds:
            self.calls.popleft()
        return self.limit - len(self.calls)


@dataclass
class Limits:
    """Counters of one portal; None stands for the tier's figure."""

    tier: str = "professional"
    time_zone: str = "UTC"
    rate_limit: int | None = None
    """Calls per burst window; 0 takes every limit off."""
    daily_limit: int | None = None
    search_limit: int | None = None
    association_limit: int | None = None
    burst_ms: int = 10_000
    daily_used: int = 0
    tally: Tally | None = None
    """Where the day's count is kept over restarts."""
    _day: str = ""
    _windows: dict[tuple[str, str], Window] = field(default_factory=dict)

    @property
    def off(self) -> bool:
        return self.rate_limit == 0

    @property
    def daily(self) -> int:
        if self.daily_limit is not None:
            return self.daily_limit
        return UNLIMITED if self.off else DAILY[self.tier]

    def burst(self, token: Token) -> int:
        if self.off:
            return UNLIMITED
        if self.rate_limit is not None:
            return self.rate_limit
        return OAUTH_BURST if token.is_oauth else BURST[self.tier]

    def configured(self) -> None:
        """Windows start anew after a change of the figures."""
        self._windows.clear()

    def _window(self, name: str, token: str, limit: int, seconds: float) -> Window:
        window = self._windows.setdefault((name, token), Window(limit, seconds))
        window.limit, window.seconds = limit, seconds
        return window

    def turn_day(self, now_ms: int) -> None:
        """Resets the daily counter when midnight in the portal's time zone has passed."""
        day = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(self.time_zone)).date().isoformat()
        if day != self._day:
            self._day, self.daily_used = day, 0
            if self.tally is not None:
                noted, calls = self.tally.read()
                self.daily_used = calls if noted == day else 0

    def _count(self) -> None:
        self.daily_used += 1
        if self.tally is not None:
            self.tally.note(self._day, self.daily_used)

    def resets_at(self, now_ms: int) -> int:
        """Epoch ms of the next midnight in the portal's time zone."""
        local = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(self.time_zone))
        midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), local.tzinfo)
        return int(midnight.astimezone(UTC).timestamp() * 1000)

    def admit(self, kind: str, token: Token, now_ms: int, request_id: str) -> dict[str, str]:
        """Counts one call of kind `search`, `associations` or `burst`; returns its headers. Raises 429."""
        self.turn_day(now_ms)
        now = time.monotonic()
        if self.daily_used >= self.daily and not token.is_oauth:
            headers = {} if kind == "search" else self._headers(token, self.daily, 0, now)
            raise rate_limited("DAILY", "daily", headers, request_id)
        if kind == "search":
            limit = UNLIMITED if self.off else (self.search_limit or SEARCH_PER_SECOND)
            self._take(self._window("search", "", limit, 1.0), "SECONDLY", "secondly", now, {}, request_id)
            self._count()
            return {}
        if kind == "associations":
            limit = self.association_limit or (UNLIMITED if self.off else ASSOCIATION_BURST[self.tier])
        else:
            limit = self.burst(token)
        window = self._window(kind, token.text, limit, self.burst_ms / 1000)
        full = self._headers(token, limit, 0, now)
        self._take(window, "TEN_SECONDLY_ROLLING", "ten_secondly_rolling", now, full, request_id)
        self._count()
        return self._headers(token, limit, window.remaining(now), now)

    def _take(
        self, window: Window, policy: str, words: str, now: float, headers: dict[str, str], request_id: str
    ) -> None:
        if window.remaining(now) <= 0:
            raise rate_limited(policy, words, headers, request_id)
        if window.limit != UNLIMITED:
            window.calls.append(now)

    def _headers(self, token: Token, limit: int, remaining: int, now: float) -> dict[str, str]:
        headers = {
            "X-HubSpot-RateLimit-Max": str(limit), "X-HubSpot-RateLimit-Remaining": str(remaining),
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(self.burst_ms),
            "X-HubSpot-RateLimit-Secondly": str(max(limit // 10, 1)),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(limit // 10, 1) - 1),
        }  # fmt: skip
        if not token.is_oauth:
            left = max(self.daily - self.daily_used, 0)
            headers |= {"X-HubSpot-RateLimit-Daily": str(self.daily), "X-HubSpot-RateLimit-Daily-Remaining": str(left)}
        return headers

"""HubSpot's call budgets: (kind of call, answer headers) -> when the next call may go.

Four budgets, each with the figures HubSpot publishes: burst (per app, 10 s rolling, told in headers), associations
(a burst of their own), search (5 a second per account, no headers) and the day (told in headers to private apps).
Burst and search run on a monotonic clock; the day is the portal's.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal

from hubspot_pipeline.errors import DailyLimit

Kind = Literal["burst", "search", "associations"]

GUARD = 0.15
"""Seconds added to each window: two calls sent 10.0 s apart can reach HubSpot a little less than that apart."""


class Window:
    """At most `limit` calls in any `interval` seconds."""

    def __init__(self, limit: int, interval: float) -> None:
        self.limit = limit
        self.interval = interval
        self.foreign = 0
        self._sent: deque[float] = deque()

    def wait(self, now: float) -> float:
        """Seconds until a call may go; 0 = now."""
        while self._sent and now - self._sent[0] >= self.interval + GUARD:
            self._sent.popleft()
        allowed = max(1, self.limit - self.foreign)
        if len(self._sent) < allowed:
            return 0.0
        return self._sent[-allowed] + self.interval + GUARD - now

    def sent(self, now: float) -> None:
        self._sent.append(now)

    def observed(self, limit: int, remaining: int) -> None:
        """Take over HubSpot's own figures; calls we did not make are another user of the same app."""
        self.limit = limit
        self.foreign = max(0, limit - remaining - len(self._sent))

    def refill_in(self, now: float, seconds: float) -> None:
        """HubSpot said it is full: let nothing go for `seconds`."""
        self._sent.clear()
        self._sent.extend([now - self.interval - GUARD + seconds] * self.limit)


class Pacer:
    """Holds every budget of one credential; shared by all threads of a run."""

    def __init__(self, daily_share: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._share = daily_share
        # until a header tells more: the smallest published tier
        self._windows: dict[Kind, Window] = {
            "burst": Window(100, 10.0), "associations": Window(100, 10.0), "search": Window(5, 1.0),
        }  # fmt: skip
        self.daily_limit: int | None = None
        self._daily_remaining = 0
        self._in_flight = 0
        self._unseen = 0  # calls that the last figure may not contain

    @property
    def daily_remaining(self) -> int | None:
        """Calls the portal has left today; None where HubSpot does not tell (OAuth apps)."""
        return None if self.daily_limit is None else max(0, self._daily_remaining - self._unseen)

    def acquire(self, kind: Kind, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait until a call of this kind may go. Raises DailyLimit when today's share is used up."""
        while True:
            with self._lock:
                self._check_day()
                now = self._clock()
                wait = self._windows[kind].wait(now)
                if wait <= 0:
                    self._windows[kind].sent(now)
                    self._in_flight += 1
                    self._unseen += 1
                    return
            sleep(wait)

    def observe(self, kind: Kind, headers: Mapping[str, str]) -> None:
        """Close a call that `acquire` let go; `headers`: of its answer (budgets are absent on search), or {}."""
        limit, remaining = _int(headers, "Max"), _int(headers, "Remaining")
        daily, daily_remaining = _int(headers, "Daily"), _int(headers, "Daily-Remaining")
        with self._lock:
            if kind == "burst" and limit and remaining is not None:
                self._windows["burst"].observed(limit, remaining)
                # Free and Starter 100, Professional and Enterprise 150, with the limit increase 200
                self._windows["associations"].limit = 100 if limit < 190 else 150 if limit < 250 else 200
            self._in_flight -= 1
            if daily and daily_remaining is not None:
                late = self.daily_limit is not None and 0 < daily_remaining - self._daily_remaining < 1000
                # answers can overtake each other; a large rise is a new day
                self._daily_remaining = self._daily_remaining if late else daily_remaining
                self.daily_limit = daily
                self._unseen = self._in_flight

    def refused(self, kind: Kind, seconds: float) -> None:
        """HubSpot answered 429 for this budget although we kept to it."""
        with self._lock:
            self._windows[kind].refill_in(self._clock(), seconds)

    def _check_day(self) -> None:
        if self.daily_limit is None:
            return
        floor = self.daily_limit * (1 - self._share)
        if self._daily_remaining - self._unseen - 1 < floor:
            raise DailyLimit(
                f"{self.daily_remaining:,} of the portal's {self.daily_limit:,} daily calls are left and this pipeline "
                f"leaves {floor:,.0f} to others (HUBSPOT_DAILY_CALL_SHARE={self._share:g}); "
                "it goes on after midnight in the portal's time zone."
            )


def _int(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(f"X-HubSpot-RateLimit-{name}")
    return int(value) if value and value.isdigit() else None

"""HubSpot's call budgets: (kind of call, answer headers) -> when the next call may go.

Four budgets, each with the figures HubSpot publishes: burst (per app, 10 s rolling, told in headers), associations
(a burst of their own), search (5 a second per account, no headers) and the day (told in headers to private apps).
Burst and search run on a monotonic clock; the day is the portal's.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from hubspot_pipeline.errors import DailyLimit

Kind = Literal["burst", "search", "associations"]

REACH = 1.0
"""Seconds a call may take to reach HubSpot, where it is counted: a first call opens a TLS connection on its way."""
SEARCH_REACH = 0.15
"""The same for search: its second is so short that waiting for answers would cost a third of it."""


@dataclass(slots=True, eq=False)
class Call:
    """One call that `acquire` let go; `observe` closes it."""

    kind: Kind
    number: int
    answered: int
    """Calls that had their answer when this one was sent, so HubSpot had counted them."""
    sent: float
    until: float
    """When HubSpot has certainly forgotten it."""


class Window:
    """At most `limit` calls in any `interval` seconds, as HubSpot counts them.

    A call is counted on arrival: after it was sent, and before its answer or `reach` seconds, whichever is earlier.
    It holds its place for an interval from then.
    """

    def __init__(self, limit: int, interval: float, reach: float = REACH) -> None:
        self.limit = limit
        self.interval = interval
        self._reach = reach
        self._calls: list[Call] = []
        self._others = 0
        self._others_until = 0.0
        self._closed_until = 0.0

    def wait(self, now: float) -> float:
        """Seconds until a call may go; 0 = now."""
        if now < self._closed_until:
            return self._closed_until - now
        # a closed call stays for one interval more: an answer under way may still have counted it
        self._calls = [call for call in self._calls if call.until + self.interval > now]
        held = sorted(call.until for call in self._calls if call.until > now)
        allowed = max(1, self.limit - self._others)
        return 0.0 if len(held) < allowed else held[len(held) - allowed] - now

    def sent(self, call: Call) -> None:
        call.until = call.sent + self._reach + self.interval
        self._calls.append(call)

    def answered(self, call: Call, now: float) -> None:
        call.until = min(call.until, now + self.interval)

    def observed(self, call: Call, limit: int, remaining: int, interval: float, now: float) -> None:
        """Take over HubSpot's own figures; calls we did not make are another user of the same app."""
        self.limit, self.interval = limit, interval
        at_most = sum(mine.until > call.sent for mine in self._calls)
        at_least = sum(mine.sent + interval > call.sent and mine.number <= call.number for mine in self._calls)
        # calls that overtake each other look like a few of somebody else's, so others must be certain first
        others = limit - remaining - at_least if limit - remaining > at_most else 0
        if others >= self._others or now >= self._others_until:
            self._others, self._others_until = max(0, others), now + interval

    def refused(self, now: float) -> None:
        """HubSpot said it is full: let nothing go for an interval."""
        self._closed_until = now + self.interval + SEARCH_REACH


class Pacer:
    """Holds every budget of one credential; shared by all threads of a run.

    `searches`: how many a second the account may make; nothing but a 429 tells of it.
    """

    def __init__(self, daily_share: float, searches: int = 5, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._share = daily_share
        # until a header tells more: the smallest published tier
        self._windows: dict[Kind, Window] = {
            "burst": Window(100, 10.0), "associations": Window(100, 10.0),
            "search": Window(searches, 1.0, SEARCH_REACH),
        }  # fmt: skip
        self._sent = 0
        self._answered = 0
        self.daily_limit: int | None = None
        self._day_ends_at = 0
        """The number of the call after which nothing would be left today, were we the only user."""
        self._told_by = 0
        self._day_over = False

    @property
    def daily_remaining(self) -> int | None:
        """Calls the portal has left today, at least; None where HubSpot does not tell (OAuth apps)."""
        return None if self.daily_limit is None else max(0, self._day_ends_at - self._sent)

    @property
    def sent(self) -> int:
        """Calls that were let go so far."""
        return self._sent

    @property
    def share_left(self) -> int | None:
        """Calls of today that this pipeline may still make; None where HubSpot does not tell (OAuth apps)."""
        if self.daily_remaining is None or self.daily_limit is None:
            return None
        return max(0, int(self.daily_remaining - self.daily_limit * (1 - self._share)))

    @property
    def rates(self) -> dict[Kind, float]:
        """Calls a second that each budget allows, as far as HubSpot has told by now."""
        return {kind: window.limit / window.interval for kind, window in self._windows.items()}

    def acquire(self, kind: Kind, sleep: Callable[[float], None] = time.sleep) -> Call:
        """Wait until a call of this kind may go. Raises DailyLimit when today's share is used up."""
        while True:
            with self._lock:
                self._check_day()
                now = self._clock()
                wait = self._windows[kind].wait(now)
                if wait <= 0:
                    self._sent += 1
                    call = Call(kind, self._sent, self._answered, now, now)
                    self._windows[kind].sent(call)
                    return call
            sleep(wait)

    def observe(self, call: Call, headers: Mapping[str, str]) -> None:
        """Close a call; `headers`: of its answer (budgets are absent on search), or {} where none came."""
        limit, remaining = _int(headers, "Max"), _int(headers, "Remaining")
        interval = (_int(headers, "Interval-Milliseconds") or 10_000) / 1000
        daily, left = _int(headers, "Daily"), _int(headers, "Daily-Remaining")
        with self._lock:
            now = self._clock()
            self._answered += 1
            if call.kind == "burst" and limit and remaining is not None:
                self._windows["burst"].observed(call, limit, remaining, interval, now)
                # Free and Starter 100, Professional and Enterprise 150, with the limit increase 200
                self._windows["associations"].limit = 100 if limit < 190 else 150 if limit < 250 else 200
                self._windows["associations"].interval = interval
            self._windows[call.kind].answered(call, now)
            # answers overtake each other; the figure may lack every call that was unanswered when this one was sent
            if daily and left is not None and call.number > self._told_by:
                self.daily_limit, self._told_by = daily, call.number
                self._day_ends_at = left + call.answered + 1

    def refused(self, kind: Kind) -> None:
        """HubSpot answered 429 for this budget although we kept to it."""
        with self._lock:
            self._windows[kind].refused(self._clock())

    def day_is_over(self) -> None:
        """HubSpot answered 429 for the day: no call of this run goes any more."""
        with self._lock:
            self._day_over = True

    def _check_day(self) -> None:
        if self._day_over:
            raise DailyLimit("The portal's daily calls are used up; it goes on after midnight in its time zone.")
        if self.daily_limit is None:
            return
        floor = self.daily_limit * (1 - self._share)
        if self._day_ends_at - self._sent - 1 < floor:
            raise DailyLimit(
                f"{self.daily_remaining:,} of the portal's {self.daily_limit:,} daily calls are left and this pipeline "
                f"leaves {floor:,.0f} to others (HUBSPOT_DAILY_CALL_SHARE={self._share:g}); "
                "it goes on after midnight in the portal's time zone."
            )


def _int(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(f"X-HubSpot-RateLimit-{name}")
    return int(value) if value and value.isdigit() else None

"""Budgets: the burst limit is used in full without a 429, others are left their part, the day is shared."""

import random
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from heapq import heappop, heappush
from typing import Any

import pytest

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.api.pace import Call, Pacer
from hubspot_pipeline.errors import DailyLimit, HubSpotError
from hubspot_pipeline.extract import unnest
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import asked, client

CONTACTS = "/crm/objects/2026-03/contacts"
LINKS = "/crm/associations/2026-03/contacts/companies/batch/read"


def call(one: Client, kind: str, meter: Meter) -> None:
    if kind == "burst":
        one.get(CONTACTS, parse=unnest.page, meter=meter)
    elif kind == "search":
        one.post(f"{CONTACTS}/search", {"limit": 1}, parse=unnest.page, meter=meter)
    else:
        one.post(LINKS, {"inputs": [{"id": "1"}]}, parse=unnest.links, meter=meter)


def many(one: Client, kind: str, count: int, meter: Meter, threads: int = 8) -> float:
    """Seconds that so many calls on several threads took."""
    begun = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(call, one, kind, meter) for _ in range(count)]:
            done.result()
    return time.monotonic() - begun


@pytest.mark.parametrize(("kind", "limit"), [("burst", 40), ("associations", 100)])
def test_threads_use_the_whole_burst_and_earn_no_429(sandbox: Sandbox, kind: str, limit: int) -> None:
    sandbox.config(tier="professional", rate_limit=40, association_limit=100, burst_ms=1000)
    one, meter = client(sandbox), Meter()
    call(one, "burst", meter)  # tells the figures
    seconds = many(one, kind, 3 * limit - 1, meter)
    assert meter.rate_limited == 0
    # two windows have to pass; a third one would mean that places in them were left unused
    assert 2 <= seconds < 3


def test_search_keeps_to_its_own_budget(sandbox: Sandbox) -> None:
    sandbox.config(tier="professional")
    one, meter = client(sandbox), Meter()
    seconds = many(one, "search", 11, meter, threads=6)
    assert 2 <= seconds < 4
    assert meter.rate_limited <= 1  # a busy machine can hold a call back for longer than the pacer reckons with


class Model:
    """HubSpot's rolling window in a time of its own: calls arrive late, and others use a part of it."""

    def __init__(self, others: int) -> None:
        self.now = 0.0
        self.over = self.done = 0
        self.pacer = Pacer(1.0, clock=lambda: self.now)
        self._others = others
        self._counted: deque[float] = deque()
        self._events: list[tuple[float, int, str, Call]] = []
        self._used: dict[int, int] = {}

    @property
    def open(self) -> int:
        return len({id(event[3]) for event in self._events})

    def send(self, reach: float, latency: float) -> None:
        call = self.pacer.acquire("burst", self.let_pass)
        heappush(self._events, (self.now + reach, call.number, "arrives", call))
        heappush(self._events, (self.now + reach + latency, call.number, "is answered", call))

    def let_pass(self, seconds: float) -> None:
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            self.now, number, what, call = heappop(self._events)
            while self._counted and self._counted[0] <= self.now - 10:
                self._counted.popleft()
            if what == "arrives":
                self._counted.append(self.now)
                self._used[number] = len(self._counted) + self._others
                self.over += self._used[number] > 190
            else:
                self.done += 1
                told = {"Max": 190, "Remaining": max(0, 190 - self._used[number]), "Interval-Milliseconds": 10_000}
                self.pacer.observe(call, {f"X-HubSpot-RateLimit-{name}": str(value) for name, value in told.items()})
        self.now = end


@pytest.mark.parametrize("reach", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("others", [0, 60])
def test_no_delay_on_the_way_breaks_a_window(reach: float, others: int) -> None:
    chance, model = random.Random(int(reach * 100) + others), Model(others)
    while model.now < 100:
        if model.open < 16:
            model.send(chance.random() * reach, 0.05 + chance.random() * 0.4)
        else:
            model.let_pass(0.01)
    assert model.over == 0
    # what is lost is the time in which nobody knows whether a call was counted yet
    assert model.done >= (190 - others) * 10 * (0.95 if reach < 0.2 else 0.87)


def test_another_user_of_the_app_is_left_its_part(sandbox: Sandbox) -> None:
    sandbox.config(tier="professional", rate_limit=100, burst_ms=400)
    one, meter = client(sandbox), Meter()
    stop = time.monotonic() + 1.6
    foreign = refused = 0
    with ThreadPoolExecutor(4) as pool:
        ours = []
        while time.monotonic() < stop:
            foreign += 1
            refused += sandbox.api("GET", CONTACTS).status == 429
            ours += [pool.submit(call, one, "burst", meter) for _ in range(4)]
            for submitted in ours[-4:]:
                submitted.result()
    assert foreign > 30
    assert (meter.rate_limited + refused) / (meter.calls + foreign) < 0.05


@pytest.mark.parametrize("policy", ["TEN_SECONDLY_ROLLING", "SECONDLY"])
def test_a_429_is_waited_for_and_tried_again(sandbox: Sandbox, policy: str) -> None:
    kind = "search" if policy == "SECONDLY" else "burst"
    sandbox.config(burst_ms=200)
    one, meter = client(sandbox), Meter()
    call(one, "burst", meter)
    body = {"status": "error", "errorType": "RATE_LIMIT", "policyName": policy, "message": "You have reached it."}
    sandbox.post("faults", {"faults": [{"match": "/contacts", "times": 1, "status": 429, "body": body}]})
    begun = time.monotonic()
    call(one, kind, meter)
    assert time.monotonic() - begun >= (1.0 if kind == "search" else 0.2)
    assert (meter.rate_limited, meter.retries) == (1, 1)


def test_a_429_without_end_is_an_error(sandbox: Sandbox) -> None:
    sandbox.config(burst_ms=20)
    one, meter = client(sandbox), Meter()
    call(one, "burst", meter)
    sandbox.post("faults", {"faults": [{"match": "/contacts", "times": None, "status": 429, "body": {}}]})
    with pytest.raises(HubSpotError, match="429") as caught:
        call(one, "burst", meter)
    assert caught.value.status == 429


def test_a_429_of_the_day_stops_every_call(sandbox: Sandbox) -> None:
    sandbox.config(tier="professional", daily_limit=3)
    one, meter = client(sandbox), Meter()
    for kind in ("search", "search", "search"):  # search tells no figures, so only the 429 tells
        call(one, kind, meter)
    with pytest.raises(DailyLimit, match="midnight"):
        call(one, "search", meter)
    for kind in ("burst", "search", "associations"):
        with pytest.raises(DailyLimit):
            call(one, kind, meter)
    assert asked(sandbox) == 4


@pytest.mark.parametrize("share", [0.3, 0.5, 1.0])
def test_the_days_share_is_kept_to_the_call(sandbox: Sandbox, share: float) -> None:
    sandbox.config(tier="professional", daily_limit=100)
    sandbox.config(rate_limit=10_000)
    one, meter = client(sandbox, share=share), Meter()
    for _ in range(20):
        assert sandbox.api("GET", CONTACTS).status == 200  # others use the day too
    call(one, "burst", meter)
    for turn in range(round(100 * share) - 21):
        call(one, "burst" if turn % 2 else "associations", meter)
    with pytest.raises(DailyLimit, match=f"SHARE={share:g}.*midnight"):
        call(one, "burst", meter)
    assert sandbox.get("calls/count")["total"] == round(100 * share)
    assert meter.rate_limited == 0


def test_the_days_share_is_kept_by_many_threads(sandbox: Sandbox) -> None:
    sandbox.config(tier="professional", daily_limit=300, search_limit=10_000)
    sandbox.config(rate_limit=10_000)
    one, meter = client(sandbox, share=0.5), Meter()
    call(one, "burst", meter)

    def work(turn: int) -> bool:
        try:
            call(one, "associations" if turn % 3 else "burst", meter)
        except DailyLimit:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(work, range(250)))
    assert not all(done)
    # an answer may count up to 15 calls that were under way when its own was sent, and 15 that overtook it
    assert 150 - 31 <= asked(sandbox) <= 150
    assert one.pacer.daily_remaining is not None
    assert 0 <= 300 - asked(sandbox) - one.pacer.daily_remaining < 16


def test_a_new_day_and_overtaking_answers_are_told_apart() -> None:
    pacer = Pacer(0.5, clock=lambda: 0.0)

    def told(one: Any, left: int) -> None:
        pacer.observe(one, {"X-HubSpot-RateLimit-Daily": "1000", "X-HubSpot-RateLimit-Daily-Remaining": str(left)})

    first, second = pacer.acquire("burst"), pacer.acquire("burst")
    told(second, 600)
    assert pacer.daily_remaining == 599  # the first one may not be in that figure yet
    told(first, 601)
    assert pacer.daily_remaining == 599
    third = pacer.acquire("burst")
    assert pacer.daily_remaining == 598
    told(third, 999)
    assert pacer.daily_remaining == 999

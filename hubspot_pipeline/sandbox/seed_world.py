"""The invented company's world: who exists, what happens next, and the working calendar it follows.

portal + seed -> `World`: records made so far and a queue of events that `play` runs in the order of time
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hubspot_pipeline.sandbox.instants import DAY, instant, iso
from hubspot_pipeline.sandbox.portal import Portal

HOUR = 3_600_000
MINUTE = 60_000


def _fixed(text: str) -> int:
    ms = instant(text)
    assert ms is not None
    return ms


START = _fixed("2024-10-01T12:00:00Z")
"""The day the company moved into the portal: older records come in by import at this instant."""
END = _fixed("2026-09-30T16:00:00Z")
"""The portal's time when the story is told: a Wednesday noon in New York."""

_HOURS = {7: 1, 8: 4, 9: 9, 10: 10, 11: 9, 12: 4, 13: 6, 14: 9, 15: 9, 16: 8, 17: 4, 18: 2, 20: 1}
"""Hour of the day, local time -> how much work is done in it."""
_WEEKEND_WORK = 0.06
_FRIDAY_LEFT_FOR_NEXT_WEEK = 0.25

Event = Callable[[int], None]


@dataclass(eq=False, kw_only=True)
class Record:
    """A record of the portal as the story knows it; `id` is empty until it exists."""

    object: str
    id: str = ""
    created: int = 0
    alive: bool = True
    """False once archived, or merged into another (`id` is then the survivor's)."""
    is_survivor: bool = False
    """Others were merged into it; such a record is not archived, so that there are some to be seen."""

    @property
    def exists(self) -> bool:
        return bool(self.id) and self.alive


@dataclass(eq=False, kw_only=True)
class Owner:
    """Somebody of the staff to whom records are assigned."""

    id: str
    user_id: str
    first: str
    last: str
    email: str
    team: str
    skill: float
    """How much better than the average seller: multiplies the chance to win."""
    left: int | None = None


@dataclass(eq=False, kw_only=True)
class Company(Record):
    object: str = "companies"
    name: str
    domain: str
    country: str
    owner: Owner | None = None
    people: list["Person"] = field(default_factory=list)
    weight: float = 1.0
    """Size, and with it the share of deals and contacts."""
    customer: bool = False
    churned: bool = False
    renewal: int | None = None
    """End of the running term; the record shows it as a date only where someone keeps the property up to date."""
    shows_renewal: bool = True
    contract: int = 0
    quiet_from: int | None = None
    """From here on nobody calls or writes any more."""

    def is_quiet(self, now: int) -> bool:
        """Whether contact with it has ended by then."""
        return self.quiet_from is not None and now > self.quiet_from


@dataclass(eq=False, kw_only=True)
class Person(Record):
    object: str = "contacts"
    first: str
    last: str
    email: str
    title: str
    role: str
    more_emails: list[str] = field(default_factory=list)
    lifecycle: str = "lead"
    company: Company | None = None
    owner: Owner | None = None


@dataclass(eq=False, kw_only=True)
class Deal(Record):
    object: str = "deals"
    name: str
    pipeline: str
    stages: Sequence[str]
    """Open stages in order."""
    won: str
    lost: str
    after: Callable[["Deal", int], None]
    """What follows when it is closed."""
    fate: str = "stuck"
    """won, lost or stuck: what the story has in store for it."""
    last_stage: int = 0
    """Index of the stage at which that fate is met."""
    stage: int = 0
    amount: int | None = None
    close: int | None = None
    """Expected, later the actual close."""
    pace: float = 10.0
    """Days in a stage, about."""
    term: int | None = None
    """Start of the term that is sold, where it is known beforehand."""
    company: Company | None = None
    people: list[Person] = field(default_factory=list)
    owner: Owner | None = None
    lines: list[Record] = field(default_factory=list)
    currency: str = "USD"
    yearly: int = 0
    """Part of the amount that comes back every year."""
    total: int = 0
    """Value over the whole term."""
    figures: dict[str, str] = field(default_factory=dict)
    """Calculated properties as last written."""
    closed: bool = False
    is_won: bool = False


class World:
    """Everything the parts of the generator share."""

    def __init__(self, portal: Portal, seed: int, activity: float) -> None:
        self.portal = portal
        self.rng = Random(seed)
        self.activity = activity
        self.zone = ZoneInfo(portal.time_zone)
        self.owners: list[Owner] = []
        self.companies: list[Company] = []
        self.people: list[Person] = []
        self.addresses: set[str] = set()
        """E-mail addresses that are taken."""
        self.deals: list[Deal] = []
        self.others: dict[str, list[Record]] = {}
        """Tickets and activities by object name."""
        self.products: list[tuple[str, dict[str, str]]] = []
        self.labels: dict[tuple[str, str], int] = {}
        """(object the link starts at, label) -> association type id."""
        self._queue: list[tuple[int, int, Event]] = []
        self._count = 0
        self._now = START

    def at(self, when: int, event: Event) -> None:
        """Let `event` happen then; what lies past the end of the story does not happen."""
        assert when >= self._now, "nothing happens in the past"
        if when < END:
            heapq.heappush(self._queue, (when, self._count, event))
            self._count += 1

    def play(self) -> None:
        """Run all events in the order of time, those that they lead to included."""
        while self._queue:
            self._now, _, event = heapq.heappop(self._queue)
            event(self._now)

    def create(self, object_type: str, properties: dict[str, str], at: int, by: Owner | str | None = None) -> str:
        """A record; empty values are left out. `by`: the owner at the screen, or HubSpot's name of another source."""
        source, source_id = _source(by)
        given = {name: value for name, value in properties.items() if value}
        return self.portal.create(object_type, given, at=at, source=source, source_id=source_id)

    def update(self, record: Record, properties: dict[str, str], at: int, by: Owner | str | None = None) -> None:
        """Change a record that still exists; an empty value clears the property."""
        if record.exists:
            source, source_id = _source(by)
            self.portal.update(record.object, record.id, properties, at=at, source=source, source_id=source_id)

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.rng.random() < probability

    def some(self, mean: float) -> int:
        """A whole number of activities around `mean`, scaled by the wanted amount of activity."""
        exact = mean * self.activity * self.rng.uniform(0.4, 1.6)
        return int(exact) + self.chance(exact % 1)

    def moment(self, near: int, after: int) -> int:
        """A working moment on about that day, later than `after`."""
        day = datetime.fromtimestamp(near / 1000, self.zone)
        if day.weekday() >= 5 and not self.chance(_WEEKEND_WORK):
            day += timedelta(days=7 - day.weekday() + self.rng.choice((0, 0, 1, 1, 2, 3)))
        elif day.weekday() == 4 and self.chance(_FRIDAY_LEFT_FOR_NEXT_WEEK):
            day += timedelta(days=self.rng.choice((3, 4)))
        hour = self.rng.choices(tuple(_HOURS), tuple(_HOURS.values()))[0]
        minute, second = self.rng.randrange(60), self.rng.randrange(60)
        found = day.replace(hour=hour, minute=minute, second=second, microsecond=self.rng.randrange(1000) * 1000)
        ms = round(found.timestamp() * 1000)
        return ms if ms > after else after + self.rng.randint(5, 240) * MINUTE

    def later(self, now: int, days: float) -> int:
        """A working moment some days on, half to one and a half times that."""
        return self.moment(now + int(days * DAY * self.rng.uniform(0.5, 1.5)), after=now)

    def sometime(self, growth: float = 0.8) -> int:
        """A working moment between start and end, denser towards the end the smaller `growth` is."""
        found = self.moment(START + int((END - START) * self.rng.random() ** growth), after=START)
        return found if found < END else END - self.rng.randint(1, 8 * HOUR)

    def owner_of(self, team: str, now: int) -> Owner | None:
        """Somebody of that team who has not left."""
        team_mates = [owner for owner in self.owners if owner.team == team and (owner.left is None or owner.left > now)]
        return self.rng.choice(team_mates) if team_mates else None


def _source(by: Owner | str | None) -> tuple[str, str | None]:
    if isinstance(by, Owner):
        return "CRM_UI", f"userId:{by.user_id}"
    return (by or "AUTOMATION_PLATFORM"), None


def day_text(ms: int, zone: ZoneInfo) -> str:
    """The instant's local date, as HubSpot writes a `date` property."""
    return datetime.fromtimestamp(ms / 1000, zone).date().isoformat()


def years_later(ms: int, years: int = 1) -> int:
    """The same day and time some years on; 29 February becomes the 28th."""
    then = datetime.fromtimestamp(ms / 1000, UTC)
    day = 28 if (then.month, then.day) == (2, 29) else then.day
    return round(then.replace(year=then.year + years, day=day).timestamp() * 1000)


def owner_id(owner: Owner | None) -> str:
    """The value of an owner property; empty where nobody is assigned."""
    return owner.id if owner else ""


__all__ = [
    "DAY", "END", "HOUR", "MINUTE", "START", "Company", "Deal", "Owner", "Person", "Record", "World",
    "day_text", "iso", "owner_id", "years_later",
]  # fmt: skip

"""What the later parts of the generator share: records chosen and made with a random source of their own.

world + part's name -> `Shop`: records created at working moments and linked to what the story left

A source per part keeps the parts before as they were, whatever is added behind them.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

from hubspot_pipeline.sandbox.links import Type
from hubspot_pipeline.sandbox.seed_world import DAY, END, HOUR, START, Deal, Owner, Person, Record, World

T = TypeVar("T")
Link = tuple[str, str] | tuple[str, str, Type]
"""(object, id) of the other end, and the type where it is not the unlabelled one."""


class Shop:
    """One part's random source and its ways to make records."""

    def __init__(self, world: World, part: str, seed: int, size: float) -> None:
        self.world, self.portal, self.size = world, world.portal, size
        self.rng = Random(f"{part} {seed}")
        self.people: list[Person] = [one for one in world.people if one.exists]
        self.companies = [one for one in world.companies if one.exists]
        self.deals: list[Deal] = [one for one in world.deals if one.exists]
        self.tickets: list[Record] = [one for one in world.others.get("tickets", []) if one.exists]
        self.owners: list[Owner] = [one for one in world.owners if one.left is None]

    def count(self, usual: int) -> int:
        """How many, where a portal of the usual size has `usual`; at least one where there is anybody at all."""
        return max(round(usual * self.size), 1) if self.people else 0

    def moment(self, after: int = START + 20 * DAY) -> int:
        """A moment in office hours (UTC afternoon) between then and the end."""
        after = min(after, END - 2 * DAY)
        day = (after + int((END - 26 * HOUR - after) * self.rng.random() ** 0.8)) // DAY * DAY
        return max(day + 13 * HOUR + self.rng.randrange(8 * HOUR), after + self.rng.randrange(1, HOUR))

    def maybe(self, items: Sequence[T]) -> T | None:
        return self.rng.choice(items) if items else None

    def owner(self) -> str:
        return self.rng.choice(self.owners).id

    def make(
        self, object_type: str, properties: Mapping[str, str], links: Sequence[Link | None] = (), at: int | None = None,
        later: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        """A record with its links; `later` is changed some time after. Empty values are left out; returns its id."""
        when = self.moment() if at is None else at
        given = {name: value for name, value in properties.items() if value}
        id = self.portal.create(object_type, given, at=when, source="API")
        for link in links:
            if link is not None:
                self.portal.associate(object_type, id, link[0], link[1], [link[2]] if len(link) > 2 else None, at=when)
        if later:
            self.portal.update(object_type, id, later, at=min(when + self.rng.randrange(HOUR, 40 * DAY), END - 1))
        return id

    def archive_one(self, object_type: str, ids: Sequence[str]) -> None:
        """Puts one of many into the bin, in the last month."""
        if len(ids) > 4:
            self.portal.archive(object_type, self.rng.choice(ids), at=END - self.rng.randrange(1, 20) * DAY)


def link_to(one: Record | None, *type_: Type) -> Link | None:
    """The other end of a link; None where there is none."""
    if one is None:
        return None
    return (one.object, one.id, *type_)  # type: ignore[return-value]  # a type or none, as `Link` says

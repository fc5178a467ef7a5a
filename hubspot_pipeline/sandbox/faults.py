"""Faults and hooks: what shall go wrong, or happen, at the nth call that matches.

`METHOD /path` -> the fault to play, the operations to run
"""

import re
from dataclasses import dataclass, field

from hubspot_pipeline.sandbox.encoding import Json

KINDS = ("status", "truncate", "malformed", "hang", "cut", "slow", "empty_page", "short_page", "drop_results")


@dataclass(slots=True)
class Trigger:
    """Fires on the `nth` matching call (every one if None), at most `times` times."""

    match: re.Pattern[str]
    nth: int | None
    times: int | None
    given: Json
    seen: int = 0
    fired: int = 0

    def hit(self, line: str) -> bool:
        if self.match.search(line) is None:
            return False
        self.seen += 1
        if self.nth is not None and self.seen < self.nth:
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        self.fired += 1
        return True


def _trigger(given: Json) -> Trigger:
    times = given.get("times", 1)
    return Trigger(re.compile(given["match"]), given.get("nth"), None if times in (None, -1) else int(times), given)


@dataclass(slots=True)
class Faults:
    """All faults and hooks that are set."""

    faults: list[Trigger] = field(default_factory=list)
    hooks: list[Trigger] = field(default_factory=list)

    def add(self, faults: list[Json]) -> None:
        for given in faults:
            if given.get("kind", "status") not in KINDS:
                raise ValueError(f"fault kind {given.get('kind')!r} is none of {', '.join(KINDS)}")
            self.faults.append(_trigger(given))

    def hook(self, hooks: list[Json]) -> None:
        self.hooks.extend(_trigger(given) for given in hooks)

    def fault(self, line: str) -> Json | None:
        """The first fault that fires; all of them count the call."""
        hit = [trigger.given for trigger in self.faults if trigger.hit(line)]
        return hit[0] if hit else None

    def operations(self, line: str) -> list[Json]:
        return [op for trigger in self.hooks if trigger.hit(line) for op in trigger.given["ops"]]

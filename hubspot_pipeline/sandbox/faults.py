"""Faults and hooks: what shall go wrong, or happen, at the nth call that matches.

`METHOD /path` -> the fault to play, the operations to run
"""

import re
from dataclasses import dataclass, field

from hubspot_pipeline.sandbox.encoding import Json

KINDS = (
    "status", "truncate", "malformed", "hang", "cut", "slow", "empty_page", "short_page", "drop_results",
    "repeat_results",
)  # fmt: skip


@dataclass(slots=True)
class Trigger:
    """Fires on the `nth` matching call (every one if None), at most `times` times."""

    match: re.Pattern[str]
    nth: int | None
    times: int | None
    given: Json
    seen: int = 0
    fired: int = 0

    def ready(self, line: str) -> bool:
        """Counts the call if it matches, and says whether it is this trigger's turn."""
        if self.match.search(line) is None:
            return False
        self.seen += 1
        if self.nth is not None and self.seen < self.nth:
            return False
        return self.times is None or self.fired < self.times

    def fire(self) -> Json:
        self.fired += 1
        return self.given


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
        """The first fault whose turn it is; all of them count the call."""
        ready = [trigger for trigger in self.faults if trigger.ready(line)]
        return ready[0].fire() if ready else None

    def operations(self, line: str) -> list[Json]:
        ready = [trigger for trigger in self.hooks if trigger.ready(line)]
        return [op for trigger in ready for op in trigger.fire()["ops"]]

"""One running sandbox: the portal and all that the admin API can turn.

portal + credentials + limits + knobs + faults + call log = `Sandbox`; one request of it = `Call`
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from hubspot_pipeline.sandbox.access import Access, Token
from hubspot_pipeline.sandbox.account import TIERS, NotFoundHere
from hubspot_pipeline.sandbox.answers import ApiError, Correlation, invalid
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.config import NEEDS, Config, checked
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.faults import Faults
from hubspot_pipeline.sandbox.instants import instant
from hubspot_pipeline.sandbox.limits import Limits
from hubspot_pipeline.sandbox.paths import Route
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.search import Rules, Search
from hubspot_pipeline.sandbox.tally import Tally

MAX_LOGGED = 200_000


class Sandbox:
    """Portal, credentials, limits, knobs and call log."""

    def __init__(self, portal: Portal, config: Config | None = None) -> None:
        self.tally: Tally | None = None
        self.start(portal, config or Config())

    def start(self, portal: Portal, config: Config) -> None:
        """Begins anew with this portal."""
        self.portal, self.config = portal, config
        self.access = Access(portal.seed)
        self.faults = Faults()
        self.correlation = Correlation(portal.seed)
        self.calls: list[Json] = []
        self.call_count = 0
        self.shape_at = 0
        self.limits = Limits(time_zone=portal.time_zone, tally=self.tally)
        if self.tally is not None:
            self.tally.note("", 0)
        self.search = Search(portal, Rules())
        self.apply()

    def apply(self) -> None:
        """Hands the knobs to what they turn."""
        config = self.config
        self.limits.tier = config.tier or self.portal.tier
        self.limits.rate_limit, self.limits.daily_limit = config.rate_limit, config.daily_limit
        self.limits.search_limit, self.limits.association_limit = config.search_limit, config.association_limit
        self.limits.burst_ms = config.burst_ms
        self.limits.configured()
        self.portal.index_lag = config.index_lag_ms
        self.search.rules = Rules(
            config.result_cap,
            config.id_compare,
            config.sort_noise,
            config.wrong_cursor_property,
            config.epoch_zero_fails,
        )

    def configure(self, changes: Json) -> None:
        """Merges knobs; `reset` restores the defaults, a `tier` takes `rate_limit` back to the tier's figure."""
        if changes.pop("reset", False):
            self.config = Config()
        if "tier" in changes and "rate_limit" not in changes:
            self.config.rate_limit = None
        for name, value in changes.items():
            if not hasattr(self.config, name):
                raise ValueError(f"knob {name!r} is none of {', '.join(vars(self.config))}")
            checked(name, value)
            setattr(self.config, name, value)
        self.shape_at = 0
        self.apply()

    def keep_count(self, tally: Tally) -> None:
        """From now on the day's count goes there; what it holds is taken over."""
        self.tally = self.limits.tally = tally

    def offer(self, feature: str) -> None:
        """Raises 403 where the account's plan lacks the feature."""
        plan = self.config.plan or self.portal.tier
        lacks = {name for name in ("custom_objects", "web_analytics") if not getattr(self.config, name)}
        lacks |= {name for name, tier in NEEDS.items() if TIERS.index(plan) < TIERS.index(tier)}
        if feature in lacks or feature in (self.config.unavailable or ()):
            raise ApiError(403, f"This account does not have access to {feature.replace('_', ' ')}.", "FORBIDDEN")

    def is_retired(self, route: Route, path: str) -> bool:
        """Whether the knobs say that this path's API has ended by now."""
        bare = f"/{'/'.join(route.parts)}"
        if any(bare.startswith(start) for start in self.config.retired or ()):
            return True
        sunset = self.config.sunset
        ends = sunset if isinstance(sunset, dict) else dict.fromkeys(sunset, 0)
        now = self.portal.now()
        return any(
            f"{path}/".startswith(f"{start.rstrip('/')}/") and now >= (instant(date) or 0)
            for start, date in ends.items()
        )

    def keep_clock(self) -> None:
        """Notes in the state file how far the virtual clock is ahead of the real one."""
        if self.portal.journal is not None:
            clock = self.portal.clock
            ahead = clock.now() - time.time_ns() // 1_000_000
            self.portal.journal.write("clock", {"now": clock.now(), "frozen": clock.frozen, "ahead": ahead})

    def remember(self, call: str, given: Json) -> None:
        """Keeps an admin call in the state file, to be made again after a restart."""
        if self.portal.journal is not None:
            self.portal.journal.write("admin", {"call": call, "given": given})

    def shape(self, limit: int) -> tuple[int, bool]:
        """Rows of the next page and whether its `after` is a number, after the `page_shapes` knob."""
        shapes = self.config.page_shapes
        if not shapes:
            return limit, False
        sizes = shapes.get("sizes") if isinstance(shapes, dict) else shapes
        number = isinstance(shapes, dict) and shapes.get("after") == "int"
        if not sizes:
            return limit, number
        size = int(sizes[self.shape_at % len(sizes)])
        self.shape_at += 1
        return min(size, limit), number

    def log(self, entry: Json) -> None:
        self.call_count += 1
        self.calls.append({"n": self.call_count, **entry})
        if len(self.calls) > MAX_LOGGED:
            del self.calls[: MAX_LOGGED // 2]

    def counts(self) -> Json:
        by = Counter(f"{call['method']} {call['path']}" for call in self.calls)
        return {
            "total": self.call_count,
            "by": dict(by),
            "status": dict(Counter(str(call["status"]) for call in self.calls)),
        }


@dataclass(slots=True)
class Call:
    """One authenticated request."""

    sandbox: Sandbox
    method: str
    route: Route
    query: dict[str, list[str]]
    raw: bytes
    content_type: str
    base_url: str
    token: Token
    forced_size: int | None = None
    """Rows that a fault wants on this page, whatever the limit."""
    _body: Any = field(default=None)

    @property
    def portal(self) -> Portal:
        return self.sandbox.portal

    @property
    def parts(self) -> tuple[str, ...]:
        return self.route.parts

    def body(self) -> Any:
        """The JSON body. Raises 415 or 400."""
        if self._body is None:
            if "json" not in self.content_type:
                raise ApiError(415, "HTTP 415 Unsupported Media Type")
            try:
                self._body = json.loads(self.raw)
            except ValueError:
                raise invalid("Invalid input JSON: the body could not be parsed") from None
        return self._body

    def object_body(self) -> Json:
        """The JSON body, which must be an object."""
        body = self.body()
        if not isinstance(body, dict):
            raise invalid("Invalid input JSON: an object is expected")
        return body

    def inputs(self, most: int) -> list[Json]:
        """`inputs` of a batch body, at most so many."""
        inputs = self.object_body().get("inputs")
        if not isinstance(inputs, list) or not inputs or not all(isinstance(one, dict) for one in inputs):
            raise invalid("Invalid input JSON: inputs must be a non-empty list of objects")
        if len(inputs) > most:
            raise invalid(f"The maximum number of inputs is {most}, got {len(inputs)}")
        return inputs

    def text(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[-1]

    def words(self, name: str) -> list[str]:
        """A list parameter, repeated or comma separated."""
        return [word for value in self.query.get(name, ()) for word in value.split(",") if word]

    def flag(self, name: str) -> bool:
        """A boolean parameter in any case."""
        value = self.text(name, "false").lower()
        if value not in ("true", "false"):
            raise invalid(f"{name} must be true or false")
        return value == "true"

    def whole(self, name: str, default: int, most: int) -> int:
        """A positive integer parameter of at most `most`."""
        text = self.text(name, str(default))
        if not text.isdigit() or not 0 < int(text) <= most:
            raise invalid(f"{name} must be between 1 and {most}, got {text!r}")
        return int(text)

    def kind(self, spelling: str) -> Kind:
        """The object type of a path segment. Raises 400, as an unknown type does."""
        try:
            kind = self.portal.kind(spelling)
        except NotFoundHere:
            raise invalid(f"Unable to infer object type from: {spelling}") from None
        if kind.custom and self.portal.schemas[kind.type_id]["archived"]:
            raise invalid(f"Unable to infer object type from: {spelling}")
        return kind

    def require(self, *alternatives: Sequence[str]) -> None:
        """Raises 403 unless the token has one scope of each of the lists."""
        self.sandbox.access.require(self.token, *alternatives)

    def link(self, **changes: str) -> str:
        """This request's URL with changed query parameters."""
        query = {key: values for key, values in self.query.items() if key not in changes}
        pairs = [(key, value) for key, values in query.items() for value in values] + list(changes.items())
        return f"{self.base_url}?{urlencode(pairs)}"

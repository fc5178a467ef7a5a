"""(settings, streams) -> the calls that a sync is expected to make, against what is left of today's share.

A warehouse that was synced tells by its own ledger, without a call; others are counted in the portal.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hubspot_pipeline.api.client import Client
from hubspot_pipeline.errors import ConfigError, DailyLimit
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import with_sources
from hubspot_pipeline.warehouse import ledger, store
from hubspot_pipeline.warehouse.discover import discover
from hubspot_pipeline.warehouse.estimate import BEGINNING, Estimate, estimate
from hubspot_pipeline.warehouse.measure import measuring
from hubspot_pipeline.warehouse.run import check_credential, select

LARGE = 1_000
"""Calls from which on a sync says how many it expects."""
HANDFUL = 10
"""Of a stream that was read once, in a portal too large to be reconciled by every sync."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a sync is expected to take. `left`, `remaining`, `limit`: today's calls, None where not told."""

    calls: int
    at_least: bool
    left: int | None
    """Of this pipeline's share."""
    remaining: int | None
    limit: int | None
    share: float

    def line(self) -> str:
        """One sentence about it."""
        if self.limit is None:
            return f"{self._expected()} HubSpot tells OAuth apps no daily limit, so this is not compared with one."
        return f"{self._expected()} Today {self.left:,} of them are this pipeline's: {self._today()}."

    @property
    def exceeds(self) -> bool:
        """It takes more than is left of today's share."""
        return self.left is not None and self.calls > self.left

    def require(self) -> None:
        """Raises ConfigError where the calls exceed what is left of today's share."""
        if self.exceeds:
            raise ConfigError(
                f"{self._expected()} Today {self.left:,} are left for this pipeline: {self._today()}. "
                "Nothing was read. `hubspot-pipeline sync --yes` begins all the same: it stops at the share with exit "
                "code 3, keeps what it read and goes on from there the next day. Or choose fewer streams in "
                "hubspot.yaml."
            )

    def _expected(self) -> str:
        return f"This sync is expected to make {'at least ' if self.at_least else ''}{self.calls:,} calls."

    def _today(self) -> str:
        floor = (self.limit or 0) * (1 - self.share)
        return (
            f"{self.remaining:,} of the portal's {self.limit:,} calls remain and "
            f"HUBSPOT_DAILY_CALL_SHARE={self.share:g} leaves {floor:,.0f} to others"
        )


def budget(settings: Settings, streams: Sequence[str] | None = None, *, full: bool = False) -> Budget | None:
    """What a sync will take; None where that is little, or where today's calls are used up and the sync will say so.

    A first read and `full` are never little. Raises ConfigError and CredentialError as the sync would.
    """
    selected = select(settings, streams)
    try:
        past = _past(settings)
    except ConfigError:
        return None  # the file cannot be opened: the sync says why
    # what is read for the sake of others has no figures of its own
    names = {stream.name for stream in selected} if past else with_sources(selected, settings.chosen)
    new = sorted(names - past.keys())
    expected = sum(past[name][full] for name in names & past.keys()) + BEGINNING.calls
    if not new and not full and expected <= LARGE:
        return None
    client = Client(settings)
    try:
        check_credential(client)
    except DailyLimit:
        return None
    try:
        counted, at_least = _counted(settings, client, new) if new else (0, False)
    except DailyLimit:
        # reading takes more than counting
        counted, at_least = client.pacer.sent, True
    pacer = client.pacer
    found = Budget(expected + counted, at_least, pacer.share_left, pacer.daily_remaining, pacer.daily_limit,
                   settings.daily_share)  # fmt: skip
    little = bool(past) and not full and found.calls <= LARGE
    return None if little and not found.exceeds else found


def _past(settings: Settings) -> dict[str, tuple[int, int]]:
    """Stream -> (calls that a sync is expected to make, calls if all is read again), as far as the ledger tells."""
    if not settings.working.exists():
        return {}
    with store.open_store(settings, read_only=True) as con:
        if not store.has_table(con, "sync_runs"):
            return {}
        small = ledger.alive(con, settings.streams.objects) <= settings.small_portal
        known = ledger.calls(con)
    return {
        name: (latest if latest is not None else largest if small else min(largest, HANDFUL), largest)
        for name, (largest, latest) in known.items()
    }


def _counted(settings: Settings, client: Client, new: Iterable[str]) -> tuple[int, bool]:
    """(calls of a first read of these streams, whether there can be more)."""
    found = discover(settings, client)
    known = found.settings.streams.by_name
    names = with_sources([known[name] for name in new if name in known], found.settings.chosen)
    with measuring(found.settings, client) as measure:
        measured = measure.streams(names)
    if any(isinstance(one.error, DailyLimit) for one in measured.found.values()):
        raise DailyLimit("today's share ended while counting")
    first = {name: cost for name, cost in estimate(measured.portal({})).first.items() if name in set(new)}
    total = Estimate.total(first)
    return total.calls - BEGINNING.calls, total.at_least

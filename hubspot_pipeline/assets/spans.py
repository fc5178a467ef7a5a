"""Tags of a run -> the partitions it is of, and names of what happened to a stream in them alone."""

import re
from dataclasses import dataclass
from datetime import datetime

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.settings import Settings

WINDOWS = "hubspot_resync_window"
"""The job whose partitions are months."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days (`2026-06-01`) or months (`2026-06`) from the first to the last."""

    first: str
    last: str

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def of_months(self) -> bool:
        return len(self.first) == len("2026-06")

    def covers(self, other: "Span") -> bool:
        """Whether all of the other lies in this one; a month and a day are never the same."""
        return self.of_months is other.of_months and self.first <= other.first and other.last <= self.last


def span_of(run: dg.DagsterRun) -> Span | None:
    """The partitions of a run, None where it has none."""
    one = run.tags.get(PARTITION_NAME_TAG, "")
    first, last = (run.tags.get(tag) or one for tag in (ASSET_PARTITION_RANGE_START_TAG, ASSET_PARTITION_RANGE_END_TAG))
    if not first or not last:
        return None
    return Span(first[:7], last[:7]) if run.job_name == WINDOWS else Span(first, last)


def require_loaded(settings: Settings, first: datetime, until: datetime) -> None:
    """Raises ConfigError where the first partition, from `first` to `until`, is older than what is loaded at all."""
    if until <= settings.start:
        raise ConfigError(
            f"{first:%Y-%m-%d} is before HUBSPOT_START_DATE ({settings.start:%Y-%m-%d}), so nothing of it is loaded: "
            f"choose later partitions, or set HUBSPOT_START_DATE={first:%Y-%m-%d} and repeat."
        )


def named(name: str, span: Span | None) -> str:
    """The name of what happened in these partitions."""
    return name if span is None else f"{name} ({span})"


def parted(name: str) -> tuple[str, Span | None]:
    """What `named` put together."""
    found = _NAMED.fullmatch(name)
    return (found[1], Span(found[2], found[3] or found[2])) if found else (name, None)


_NAMED = re.compile(r"(.*) \((\d[\d-]+)(?: to (\d[\d-]+))?\)")

"""Environment and run config -> settings, progress and the report of one run, as a Dagster resource.

Secrets have no field here on purpose: Dagster stores run config in plain text, so credentials come from the
environment or `.env` alone.
"""

import os
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from hubspot_pipeline.assets.progress import LogProgress
from hubspot_pipeline.settings import Settings

if TYPE_CHECKING:
    from hubspot_pipeline.warehouse.run import Progress, RunResult


class Mode(StrEnum):
    """How much a run reads."""

    sync = "sync"
    reconcile = "reconcile"
    full = "full"


class SyncConfig(dg.Config):
    """What one run reads; nothing here is secret, because Dagster stores and shows it."""

    mode: Mode = Field(
        default=Mode.sync,
        description="sync: what changed. reconcile: also associations, archives and restores that move no date. "
        "full: everything again, merged into what is there.",
    )
    since: str = Field(default="", description="Only records modified from here on, e.g. 2024-01-31.")
    until: str = Field(default="", description="Only records modified before, e.g. 2024-02-29T08:00:00Z.")


class HubSpotResource(dg.ConfigurableResource[Any]):
    """The project's settings. An empty field means: as the environment, `.env` or the default has it."""

    data_dir: str = Field(default="", description="Folder of the warehouse, as HUBSPOT_DATA_DIR.")
    base_url: str = Field(default="", description="Where the API is, as HUBSPOT_BASE_URL.")
    start_date: str = Field(default="", description="Oldest change to read, as HUBSPOT_START_DATE.")
    lookback_minutes: str = Field(default="", description="Overlap of two reads, as HUBSPOT_LOOKBACK_MINUTES.")
    retention_days: str = Field(default="", description="Days that finished runs are kept, as HUBSPOT_RETENTION_DAYS.")
    daily_call_share: str = Field(default="", description="Share of the daily calls, as HUBSPOT_DAILY_CALL_SHARE.")

    def settings(self) -> Settings:
        """The settings of this run. Raises ConfigError."""
        return Settings.load(env={**os.environ, **self._given()})

    def progress(self, log: dg.DagsterLogManager) -> "Progress":
        """What the engine reports its progress to: log lines of the run."""
        return LogProgress(log.info)

    def finished(self, result: "RunResult") -> None:
        """Called with the outcome of each stream; a run in Dagster has it in its events already."""

    def refused(self, error: Exception) -> None:
        """Called when the run stopped before anything was written; the run's failure carries the message."""

    def _given(self) -> Mapping[str, str]:
        fields = ("data_dir", "base_url", "start_date", "lookback_minutes", "retention_days", "daily_call_share")
        return {f"HUBSPOT_{name.upper()}": getattr(self, name) for name in fields if getattr(self, name)}

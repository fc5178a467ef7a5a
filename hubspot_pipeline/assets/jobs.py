"""The one asset definition -> jobs: hourly sync, daily reconcile, marts alone."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from hubspot_pipeline.assets import windows
from hubspot_pipeline.assets.models import Models
from hubspot_pipeline.assets.raw import DAYS, EVENTS, key, specs
from hubspot_pipeline.assets.resource import Mode
from hubspot_pipeline.streams import Stream

SYNC = "hubspot_sync"
RECONCILE = "hubspot_reconcile"
MARTS = "marts"


def run_config(mode: Mode = Mode.sync, since: str = "", until: str = "") -> dict[str, Any]:
    """Run config of the sync's op; secrets have no place in it."""
    given = {"mode": mode.value, "since": since, "until": until}
    return {"ops": {"warehouse": {"config": {name: value for name, value in given.items() if value}}}}


def jobs(models: Models, streams: Sequence[Stream]) -> list[Any]:
    """Jobs of the contract; a full resync is `hubspot_sync` with mode `full` in its config."""
    everything = dg.AssetSelection.assets(*(spec.key for spec in [*specs(streams), *models.specs]))
    logs = [key(stream.name) for stream in streams if stream.is_log]
    of_days = [
        dg.define_asset_job(
            EVENTS, dg.AssetSelection.assets(*logs), config=run_config(), partitions_def=DAYS,
            description="Logs of events by day: reads the chosen days again and merges them; no cursor moves.",
        )
    ] if logs else []  # fmt: skip
    return [
        *of_days,
        dg.define_asset_job(
            SYNC, everything, config=run_config(),
            description="What changed in the portal since the last sync, then the marts.",
        ),
        dg.define_asset_job(
            RECONCILE, everything, config=run_config(Mode.reconcile),
            description="Also what moves no modified date: associations, archives, restores, calculated values.",
        ),
        dg.define_asset_job(
            MARTS, dg.AssetSelection.assets(*(spec.key for spec in models.specs)),
            description="The dbt models alone, from what is in the warehouse; asks the portal nothing.",
        ),
        windows.job(),
    ]  # fmt: skip

"""Settings -> everything Dagster loads: assets, checks, jobs, schedules, sensors, the executor."""

import dagster as dg

from hubspot_pipeline.assets import alerts, jobs, models, schedules, warehouse
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.settings import Settings


def assemble(settings: Settings, hubspot: HubSpotResource | dg.ResourceDefinition | None = None) -> dg.Definitions:
    """Definitions of the project in `settings.root`. Its dbt project is parsed if it changed; needs no network."""
    streams = settings.chosen
    unread = [f"stg_hubspot__{stream.name}" for stream in settings.streams if stream not in streams]
    project = models.load(settings.root / "dbt_project", settings.working, unread)
    return dg.Definitions(
        assets=[warehouse.assets(project, streams)],
        jobs=jobs.jobs(project, streams),
        schedules=schedules.schedules(live=settings.credential.given and not settings.is_loopback),
        sensors=[schedules.sensor(project, streams), *alerts.sensors(settings)],
        resources={"hubspot": hubspot or HubSpotResource()},
        executor=dg.in_process_executor,
    )

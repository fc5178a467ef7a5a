"""(settings, client) -> settings that know the portal's custom objects; a file keeps them for Dagster."""

from dataclasses import dataclass, replace

from hubspot_pipeline import custom_objects
from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import DailyLimit, HubSpotError, MissingScope
from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.collections import Item
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import STREAMS, Streams

SCHEMAS = next(stream for stream in STREAMS if stream.name == "object_schemas")


@dataclass(frozen=True, slots=True)
class Discovery:
    """`settings` with all custom objects; `new`: names of those that were not known; `schemas`: None if not told."""

    settings: Settings
    new: tuple[str, ...] = ()
    schemas: list[Item] | None = None
    error: Exception | None = None
    """Why the portal could not be asked."""

    @property
    def why_not(self) -> str:
        return "" if self.error is None else str(self.error)

    def keep(self) -> bool:
        """Write down what was found, for whoever loads the definitions next; True if it differs from before."""
        return self.schemas is not None and custom_objects.write(self.settings.data_dir, self.schemas)


def discover(settings: Settings, client: Client) -> Discovery:
    """Ask the portal for its custom objects.

    A token or plan that may not ask leaves those that are known: their tables and rows stay.
    """
    try:
        schemas = collections.read(client, SCHEMAS, Meter())
    except (MissingScope, HubSpotError, DailyLimit) as error:
        kept = Streams(custom_objects.read(settings.data_dir))
        return Discovery(replace(settings, streams=kept), error=error)
    found = custom_objects.streams_of(schemas)
    known = {stream.name for stream in settings.streams.custom}
    new = tuple(stream.name for stream in found if stream.name not in known)
    return Discovery(replace(settings, streams=Streams(found)), new, schemas)

"""(settings) -> the portal's custom objects, asked for and written down: what `hubspot-pipeline discover` does."""

from dataclasses import dataclass, field

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import HubSpotError, MissingScope
from hubspot_pipeline.extract.properties import definitions
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse import store
from hubspot_pipeline.warehouse.discover import discover
from hubspot_pipeline.warehouse.run import check_credential


@dataclass(frozen=True, slots=True)
class CustomObject:
    """One custom object. `properties`: how many it has, None where the token may not ask."""

    stream: Stream
    properties: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class CustomObjects:
    """All that are known now; `why_not`: why the portal was not asked, so that these are those of before."""

    objects: list[CustomObject] = field(default_factory=list)
    changed: bool = False
    """What is written down differs from before."""
    why_not: str = ""


def custom_objects(settings: Settings) -> CustomObjects:
    """Ask for custom objects and keep them. Raises ConfigError where the credential is refused or of another portal."""
    client = Client(settings)
    store.require_portal(settings, str(check_credential(client)["portalId"]))
    found = discover(settings, client)
    chosen = {stream.name for stream in found.settings.chosen}
    objects = [CustomObject(one, _properties(client, one), one.name in chosen) for one in found.settings.streams.custom]
    return CustomObjects(objects, found.keep(), found.why_not)


def _properties(client: Client, stream: Stream) -> int | None:
    try:
        return len(definitions(client, stream, Meter()))
    except (MissingScope, HubSpotError):
        return None

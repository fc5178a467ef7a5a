"""Property definitions of one object -> catalogue rows, and the names that a read asks for."""

from typing import Any

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.streams import API_VERSION, Stream

Definition = dict[str, Any]


def definitions(client: Client, stream: Stream, meter: Meter, *, archived: bool = False) -> list[Definition]:
    """HubSpot's property definitions of an object, by name; `archived`: the deleted ones instead of the live ones.

    Each has `object`, `isCustom` and `archived` besides HubSpot's own fields.
    """
    path = f"/crm/properties/{API_VERSION}/{stream.path_name}"
    answer = client.get(path, {"archived": "true"} if archived else None, parse=unnest.results, meter=meter)
    found = [
        # an answer on a custom property has no `hubspotDefined` at all
        definition
        | {"object": stream.object, "isCustom": not definition.get("hubspotDefined", False), "archived": archived}
        for definition in answer
    ]
    return sorted(found, key=lambda definition: definition["name"])

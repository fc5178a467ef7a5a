"""Which handler serves a path beside CRM objects.

(method, versionless path) -> `Endpoint` of the API that it belongs to
"""

from collections.abc import Callable

from hubspot_pipeline.sandbox import (
    automation_api,
    email_api,
    engagements_api,
    events_api,
    files_api,
    listings_api,
    lists_api,
    marketing_api,
    splits_api,
)
from hubspot_pipeline.sandbox.endpoints import Endpoint
from hubspot_pipeline.sandbox.paths import Route

_APIS: dict[str, Callable[[str, Route], Endpoint | None]] = {
    "automation": automation_api.endpoint,
    "communication-preferences": email_api.endpoint,
    "deal-splits": splits_api.endpoint,
    "email": email_api.endpoint,
    "engagements": engagements_api.endpoint,
    "events": events_api.endpoint,
    "files": files_api.endpoint,
    "form-integrations": marketing_api.endpoint,
    "marketing": marketing_api.endpoint,
}


def collection(method: str, route: Route) -> Endpoint | None:
    """The endpoint of a request; None where there is no such path. Raises 405."""
    if route.parts[:2] == ("crm", "lists"):
        return lists_api.endpoint(method, route)
    api = _APIS.get(route.parts[0])
    return (None if api is None else api(method, route)) or listings_api.endpoint(method, route)

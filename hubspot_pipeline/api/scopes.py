"""A client -> the scopes its credential has, asked of HubSpot."""

import json

from hubspot_pipeline.api.auth import OAuthToken
from hubspot_pipeline.api.client import TOKEN_INFO_PATH, Client, Meter
from hubspot_pipeline.errors import CredentialError, HubSpotError, MissingScope


def granted_scopes(client: Client, meter: Meter | None = None) -> frozenset[str] | None:
    """The scopes of the client's credential; None where HubSpot does not tell.

    Raises HubSpotError where no answer comes at all.
    """
    if isinstance(client.auth, OAuthToken):
        return None
    question = {"tokenKey": client.auth.token().reveal()}
    try:
        return client.post(TOKEN_INFO_PATH, question, parse=_told, meter=meter or Meter())
    except (CredentialError, MissingScope):
        # the endpoint is documented for private apps: a service key may work everywhere else
        return None
    except HubSpotError as error:
        if error.status == 0:
            raise
        return None


def _told(body: bytes) -> frozenset[str] | None:
    try:
        told = json.loads(body)["scopes"]
    except (ValueError, KeyError, TypeError):
        return None
    return frozenset(map(str, told)) if isinstance(told, list) else None

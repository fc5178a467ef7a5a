"""One message -> the alert webhook, as JSON."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import requests

from hubspot_pipeline.errors import AlertError
from hubspot_pipeline.settings import LOOPBACK, Secret

TIMEOUT = (5.0, 10.0)
"""Seconds to connect, and to the answer."""


def post(webhook: Secret, message: Mapping[str, str]) -> None:
    """Send a message once; no redirect is followed and nothing of the answer but its status is read.

    Raises AlertError where it was not taken; its text does not carry the URL.
    """
    url = webhook.reveal()
    with requests.Session() as session:
        session.trust_env = urlsplit(url).hostname not in LOOPBACK
        try:
            with session.post(url, json=message, timeout=TIMEOUT, allow_redirects=False, stream=True) as answer:
                status = answer.status_code
        except requests.RequestException as error:
            raise AlertError(
                f"The webhook of HUBSPOT_ALERT_WEBHOOK cannot be reached ({type(error).__name__}); "
                "what there is to tell is posted again."
            ) from None
    if not 200 <= status < 300:
        raise AlertError(
            f"The webhook of HUBSPOT_ALERT_WEBHOOK answered {status}; what there is to tell is posted again. "
            "If this lasts, make a new webhook and set its URL."
        )

"""A streamed answer -> its body, decompressed and of bounded size -> the fields of a JSON object in it."""

import json
from typing import Any

import requests

from hubspot_pipeline.errors import HubSpotError

MOST_BYTES = 256 << 20
"""Decompressed. A page holds 100 records: with 1,000 properties filled it has 5 MB, of long e-mails 25 MB."""
CHUNK = 1 << 20


def content_of(answer: requests.Response, call: str) -> bytes:
    """The body, of which no more is unpacked than a page can have; `call`: what was asked, for the error.

    Raises HubSpotError where there is more, and what requests raises where the connection ends before the body does.
    """
    parts, size = [], 0
    with answer:
        for part in answer.iter_content(CHUNK):
            size += len(part)
            if size > MOST_BYTES:
                raise HubSpotError(
                    f"{call}: the answer is larger than {MOST_BYTES >> 20} MB and was not read; no page of HubSpot's "
                    "is. Check what stands between this machine and HubSpot, or choose fewer properties.",
                    answer.status_code,
                )
            parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def fields_of(content: bytes) -> dict[str, Any]:
    """The JSON object in a body; empty where there is none."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}

"""A signed URL -> a file on disk, without the token: the signature in the URL is what opens it."""

import ipaddress
import os
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import requests

from hubspot_pipeline.errors import HubSpotError
from hubspot_pipeline.settings import LOOPBACK

MOST_BYTES = 2 << 30
"""HubSpot takes files of up to 2 GB."""
CHUNK = 1 << 20
HOPS = 3


def download(session: requests.Session, url: str, target: Path, *, local: bool, timeout: tuple[float, float]) -> None:
    """Fetch `url` into `target`, which appears whole or not at all.

    Only https leaves this machine; `local`: the portal is a sandbox here, and nothing else is asked. Raises
    HubSpotError (the URL, which opens the file to anybody, is not in its message).
    """
    for _ in range(HOPS + 1):
        _require_allowed(url, local)
        with session.get(url, stream=True, allow_redirects=False, timeout=timeout) as answer:
            if answer.is_redirect:
                url = urljoin(url, answer.headers.get("location", ""))
                continue
            if answer.status_code != 200:
                raise HubSpotError(f"the file's content answers {answer.status_code}", answer.status_code)
            _write(answer, target)
            return
    raise HubSpotError("the file's URL leads from one place to the next without end")


def _require_allowed(url: str, local: bool) -> None:
    try:
        parts = urlsplit(url)
        host, here = parts.hostname or "", (parts.hostname or "") in LOOPBACK
    except ValueError:
        raise HubSpotError("the file's URL is not one") from None
    if (local and here) or (not local and parts.scheme == "https" and _is_public(host)):
        return
    raise HubSpotError("the file's URL is not one of HubSpot's: only https is followed, and never to this network")


def _is_public(host: str) -> bool:
    """A name with a dot, or an address of the public internet."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # a number alone, or one with parts of other bases, is an address to resolvers
        return "." in host and not host.rstrip(".").rpartition(".")[2].startswith(tuple("0123456789"))
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_global


def _write(answer: requests.Response, target: Path) -> None:
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    written = 0
    try:
        with fresh.open("wb") as file:
            for chunk in answer.iter_content(CHUNK):
                written += len(chunk)
                if written > MOST_BYTES:
                    raise HubSpotError(f"the file is larger than {MOST_BYTES >> 30} GB; it was not kept")
                file.write(chunk)
        fresh.chmod(0o600)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)

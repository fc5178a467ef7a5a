"""What tests of the reading side share: a client of the sandbox, a reader of one object, many records at once."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hubspot_pipeline.api.client import Client
from hubspot_pipeline.api.pace import Pacer
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox

READING = re.compile(
    r"GET /\S+"
    r"|POST /crm/objects/{v}/[\w-]+/(search|batch/read)"
    r"|POST /crm/associations/{v}/[\w-]+/[\w-]+/batch/read"
    r"|POST /deal-splits/{v}/batch/read"
    r"|POST /crm/lists/{v}/search"
    r"|POST /oauth/{v}/(token|token/introspect|private-apps/get/access-token-info)"
)
"""Calls that change nothing in a portal, by HubSpot's documentation."""
T0 = 1_780_000_000_000
"""An instant of the sandbox's clock, in milliseconds."""


def client(sandbox: Sandbox, *, credential: Credential | None = None, share: float = 1.0, pacer: Pacer | None = None,
           backoff: float = 0.0, **given: Any) -> Client:  # fmt: skip
    """A client that does not wait before it tries again; `given` goes to its settings."""
    made = Settings(
        Path(), Path(), credential or Credential(access_token=Secret(TOKEN)), sandbox.url, daily_share=share,
        backoff=backoff, **given,
    )  # fmt: skip
    return Client(made, pacer=pacer)


@contextmanager
def reader(sandbox: Sandbox, stream: str = "contacts", properties: tuple[str, ...] = ("email",),
           **given: Any) -> Iterator[Reader]:  # fmt: skip
    """A reader of one stream with eight threads, whose searches are not held back; `given` goes to the client."""
    with ThreadPoolExecutor(8) as pool:
        free = Pacer(1.0, 1_000)
        yield Reader(client(sandbox, pacer=free, **given), DECLARED.by_name[stream], pool, properties)


def fill(sandbox: Sandbox, ids: list[int], *, at: Any = T0, object_type: str = "contacts",
         properties: dict[str, str] | None = None) -> None:  # fmt: skip
    """Records of these ids; `at`: the instant of all of them, or a function of the place."""
    for place, id_ in enumerate(ids):
        moment = at(place) if callable(at) else at
        sandbox.portal.create(object_type, dict(properties or {}), at=moment, id=str(id_))


def ids_of(pages: Iterator[list[Record]]) -> list[int]:
    """Ids of all records of all pages, in the order they came."""
    return [int(record.id) for page in pages for record in page]


def asked(sandbox: Sandbox, part: str = "/crm/") -> int:
    """Calls whose path contains `part`, those that were refused included."""
    return sum(part in call["path"] for call in sandbox.calls())

"""The streams as a dlt source, for any destination: `dlt.pipeline(...).run(hubspot().with_resources("contacts"))`.

The first run of an object reads all of it, later ones what changed; cursors live in dlt's state. There is no
warehouse to compare with, so every re-read row is merged. Deletions, merges and completeness are the pipeline's work
(`hubspot-pipeline sync`), not this source's.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import dlt
from dlt.common.typing import TSecretStrValue

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.api.local import no_credential
from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.properties import definitions
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline.streams import COLLECTIONS, OBJECTS, Stream
from hubspot_pipeline.warehouse import catalogue
from hubspot_pipeline.warehouse.load import CALLS_IN_FLIGHT, with_hints
from hubspot_pipeline.warehouse.names import assign
from hubspot_pipeline.warehouse.objects import Walk
from hubspot_pipeline.warehouse.plan import Batch, Memory, Plan, Tally


class _Portal:
    """What the resources of one source share; opened with the first page."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def client(self) -> Client:
        if not self._settings.credential.given:
            raise no_credential(self._settings.credential)
        return Client(self._settings)

    @cached_property
    def pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(CALLS_IN_FLIGHT, "hubspot")

    @property
    def now(self) -> datetime:
        return self.client.portal_now or datetime.now(UTC)

    def object(self, stream: Stream) -> Iterator[Batch]:
        meter = Meter()
        names = [d["name"] for d in definitions(self.client, stream.object, meter)]
        plan = Plan(self.now, self._settings.lookback, self._settings.start)
        reader = Reader(self.client, stream, self.pool, names, meter)
        walk = Walk(reader, plan, assign(names, {}), None, Tally(), Memory())
        yield from walk.run(dlt.current.resource_state())

    def collection(self, stream: Stream) -> Iterator[Batch]:
        if stream.name == "properties":
            for each in OBJECTS:
                found = catalogue.merge(definitions(self.client, each.object, Meter()), [], {})
                yield catalogue.batch([found], self.now)
            return
        items = collections.read(self.client, stream, Meter())
        yield Batch(stream.name, collections.table(stream, items, self.now))


@dlt.source(name="hubspot", max_table_nesting=0)  # type: ignore[untyped-decorator]  # dlt is not followed
def hubspot(access_token: TSecretStrValue | None = None, base_url: str | None = None) -> Any:
    """All streams as dlt resources, named as their tables.

    `access_token`: of a private app or service key; from dlt's secrets (`sources.hubspot.access_token`), or else from
    the pipeline's own settings (environment, `.env`), where OAuth works too. An object's associations and property
    history come with it, in the tables `associations` and `<object>_property_history`.
    """
    settings = Settings.load()
    if access_token:
        settings = replace(settings, credential=Credential(access_token=Secret(access_token)))
    if base_url:
        settings = replace(settings, base_url=base_url)
    portal = _Portal(settings)

    def resource(stream: Stream, read: Any) -> Any:
        def rows() -> Iterator[Any]:
            for batch in read(stream):
                yield with_hints(batch, append=False, strategy="delete-insert")

        return dlt.resource(rows, name=stream.name, file_format="parquet")

    objects = [resource(stream, portal.object) for stream in OBJECTS]
    return objects + [resource(stream, portal.collection) for stream in COLLECTIONS]

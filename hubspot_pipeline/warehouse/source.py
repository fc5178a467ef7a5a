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
from hubspot_pipeline.choice import ObjectChoice
from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.children import Children, Parent
from hubspot_pipeline.extract.collections import fields_of_key, value_at
from hubspot_pipeline.extract.events import Log
from hubspot_pipeline.extract.properties import Definition, definitions
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.windows import Chains, chunks
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse import catalogue
from hubspot_pipeline.warehouse.describe import choose, concealer, mart_needs
from hubspot_pipeline.warehouse.lists import ListReader
from hubspot_pipeline.warehouse.load import CALLS_IN_FLIGHT, with_hints
from hubspot_pipeline.warehouse.logs import LogWalk
from hubspot_pipeline.warehouse.names import assign
from hubspot_pipeline.warehouse.objects import How, Walk
from hubspot_pipeline.warehouse.plan import Batch, Memory, Plan, Tally
from hubspot_pipeline.warehouse.run import check_credential


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

    @property
    def plan(self) -> Plan:
        return Plan(self.now, self._settings.lookback, self._settings.start)

    def read(self, stream: Stream) -> Iterator[Batch]:
        """All batches of a stream that is read by itself."""
        match stream.shape:
            case "object":
                return self._object(stream)
            case "events":
                log = Log(self.client, stream, Meter(), concealer(self._settings, stream))
                return LogWalk(log, self.plan, None, Tally()).run(dlt.current.resource_state())
            case "children":
                return self._children(stream)
        return self._list(stream)

    def _object(self, stream: Stream) -> Iterator[Batch]:
        meter, (_, choice) = Meter(), self._chosen(stream)
        names = sorted(choice.selected)
        reader = Reader.of(self.client, stream, self.pool, names, meter, self._settings.streams.objects)
        conceal = concealer(self._settings, stream, choice)
        how = How(history=choice.history, conditions=choice.conditions, conceal=conceal)
        walk = Walk(reader, self.plan, assign(names, {}), None, Tally(), Memory(), how)
        yield from walk.run(dlt.current.resource_state())

    def _chosen(self, stream: Stream) -> tuple[list[Definition], ObjectChoice]:
        """An object's live definitions and what hubspot.yaml chooses of them."""
        known = definitions(self.client, stream, Meter())
        history = self._settings.streams.by_name.get(f"{stream.name}_property_history")
        follow = history in self._settings.chosen
        return known, choose(self._settings, stream, known, mart_needs(self._settings.root), follow=follow)

    def _list(self, stream: Stream) -> Iterator[Batch]:
        objects = [one for one in self._settings.streams.objects if one.default]
        if stream.name == "properties":
            for each in objects:
                known, choice = self._chosen(each)
                found = catalogue.merge(known, [], {}, choice.selected, choice.hashed)
                yield catalogue.batch([found], self.now)
            return
        account = check_credential(self.client)
        lister = ListReader(self.client, self.pool, self.plan, self._settings.streams, objects, account,
                            self._settings)  # fmt: skip
        items = lister.read(stream, stream.modes[0], None, Meter(), Tally())
        yield Batch(stream.name, collections.table(stream, items, self.now), replace=True)

    def _children(self, stream: Stream) -> Iterator[Batch]:
        """Items of all parents, which are read first: there is no warehouse to find them in."""
        parents = [parent for name in stream.source for parent in self._parents(self._settings.streams.by_name[name])]
        conceal = concealer(self._settings, stream)
        reader = Children(self.client, stream, self.pool, Meter(), conceal=conceal)
        for group in chunks(parents, 1_000):
            items = [item for _, found in reader.read(group) for item in found or ()]
            unique = {tuple(str(value_at(item, field)) for field in fields_of_key(stream)): item for item in items}
            yield Batch(stream.name, collections.table(stream, unique.values(), self.now))

    def _parents(self, source: Stream) -> list[Parent]:
        if source.shape == "object":
            reader = Reader(self.client, source, self.pool)
            chains = Chains([(0, None)], top=1, total=1, width=1)
            return [Parent(str(record.id), source.object, source.segment if source.custom else source.one)
                    for page in reader.scan(chains) for record in page]  # fmt: skip
        (field,) = fields_of_key(source)
        return [Parent(str(item[field])) for item in collections.read(self.client, source, Meter())]


@dlt.source(name="hubspot", max_table_nesting=0)  # type: ignore[untyped-decorator]  # dlt is not followed
def hubspot(access_token: TSecretStrValue | None = None, base_url: str | None = None) -> Any:
    """All streams as dlt resources, named as their tables; those that are off by default run if they are named.

    `access_token`: of a private app or service key; from dlt's secrets (`sources.hubspot.access_token`), or else from
    the pipeline's own settings (environment, `.env`), where OAuth works too. An object's associations and property
    history come with it, in the tables `associations` and `<object>_property_history`. What hubspot.yaml chooses of
    properties and records and hides of values holds here too; a record that stops matching a filter stays.
    """
    settings = Settings.load()
    if access_token:
        settings = replace(settings, credential=Credential(access_token=Secret(access_token)))
    if base_url:
        settings = replace(settings, base_url=base_url.rstrip("/"))
    portal = _Portal(settings)

    def resource(stream: Stream) -> Any:
        def rows() -> Iterator[Any]:
            for batch in portal.read(stream):
                known = settings.streams.by_name.get(batch.table)
                yield with_hints(batch, known, append=False, unique=False)

        return dlt.resource(rows, name=stream.name, file_format="parquet", selected=stream.default)

    # files hang on properties of activities, which only a warehouse has at hand
    read_alone = [stream for stream in settings.streams if stream.shape != "derived" and stream.name != "files"]
    return [resource(stream) for stream in read_alone]

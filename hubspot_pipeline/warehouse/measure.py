"""(settings, streams) -> whether each can be read, why not, and how much there is of it: a few cheap calls each.

Nothing is written and nothing is kept: pages of lists, one count and one page of the recycle bin per object.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.choice import ObjectChoice
from hubspot_pipeline.choice.objects import is_custom
from hubspot_pipeline.errors import CredentialError, DailyLimit, HubSpotError, MissingScope, NotListed
from hubspot_pipeline.extract import collections, unnest
from hubspot_pipeline.extract.changes import BODY_LIMIT, Filter, Search
from hubspot_pipeline.extract.children import Children, Parent
from hubspot_pipeline.extract.collections import GONE, Item, stamp, value_at
from hubspot_pipeline.extract.filters import search_filters
from hubspot_pipeline.extract.read import Reader, milliseconds
from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.extract.windows import LIST_PAGE
from hubspot_pipeline.settings import DEFAULT_START, Settings
from hubspot_pipeline.streams import Stream, objects_path
from hubspot_pipeline.warehouse.counts import SEARCH_ROOM
from hubspot_pipeline.warehouse.describe import Described, describe, mode_of
from hubspot_pipeline.warehouse.estimate import Portal, Size
from hubspot_pipeline.warehouse.inline import inline_links
from hubspot_pipeline.warehouse.load import CALLS_IN_FLIGHT, WORKERS

MOST_PAGES = 20
"""Pages of a list that are looked at; what is behind them makes a figure "at least"."""
NO_ID = "1"
"""Asked for where no record is known: whether the token may ask shows before whether the record exists."""


@dataclass(slots=True)
class Found:
    """What trying one stream showed."""

    stream: Stream
    error: Exception | None = None
    size: Size = field(default_factory=Size)
    properties: int | None = None
    custom: int | None = None
    """Properties that the portal's users made."""
    withheld: bool = False
    """What is read of it HubSpot leaves empty, instead of refusing, for a token without its scope."""
    id: str = NO_ID
    """One of its records or items, for what hangs on it."""

    @property
    def readable(self) -> bool:
        return self.error is None


@dataclass(slots=True)
class Measured:
    """Of each stream what was found; `described` are the objects among them."""

    settings: Settings
    names: frozenset[str]
    described: tuple[Stream, ...]
    found: dict[str, Found] = field(default_factory=dict)

    def portal(self, changes: Mapping[str, float]) -> Portal:
        """What the estimate is made from."""
        sizes = {name: one.size for name, one in self.found.items()}
        return Portal(self.settings.streams, self.names, self.described, sizes, self.settings.small_portal, changes)


@dataclass(slots=True)
class Measure:
    """Tries streams of one portal. `pool` makes calls, `walkers` wait for them."""

    settings: Settings
    client: Client
    pool: Executor
    walkers: Executor
    meter: Meter = field(default_factory=Meter)

    def streams(self, names: Iterable[str]) -> Measured:
        """All streams of these names. Raises ConfigError where hubspot.yaml names what the portal lacks."""
        wanted = frozenset(names)
        chosen = [stream for stream in self.settings.streams if stream.name in wanted]
        described = [stream for stream in chosen if stream.shape == "object"]
        definitions = describe(self.settings, self.client, self.pool, described)
        self.meter.add(calls=definitions.meter.calls)
        measured = Measured(self.settings, wanted, tuple(described))
        known = measured.found

        def each(shape: str, act: Callable[[Stream], Found]) -> None:
            some = [stream for stream in chosen if stream.shape == shape]
            known.update(
                (one.stream.name, one) for one in self.walkers.map(lambda stream: self.tried(stream, act), some)
            )

        each("object", lambda stream: self._object(stream, definitions))
        each("collection", lambda stream: self._list(stream, described))
        each("events", self.log)
        each("children", lambda stream: self.child(stream, known))
        return measured

    def tried(self, stream: Stream, act: Callable[[Stream], Found]) -> Found:
        """What `act` finds; what keeps the stream from being read is its error. Raises CredentialError."""
        try:
            return act(stream)
        except CredentialError:
            raise
        except (MissingScope, HubSpotError, DailyLimit) as error:
            return Found(stream, error, Size(readable=False))

    def _object(self, stream: Stream, described: Described) -> Found:
        if stream.name in described.errors:
            raise described.errors[stream.name]
        known, choice = described.definitions[stream.name], described.choices[stream.name]
        try:
            found = self.records(stream, choice)
        except (MissingScope, HubSpotError, DailyLimit) as error:
            found = Found(stream, error, Size(readable=False))
        found.withheld = any(name in choice.selected for name in stream.withheld)
        found.properties, found.custom = len(known), len([one for one in known if is_custom(one)])
        return found

    def records(self, stream: Stream, choice: ObjectChoice) -> Found:
        """A count of an object's records, of those that are kept, and a look into its recycle bin."""
        reader = self._reader(stream, sorted(choice.selected))
        search = Search(reader)
        total, top = search.count()
        filters = search_filters(choice.conditions, room=SEARCH_ROOM, characters=BODY_LIMIT // 3)
        history = choice.history
        binned: list[Record] = []
        listed = True
        try:
            binned = next(self._reader(stream, ["hs_object_id"]).archived(), [])
        except NotListed:
            listed = False
        size = Size(
            items=total, kept=self._kept(stream, search, filters), filtered=bool(filters), counted=filters is not None,
            whole=reader.fits(history), wide=search.wide, history=bool(history), mode=mode_of(self.settings, stream),
            archived=len(binned), listed=listed, typed=self._typed(stream, binned), more=len(binned) >= LIST_PAGE,
            attached=self._attached(stream, search, {one.name for one in self.settings.chosen}),
        )  # fmt: skip
        return Found(stream, size=size, id=str(top or NO_ID))

    def look(self, stream: Stream) -> Found:
        """Only whether an object may be read: a list, since searches are few a second."""
        self.client.get(objects_path(stream), {"limit": 1}, parse=unnest.page, meter=self.meter)
        return Found(stream)

    def _reader(self, stream: Stream, properties: list[str]) -> Reader:
        return Reader.of(self.client, stream, self.pool, properties, self.meter, self.settings.streams.objects)

    def _kept(self, stream: Stream, search: Search, filters: list[Filter] | None) -> int | None:
        begin: list[Filter] = []
        if self.settings.start > DEFAULT_START:
            start = str(milliseconds(self.settings.start))
            begin = [{"propertyName": stream.modified, "operator": "GTE", "value": start}]
        if filters is None or not (filters or begin):
            return None
        return search.count([*begin, *filters])[0]

    def _typed(self, stream: Stream, binned: list[Record]) -> int:
        """Pairs whose link types a run asks for, to number what the recycle bin only names."""
        asked: list[str] = []

        def labels(to: str) -> list[dict[str, Any]]:
            asked.append(to)
            return []

        for to in stream.pairs:
            one = self.settings.streams.by_object[to].one
            inline_links(stream, to, one, binned, {}, partial(labels, to))
        return len(asked)

    def _attached(self, stream: Stream, search: Search, chosen: set[str]) -> int:
        takers = [one for one in self.settings.streams if one.endpoint and one.endpoint.parent == "hs_attachment_ids"]
        if not any(one.name in chosen and stream.name in one.source for one in takers):
            return 0
        return search.count([{"propertyName": "hs_attachment_ids", "operator": "HAS_PROPERTY"}])[0]

    def _list(self, stream: Stream, described: list[Stream]) -> Found:
        if stream.name in ("properties", "account_details", "object_schemas"):
            return Found(stream)  # read already
        return self.pages(stream, described, MOST_PAGES)

    def pages(self, stream: Stream, described: Iterable[Stream], most: int) -> Found:
        """Up to `most` pages of each pass of a list; of one that is read per object type the first of them."""
        endpoint = stream.endpoint
        assert endpoint is not None
        names: dict[str, str] = {}
        if endpoint.each:
            place = self._place(stream, described)
            if place is None:
                return Found(stream)
            names, most = place, 1
        items: list[Item] = []
        pages, more = 0, False
        for extra in endpoint.passes:
            params = dict(endpoint.params) | dict(extra)
            walked = list(islice(collections.pages(self.client, stream, self.meter, params, names), most))
            items += (item for page, _ in walked for item in page)
            pages += len(walked)
            more |= walked[-1][1] is not None
        size = Size(items=len(items), pages=pages, more=more, mode=mode_of(self.settings, stream),
                    sizes=_sizes(stream, items))  # fmt: skip
        field = {column: field for column, _, field in stream.columns}[stream.key[0]]
        return Found(stream, size=size, id=str(value_at(items[0], field)) if items else NO_ID)

    def _place(self, stream: Stream, described: Iterable[Stream]) -> dict[str, str] | None:
        known, each = self.settings.streams, stream.endpoint.each if stream.endpoint is not None else ""
        if each == "pair":
            pairs = [(one, known.by_object[to]) for one in described for to in one.pairs]
            return {"object": pairs[0][0].path_name, "to": pairs[0][1].path_name} if pairs else None
        some = [one for one in described if each == "object" or one in known.with_pipelines]
        return {"object": some[0].path_name} if some else None

    def log(self, stream: Stream) -> Found:
        """The last minute of a log."""
        endpoint, now = stream.endpoint, self.client.portal_now or datetime.now(UTC)
        assert endpoint is not None
        params = dict(endpoint.params) | {
            endpoint.since: stamp(endpoint, now - timedelta(minutes=1)), endpoint.until: stamp(endpoint, now),
        }  # fmt: skip
        next(collections.pages(self.client, stream, self.meter, params))
        return Found(stream)

    def child(self, stream: Stream, known: Mapping[str, Found]) -> Found:
        """What hangs on one of the parents, its first page. A parent's error is its own."""
        endpoint = stream.endpoint
        assert endpoint is not None
        parents = [known[name] for name in stream.source if name in known and known[name].readable]
        if stream.source and not parents and any(name in known for name in stream.source):
            return Found(
                stream, known[next(name for name in stream.source if name in known)].error, Size(readable=False)
            )
        at = next((one for one in parents if one.id != NO_ID), None)
        id_ = NO_ID if at is None or endpoint.parent == "hs_attachment_ids" else at.id
        one = at.stream if at is not None else self.settings.streams.by_name["contacts"]
        try:
            if endpoint.batch:
                list(Children(self.client, stream, self.pool, self.meter).read([Parent(id_)]))
            else:
                type_ = one.segment if one.custom else one.one
                params = {name: value.format(type=type_, id=id_) for name, value in endpoint.params}
                next(collections.pages(self.client, stream, self.meter, params, {"id": id_}))
        except HubSpotError as error:
            if error.status not in (400, *GONE):
                raise
        return Found(stream)

    def links(self, found: Found) -> Iterator[tuple[str, str]]:
        """(object type, why) of each declared pair that the token may not read, by the links of one record."""
        if found.id == NO_ID:
            return
        reader = self._reader(found.stream, [])
        for to in found.stream.pairs:
            try:
                list(reader.links(to, [found.id]))
            except MissingScope as error:
                yield to, str(error)
            except HubSpotError as error:
                if error.status not in (400, *GONE):
                    yield to, str(error)


def _sizes(stream: Stream, items: list[Item]) -> tuple[int, ...] | None:
    field = {column: field for column, _, field in stream.columns}.get("size")
    if field is None:
        return None
    return tuple(int(value) if str(value := value_at(item, field)).isdigit() else 0 for item in items)


@contextmanager
def measuring(settings: Settings, client: Client) -> Iterator[Measure]:
    """A `Measure` with the threads it needs."""
    with ThreadPoolExecutor(CALLS_IN_FLIGHT, "hubspot") as pool, ThreadPoolExecutor(WORKERS, "measure") as walkers:
        yield Measure(settings, client, pool, walkers)

"""How much there is of each stream -> calls and seconds of a first sync and of an hourly one: pure decisions, no I/O.

The sums follow what a run does (objects.py, lists.py, children.py, logs.py). What cannot be known before it is read
makes a figure "at least".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil

from hubspot_pipeline.api.client import kind_of
from hubspot_pipeline.api.pace import Kind
from hubspot_pipeline.extract.windows import (
    BATCH_INPUTS,
    HISTORY_PAGE,
    LINK_INPUTS,
    LIST_PAGE,
    PAGES_PER_CHAIN,
    SEARCH_PAGE,
)
from hubspot_pipeline.streams import Mode, Stream, Streams

ASSUMED_CHANGES = 1_000
"""One record in so many changes between two syncs, where no earlier sync tells."""
CHAINS = 8
"""Chains of pages that a long list is read in, side by side; see extract/windows.py."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls by budget; `at_least`: there can be more."""

    burst: int = 0
    search: int = 0
    associations: int = 0
    at_least: bool = False

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.burst + other.burst, self.search + other.search, self.associations + other.associations,
                    self.at_least or other.at_least)  # fmt: skip

    @property
    def calls(self) -> int:
        return self.burst + self.search + self.associations

    def seconds(self, rates: Mapping[Kind, float]) -> float:
        """How long these calls take; `rates`: calls a second of each budget. The slowest budget decides."""
        return max(self.burst / rates["burst"], self.search / rates["search"],
                   self.associations / rates["associations"])  # fmt: skip


def _of_kind(path: str, calls: int, *, at_least: bool = False) -> Cost:
    kind = kind_of(path)
    burst, search, associations = (calls if kind == one else 0 for one in ("burst", "search", "associations"))
    return Cost(burst, search, associations, at_least)


NOTHING = Cost()
BEGINNING = Cost(burst=2)
"""Of every run: the account's details and the definitions of custom objects."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of one stream, as far as it was told before reading it."""

    readable: bool = True
    items: int = 0
    """Records that the token sees; of a list what was counted."""
    kept: int | None = None
    """Records within the start date that the filter keeps; None: search cannot say."""
    filtered: bool = False
    """There is a filter that search can express."""
    counted: bool = True
    """Search can count what is to be in the warehouse."""
    whole: bool = True
    """A page of the list can name all properties."""
    wide: bool = False
    """So can a search."""
    history: bool = False
    mode: Mode = "incremental_server_side"
    archived: int = 0
    """Records seen in the recycle bin."""
    listed: bool = True
    """Whether HubSpot lists it; it does not for every object type."""
    typed: int = 0
    """Pairs of object types of which archived records show links that the portal's link types must explain."""
    attached: int = 0
    """Records with files."""
    pages: int = 1
    sizes: tuple[int, ...] | None = None
    """Of a list whose items say how much they hold: that, one each."""
    more: bool = False
    """There is more of it than was looked at."""

    @property
    def held(self) -> int:
        """Records that will be in the warehouse; without a count of the filter all of them."""
        return self.items if self.kept is None else self.kept

    @property
    def by_search(self) -> bool:
        """The records that the filter keeps are so few that they are read by id."""
        return self.filtered and 2 * self.held < self.items


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls per stream; `first` and `hourly` add up to those of a run together with what every run begins with."""

    first: dict[str, Cost] = field(default_factory=dict)
    hourly: dict[str, Cost] = field(default_factory=dict)

    @staticmethod
    def total(of: Mapping[str, Cost]) -> Cost:
        """All calls of a run."""
        return sum(of.values(), BEGINNING)


@dataclass(frozen=True, slots=True)
class Portal:
    """What is read of a portal. `changes`: rows per sync by stream, where earlier syncs tell."""

    known: Streams
    names: frozenset[str]
    described: tuple[Stream, ...]
    """The object streams among them."""
    sizes: Mapping[str, Size]
    small_portal: int
    changes: Mapping[str, float] = field(default_factory=dict)

    @property
    def small(self) -> bool:
        """Every sync also reconciles."""
        return sum(self.sizes[one.name].held for one in self.known.objects if one.name in self.sizes) <= (
            self.small_portal
        )

    def changed(self, name: str) -> int:
        """Rows of a stream that differ from one sync to the next."""
        held = self.sizes[name].held
        known = self.changes.get(name)
        return min(held, ceil(held / ASSUMED_CHANGES if known is None else known))


def estimate(portal: Portal) -> Estimate:
    """Calls of each stream that is read. Derived streams cost nothing of their own."""
    found = Estimate()
    for stream in portal.known:
        if stream.name in portal.names and stream.name in portal.sizes:
            found.first[stream.name] = _cost(stream, portal, first=True)
            found.hourly[stream.name] = _cost(stream, portal, first=False)
    return found


def _cost(stream: Stream, portal: Portal, *, first: bool) -> Cost:
    costs: dict[str, Callable[..., Cost]] = {
        "object": _object, "collection": _list, "children": _children, "events": _log,
    }  # fmt: skip
    return costs[stream.shape](stream, portal, first=first) if stream.shape in costs else NOTHING


def _object(stream: Stream, portal: Portal, *, first: bool) -> Cost:
    size = portal.sizes[stream.name]
    definitions = Cost(burst=2 if first or portal.small else 1)
    if stream.withheld:
        definitions += Cost(burst=1)  # the token's scopes
    if not size.readable:
        return definitions + Cost(search=1)
    total = definitions + Cost(search=1 if size.counted else 0)
    changed = 0 if first else portal.changed(stream.name)
    if first or portal.small or size.mode == "full_refresh":
        return total + _scan(size, first=first) + _bin(size, first=first) + _links(stream, size.held) + (
            _batches(changed, size)
        )  # fmt: skip
    if size.mode == "incremental_client_side":
        return total + _scan(size, first=False) + _batches(changed, size)
    searches = Cost(search=max(1, ceil(changed / SEARCH_PAGE)))
    read = NOTHING if size.wide and not size.history else Cost(burst=ceil(changed / _batch_size(size)))
    return total + searches + read + _links(stream, changed)


def _batch_size(size: Size) -> int:
    return HISTORY_PAGE if size.history else BATCH_INPUTS


def _batches(changed: int, size: Size) -> Cost:
    """After a scan the versions of records that changed are read by id."""
    return Cost(burst=ceil(changed / HISTORY_PAGE)) if size.history else NOTHING


def _scan(size: Size, *, first: bool) -> Cost:
    asked = 2 if size.filtered else 0
    if size.by_search:
        return Cost(burst=ceil(size.held / _batch_size(size)), search=asked + max(1, ceil(size.held / SEARCH_PAGE)))
    history = first and size.history
    asked += 1 if first or not size.held else 0
    page, batch = (HISTORY_PAGE, HISTORY_PAGE) if history else (LIST_PAGE, BATCH_INPUTS)
    if size.whole:
        return Cost(burst=_pages(size.items, page), search=asked)
    # pages of ids, and the records by id
    return Cost(burst=_pages(size.items, LIST_PAGE) + ceil(size.items / batch), search=asked)


def _pages(items: int, size: int) -> int:
    """Pages of a list of records: a full last page is followed by an empty one, as is each chain by half a page."""
    pages = items // size + 1
    return pages + (max(1, min(CHAINS, pages // PAGES_PER_CHAIN)) - 1) // 2


def _bin(size: Size, *, first: bool) -> Cost:
    pages = max(1, ceil(size.archived / LIST_PAGE)) if size.listed else 2
    by_id = 0 if size.whole else ceil(size.archived / BATCH_INPUTS)
    versions = ceil(size.archived / HISTORY_PAGE) if first and size.history else 0
    return Cost(burst=pages + by_id + versions, associations=size.typed, at_least=size.more)


def _links(stream: Stream, records: int) -> Cost:
    return Cost(associations=len(stream.pairs) * ceil(records / LINK_INPUTS))


def _list(stream: Stream, portal: Portal, *, first: bool) -> Cost:
    endpoint, size = stream.endpoint, portal.sizes[stream.name]
    assert endpoint is not None
    if stream.name in ("account_details", "object_schemas", "properties"):
        return NOTHING  # what every run begins with; definitions are counted with their objects
    if endpoint.nightly and not first:
        return NOTHING
    if endpoint.each:
        return _of_kind(endpoint.path, _places(stream, portal))
    if not size.readable:
        return _of_kind(endpoint.path, 1)
    pages = size.pages if first or size.mode != "incremental_server_side" else len(endpoint.passes)
    listed = _of_kind(endpoint.path, pages, at_least=size.more)
    details = 0 if not endpoint.detail else size.items if first else portal.changed(stream.name)
    return listed + _of_kind(endpoint.detail, details)


def _places(stream: Stream, portal: Portal) -> int:
    """Walks of a list that is read per object type, or per pair of them in both directions."""
    each = stream.endpoint.each if stream.endpoint is not None else ""
    if each == "pair":
        pairs = {(one.object, to) for one in portal.described for to in one.pairs}
        return len(pairs | {(to, one) for one, to in pairs})
    return len([one for one in portal.described if each == "object" or one in portal.known.with_pipelines])


def _children(stream: Stream, portal: Portal, *, first: bool) -> Cost:
    endpoint = stream.endpoint
    assert endpoint is not None
    parents = [portal.sizes[name] for name in stream.source if name in portal.sizes and portal.sizes[name].readable]
    everybody = sum(one.attached if endpoint.parent == "hs_attachment_ids" else one.held for one in parents)
    if not portal.sizes[stream.name].readable:
        return _of_kind(endpoint.path, min(1, everybody))
    # of an object it is the recycle bin that has more, and what is in there has no children
    more = any(one.more and one.pages > 1 for one in parents)
    asked = everybody
    if not first and everybody > endpoint.sweep:
        changed = sum(portal.changed(name) for name in stream.source if name in portal.sizes)
        # which of the records with files changed is not known
        asked = 0 if endpoint.parent == "hs_attachment_ids" else changed
    if endpoint.batch:
        return _of_kind(endpoint.path, ceil(asked / endpoint.batch), at_least=more)
    if first and all(one.sizes is not None for one in parents):
        pages = sum(max(1, ceil(count / endpoint.size)) for one in parents for count in one.sizes or ())
        return _of_kind(endpoint.path, pages, at_least=more)
    return _of_kind(endpoint.path, asked, at_least=True)


def _log(stream: Stream, portal: Portal, *, first: bool) -> Cost:
    """How many events there are nobody tells."""
    assert stream.endpoint is not None
    return _of_kind(stream.endpoint.path, 1, at_least=portal.sizes[stream.name].readable)


def unknown(of: Mapping[str, Cost]) -> list[str]:
    """Streams whose calls can be more."""
    return sorted(name for name, cost in of.items() if cost.at_least)

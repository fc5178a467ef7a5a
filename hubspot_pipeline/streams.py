"""Every stream of HubSpot we load, one row each.

`Stream` row -> dlt resource, Dagster asset, dbt source, README table line, scope message, parametrised tests.
A new stream of a known shape is a new row in stream_objects or stream_collections; only a new shape is new code.
`Streams` is the table as one portal has it: the rows here and the custom objects that discovery found.

Run alone: `python -m hubspot_pipeline.streams` prints the table.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from hubspot_pipeline.stream import MODES, Endpoint, Mode, Shape, Stream
from hubspot_pipeline.stream_collections import CHILD_ROWS, DERIVED_ROWS, MARKETING_ROWS, SETTINGS_ROWS
from hubspot_pipeline.stream_objects import OBJECT_ROWS, WITH_PIPELINES

__all__ = [
    "DECLARED",
    "MODES",
    "STREAMS",
    "Endpoint",
    "Mode",
    "Shape",
    "Stream",
    "Streams",
    "install_scopes",
    "objects_path",
    "with_sources",
]

API_VERSION = "2026-03"
"""Newest dated API version with a complete published contract; `{v}` in every path."""

STREAMS: tuple[Stream, ...] = (*OBJECT_ROWS, *SETTINGS_ROWS, *MARKETING_ROWS, *CHILD_ROWS, *DERIVED_ROWS)

RESERVED_TABLES = ("sync_runs", "rejects", "backfills", "portal", "property_choices")
"""Tables of our own in schema `hubspot`; no stream may take their names."""

CUSTOM_ANALYTICS = "custom_objects_web_analytics"


class Streams:
    """The streams of one portal: all rows, and its custom objects."""

    def __init__(self, custom: Iterable[Stream] = ()) -> None:
        self.custom = tuple(custom)
        names = tuple(stream.name for stream in self.custom)
        linked = tuple(stream.name for stream in self.custom if stream.pairs)
        more = {CUSTOM_ANALYTICS: names, "associations": linked}
        rows = [replace(row, source=row.source + more[row.name]) if row.name in more else row for row in STREAMS]
        # what hangs on others stands behind them
        objects = [row for row in rows if row.shape == "object"]
        self.all: tuple[Stream, ...] = (*objects, *self.custom, *(row for row in rows if row.shape != "object"))

    def __iter__(self) -> Iterator[Stream]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    @cached_property
    def by_name(self) -> dict[str, Stream]:
        return {stream.name: stream for stream in self.all}

    @cached_property
    def objects(self) -> tuple[Stream, ...]:
        return tuple(stream for stream in self.all if stream.shape == "object")

    @cached_property
    def by_object(self) -> dict[str, Stream]:
        return {stream.object: stream for stream in self.objects}

    @cached_property
    def with_pipelines(self) -> tuple[Stream, ...]:
        """Object streams whose records can move through pipelines."""
        return tuple(stream for stream in self.objects if stream.custom or stream.name in WITH_PIPELINES)

    def pairs(self) -> list[tuple[str, str]]:
        """Declared association pairs (from object, to object)."""
        return [(stream.object, to) for stream in self.objects for to in stream.pairs]


DECLARED = Streams()
"""The streams of every portal."""


def objects_path(stream: Stream, tail: str = "") -> str:
    """Path of a CRM object's endpoint, e.g. `/crm/objects/2026-03/contacts/search`."""
    return f"/crm/objects/{API_VERSION}/{stream.path_name}{tail}"


CORE_SCOPES = (
    "oauth", "crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.read",
    "crm.objects.owners.read",
)  # fmt: skip
"""Scopes that every plan of HubSpot has, so that asking for them as required never makes an install fail."""


def smallest_scopes(streams: Iterable[Stream] = STREAMS) -> tuple[str, ...]:
    """Scopes that together open every given stream, none without need; every token has `oauth`."""
    asked = [stream.scopes for stream in streams if stream.scopes and "oauth" not in stream.scopes]
    needed = {scope for scopes in asked for scope in scopes if scope in CORE_SCOPES or len(scopes) == 1}
    for scopes in asked:
        if needed.isdisjoint(scopes):
            needed.add(scopes[0])
    return tuple(dict.fromkeys(scope for scopes in asked for scope in scopes if scope in needed))


def install_scopes(streams: Iterable[Stream] = STREAMS) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(required, optional) scopes of an OAuth install that reads the given streams.

    HubSpot drops an optional scope that the portal's plan lacks, and refuses the install over a required one.
    """
    wanted = ("oauth", *smallest_scopes(streams))
    required = tuple(scope for scope in CORE_SCOPES if scope in wanted)
    return required, tuple(scope for scope in wanted if scope not in required)


def with_sources(selected: Sequence[Stream], chosen: Iterable[Stream]) -> set[str]:
    """Names of streams and of those that they need: what fills a derived one, where parents come from.

    Of those that fill one, only what is `chosen` is read: a table that no later run reads would be stale.
    """
    names, wanted = {stream.name for stream in selected}, {stream.name for stream in chosen}
    for stream in selected:
        sources = set(stream.source)
        if stream.shape == "children":
            names |= sources
        elif not names & sources:  # one that is named is enough
            names |= sources & wanted or sources
    return names


if __name__ == "__main__":
    for row in STREAMS:
        print(f"{row.name:32} {row.shape:12} {row.label:36} {' | '.join(row.scopes)}")

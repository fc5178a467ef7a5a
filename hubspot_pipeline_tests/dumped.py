"""A portal's dump, sorted into what each stream should hold of it.

URL -> `Dump`: its entries, its custom objects, and for each stream that is no CRM object the items it must have
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import requests

from hubspot_pipeline import custom_objects
from hubspot_pipeline.streams import Stream, Streams
from hubspot_pipeline_tests import contract
from hubspot_pipeline_tests.contract import Line

Row = dict[str, Any]


def entries(url: str) -> Iterator[Row]:
    """The sandbox's dump, one object at a time."""
    with requests.get(f"{url}/_sandbox/dump", stream=True, timeout=120) as answer:
        answer.raise_for_status()
        for line in answer.iter_lines(chunk_size=1 << 20):
            yield json.loads(line)


class Dump:
    """What the portal has. Object types are called as in the warehouse, custom ones by their streams."""

    def __init__(self, url: str) -> None:
        self.kinds: dict[str, list[Row]] = {}
        for entry in entries(url):
            self.kinds.setdefault(entry["kind"], []).append(entry)
        config = requests.get(f"{url}/_sandbox/config", timeout=120).json()
        self.unlisted = set(config["unlisted_archived"])
        """Object types whose archived records nobody can list."""
        self._hides_links = config["archived_associations"] == "hide"
        schemas = self.of("schema")
        self.streams = Streams(custom_objects.streams_of(schemas))
        # what is there of an archived object keeps its name
        once = custom_objects.streams_of(schema | {"archived": False} for schema in schemas)
        called = {stream.type_id: stream.object for stream in (*once, *self.streams.custom)}
        self.called = {one["object"]: called[one["objectTypeId"]] for one in schemas}
        """A custom object as the dump calls it -> as the warehouse does."""
        self.lines = {line.name: line for line in contract.TABLES} | {
            stream.name: contract.custom(stream.name, stream.object) for stream in self.streams.custom
        }

    def of(self, kind: str) -> list[Row]:
        """All entries of a kind."""
        return self.kinds.get(kind, [])

    def named(self, kind: str, *fields: str) -> list[Row]:
        """The same, with the object types in these fields called as in the warehouse."""
        return [
            entry | {field: self.called.get(entry[field], entry[field]) for field in fields} for entry in self.of(kind)
        ]

    def records(self, object_type: str) -> list[Row]:
        """Records of one object type, merged-away ones as stubs."""
        return [one for one in self.named("record", "object") if one["object"] == object_type]

    def hides_links_of(self, object_type: str) -> bool:
        """Whether nobody can read the links of its archived records."""
        return self._hides_links or object_type in self.unlisted

    def archived(self) -> set[tuple[str, str]]:
        """(object, id) of every record in the bin."""
        return {(one["object"], one["id"]) for one in self.named("record", "object") if one["archived"]}

    def live(self) -> set[tuple[str, str]]:
        """(object, id) of every record that HubSpot lists."""
        return {
            (one["object"], one["id"]) for one in self.named("record", "object")
            if one["mergedInto"] is None and not one["archived"]
        }  # fmt: skip

    def with_pipelines(self) -> set[str]:
        return {*contract.WITH_PIPELINES, *(stream.object for stream in self.streams.custom)}

    def pairs(self) -> set[tuple[str, str]]:
        """Declared pairs, in their declared direction."""
        return set(self.streams.pairs())

    def stream(self, name: str) -> Stream:
        return self.streams.by_name[name]

    def items(self, line: Line, objects: set[str]) -> list[Row]:
        """What a stream that is no CRM object must hold. `objects`: whose settings are read, where they are per object.

        Items are as HubSpot shows them, with the fields that the pipeline adds to tell them apart.
        """
        special = _SPECIAL.get("web_event" if line.kind == "web_event" else line.name)
        if special is not None:
            return special(self, line, objects)
        found = [entry for entry in self.of(line.kind) if not line.object or entry["object"] == line.object]
        return [_without(entry, "kind", *(["object"] if line.object else [])) for entry in found]


def _without(entry: Row, *fields: str) -> Row:
    return {name: value for name, value in entry.items() if name not in fields}


def _per_object(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    found = dump.named(line.kind, "object")
    return [_without(entry, "kind") for entry in found if entry["object"] in objects]


def _pipelines(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    return _per_object(dump, line, objects & dump.with_pipelines())


def _properties(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    rows = _per_object(dump, line, objects)
    return [row | {"isCustom": not row.get("hubspotDefined", False)} for row in rows]


def _schemas(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    return [_without(entry, "kind", "object") for entry in dump.of("schema") if not entry["archived"]]


def _association_types(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    """Both directions of every declared pair of the objects."""
    wanted = {pair for pair in dump.pairs() if pair[0] in objects}
    wanted |= {(to, from_) for from_, to in wanted}
    return [
        _without(one, "kind", "from_object", "to_object") | {"object": one["from_object"], "to": one["to_object"]}
        for one in dump.named("association_type", "from_object", "to_object")
        if (one["from_object"], one["to_object"]) in wanted
    ]


def _subscription_changes(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    """One row per change; equal ones are one."""
    rows = [
        _without(entry, "kind", "changes") | change for entry in dump.of("subscription_change")
        for change in entry["changes"]
    ]  # fmt: skip
    return list({json.dumps(row, sort_keys=True): row for row in rows}.values())


def _web_events(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    """Events of live records: those of the others can no longer be asked for."""
    custom = {stream.object for stream in dump.streams.custom}
    wanted = {line.object} if line.object else custom
    live = dump.live()
    return [
        _without(one, "kind") for one in dump.named("web_event", "object")
        if one["object"] in wanted and (one["object"], one["objectId"]) in live
    ]  # fmt: skip


def _deal_splits(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    """The splits of live deals, with the fields that say how they share."""
    splits = {one["id"]: one for one in dump.records("deal_split") if not one["archived"]}
    live = dump.live()
    return [
        {"id": one["to_id"], "dealId": one["from_id"],
         **{name: splits[one["to_id"]][name] for name in ("createdAt", "updatedAt", "archived")},
         "properties": _shares(splits[one["to_id"]]["properties"])}
        for one in dump.of("association")
        if (one["from_object"], one["to_object"]) == ("deals", "deal_split") and ("deals", one["from_id"]) in live
    ]  # fmt: skip


def _shares(properties: Row) -> Row:
    names = ("hs_deal_split_percentage", "hs_deal_split_amount", "hubspot_owner_id")
    return {name: properties.get(name) for name in names}


def _files(dump: Dump, line: Line, objects: set[str]) -> list[Row]:
    """Files that hang on a live activity; those that were deleted do not answer."""
    activities = {dump.stream(name).object for name in line.of}
    attached = {
        id_.strip() for one in dump.of("record") if one["object"] in activities and not one["archived"]
        for id_ in str(one["properties"].get("hs_attachment_ids") or "").split(";")
    }  # fmt: skip
    return [
        _without(one, "kind", "archivedAt") for one in dump.of("file") if one["id"] in attached and not one["archived"]
    ]


_SPECIAL: dict[str, Callable[[Dump, Line, set[str]], list[Row]]] = {
    "pipelines": _pipelines, "properties": _properties, "property_groups": _per_object, "object_schemas": _schemas,
    "association_types": _association_types, "subscription_changes": _subscription_changes, "web_event": _web_events,
    "deal_splits": _deal_splits, "files": _files,
}  # fmt: skip
"""Streams whose items are not just the entries of one kind; web analytics go by their kind."""
ADDED = {
    "properties": ("columnName", "selected"), "files": ("url", "defaultHostingUrl"), "subscription_changes": ("id",),
    "deal_splits": ("url",),
}  # fmt: skip
"""Fields of stored items that the dump does not know: what is chosen, URLs, an id made of the content."""


def stored_as_dumped(name: str, item: Row, expected: Row | None) -> Row:
    """A stored item without what the dump cannot say about it."""
    item = _without(item, *ADDED.get(name, ()))
    if name == "deal_splits":
        return item | {"properties": _shares(item["properties"])}
    if name == "object_schemas" and expected is not None:
        return {field: value for field, value in item.items() if field in expected}
    return item

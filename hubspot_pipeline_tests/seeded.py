"""A seeded portal, and its dump sorted into what tests ask of it.

arguments of `generate` -> `Portal`; dump -> `Picture`
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.seed import generate

Line = dict[str, Any]


class Picture:
    """A dump, sorted into what the tests ask for."""

    def __init__(self, dump: Iterator[Line]) -> None:
        self.lines = list(dump)
        self.kinds: dict[str, list[Line]] = defaultdict(list)
        for line in self.lines:
            self.kinds[line["kind"]].append(line)
        self.records = [line for line in self.kinds["record"] if line["mergedInto"] is None]
        self.by_id = {(line["object"], line["id"]): line for line in self.records}
        self.versions: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
        for line in self.kinds["history"]:
            self.versions[line["object"], line["id"], line["property"]].append(line)

    def of(self, object_type: str, archived: bool = False) -> list[Line]:
        return [line for line in self.records if line["object"] == object_type and line["archived"] is archived]

    def values(self, object_type: str, name: str) -> list[str]:
        return [line["properties"][name] for line in self.of(object_type) if name in line["properties"]]

    def moves(self, name: str) -> list[list[str]]:
        """Per deal the values that a property had, in order."""
        return [
            [version["value"] for version in found]
            for (object_type, _, property_name), found in self.versions.items()
            if object_type == "deals" and property_name == name
        ]

    def links(self, from_object: str, to_object: str, label: str | None = None) -> list[Line]:
        return [
            line
            for line in self.kinds["association"]
            if line["from_object"] == from_object
            and line["to_object"] == to_object
            and (label is None or line["label"] == label)
        ]


def seeded(**arguments: Any) -> Portal:
    portal = Portal()
    generate(portal, **arguments)
    return portal

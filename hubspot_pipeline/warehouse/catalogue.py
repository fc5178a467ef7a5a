"""HubSpot's property definitions and the stored catalogue -> columns to read into, and catalogue rows to write."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.properties import Definition
from hubspot_pipeline.streams import BY_NAME
from hubspot_pipeline.warehouse.names import assign
from hubspot_pipeline.warehouse.plan import Batch
from hubspot_pipeline.warehouse.store import has_table


@dataclass(slots=True)
class ObjectCatalogue:
    """The properties of one object, as this run found them."""

    columns: dict[str, str] = field(default_factory=dict)
    """Live property -> column; what is read."""
    types: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Column -> (property, HubSpot type)."""
    added: list[str] = field(default_factory=list)
    """Live properties that the stored catalogue did not have, or had as archived."""
    dropped: dict[str, str] = field(default_factory=dict)
    """Properties that were live in the stored catalogue and are not any more -> their column."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Definitions to write: new or different ones."""
    created: int = 0
    """How many of them were never stored."""


Stored = dict[str, dict[str, dict[str, Any]]]
"""object -> property -> definition as stored, with `columnName`."""


def stored_catalogue(con: duckdb.DuckDBPyConnection) -> Stored:
    """What `hubspot.properties` holds."""
    if not has_table(con, "properties"):
        return {}
    found: Stored = {}
    for object_type, name, raw in con.execute("SELECT object, name, raw FROM hubspot.properties").fetchall():
        found.setdefault(object_type, {})[name] = json.loads(raw)
    return found


def merge(live: Iterable[Definition], archived: Iterable[Definition], stored: dict[str, dict[str, Any]]) -> ObjectCatalogue:
    """Combine one object's definitions with its stored catalogue. A column, once assigned, stays."""
    definitions = {d["name"]: d for d in archived} | {d["name"]: d for d in live}
    gone = {name: d | {"archived": True} for name, d in stored.items() if name not in definitions}
    known = {name: definition["columnName"] for name, definition in stored.items()}
    columns = assign(sorted(definitions), known)
    found = ObjectCatalogue()
    for name, definition in sorted((definitions | gone).items()):
        row = definition | {"columnName": columns.get(name) or known[name]}
        before = stored.get(name)
        if row != before:
            found.rows.append(row)
            found.created += before is None
        if row["archived"]:
            if before is not None and not before["archived"]:
                found.dropped[name] = row["columnName"]
            continue
        found.columns[name] = row["columnName"]
        found.types[row["columnName"]] = (name, str(row.get("type")))
        if before is None or before["archived"]:
            found.added.append(name)
    return found


def batch(catalogues: Iterable[ObjectCatalogue], synced_at: datetime) -> Batch:
    """The catalogue rows to write."""
    rows = [row for catalogue in catalogues for row in catalogue.rows]
    return Batch("properties", collections.table(BY_NAME["properties"], rows, synced_at))

"""HubSpot's property definitions and the stored catalogue -> columns to read into, and catalogue rows to write."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb

from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.properties import Definition
from hubspot_pipeline.streams import STREAMS
from hubspot_pipeline.warehouse.names import assign
from hubspot_pipeline.warehouse.plan import Batch
from hubspot_pipeline.warehouse.store import has_table


@dataclass(slots=True)
class ObjectCatalogue:
    """The properties of one object, as this run found them."""

    columns: dict[str, str] = field(default_factory=dict)
    """Selected property -> column; what is read."""
    types: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Column -> (property, HubSpot type)."""
    added: list[str] = field(default_factory=list)
    """Live properties that the stored catalogue did not have, or had as archived."""
    gone: dict[str, str] = field(default_factory=dict)
    """Archived or deselected properties -> their column, where they ever had one."""
    turned: dict[str, str] = field(default_factory=dict)
    """Properties that are hashed now and were not, or the other way round -> their column: all is read again."""
    retyped: bool = False
    """A property has another type than in the stored catalogue: values that fitted may fit no more."""
    rows: list[dict[str, Any]] = field(default_factory=list)
    """Definitions to write: new or different ones."""
    created: int = 0
    """How many of them were never stored."""


PROPERTIES = next(stream for stream in STREAMS if stream.name == "properties")

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


def merge(live: Iterable[Definition], archived: Iterable[Definition], stored: dict[str, dict[str, Any]],
          selected: Collection[str] | None = None, hashed: Collection[str] = ()) -> ObjectCatalogue:  # fmt: skip
    """Combine one object's definitions with its stored catalogue. A column, once assigned, stays.

    `selected`: the properties that are read; None: all. `hashed`: those that are stored as hashes.
    """
    definitions = {d["name"]: d for d in archived} | {d["name"]: d for d in live}
    gone = {name: d | {"archived": True} for name, d in stored.items() if name not in definitions}
    known = {name: definition["columnName"] for name, definition in stored.items()}
    columns = assign(sorted(definitions), known)
    found = ObjectCatalogue()
    for name, definition in sorted((definitions | gone).items()):
        is_selected = not definition["archived"] and (selected is None or name in selected)
        row = definition | {"columnName": columns.get(name) or known[name], "selected": is_selected}
        row |= {"hashed": True} if name in hashed else {}
        before = stored.get(name)
        if row != before:
            found.rows.append(row)
            found.created += before is None
        if not is_selected:
            if before is not None:
                found.gone[name] = row["columnName"]
            continue
        found.columns[name] = row["columnName"]
        found.types[row["columnName"]] = (name, str(row.get("type")))
        found.retyped |= before is not None and before.get("type") != row.get("type")
        turned = before is not None and before.get("hashed", False) != (name in hashed)
        if turned:
            found.turned[name] = row["columnName"]
        if before is None or turned or not before.get("selected", not before["archived"]):
            found.added.append(name)
    return found


def note_backfills(con: duckdb.DuckDBPyConnection, object_type: str, catalogue: ObjectCatalogue) -> None:
    """Keep in mind which properties are new, until they were read for all records; `added` becomes all of those.

    It is written down before the catalogue is, so that no run that ends in between forgets one.
    """
    if catalogue.added:
        sql = "INSERT OR IGNORE INTO hubspot.backfills SELECT ?, unnest(?)"
        con.execute(sql, [object_type, catalogue.added])
    known = con.execute("SELECT property FROM hubspot.backfills WHERE object = ?", [object_type]).fetchall()
    catalogue.added = sorted({row[0] for row in known} & set(catalogue.columns))


def forget_backfills(con: duckdb.DuckDBPyConnection, object_type: str) -> None:
    """All records of an object were read with all of its properties."""
    con.execute("DELETE FROM hubspot.backfills WHERE object = ?", [object_type])


def batch(catalogues: Iterable[ObjectCatalogue], synced_at: datetime) -> Batch:
    """The catalogue rows to write."""
    rows = [row for catalogue in catalogues for row in catalogue.rows]
    return Batch("properties", collections.table(PROPERTIES, rows, synced_at))

"""hubspot.yaml and the stored catalogue -> `hubspot.property_choices`, which the dbt models read.

Written before each build, from what is stored alone: what the views and marts show changes without reading anything.
"""

from typing import Any

import duckdb

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.catalogue import stored_catalogue
from hubspot_pipeline.warehouse.describe import choose, mart_needs
from hubspot_pipeline.warehouse.store import SCHEMA

TABLE = (
    "CREATE TABLE IF NOT EXISTS hubspot.property_choices "
    "(object VARCHAR, property VARCHAR, selected BOOLEAN, exposed BOOLEAN, alias VARCHAR)"
)


def write(con: duckdb.DuckDBPyConnection, settings: Settings, *, checked: bool = False) -> bool:
    """Rows of properties that are left out, not exposed, or renamed; True if something differs from before.

    Raises ConfigError where hubspot.yaml names what the catalogue lacks. `checked`: a run has compared it with the
    portal for the objects that it read, so an object that it did not read keeps its rows instead.
    """
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}; {TABLE}")
    needs, known = mart_needs(settings.root), stored_catalogue(con)
    before = con.execute("SELECT * FROM hubspot.property_choices").fetchall()
    rows: list[tuple[Any, ...]] = []
    for stream in settings.streams.objects:
        live = [row for row in known.get(stream.object, {}).values() if not row["archived"]]
        if not live:
            continue
        try:
            choice = choose(settings, stream, live, needs)
        except ConfigError:
            if not checked:
                raise
            rows += [row for row in before if row[0] == stream.object]
            continue
        selected = set(choice.selected)
        for row in live:
            name, custom = row["name"], bool(row.get("isCustom"))
            shown = name in choice.exposed if custom else False
            if name not in selected or (custom and not shown) or name in choice.aliases:
                rows.append((stream.object, name, name in selected, shown, choice.aliases.get(name)))
    if sorted(map(repr, before)) == sorted(map(repr, rows)):
        return False
    con.execute("DELETE FROM hubspot.property_choices")
    if rows:
        con.executemany("INSERT INTO hubspot.property_choices VALUES (?, ?, ?, ?, ?)", rows)
    return True

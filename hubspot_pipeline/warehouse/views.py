"""Tables of schema `hubspot` -> the streams that are views of them: archived records, merges, engagements.

`create` at the end of every run: what a view shows is then what the tables hold, and it costs no calls.
"""

from collections.abc import Iterable, Mapping

import duckdb

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.streams import DECLARED, STREAMS, Stream
from hubspot_pipeline.warehouse import engagements, typed
from hubspot_pipeline.warehouse.store import SCHEMA, literal, quoted
from hubspot_pipeline.warehouse.unions import Branch, linked, named, union

Present = Mapping[str, list[str]]
"""Columns of the tables that are there, in their order."""

RECORD = {
    "id": "VARCHAR", "created_at": "TIMESTAMPTZ", "updated_at": "TIMESTAMPTZ", "archived_at": "TIMESTAMPTZ",
    "deleted_at": "TIMESTAMPTZ", "archived": "BOOLEAN", "deletion": "VARCHAR", "merged_into_id": "VARCHAR",
    "properties": "JSON", "_synced_at": "TIMESTAMPTZ", "_dlt_load_id": "VARCHAR",
}  # fmt: skip
"""Columns of every CRM object's table before any property."""
_MARKS = {"id", "archived", "deletion", "merged_into_id", "properties"}
"""A table with these columns holds the records of an object, of a custom one too."""
_MERGED = "properties_hs_merged_object_ids"
_DEAL_LISTS = {"contacts": "contacts", "companies": "companies", "line_items": "line_items"}
_SQL_TYPES = {"text": "VARCHAR", "bool": "BOOLEAN", "timestamp": "TIMESTAMPTZ", "bigint": "BIGINT", "json": "JSON"}

NAMES = (
    "deals_archived", "owners_archived", "archived_records", "merged_records", "engagements", "engagements_metadata",
    *(f"engagements_metadata_{role}" for role in engagements.ROLES),
)  # fmt: skip
"""Views that `create` makes."""


def create(con: duckdb.DuckDBPyConnection, streams: Iterable[Stream] = STREAMS) -> None:
    """Create every view anew. Columns of what is missing are there and empty.

    `streams`: all declared streams and those of custom objects; they say which object a table holds, and a table of
    records that none of them names counts as the object of its own name. Raises ConfigError, after the others were
    made, where a table has the name of a view: a table is never replaced.
    """
    con.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    typed.create(con)
    tables = _tables(con)
    present = _present(con, tables)
    objects = {stream.name: stream.object for stream in streams if stream.object}
    for name, query in _queries(present, objects).items():
        if name not in tables:
            con.execute(f"CREATE OR REPLACE VIEW {SCHEMA}.{quoted(name)} AS {query}")
    require_names(con)


def require_names(con: duckdb.DuckDBPyConnection) -> None:
    """Raises ConfigError where a table has the name of a view: a table is never replaced."""
    tables = _tables(con)
    if taken := [name for name in NAMES if name in tables]:
        raise ConfigError(
            f"{SCHEMA} has a table where the pipeline makes a view: {', '.join(taken)}. It was left as it is. If it is "
            "yours, rename it; if it holds a custom object, rename that object's stream. Then run again."
        )


def _queries(present: Present, objects: Mapping[str, str]) -> dict[str, str]:
    holders = {table: objects.get(table, table) for table in _holders(present)}
    roles = {f"engagements_metadata_{role}": engagements.participants(role, present) for role in engagements.ROLES}
    return {
        "deals_archived": _deals_archived(present),
        "owners_archived": _owners_archived(present),
        "archived_records": _archived_records(present, holders),
        "merged_records": _merged_records(present, holders),
        "engagements": engagements.engagements(present),
        "engagements_metadata": engagements.metadata(present),
        **roles,
    }


def record_tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables that hold the records of an object, one that the portal no longer has included."""
    return _holders(_present(con, _tables(con)))


def _holders(present: Present) -> list[str]:
    return [table for table, columns in present.items() if set(columns) >= _MARKS]


def _deals_archived(present: Present) -> str:
    """The columns of deals, and the ids of each deal's contacts, companies and line items as lists."""
    columns = present.get("deals", [])
    lists = ", ".join(f"coalesce(l.{name}, []) AS {name}" for name in _DEAL_LISTS)
    if "archived" in columns and "id" in columns:
        deals = f"SELECT {_listed(columns)} FROM hubspot.deals WHERE archived"
    else:
        deals = union(RECORD, [])
    links = linked(["deals"], _DEAL_LISTS, present="associations" in present)
    return f"SELECT d.*, {lists} FROM ({deals}) AS d LEFT JOIN ({links}) AS l ON d.id = l.id"


def _owners_archived(present: Present) -> str:
    columns = present.get("owners", [])
    if "archived" in columns:
        return f"SELECT {_listed(columns)} FROM hubspot.owners WHERE archived"
    declared = {name: _SQL_TYPES[kind] for name, kind, _ in DECLARED.by_name["owners"].columns}
    return union(declared | {"raw": "JSON", "_synced_at": "TIMESTAMPTZ", "_dlt_load_id": "VARCHAR"}, [])


def _archived_records(present: Present, holders: Mapping[str, str]) -> str:
    """What is in the recycle bin, was merged away, deleted or has vanished, of every object."""
    kept = ("id", "archived", "deletion", "merged_into_id", "created_at", "updated_at", "archived_at", "deleted_at",
            "_synced_at")  # fmt: skip
    columns = {"object": "VARCHAR", **{name: RECORD[name] for name in kept}}
    return union(columns, [
        Branch(f"hubspot.{quoted(table)} WHERE archived OR deletion IS NOT NULL",
               {"object": literal(object_type), **named(kept, present[table])})
        for table, object_type in holders.items()
    ])  # fmt: skip


def _merged_records(present: Present, holders: Mapping[str, str]) -> str:
    """Every id that was merged away, loaded here or not, and the record that it lives on in, chains followed."""
    columns = {"object": "VARCHAR", "id": "VARCHAR", "merged_into_id": "VARCHAR", "merged_ids": "VARCHAR"}
    branches = []
    for table, object_type in holders.items():
        own = {"object": literal(object_type), **named(("id", "merged_into_id"), present[table])}
        if _MERGED in present[table]:
            own["merged_ids"] = quoted(_MERGED)
        branches.append(Branch(f"hubspot.{quoted(table)}", own))
    # pairs are kept once, not paths: each survivor names all before it, so a chain of n merges has 2^n paths
    return f"""
        WITH RECURSIVE records AS (
            SELECT * FROM ({union(columns, branches)}) WHERE coalesce(merged_ids, merged_into_id, '') <> ''
        ), pairs AS (
            SELECT object, merged_id, canonical_id FROM (
                SELECT object, trim(unnest(string_split(merged_ids, ';'))) AS merged_id, id AS canonical_id FROM records
                UNION
                SELECT object, id, merged_into_id FROM records WHERE merged_into_id IS NOT NULL
            ) WHERE merged_id NOT IN ('', canonical_id)
        ), chain AS (
            SELECT object, merged_id, canonical_id FROM pairs
            UNION
            SELECT c.object, c.merged_id, p.canonical_id
            FROM chain AS c JOIN pairs AS p ON c.object = p.object AND c.canonical_id = p.merged_id
        ), ends AS (
            SELECT c.* FROM chain AS c ANTI JOIN pairs AS p ON c.object = p.object AND c.canonical_id = p.merged_id
        )
        SELECT object, max_by(canonical_id, lpad(canonical_id, 64, '0')) AS canonical_id, merged_id
        FROM ends GROUP BY object, merged_id"""


def _tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    sql = "SELECT table_name FROM duckdb_tables() WHERE schema_name = ? AND database_name = current_database()"
    return {row[0] for row in con.execute(sql, [SCHEMA]).fetchall()}


def _present(con: duckdb.DuckDBPyConnection, tables: set[str]) -> Present:
    sql = (
        "SELECT table_name, column_name FROM duckdb_columns() "
        "WHERE schema_name = ? AND database_name = current_database() ORDER BY table_name, column_index"
    )
    present: dict[str, list[str]] = {}
    for table, column in con.execute(sql, [SCHEMA]).fetchall():
        if table in tables:
            present.setdefault(table, []).append(column)
    return present


def _listed(columns: Iterable[str]) -> str:
    # named, not `*`: a column that the table gets later must not make the view invalid
    return ", ".join(map(quoted, columns))

"""The tables of a DuckDB file, and the places in them where a person can be named.

columns of a table -> SQL: the text of a row, the rows that name one of some contacts
"""

import re
from collections.abc import Iterable, Mapping

import duckdb

from hubspot_pipeline.warehouse.person import Person
from hubspot_pipeline.warehouse.store import literal, quoted

Tables = Mapping[tuple[str, str], Mapping[str, str]]
"""(schema, table) -> column -> SQL type, of tables proper."""

PAIRS = (("from_object", "from_id"), ("to_object", "to_id"), ("object", "object_id"), ("object_type", "object_id"),
         ("object_type", "canonical_id"), ("object", "engagement_id"))  # fmt: skip
"""Columns that name a record together."""
_NO_TEXT = ("BOOLEAN", "DATE", "TIMESTAMP", "TIME", "BLOB", "DOUBLE", "FLOAT", "INTERVAL")


def tables_of(con: duckdb.DuckDBPyConnection) -> Tables:
    """All tables of a file that are no views."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    sql = (
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() JOIN duckdb_tables() "
        "USING (database_name, schema_name, table_name) WHERE database_name = current_database() ORDER BY ALL"
    )
    for schema, table, column, kind in con.execute(sql).fetchall():
        found.setdefault((schema, table), {})[column] = kind
    return found


def text_of(columns: Mapping[str, str]) -> str:
    """SQL of all texts of a row in lower case, a line each: a row as one text would put quotes into its cells."""
    texts = [f"CAST({quoted(name)} AS VARCHAR)" for name, kind in columns.items() if not kind.startswith(_NO_TEXT)]
    return f"lower(concat_ws(chr(10), {', '.join(texts)}))" if texts else "''"


def names_contact(columns: Iterable[str], person: Person) -> str:
    """SQL condition of rows that name one of the person's ids where a contact's id belongs."""
    there, ids = set(columns), sorted(person.ids)
    listed = ", ".join(map(literal, ids))
    one_of = literal(f"(^|[^0-9])({'|'.join(map(re.escape, ids))})($|[^0-9])")
    conditions = [
        f"({quoted(kind)} = 'contacts' AND CAST({quoted(id_)} AS VARCHAR) IN ({listed}))"
        for kind, id_ in PAIRS if {kind, id_} <= there
    ]  # fmt: skip
    conditions += [
        f"regexp_matches(CAST({quoted(name)} AS VARCHAR), {one_of})"
        for name in sorted(there) if name.endswith(("contact_id", "contact_ids"))
    ]  # fmt: skip
    return f"coalesce({' OR '.join(conditions)}, false)" if ids and conditions else "false"


def names(columns: Mapping[str, str], person: Person, pattern: str) -> str:
    """SQL condition of rows that name the person by an id or by a text that fits the pattern, an SQL expression."""
    return f"{names_contact(columns, person)} OR regexp_matches({text_of(columns)}, {pattern})"

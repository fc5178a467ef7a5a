"""What a run leaves to do in the warehouse itself: merges, disappeared records, dropped properties, rejects.

All of it is derived from rows that have landed and can be repeated: a run that dies here is caught up by the next.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import duckdb

from hubspot_pipeline.extract.unnest import Scrubbed
from hubspot_pipeline.warehouse.store import columns_of, quoted
from hubspot_pipeline.warehouse.typed import MACRO_OF_TYPE

MERGED = "properties_hs_merged_object_ids"


def flag_merged(con: duckdb.DuckDBPyConnection, table: str, object_type: str, noticed: datetime) -> int:
    """Point every merged-away record at its last survivor. Returns how many records changed."""
    if MERGED not in columns_of(con, table):
        return 0
    name = quoted(table)
    # each survivor names all before it, so a chain of n merges has 2^n paths: pairs are kept once, not paths
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE survivors AS
        WITH RECURSIVE pairs AS (
            SELECT DISTINCT trim(unnest(string_split({MERGED}, ';'))) AS old_id, id AS new_id
            FROM hubspot.{name} WHERE coalesce({MERGED}, '') <> ''
        ), chain AS (
            SELECT old_id, new_id FROM pairs WHERE old_id <> new_id
            UNION
            SELECT chain.old_id, pairs.new_id FROM chain JOIN pairs ON pairs.old_id = chain.new_id
        ), ends AS (
            SELECT old_id, new_id FROM chain WHERE new_id NOT IN (SELECT old_id FROM pairs WHERE old_id <> new_id)
        )
        SELECT old_id, arg_max(new_id, try_cast(new_id AS HUGEINT)) AS new_id FROM ends GROUP BY old_id
    """)
    changed = con.execute(
        f"""
        UPDATE hubspot.{name} AS t
        SET deletion = 'merged', merged_into_id = s.new_id, deleted_at = coalesce(t.deleted_at, ?)
        FROM survivors AS s
        WHERE t.id = s.old_id AND (t.deletion IS DISTINCT FROM 'merged' OR t.merged_into_id IS DISTINCT FROM s.new_id)
        """,
        [noticed],
    ).fetchone()
    con.execute(
        "DELETE FROM hubspot.associations WHERE from_object = ? AND from_id IN (SELECT old_id FROM survivors)",
        [object_type],
    )
    return int(changed[0]) if changed else 0


def flag_missing(con: duckdb.DuckDBPyConnection, table: str, object_type: str, ids: Sequence[str],
                 noticed: datetime) -> int:  # fmt: skip
    """Flag records that the portal no longer has. Returns how many changed."""
    changed = con.execute(
        f"UPDATE hubspot.{quoted(table)} SET deletion = 'missing', deleted_at = ? "
        "WHERE deletion IS NULL AND id IN (SELECT unnest(?))",
        [noticed, list(ids)],
    ).fetchone()
    if columns_of(con, "associations"):
        con.execute(
            f"DELETE FROM hubspot.associations WHERE from_object = ? AND from_id IN "
            f"(SELECT id FROM hubspot.{quoted(table)} WHERE deletion = 'missing')",
            [object_type],
        )
    return int(changed[0]) if changed else 0


def flag_gone(con: duckdb.DuckDBPyConnection, table: str, alive: Sequence[str], noticed: datetime) -> None:
    """Flag what is alive of an object that the portal no longer has, and remove every link of it."""
    flag_missing(con, table, table, alive, noticed)
    if columns_of(con, "associations"):
        con.execute("DELETE FROM hubspot.associations WHERE from_object = ? OR to_object = ?", [table, table])


def remove_orphans(con: duckdb.DuckDBPyConnection, table: str, object_type: str) -> int:
    """Take away links and versions of records that have no row. Returns how many there were.

    Tables of a package are stored one by one: a load that broke off may have stored them without their record, which
    HubSpot may have lost before the next run.
    """
    places = [("associations", "from_id", " AND o.from_object = ?", [object_type]),
              (f"{table}_property_history", "id", "", [])]  # fmt: skip
    changed = 0
    for name, column, condition, given in places:
        if columns_of(con, name):
            found = con.execute(
                f"DELETE FROM hubspot.{quoted(name)} AS o WHERE NOT EXISTS "
                f"(SELECT 1 FROM hubspot.{quoted(table)} AS t WHERE t.id = o.{column}){condition}",
                given,
            ).fetchone()
            changed += int(found[0]) if found else 0
    return changed


def remove_items(con: duckdb.DuckDBPyConnection, table: str, key: Sequence[str], gone: Sequence[tuple[Any, ...]],
                 load_ids: Sequence[str]) -> int:  # fmt: skip
    """Take away items that HubSpot no longer has, by their key. Returns how many there were.

    `load_ids`: this run's loads. What one of them brought has only left another parent.
    """
    columns = ", ".join(quoted(name) for name in key)
    con.execute(f"CREATE OR REPLACE TEMP TABLE gone AS SELECT {columns} FROM hubspot.{quoted(table)} LIMIT 0")
    con.executemany(f"INSERT INTO gone VALUES ({', '.join('?' for _ in key)})", [list(row) for row in gone])
    removed = con.execute(
        f"DELETE FROM hubspot.{quoted(table)} WHERE ({columns}) IN (SELECT {columns} FROM gone) "
        "AND _dlt_load_id NOT IN (SELECT unnest(?))",
        [list(load_ids)],
    ).fetchone()
    con.execute("DROP TABLE gone")
    return int(removed[0]) if removed else 0


def clear_properties(con: duckdb.DuckDBPyConnection, table: str, gone: Mapping[str, str], rows: str = "true") -> int:
    """Properties that HubSpot no longer has are NULL in all rows: never old values beside missing ones.

    `gone`: property -> column; `rows`: SQL of the rows that are meant. Returns how many values were cleared.
    """
    present = set(columns_of(con, table))
    left = {name: column for name, column in gone.items() if column in present}
    if not left:
        return 0
    counts = ", ".join(f"count({quoted(column)})" for column in left.values())
    filled = con.execute(f"SELECT {counts} FROM hubspot.{quoted(table)}").fetchone() or ()
    return sum(_clear(con, table, name, left[name], rows) for name, count in zip(left, filled, strict=True) if count)


def forget_values(con: duckdb.DuckDBPyConnection, table: str, object_type: str, hidden: Mapping[str, str], *,
                  alive_only: bool = False) -> int:  # fmt: skip
    """Take away what is stored of these properties (-> columns), their versions and rejects included.

    `alive_only`: records that HubSpot no longer lists keep theirs, but for rejects.
    """
    if not hidden or not columns_of(con, table):
        return 0
    changed = clear_properties(con, table, hidden, "deletion IS NULL" if alive_only else "true")
    gone = f" AND id NOT IN ({_GONE.format(quoted(table))})" if alive_only else ""
    places = [("rejects", " AND object = ?", [object_type]), (f"{table}_property_history", gone, [])]
    for name, condition, more in places:
        if columns_of(con, name):
            sql = f"DELETE FROM hubspot.{quoted(name)} WHERE property IN (SELECT unnest(?)){condition}"
            found = con.execute(sql, [list(hidden), *more]).fetchone()
            changed += int(found[0]) if found else 0
    return changed


_GONE = "SELECT id FROM hubspot.{} WHERE deletion IS NOT NULL"


def hash_gone(
    con: duckdb.DuckDBPyConnection, table: str, hidden: Mapping[str, str], conceal: Callable[[str], str]
) -> int:
    """Hash what is stored of these properties (-> columns) of records that HubSpot no longer lists, and their versions.

    No read would bring them again. Returns how many values were hashed.
    """
    if not hidden or not columns_of(con, table):
        return 0
    changed, present = 0, set(columns_of(con, table))
    con.create_function("concealed", conceal, ["VARCHAR"], "VARCHAR")
    try:
        for name, column in hidden.items():
            if column in present:
                changed += _rewrite(
                    con, table, name, f"{quoted(column)} = concealed({quoted(column)})",
                    "json_object($name, concealed(properties ->> $key))", "deletion IS NOT NULL",
                )  # fmt: skip
        if columns_of(con, f"{table}_property_history"):
            con.execute(
                f"UPDATE hubspot.{quoted(f'{table}_property_history')} SET value = concealed(value) "
                f"WHERE property IN (SELECT unnest(?)) AND id IN ({_GONE.format(quoted(table))})",
                [list(hidden)],
            )
    finally:
        con.remove_function("concealed")
    return changed


def _clear(con: duckdb.DuckDBPyConnection, table: str, name: str, column: str, rows: str) -> int:
    filled = f"({quoted(column)} IS NOT NULL OR json_exists(properties, $key)) AND {rows}"
    return _rewrite(con, table, name, f"{quoted(column)} = NULL", "json_object($name, NULL)", filled)


def _rewrite(con: duckdb.DuckDBPyConnection, table: str, name: str, column: str, patch: str, rows: str) -> int:
    """Set a property's column, and its value in `properties` where that has it."""
    key = "$." + '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    changed = con.execute(
        f"UPDATE hubspot.{quoted(table)} SET {column}, properties = CASE WHEN json_exists(properties, $key) "
        f"THEN json_merge_patch(properties, {patch}) ELSE properties END WHERE {rows}",
        {"key": key, "name": name},
    ).fetchone()
    return int(changed[0]) if changed else 0


def record_rejects(con: duckdb.DuckDBPyConnection, table: str, object_type: str, types: Mapping[str, tuple[str, str]],
                   load_ids: Sequence[str], scrubbed: Iterable[Scrubbed], run_id: str, at: datetime, *,
                   whole: bool = False) -> int:  # fmt: skip
    """Write down the values of this run's rows that do not fit their type or were scrubbed; returns their number.

    `types`: column -> (property name, HubSpot type). Earlier rejects of the same records are replaced. `whole`: all
    rows of the table are looked through; what is known and still so keeps its run.
    """
    here = f"SELECT id FROM hubspot.{quoted(table)} WHERE _dlt_load_id IN (SELECT unnest(?))"
    con.execute(f"DELETE FROM hubspot.rejects WHERE object = ? AND id IN ({here})", [object_type, list(load_ids)])
    present = set(columns_of(con, table))
    checked = [
        (column, name, kind) for column, (name, kind) in types.items() if column in present and kind in MACRO_OF_TYPE
    ]
    rows, given = ("true", []) if whole else ("_dlt_load_id IN (SELECT unnest(?))", [list(load_ids)])
    con.execute("CREATE OR REPLACE TEMP TABLE unfit (id VARCHAR, property VARCHAR, raw_value VARCHAR, reason VARCHAR)")
    for column, name, kind in _with_rejects(con, table, checked, rows, given):
        con.execute(
            f"INSERT INTO unfit SELECT id, ?, {quoted(column)}, ? FROM hubspot.{quoted(table)} "
            f"WHERE {rows} AND {_is_reject(column, kind)}",
            [name, f"is no {kind}{_UNFIT}", *given],
        )
    same = "r.id = u.id AND r.property = u.property AND r.raw_value = u.raw_value AND r.reason = u.reason"
    if whole:
        con.execute(
            "DELETE FROM hubspot.rejects AS r WHERE object = ? AND suffix(reason, ?) "
            f"AND NOT EXISTS (SELECT 1 FROM unfit AS u WHERE {same})",
            [object_type, _UNFIT],
        )
    con.execute(
        "INSERT INTO hubspot.rejects SELECT ?, u.*, ?, ? FROM unfit AS u "
        f"WHERE NOT EXISTS (SELECT 1 FROM hubspot.rejects AS r WHERE r.object = ? AND {same})",
        [object_type, run_id, at, object_type],
    )
    for value in scrubbed:
        con.execute(
            "INSERT INTO hubspot.rejects VALUES (?, ?, ?, ?, ?, ?, ?)",
            [object_type, value.id, value.property, value.raw, value.reason, run_id, at],
        )
    found = con.execute(
        "SELECT count(*) FROM hubspot.rejects WHERE object = ? AND run_id = ?", [object_type, run_id]
    ).fetchone()
    return int(found[0]) if found else 0


_UNFIT = ", or would lose digits as one"


def _with_rejects(con: duckdb.DuckDBPyConnection, table: str, checked: list[tuple[str, str, str]], rows: str,
                  given: list[Any]) -> list[tuple[str, str, str]]:  # fmt: skip
    if not checked:
        return []
    counts = ", ".join(f"count(*) FILTER ({_is_reject(column, kind)})" for column, _, kind in checked)
    row = con.execute(f"SELECT {counts} FROM hubspot.{quoted(table)} WHERE {rows}", given).fetchone()
    assert row is not None
    return [entry for entry, count in zip(checked, row, strict=True) if count]


def _is_reject(column: str, kind: str) -> str:
    name = quoted(column)
    return f"coalesce({name}, '') <> '' AND hubspot.{MACRO_OF_TYPE[kind]}({name}) IS NULL"

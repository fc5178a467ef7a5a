"""(rows just read, rows stored) -> the rows that are new or different.

Re-reading is how nothing is missed; this is how re-reading costs nothing: equal rows are dropped before they are
loaded, and a row older than the stored one is refused. Inserted and updated counts come from here.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute

from hubspot_pipeline.warehouse.store import columns_of, has_table, quoted

LINK_SCHEMA = pa.schema([
    ("from_object", pa.string()), ("from_id", pa.string()), ("to_object", pa.string()), ("to_id", pa.string()),
    ("category", pa.string()), ("type_id", pa.int64()), ("label", pa.string()),
    ("_deleted", pa.bool_()), ("_synced_at", pa.timestamp("us", "UTC")),
])  # fmt: skip
_MOVED = " OR ".join(f"s.{name} IS DISTINCT FROM c.{name}" for name in ("archived", "deletion", "archived_at"))
_LINK = ("from_object", "from_id", "to_object", "to_id", "category", "type_id", "label")


@dataclass(frozen=True, slots=True)
class Difference:
    """What is worth loading of a chunk of records, and why the rest is not."""

    rows: pa.Table
    inserted: int
    updated: int
    archived: int
    refused: int


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """What is worth loading of the items of a collection, and the keys of those that are no more."""

    rows: pa.Table
    inserted: int
    updated: int
    gone: list[tuple[Any, ...]]

    @property
    def any(self) -> bool:
        return bool(self.rows.num_rows or self.gone)


class Stored:
    """What the warehouse holds. One instance a thread: `cursor()` gives another."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def cursor(self) -> "Stored":
        return Stored(self._con.cursor())

    def is_empty(self, table: str) -> bool:
        """True where the table is missing or has no row."""
        try:
            return not self._rows(f"SELECT 1 FROM hubspot.{quoted(table)} LIMIT 1")
        except duckdb.CatalogException:
            return True

    def records(self, table: str, chunk: pa.Table) -> Difference:
        """Rows of `chunk` (the raw table of an object, unique ids) that are not stored so."""
        found = self._compared(table, chunk)
        new = chunk.filter(pa.compute.invert(pa.compute.is_in(chunk["id"], found["id"])))
        archived, rows = _true(new["archived"]), new
        unlike = found["id"].filter(found["differs"])
        if not len(unlike):
            return Difference(rows, new.num_rows, 0, archived, 0)
        changed = self._changed(table, chunk.filter(pa.compute.is_in(chunk["id"], unlike)))
        fresh = changed.filter(pa.compute.invert(changed["_old"]))
        archived += _true(pa.compute.and_(fresh["_moved"], fresh["archived"]))
        rows = pa.concat_tables([new, fresh.select(chunk.column_names).cast(chunk.schema)])
        return Difference(rows, new.num_rows, fresh.num_rows, archived, changed.num_rows - fresh.num_rows)

    def _compared(self, table: str, chunk: pa.Table) -> pa.Table:
        """(id, differs) of those rows of `chunk` that are stored. Equal text is told from unlike, equal values not."""
        chunk = chunk.select(["id", "archived", "deletion", "archived_at", "properties"])
        sql = f"""
            SELECT c.id, {_MOVED} OR NOT {self._proven()}
                   OR CAST(s.properties AS VARCHAR) IS DISTINCT FROM c.properties AS differs
            FROM chunk AS c JOIN hubspot.{quoted(table)} AS s ON s.id = c.id
        """
        try:
            return self._arrow(sql, chunk=chunk)
        except duckdb.CatalogException:  # no such table yet
            return pa.table({"id": pa.array([], pa.string()), "differs": pa.array([], pa.bool_())})

    def _changed(self, table: str, chunk: pa.Table) -> pa.Table:
        """Rows of `chunk` that are stored otherwise; `_moved`: into the bin or out, `_old`: older than the stored.

        A comparison of every property takes four times as long as one of the texts: only for those that differ there.
        """
        stored = set(columns_of(self._con, table))
        cells = [name for name in chunk.column_names if name.startswith("properties_")]
        unlike = [
            f"s.{quoted(name)} IS DISTINCT FROM c.{quoted(name)}" if name in stored else f"c.{quoted(name)} IS NOT NULL"
            for name in cells
        ] or ["true"]
        # keys can come in another order, so unequal JSON alone is no change
        sql = f"""
            SELECT c.*, s.archived IS DISTINCT FROM c.archived AS _moved,
                   coalesce(c.updated_at < s.updated_at, false) AS _old
            FROM chunk AS c JOIN hubspot.{quoted(table)} AS s ON s.id = c.id
            WHERE {_MOVED} OR NOT {self._proven()}
               OR (CAST(s.properties AS VARCHAR) IS DISTINCT FROM c.properties AND ({" OR ".join(unlike)}))
        """
        return self._arrow(sql, chunk=chunk)

    def known(self, table: str, ids: Sequence[str], updated_at: pa.Array) -> set[str]:
        """Those ids that are stored alive and whole with the same modified instant, so need no second read."""
        if self.is_empty(table):
            return set()
        chunk = pa.table({"id": pa.array(ids, pa.string()), "updated_at": updated_at})
        sql = f"""
            SELECT c.id FROM chunk AS c JOIN hubspot.{quoted(table)} AS s
            ON s.id = c.id AND s.updated_at = c.updated_at AND s.deletion IS NULL AND {self._proven()}
        """
        return set(self._arrow(sql, chunk=chunk)["id"].to_pylist())

    def links(self, from_object: str, to_object: str, ids: Sequence[str], rows: list[dict[str, Any]],
              synced_at: Any) -> tuple[pa.Table, int, int]:  # fmt: skip
        """Links to write so that `ids` have exactly `rows` to `to_object`: (rows, links added, links removed).

        All links of every id that differs are written again; an id left without any is one row marked `_deleted`.
        """
        read = pa.Table.from_pylist([row | {"_deleted": None, "_synced_at": synced_at} for row in rows], LINK_SCHEMA)
        if self.is_empty("associations"):
            return read, read.num_rows, 0
        before = self.linked(from_object, to_object, ids)
        stored = {_link(row) for links in before.values() for row in links}
        now = {_link(row) for row in rows}
        added, gone = now - stored, stored - now
        doubled = {id_ for id_, links in before.items() if len({_link(row) for row in links}) < len(links)}
        touched = doubled | {from_id for from_id, *_ in added | gone}
        left = {from_id for from_id, *_ in now}
        none = {"from_object": from_object, "to_object": to_object, "_deleted": True, "_synced_at": synced_at}
        empty = [none | {"from_id": id_} for id_ in sorted(touched - left)]
        keep = read.filter(pa.compute.is_in(read["from_id"], pa.array(sorted(touched), pa.string())))
        write = pa.concat_tables([keep, pa.Table.from_pylist(empty, LINK_SCHEMA)])
        return write, len(added), len(gone)

    def forget(self, table: str, object_type: str, ids: Sequence[str]) -> int:
        """Take records away with their own links, versions and rejects. Returns how many there were.

        Links of others to them stay: those others have them, and a later read would bring them again.
        """
        places = [(f"{table}_property_history", "id IN (SELECT unnest(?))", [list(ids)]),
                  ("associations", "from_object = ? AND from_id IN (SELECT unnest(?))", [object_type, list(ids)]),
                  ("rejects", "object = ? AND id IN (SELECT unnest(?))", [object_type, list(ids)]),
                  (table, "id IN (SELECT unnest(?))", [list(ids)])]  # fmt: skip
        gone = 0
        for name, condition, parameters in places:
            if has_table(self._con, name):
                found = self._con.execute(
                    f"DELETE FROM hubspot.{quoted(name)} WHERE {condition}", parameters
                ).fetchone()
                gone = int(found[0]) if found else 0
        return gone

    def versions(self, table: str, chunk: pa.Table) -> pa.Table:
        """Those property versions of `chunk` that are not stored yet."""
        if self.is_empty(table):
            return chunk
        sql = f"""
            SELECT c.* FROM chunk AS c ANTI JOIN hubspot.{quoted(table)} AS s
            ON s.id = c.id AND s.property = c.property AND s.changed_at = c.changed_at AND s.seq = c.seq
               AND s.value IS NOT DISTINCT FROM c.value
        """
        return self._arrow(sql, chunk=chunk).cast(chunk.schema)

    def alive_ids(self, table: str) -> list[str]:
        """Ids of all live records, ascending as numbers."""
        if self.is_empty(table):
            return []
        sql = f"SELECT id FROM hubspot.{quoted(table)} WHERE deletion IS NULL ORDER BY try_cast(id AS HUGEINT), id"
        return [row[0] for row in self._rows(sql)]

    def alive_before(self, table: str, created: Any) -> set[str]:
        """Ids of live records made before an instant."""
        if self.is_empty(table):
            return set()
        sql = f"SELECT id FROM hubspot.{quoted(table)} WHERE deletion IS NULL AND created_at < ?"
        return {row[0] for row in self._con.execute(sql, [created]).fetchall()}

    def linked(self, from_object: str, to_object: str, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """Stored links of `ids` to `to_object`, by from id."""
        if not ids or self.is_empty("associations"):
            return {}
        sql = f"""
            SELECT {", ".join(_LINK)} FROM hubspot.associations
            WHERE from_object = ? AND to_object = ? AND from_id IN (SELECT unnest(?))
        """
        found: dict[str, list[dict[str, Any]]] = {}
        for row in self.select(sql, [from_object, to_object, list(ids)]):
            link = dict(zip(_LINK, row, strict=True))
            found.setdefault(link["from_id"], []).append(link)
        return found

    def items(self, table: str, chunk: pa.Table, *, keys: Sequence[str], whole: bool = False,
              within: tuple[str, Sequence[str]] | None = None) -> ItemDifference:  # fmt: skip
        """How items differ from the stored ones of the same key, and which stored ones are no more.

        What is no more shows where `chunk` holds all items: `whole`, or `within` (column, values) all of these parents.
        """
        if self.is_empty(table):
            return ItemDifference(chunk, chunk.num_rows, 0, [])
        on = " AND ".join(f"s.{quoted(key)} = c.{quoted(key)}" for key in keys)
        first = quoted(keys[0])
        changed = self._arrow(
            f"""
            SELECT c.*, s.{first} IS NULL AS _new FROM chunk AS c LEFT JOIN hubspot.{quoted(table)} AS s ON {on}
            WHERE s.{first} IS NULL OR CAST(s.raw AS VARCHAR) IS DISTINCT FROM c.raw OR NOT {self._proven()}
            """,
            chunk=chunk,
        )
        inserted = _true(changed["_new"])
        rows = changed.select(chunk.column_names).cast(chunk.schema)
        found = ItemDifference(rows, inserted, rows.num_rows - inserted, [])
        if not whole and within is None:
            return found
        parents = pa.table({"parent": pa.array(list(within[1]) if within else [], pa.string())})
        mine = f"WHERE CAST(s.{quoted(within[0])} AS VARCHAR) IN (SELECT parent FROM parents)" if within else ""
        named = ", ".join(f"s.{quoted(key)}" for key in keys)
        gone = self._arrow(
            f"SELECT {named} FROM hubspot.{quoted(table)} AS s ANTI JOIN chunk AS c ON {on} {mine}",
            chunk=chunk, parents=parents,
        )  # fmt: skip
        return replace(found, gone=[tuple(row.values()) for row in gone.to_pylist()])

    def orphans(self, table: str, keys: Sequence[str], column: str, alive: Sequence[str]) -> list[tuple[Any, ...]]:
        """Keys of stored items whose parent (in `column`) is not among `alive`."""
        if self.is_empty(table):
            return []
        parents = pa.table({"parent": pa.array(list(alive), pa.string())})
        named = ", ".join(quoted(key) for key in keys)
        found = self._arrow(
            f"SELECT {named} FROM hubspot.{quoted(table)} AS s ANTI JOIN parents AS p "
            f"ON p.parent = CAST(s.{quoted(column)} AS VARCHAR)", parents=parents,
        )  # fmt: skip
        return [tuple(row.values()) for row in found.to_pylist()]

    def newest(self, table: str, column: str) -> datetime | None:
        """The latest instant in a column of rows that landed; None where there is none."""
        if self.is_empty(table):
            return None
        found = self._rows(f"SELECT max(s.{quoted(column)}) FROM hubspot.{quoted(table)} AS s WHERE {self._proven()}")
        return found[0][0] if found else None

    def newest_by(self, table: str, parents: Sequence[str], column: str) -> dict[tuple[str, ...], datetime]:
        """The latest instant in a column for each parent (values of the `parents` columns).

        An instant ahead of the read that brought it is a clock that was wrong, and says nothing of what has landed.
        """
        if self.is_empty(table):
            return {}
        named = ", ".join(f"s.{quoted(name)}" for name in parents)
        sql = f"""
            SELECT {named}, max(s.{quoted(column)}) FROM hubspot.{quoted(table)} AS s
            WHERE {self._proven()} AND s.{quoted(column)} <= s._synced_at GROUP BY ALL
        """
        return {tuple(row[:-1]): row[-1] for row in self._rows(sql)}

    def raw_of(self, table: str, keys: Sequence[str]) -> dict[tuple[str, ...], dict[str, Any]]:
        """Stored items by their key."""
        if self.is_empty(table):
            return {}
        named = ", ".join(f"CAST({quoted(key)} AS VARCHAR)" for key in keys)
        found = self._rows(f"SELECT {named}, CAST(raw AS VARCHAR) FROM hubspot.{quoted(table)}")
        return {tuple(row[:-1]): json.loads(row[-1]) for row in found}

    def select(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        rows: list[tuple[Any, ...]] = self._con.execute(sql, list(parameters)).fetchall()
        return rows

    def has(self, table: str) -> bool:
        """Is there such a table?"""
        return has_table(self._con, table)

    def _proven(self) -> str:
        """SQL: row `s` came with a load that completed. What came with any other may lack its links and history."""
        if not has_table(self._con, "_dlt_loads"):
            return "false"
        return "s._dlt_load_id IN (SELECT load_id FROM hubspot._dlt_loads WHERE status = 0)"

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._con.execute(sql).fetchall()
        return rows

    def _arrow(self, sql: str, parameters: Sequence[Any] = (), **tables: pa.Table) -> pa.Table:
        for name, table in tables.items():
            self._con.register(name, table)
        try:
            return self._con.sql(sql, params=list(parameters)).to_arrow_table()
        finally:
            for name in tables:
                self._con.unregister(name)


def _link(row: dict[str, Any]) -> tuple[Any, ...]:
    """What tells the links of a pair of object types apart, from id first."""
    return (row["from_id"], row["to_id"], row["category"], row["type_id"], row["label"])


def _true(column: Any) -> int:
    return int(pa.compute.sum(column.cast(pa.int64())).as_py() or 0)

"""Stored items -> the same without what hubspot.yaml hides since: no call is made, `raw` has all that is needed.

Objects are read again instead (see `catalogue.turned`): their values lie in columns, versions and rejects.
"""

import json
from typing import Any

import duckdb
import pyarrow as pa

from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.collections import Item
from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse.plan import CHUNK_ROWS, Plan, State
from hubspot_pipeline.warehouse.store import columns_of, has_table, quoted


def hide_stored(con: duckdb.DuckDBPyConnection, stream: Stream, conceal: Concealer, plan: Plan) -> int:
    """Conceal what a list, log or child stream has stored in clear. Returns how many rows changed.

    An id that was made from the content is made anew: a value could be found by trying from the old one, and reading
    the item again would not find it. Items that are then the same become one.
    """
    if not conceal or not has_table(con, stream.name):
        return 0
    changed, rekeyed = 0, False
    # a snapshot of its own, which the updates below do not disturb
    reading = con.cursor().execute(f"SELECT CAST(raw AS VARCHAR) FROM hubspot.{quoted(stream.name)}")
    while rows := reading.fetchmany(CHUNK_ROWS):
        items = [json.loads(raw) for (raw,) in rows]
        hidden = [(item, found) for item in items if (found := conceal.again(item)) is not None]
        if hidden:
            before = [item for item, _ in hidden]
            after = [_rekeyed(stream, item, found) for item, found in hidden]
            rekeyed |= any(one is not found for one, (_, found) in zip(after, hidden, strict=True))
            _write(con, stream, before, after, plan)
            changed += len(after)
    if rekeyed:
        key = ", ".join(map(quoted, stream.key))
        con.execute(
            f"DELETE FROM hubspot.{quoted(stream.name)} WHERE rowid NOT IN "
            f"(SELECT min(rowid) FROM hubspot.{quoted(stream.name)} GROUP BY {key})"
        )
    return changed


def _rekeyed(stream: Stream, item: Item, hidden: Item) -> Item:
    """`hidden` with an id of its own content, where that of `item` came from its content."""
    if stream.shape == "collection":
        return hidden
    own = collections.own_field(stream)
    return hidden | {own: collections.digest(hidden, own)} if item.get(own) == collections.digest(item, own) else hidden


def _write(con: duckdb.DuckDBPyConnection, stream: Stream, before: list[Item], after: list[Item], plan: Plan) -> None:
    """Put items in the place of those that are stored."""
    clear = collections.table(stream, after, plan.started)
    old = collections.table(stream, before, plan.started)
    stored = set(columns_of(con, stream.name))
    names = [name for name in clear.column_names if name in stored and name != "_synced_at"]
    given = ", ".join(f"{quoted(name)} = c.{quoted(name)}" for name in names)
    for key in stream.key:
        clear = clear.append_column(f"old {key}", old[key])
    same = " AND ".join(f"t.{quoted(key)} = c.{quoted(f'old {key}')}" for key in stream.key)
    with con.cursor() as writing:
        writing.register("clear", clear)
        writing.execute(f"UPDATE hubspot.{quoted(stream.name)} AS t SET {given} FROM clear AS c WHERE {same}")


def hide_once(con: duckdb.DuckDBPyConnection, stream: Stream, conceal: Concealer, plan: Plan, state: State) -> int:
    """The same, once for each change of what is hidden: a log can be long."""
    before = state.get("hidden", [])
    if before == conceal.names:
        return 0
    changed = hide_stored(con, stream, conceal, plan)
    state["hidden"] = conceal.names  # not before: what could not be hidden now is hidden by the next run
    if before and before not in state.setdefault("hidden_before", []):
        state["hidden_before"].append(before)
    return changed


def twins(stream: Stream, conceal: Concealer, state: State, rows: pa.Table) -> list[tuple[Any, ...]]:
    """Keys that these rows had while more of them was hidden, where their ids come from their content."""
    earlier = [conceal.like(names) for names in state.get("hidden_before", [])]
    own = collections.own_field(stream)
    column = next(column for column, _, field in stream.columns if field == own)
    found = []
    for row in rows.select([*stream.key, "raw"]).to_pylist() if earlier else ():
        item = json.loads(row["raw"])
        if item.get(own) == collections.digest(item, own):
            stored = [hidden for one in earlier if (hidden := one.again(item)) is not None]
            for hidden in stored:
                key = row | {column: collections.digest(hidden, own)}
                found.append(tuple(key[name] for name in stream.key))
    return found

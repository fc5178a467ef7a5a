"""Stored items -> the same without what hubspot.yaml hides since: no call is made, `raw` has all that is needed.

Objects are read again instead (see `catalogue.turned`): their values lie in columns, versions and rejects.
"""

import json

import duckdb

from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse.plan import CHUNK_ROWS, Plan, State
from hubspot_pipeline.warehouse.store import columns_of, has_table, quoted


def hide_stored(con: duckdb.DuckDBPyConnection, stream: Stream, conceal: Concealer, plan: Plan) -> int:
    """Conceal what a list, log or child stream has stored in clear. Returns how many rows changed."""
    if not conceal or not has_table(con, stream.name):
        return 0
    table, changed = quoted(stream.name), 0
    # a snapshot of its own, which the updates below do not disturb
    reading = con.cursor().execute(f"SELECT CAST(raw AS VARCHAR) FROM hubspot.{table}")
    while rows := reading.fetchmany(CHUNK_ROWS):
        again = [conceal.again(json.loads(raw)) for (raw,) in rows]
        clear = collections.table(stream, [item for item in again if item is not None], plan.started)
        if not clear.num_rows:
            continue
        stored = set(columns_of(con, stream.name))
        names = [name for name in clear.column_names if name in stored and name not in ("_synced_at", *stream.key)]
        given = ", ".join(f"{quoted(name)} = c.{quoted(name)}" for name in names)
        same = " AND ".join(f"t.{quoted(key)} = c.{quoted(key)}" for key in stream.key)
        with con.cursor() as writing:
            writing.register("clear", clear)
            writing.execute(f"UPDATE hubspot.{table} AS t SET {given} FROM clear AS c WHERE {same}")
        changed += clear.num_rows
    return changed


def hide_once(con: duckdb.DuckDBPyConnection, stream: Stream, conceal: Concealer, plan: Plan, state: State) -> int:
    """The same, once for each change of what is hidden: a log can be long."""
    if state.get("hidden", []) == conceal.names:
        return 0
    changed = hide_stored(con, stream, conceal, plan)
    state["hidden"] = conceal.names  # not before: what could not be hidden now is hidden by the next run
    return changed

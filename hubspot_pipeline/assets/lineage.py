"""Compiled SQL of one model and the columns of its parents -> which columns each of its columns comes from.

dagster-dbt does this too, once per column: with 300 properties that is minutes, all columns at once are a tenth of a
second.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import lineage

Place = tuple[str, str]
"""Schema and name of a relation."""


def of(sql: str, columns: Mapping[Place, Mapping[str, str]], assets: Mapping[Place, dg.AssetKey]) -> dict[str, Any]:
    """Metadata with the column lineage; empty where the SQL parser cannot follow the SQL.

    `columns`: name and type by relation; `assets`: the asset of each parent relation.
    """
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for (owner, name), found in columns.items():
        if found:  # a table that is not there yet would make the parser refuse all
            schema.setdefault(owner, {})[name] = dict(found)
    try:
        nodes = lineage(None, sql, schema=schema, dialect="duckdb", trim_selects=False)
    except SqlglotError:
        return {}
    deps = {name.lower(): sorted(_sources(node, assets)) for name, node in nodes.items()}
    return {"dagster/column_lineage": dg.TableColumnLineage(deps_by_column=deps)}


def _sources(node: Any, assets: Mapping[Place, dg.AssetKey]) -> set[dg.TableColumnDep]:
    found = set()
    for part in node.walk():
        table = None if part.downstream else part.expression.find(exp.Table)
        key = assets.get((table.db, table.name)) if table is not None else None
        if key is not None:
            found.add(dg.TableColumnDep(asset_key=key, column_name=exp.to_column(part.name).name.lower()))
    return found

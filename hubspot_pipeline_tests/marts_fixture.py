"""Records given in Python -> a DuckDB file with a raw `hubspot` schema, and dbt builds over it.

A small warehouse as the load writes it, for the corner cases that no portal would hand out on demand.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline.streams import DECLARED, STREAMS, Stream
from hubspot_pipeline.warehouse import typed, views

DBT_PROJECT = Path(__file__).parents[1] / "dbt_project"
NOW = "2026-06-15T12:00:00Z"

SQL_TYPES = {"text": "varchar", "bool": "boolean", "timestamp": "timestamptz", "bigint": "bigint", "json": "json"}
RECORD_COLUMNS = {
    "id": "varchar", "created_at": "timestamptz", "updated_at": "timestamptz", "archived_at": "timestamptz",
    "deleted_at": "timestamptz", "archived": "boolean", "deletion": "varchar", "merged_into_id": "varchar",
    "properties": "json", "_synced_at": "timestamptz", "_dlt_load_id": "varchar",
}  # fmt: skip
DERIVED_COLUMNS = {
    "associations": {
        "from_object": "varchar", "from_id": "varchar", "to_object": "varchar", "to_id": "varchar",
        "category": "varchar", "type_id": "bigint", "label": "varchar", "_synced_at": "timestamptz",
    },
    "deals_property_history": {
        "id": "varchar", "property": "varchar", "changed_at": "timestamptz", "seq": "bigint", "value": "varchar",
        "source_type": "varchar", "source_id": "varchar", "source_label": "varchar",
        "updated_by_user_id": "varchar", "_synced_at": "timestamptz",
    },
    "sync_runs": {
        "run_id": "varchar", "stream": "varchar", "mode": "varchar", "status": "varchar",
        "started_at": "timestamptz", "portal_started_at": "timestamptz",
    },
    "rejects": {
        "object": "varchar", "id": "varchar", "property": "varchar", "raw_value": "varchar", "reason": "varchar",
        "run_id": "varchar", "rejected_at": "timestamptz",
    },
}  # fmt: skip
CHOICE_COLUMNS = {
    "object": "varchar", "property": "varchar", "selected": "boolean", "exposed": "boolean", "alias": "varchar",
}  # fmt: skip


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class RawWarehouse:
    """A raw `hubspot` schema, written row by row. Instants are ISO-8601 texts."""

    def __init__(self, path: Path, *, without: Sequence[str] = ()) -> None:
        self.path = path
        self.connection = duckdb.connect(str(path))
        self.connection.execute("create schema hubspot; set TimeZone = 'UTC'")
        typed.create(self.connection)
        for stream in STREAMS:
            if stream.name not in without and stream.name not in views.NAMES:
                self._create(stream.name, columns_of(stream))
        for name in ("sync_runs", "rejects"):
            self._create(name, DERIVED_COLUMNS[name])
        self.insert("account_details", portal_id="1", time_zone="America/New_York", company_currency="USD")

    def _create(self, name: str, columns: Mapping[str, str], unless: str = "") -> None:
        body = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        self.connection.execute(f"create table {unless} hubspot.{name} ({body})")

    def insert(self, table: str, **values: Any) -> None:
        """One row; columns not named stay NULL, lists and mappings become JSON."""
        cells = [json.dumps(value) if isinstance(value, list | dict) else value for value in values.values()]
        names = ", ".join(quoted(name) for name in values)
        marks = ", ".join("?" for _ in values)
        self.connection.execute(f"insert into hubspot.{table} ({names}) values ({marks})", cells)

    def define(self, object_type: str, name: str, kind: str = "string", **extra: Any) -> str:
        """A property in the catalogue and its column; returns the column's name."""
        column: str = extra.pop("column", f"properties_{name}")
        row = {"object": object_type, "name": name, "label": name, "type": kind, "column_name": column}
        self.insert("properties", **row | {"archived": False, "is_custom": True} | extra)
        table = DECLARED.by_object[object_type].name
        self.connection.execute(f"alter table hubspot.{table} add column if not exists {quoted(column)} varchar")
        return column

    def choose(self, object_type: str, name: str, **choice: Any) -> None:
        """What hubspot.yaml says of a property: selected, exposed, alias; not given: the default."""
        self._create("property_choices", CHOICE_COLUMNS, "if not exists")
        self.insert("property_choices", object=object_type, property=name,
                    **{"selected": True, "exposed": True} | choice)  # fmt: skip

    def record(self, object_type: str, record_id: str, at: str = "2026-01-01T12:00:00Z", **given: Any) -> None:
        """A CRM record with its properties; `deletion` and `merged_into_id` as the load writes them."""
        deletion, survivor = given.pop("deletion", None), given.pop("merged_into_id", None)
        for name in given:
            found = self.connection.execute(
                "select 1 from hubspot.properties where object = ? and name = ?", [object_type, name]
            ).fetchone()
            if found is None:
                self.define(object_type, name, _usual_type(object_type, name))
        self.insert(
            DECLARED.by_object[object_type].name, id=record_id, created_at=at, updated_at=at,
            archived=deletion == "archived",
            deletion=deletion, deleted_at=at if deletion else None, merged_into_id=survivor, properties=given,
            **{f"properties_{name}": value for name, value in given.items()},
        )  # fmt: skip

    def associate(self, from_object: str, from_id: str, to_object: str, to_id: str, type_id: int, **extra: Any) -> None:
        """One association in its stored direction; pass category and label for a labelled one."""
        category = extra.get("category", "HUBSPOT_DEFINED")
        self.insert(
            "associations", from_object=from_object, from_id=from_id, to_object=to_object, to_id=to_id,
            category=category, type_id=type_id, label=extra.get("label"),
        )  # fmt: skip

    def version(self, deal_id: str, name: str, at: str, value: str, seq: int = 0) -> None:
        """One version of a deal's property."""
        self.insert("deals_property_history", id=deal_id, property=name, changed_at=at, seq=seq, value=value)

    def succeeded(self, *streams: str, at: str = NOW) -> None:
        """Ledger rows of a run in which these streams landed."""
        for stream in streams:
            self.insert("sync_runs", run_id="r1", stream=stream, status="succeeded", portal_started_at=at)

    def close(self) -> None:
        """Makes the views as the end of a run does and lets go of the file, so that dbt can write to it."""
        views.create(self.connection)
        self.connection.close()


def columns_of(stream: Stream) -> dict[str, str]:
    """Column -> SQL type of a stream's raw table before any property is known."""
    if stream.shape == "object":
        return dict(RECORD_COLUMNS)
    if stream.name in DERIVED_COLUMNS:
        return DERIVED_COLUMNS[stream.name]
    columns = {name: SQL_TYPES[kind] for name, kind, _ in stream.columns}
    return columns | {"raw": "json", "_synced_at": "timestamptz", "_dlt_load_id": "varchar"}


def _usual_type(object_type: str, name: str) -> str:
    rows = (DBT_PROJECT / "seeds" / "mart_properties.csv").read_text().splitlines()[1:]
    types = {tuple(row.split(",")[:2]): row.split(",")[2] for row in rows}
    return types.get((object_type, name), "string")


def dbt(path: Path, target: Path, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    """Runs dbt over a warehouse file; `target` holds its artifacts and may be shared by builds in turn."""
    command = [
        sys.executable, "-m", "dbt.cli.main", *(arguments or ("build",)), "--project-dir", str(DBT_PROJECT),
        "--profiles-dir", str(DBT_PROJECT), "--target-path", str(target), "--log-path", str(target),
        "--vars", json.dumps(variables),
    ]  # fmt: skip
    environment = os.environ | {"HUBSPOT_DUCKDB": str(path)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def statuses(target: Path) -> dict[str, str]:
    """Node -> status of the last build in `target`."""
    results = json.loads((target / "run_results.json").read_text())["results"]
    return {result["unique_id"]: result["status"] for result in results}


def rows(path: Path, sql: str) -> list[dict[str, Any]]:
    """The rows of a query on a built warehouse."""
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("set TimeZone = 'UTC'")
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def instant(text: str) -> datetime:
    """An ISO text as the instant DuckDB returns."""
    return datetime.fromisoformat(text).astimezone(UTC)

"""Ledger and tables of the warehouse -> the result of one stream's checks, whoever asks and whenever."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import duckdb

from hubspot_pipeline.assets.raw import SCHEMA, key
from hubspot_pipeline.streams import Stream

FRESH = timedelta(hours=26)
"""A day and two hours: one missed daily run is late, a slow one is not."""
WARN = dg.AssetCheckSeverity.WARN
ERROR = dg.AssetCheckSeverity.ERROR


def evaluate(
    con: duckdb.DuckDBPyConnection, stream: Stream, names: set[str], now: datetime
) -> Iterator[dg.AssetCheckResult]:
    """Results of the named checks of one stream. A check that has nothing to say (no count, no run yet) yields none."""
    for name, check in _CHECKS.items():
        if name in names:
            verdict = check(con, stream, now)
            if verdict is not None:
                passed, severity, metadata = verdict
                yield dg.AssetCheckResult(
                    asset_key=key(stream.name), check_name=name, passed=passed, severity=severity, metadata=metadata
                )


_Verdict = tuple[bool, dg.AssetCheckSeverity, dict[str, Any]]


def kept(instance: dg.DagsterInstance, keys: set[dg.AssetCheckKey]) -> Iterator[dg.AssetCheckResult]:
    """The last answers of dbt tests whose models this run left alone, so that the UI does not show them as not run."""
    for check in sorted(keys):
        history = instance.event_log_storage.get_asset_check_execution_history(check, limit=5)
        # the newest record is this run's plan to answer
        for record in history:
            if isinstance(answer := record.evaluation, dg.AssetCheckEvaluation):
                yield dg.AssetCheckResult(
                    asset_key=check.asset_key, check_name=check.name, passed=answer.passed, severity=answer.severity,
                    metadata={"kept_from_run": record.run_id, **answer.metadata},
                )  # fmt: skip
                break


def completeness(con: duckdb.DuckDBPyConnection, stream: Stream, now: datetime) -> _Verdict | None:
    """Both totals count the records created at or before sync start minus lookback, so a busy portal stays green.

    None where the newest run could not count: search cannot express the filter. A window that did not leaves the older
    totals as they are.
    """
    row = _one(
        con,
        f"select visible_total, expected_total from {SCHEMA}.sync_runs where stream = ? and status = 'succeeded' "
        "and (visible_total is not null or mode is distinct from 'window') order by started_at desc limit 1",
        stream.name,
    )
    if row is None or None in row:
        return None
    return row[0] == row[1], ERROR, {"portal_total": row[0], "warehouse_total": row[1], "difference": row[0] - row[1]}


def freshness(con: duckdb.DuckDBPyConnection, stream: Stream, now: datetime) -> _Verdict | None:
    """Age of the last landing, by this machine's clock; of a stream that was never readable the scopes check speaks."""
    row = _one(
        con,
        "select max(finished_at) filter (where status = 'succeeded'), max_by(status, started_at) "
        f"from {SCHEMA}.sync_runs where stream = ?",
        stream.name,
    )
    landed, status = row or (None, None)
    if landed is None:
        return None if status == "skipped" else (False, WARN, {"last_landed": "never"})
    age = now - landed
    figures = {"last_landed": dg.MetadataValue.timestamp(landed), "age_hours": round(age / timedelta(hours=1), 2)}
    return age <= FRESH, WARN, figures


def unique_ids(con: duckdb.DuckDBPyConnection, stream: Stream, now: datetime) -> _Verdict:
    """Keys that are there more than once."""
    columns = ", ".join(f'"{column}"' for column in stream.key)
    row = _one(
        con, f'select count(*) from (select {columns} from {SCHEMA}."{stream.name}" group by all having count(*) > 1)'
    )
    doubled = row[0] if row else 0
    return doubled == 0, ERROR, {"doubled_keys": doubled}


def rejected_values(con: duckdb.DuckDBPyConnection, stream: Stream, now: datetime) -> _Verdict:
    """Values of the stream's last run that do not fit their property's type, counted by property; values stay out."""
    rows = con.execute(
        f"select coalesce(property, '(record)'), count(*) from {SCHEMA}.rejects where object = ? and run_id = "
        f"(select max_by(run_id, started_at) from {SCHEMA}.sync_runs where stream = ?) "
        "group by 1 order by 2 desc, 1 limit 50",
        [stream.object, stream.name],
    ).fetchall()
    table = dg.TableMetadataValue(
        records=[dg.TableRecord({"property": str(name), "values": count}) for name, count in rows],
        schema=dg.TableSchema(columns=[dg.TableColumn("property", "string"), dg.TableColumn("values", "int")]),
    )
    figures: dict[str, Any] = {"values_rejected": sum(count for _, count in rows)}
    return not rows, WARN, figures | ({"by_property": table} if rows else {})


def scopes(con: duckdb.DuckDBPyConnection, stream: Stream, now: datetime) -> _Verdict | None:
    """Never readable: a warning, most portals lack something. Readable once and no more: an error, data goes stale."""
    row = _one(
        con,
        "select max_by(status, started_at), max_by(message, started_at), "
        f"count(*) filter (where status = 'succeeded') from {SCHEMA}.sync_runs where stream = ?",
        stream.name,
    )
    if row is None or row[0] is None:
        return None
    status, message, landings = row
    if status != "skipped":
        return True, WARN, {"any_of_scopes": ", ".join(stream.scopes)}
    figures = {"any_of_scopes": ", ".join(stream.scopes), "message": message or ""}
    return False, ERROR if landings else WARN, figures


_CHECKS = {
    "completeness": completeness,
    "freshness": freshness,
    "unique_ids": unique_ids,
    "rejected_values": rejected_values,
    "scopes": scopes,
}


def _one(con: duckdb.DuckDBPyConnection, sql: str, *parameters: Any) -> tuple[Any, ...] | None:
    row: tuple[Any, ...] | None = con.execute(sql, list(parameters)).fetchone()
    return row

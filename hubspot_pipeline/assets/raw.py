"""`Stream` rows and their outcomes -> asset specs, check specs and the metadata of one materialization."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import dagster as dg

from hubspot_pipeline.assets.preview import as_text
from hubspot_pipeline.streams import Stream

if TYPE_CHECKING:
    import duckdb

    from hubspot_pipeline.warehouse.ledger import Outcome

SCHEMA = "hubspot"
EVENTS = "hubspot_events"
"""The job that reads days of logs."""
MAX_COLUMNS = 1_000
"""Columns described in one event: Dagster keeps every event, and a portal may have thousands of properties."""

CHECKS = {
    "completeness": "The warehouse holds as many records as the portal shows this token, counted for one instant.",
    "freshness": "The stream landed within the last 26 hours.",
    "unique_ids": "Each record is there once.",
    "rejected_values": "Every value fits its property's type; those that do not are listed in hubspot.rejects.",
    "scopes": "The token may read this stream.",
}


def key(stream: str) -> dg.AssetKey:
    """Asset key of a stream: the same words as its dbt source and its table."""
    return dg.AssetKey([SCHEMA, stream])


DAYS = dg.DailyPartitionsDefinition(start_date="2006-06-01", end_offset=1)
"""Days (UTC) of the logs, from HubSpot's first year to today."""


def specs(streams: Iterable[Stream]) -> list[dg.AssetSpec]:
    """One asset per stream, a log cut into days. Skippable: a stream that failed or may not be read yields nothing."""
    chosen = list(streams)
    names = {stream.name for stream in chosen}
    return [
        dg.AssetSpec(
            key(stream.name),
            deps=[key(source) for source in stream.source if source in names],
            description=f"{as_text(stream.label) if stream.custom else stream.label} in HubSpot. {stream.about}",
            group_name=stream.group,
            kinds={"hubspot", "dlt", "duckdb"},
            owners=["team:data"],
            tags={"hubspot/shape": stream.shape, **({"hubspot/type_id": stream.type_id} if stream.type_id else {})},
            metadata={
                "dagster/table_name": f"warehouse.{SCHEMA}.{stream.name}",
                "any_of_scopes": ", ".join(stream.scopes) or "none",
                **({"needs": stream.plan} if stream.plan else {}),
            },
            partitions_def=DAYS if stream.is_log else None,
            skippable=True,
        )
        for stream in chosen
    ]


def check_specs(streams: Iterable[Stream]) -> list[dg.AssetCheckSpec]:
    """The checks of every stream that make sense for its shape."""
    return [
        dg.AssetCheckSpec(name, asset=key(stream.name), description=CHECKS[name])
        for stream in streams
        for name in checks_of(stream)
    ]


def checks_of(stream: Stream) -> tuple[str, ...]:
    """Names of a stream's checks: only CRM objects have a total to compare and typed values to reject."""
    wanted = ["freshness", "unique_ids"]
    if stream.shape == "object":
        wanted += ["completeness", "rejected_values"]
    if stream.scopes:
        wanted.append("scopes")
    return tuple(wanted)


def metadata(outcome: "Outcome", *, is_sandbox: bool) -> dict[str, Any]:
    """Figures of one landed stream, by the words that the UI shows."""
    figures: dict[str, Any] = {
        "rows_read": outcome.rows_read,
        "rows_inserted": outcome.rows_inserted,
        "rows_updated": outcome.rows_updated,
        "rows_archived": outcome.rows_archived,
        "rows_refused": outcome.rows_refused,
        "values_rejected": outcome.rows_rejected,
        "calls": outcome.calls,
        "rate_limited_429s": outcome.rate_limited,
        "retries": outcome.retries,
        "duration_seconds": round(outcome.seconds, 3),
        "bytes": outcome.bytes,
    }
    if outcome.cursor_after:
        figures["cursor"] = str(outcome.cursor_after)
    if outcome.visible_total is not None:
        figures["portal_total"] = outcome.visible_total
    if is_sandbox:
        figures["sandbox"] = True
    return figures


def table_metadata(con: "duckdb.DuckDBPyConnection", stream: Stream) -> dict[str, Any]:
    """Row count and column schema of a raw table; properties carry HubSpot's label."""
    rows = con.execute(f'select count(*) from {SCHEMA}."{stream.name}"').fetchone()
    return {"dagster/row_count": rows[0] if rows else 0, "dagster/column_schema": _columns(con, stream)}


def data_version(con: "duckdb.DuckDBPyConnection", stream: str) -> str:
    """The last run that changed this stream's rows: models below stay current while it does not move."""
    row = con.execute(
        f"select max_by(run_id, started_at) from {SCHEMA}.sync_runs where stream = ? "
        "and rows_inserted + rows_updated + rows_archived > 0",
        [stream],
    ).fetchone()
    return str(row[0]) if row and row[0] else "empty"


def _columns(con: "duckdb.DuckDBPyConnection", stream: Stream) -> dg.TableSchema:
    labels = dict(
        con.execute(
            f"select column_name, any_value(label || ' (' || type || ')') from {SCHEMA}.properties "
            "where object = ? group by 1",
            [stream.object],
        ).fetchall()
    )
    columns = con.execute(
        "select column_name, data_type, is_nullable = 'YES' from information_schema.columns "
        "where table_schema = ? and table_name = ? order by ordinal_position limit ?",
        [SCHEMA, stream.name, MAX_COLUMNS],
    ).fetchall()
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                kind.lower(),
                description=labels.get(name),
                constraints=dg.TableColumnConstraints(nullable=nullable),
            )
            for name, kind, nullable in columns
        ]
    )


def selected(keys: Iterable[dg.AssetKey], streams: Iterable[Stream]) -> list[str]:
    """Names of the streams among the keys, in the declared order."""
    wanted = set(keys)
    return [stream.name for stream in streams if key(stream.name) in wanted]

"""Batches of many streams -> one dlt load package -> DuckDB, each stream isolated from the others.

A stream works on a draft of its state and keeps its own exception; a load job that fails takes the package with it,
so the package is given up (cursors go back) and every stream is loaded alone. What a package handed over is counted
again in the warehouse: a load that did not land is an error, however green dlt is.
"""

import copy
import logging
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.common.pipeline import LoadInfo
from dlt.common.runtime.telemetry import stop_telemetry

from hubspot_pipeline.errors import LoadError, MissingScope, said
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream, Streams
from hubspot_pipeline.warehouse.plan import Batch, State
from hubspot_pipeline.warehouse.store import SCHEMA, has_table, open_store, quoted, root

CALLS_IN_FLIGHT = 16
WORKERS = 8
"""Streams whose walks advance side by side."""


@dataclass(slots=True)
class Job:
    """One stream of a package. `walk` gives its batches and keeps the state right; `failed` gets its exception."""

    name: str
    walk: Callable[[State], Iterator[Batch]]
    failed: Callable[[Exception], None]


@dataclass(slots=True)
class Landed:
    """What a package brought: its dlt load ids, and the rows handed over per table."""

    load_ids: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    errors: dict[str, Exception] = field(default_factory=dict)
    """Streams whose data was read and could not be stored."""

    def add(self, other: "Landed") -> None:
        self.load_ids += other.load_ids
        self.rows.update(other.rows)
        self.errors |= other.errors


def configure() -> None:
    """dlt's own settings that this pipeline depends on."""
    # dlt starts it with the first look at its settings, so this one alone comes too late
    dlt.config["runtime.dlthub_telemetry"] = False
    stop_telemetry()
    dlt.config["normalize.parquet_normalizer.add_dlt_load_id"] = True
    dlt.config["load.truncate_staging_dataset"] = True
    dlt.config["extract.workers"] = WORKERS
    dlt.config["extract.max_parallel_items"] = 4 * WORKERS


def make_pipeline(settings: Settings) -> dlt.Pipeline:
    """The pipeline `hubspot` on the working file; its folder is `data/.dlt`.

    What a full disk or a power cut left of the folder may not open: it is made anew, its state is in the warehouse.
    """
    configure()
    try:
        pipeline = _made(settings)
        _pending(pipeline)  # looks into the whole folder
    except Exception:
        shutil.rmtree(settings.data_dir / ".dlt", ignore_errors=True)
        pipeline = _made(settings)
    # it warns of every column whose type we name, on each of hundreds of batches; its errors, which quote values of the
    # portal as they are, become the outcome of their stream
    logging.getLogger("dlt").setLevel(logging.CRITICAL)
    return pipeline


def _pending(pipeline: dlt.Pipeline) -> int:
    return len(pipeline.list_extracted_load_packages()) + len(pipeline.list_normalized_load_packages())


def _made(settings: Settings) -> dlt.Pipeline:
    # replaced in one transaction: a load that fails must not leave a collection empty
    destination = dlt.destinations.duckdb(str(settings.working), replace_strategy="insert-from-staging")
    capabilities = destination.capabilities
    # asked for a dozen times a package, and each time dlt looks everywhere for settings that DuckDB's do not depend on
    destination.capabilities = lambda config=None, naming=None: capabilities(config or destination.spec(), naming)
    return dlt.pipeline(
        "hubspot",
        destination=destination,
        dataset_name=SCHEMA,
        pipelines_dir=str(settings.data_dir / ".dlt"),
    )


def settle(pipeline: dlt.Pipeline) -> int:
    """Give up what a killed or failed run left pending, so that the next data is not ignored.

    The state goes back to what is committed in the warehouse; what was pending is read again. Returns the number of
    packages given up.
    """
    pending = _pending(pipeline)
    pipeline.drop()
    pipeline.sync_destination()
    return pending


def forget_old(con: duckdb.DuckDBPyConnection, before: datetime) -> None:
    """Delete dlt's states and schemas from before an instant, but for the latest, from which the next run starts."""
    if not has_table(con, "_dlt_pipeline_state"):
        return
    con.execute(
        """
        DELETE FROM hubspot._dlt_pipeline_state WHERE created_at < ? AND _dlt_load_id < (
            SELECT max(load_id) FROM hubspot._dlt_pipeline_state AS s JOIN hubspot._dlt_loads AS l
            ON l.load_id = s._dlt_load_id WHERE l.status = 0
        )
        """,
        [before],
    )
    con.execute(
        "DELETE FROM hubspot._dlt_version AS v WHERE inserted_at < ? AND inserted_at < "
        "(SELECT max(inserted_at) FROM hubspot._dlt_version AS w WHERE w.schema_name = v.schema_name)",
        [before],
    )


def load(settings: Settings, pipeline: dlt.Pipeline, jobs: list[Job]) -> Landed:
    """Extract, load and prove one package; stream by stream where the package as a whole fails."""
    try:
        return _package(settings, pipeline, jobs)
    except Exception as error:
        pipeline.abort_packages()
        if len(jobs) == 1:
            cause = root(error)
            return Landed(errors={jobs[0].name: cause if isinstance(cause, LoadError) else LoadError(
                f"{jobs[0].name} was read and could not be stored ({said(cause)}). "
                "Its rows and its cursor are as before; the next run reads it again."
            )})  # fmt: skip
    landed = Landed()
    for job in jobs:
        landed.add(load(settings, pipeline, [job]))
    return landed


def _package(settings: Settings, pipeline: dlt.Pipeline, jobs: list[Job]) -> Landed:
    handed: Counter[str] = Counter()
    lock = threading.Lock()
    with open_store(settings) as con:
        empty = {
            name for name in _tables(jobs, settings.streams) if not has_table(con, name) or not _any_row(con, name)
        }

    def resource(job: Job) -> Any:
        def rows() -> Iterator[Any]:
            state = dlt.current.resource_state()
            draft, given = copy.deepcopy(dict(state)), False
            try:
                for batch in job.walk(draft):
                    given = True
                    with lock:
                        handed[batch.table] += batch.rows.num_rows - _tombstones(batch.rows)
                    known = settings.streams.by_name.get(batch.table)
                    yield with_hints(batch, known, append=batch.table in empty)
            except Exception as error:  # the other streams go on; the outcome of this one is its error
                job.failed(error)
                if isinstance(error, MissingScope) and not given:
                    return  # what may not be read leaves no trace
            if draft != dict(state):
                state.clear()
                state.update(draft)

        return dlt.resource(rows, name=job.name, file_format="parquet").parallelize()

    @dlt.source(name="hubspot", max_table_nesting=0)  # type: ignore[untyped-decorator]  # dlt is not followed
    def source() -> Any:
        return [resource(job) for job in jobs]

    pipeline.extract(source())
    pipeline.normalize()
    info = pipeline.load()
    return _proven(settings, info, handed)


def _proven(settings: Settings, info: LoadInfo, handed: Counter[str]) -> Landed:
    """Raises LoadError where a row that was handed over is not in the warehouse."""
    load_ids = list(info.loads_ids)
    with open_store(settings) as con:
        for load_id in load_ids:
            done = con.execute("SELECT status FROM hubspot._dlt_loads WHERE load_id = ?", [load_id]).fetchone()
            if done is None or done[0] != 0:
                raise LoadError(f"Load {load_id} is not recorded as complete; the next run reads its data again.")
        for table, rows in handed.items():
            sql = f"SELECT count(*) FROM hubspot.{quoted(table)} WHERE _dlt_load_id IN (SELECT unnest(?))"
            found = con.execute(sql, [load_ids]).fetchone()
            if rows and (found is None or found[0] != rows):
                raise LoadError(
                    f"{rows:,} rows were handed over for {table} and {found[0] if found else 0:,} are stored; "
                    "the next run reads them again."
                )
    return Landed(load_ids, handed)


def with_hints(batch: Batch, stream: Stream | None, *, append: bool, unique: bool = True) -> Any:
    """A batch as dlt takes it: which table, which key, appended (empty table), merged, or in place of all rows.

    `unique`: a package holds each key once.
    """
    hints: dict[str, Any] = {"table_name": batch.table, "file_format": "parquet"}
    json_columns = [name for name in ("properties", "raw") if name in batch.rows.column_names]
    if stream is not None:
        json_columns += [name for name, kind, _ in stream.columns if kind == "json"]
    columns: dict[str, Any] = {name: {"data_type": "json"} for name in json_columns}
    if batch.table == "associations":
        hints |= {"merge_key": ["from_object", "from_id", "to_object"], "write_disposition": "merge"}
        columns["_deleted"] = {"data_type": "bool", "hard_delete": True}
    elif batch.replace:
        hints["write_disposition"] = "replace"
    else:
        hints |= {"primary_key": list(stream.key) if stream else ["id"]}
        # DuckDB's MERGE (upsert) keeps all rows of a package in memory and fails where they do not fit
        hints["write_disposition"] = {"disposition": "merge", "strategy": "delete-insert", "deduplicated": unique}
    if append and hints["write_disposition"] != "replace":
        hints = {name: hint for name, hint in hints.items() if name not in ("merge_key", "primary_key")}
        hints["write_disposition"] = "append"
    return dlt.mark.with_hints(batch.rows, dlt.mark.make_hints(columns=columns, **hints), create_table_variant=True)


def _tables(jobs: list[Job], known: Streams) -> set[str]:
    histories = {stream.name for stream in known if stream.is_history}
    return {job.name for job in jobs} | histories | {"associations", "properties"}


def _any_row(con: Any, table: str) -> bool:
    return con.execute(f"SELECT 1 FROM hubspot.{quoted(table)} LIMIT 1").fetchone() is not None


def _tombstones(rows: pa.Table) -> int:
    return int(pa.compute.sum(rows["_deleted"]).as_py() or 0) if "_deleted" in rows.column_names else 0

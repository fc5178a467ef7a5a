"""Selected dbt models -> `dbt build` in this process -> Dagster events with columns, lineage, row counts, previews.

In this process, because a dbt process of its own costs 5 CPU seconds and dagster-dbt's command line resource starts
two; the events are translated by dagster-dbt itself.
"""

import os
import re
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from hubspot_pipeline.assets import lineage, preview
from hubspot_pipeline.assets.lineage import Place
from hubspot_pipeline.assets.models import Models, dbt_environment
from hubspot_pipeline.errors import said
from hubspot_pipeline.report import told

RESULTS = {"LogModelResult", "LogSeedResult", "LogSnapshotResult", "LogTestResult"}
DBT = "dbt"
"""The incident of what is no model and no check: dbt as a whole, and tests of several models."""
_BAD = {"error", "fail", "runtime error", "partial success"}
_ONE_AT_A_TIME = threading.Lock()


@dataclass
class Built:
    """What came of a build: dbt's log, the nodes that failed, and dbt's message where it could not even start."""

    log: Path
    failed: list[str] = field(default_factory=list)
    error: str = ""
    untold: dict[str, str] = field(default_factory=dict)
    """Incidents that no check result tells: a model, or `dbt` for what is none -> what failed, without values."""

    @property
    def ok(self) -> bool:
        return not self.failed and not self.error

    def add(self, failed: str, key: dg.AssetKey | dg.AssetCheckKey | None) -> None:
        """Note a node that failed; `key`: what it is in Dagster, None for a test of several models."""
        self.failed.append(failed)
        if not isinstance(key, dg.AssetCheckKey):
            name = DBT if key is None else key.to_user_string()
            self.untold[name] = f"{self.untold[name]}; {failed}" if name in self.untold else failed


def build(
    context: dg.AssetExecutionContext,
    models: Models,
    working: Path,
    wanted: Iterable[dg.AssetKey | dg.AssetCheckKey],
) -> Generator[Any, None, Built]:
    """Build the wanted models and run the wanted tests; yields outputs and check results, returns a `Built`."""
    target = working.parent / "dbt"
    results: list[dict[str, Any]] = []
    built = Built(target / "dbt.log")
    context.log.info("dbt: building models and running tests")
    with _ONE_AT_A_TIME, _environment(dbt_environment(working)):
        error = _invoke(models.parsed, _arguments(models, target, set(wanted)), results, context.log.info)
    if error is not None:
        built.error = str(error)
        built.untold[DBT] = "dbt could not run"
    with duckdb.connect(str(working), read_only=True) as con:
        columns = _columns(con)
        shown = {node["unique_id"]: key for key, node in models.node_of.items()}
        for raw in results:
            info = raw["data"]["node_info"]
            if info["node_status"] in _BAD:
                built.add(f"{info['node_name']}: {_reason(raw)}", shown.get(info["unique_id"]))
            if info["unique_id"] not in shown:
                continue  # a test of several models that none of them owns, or a model newer than these definitions
            node = models.manifest["nodes"][info["unique_id"]]
            known = {"columns": {name: {"data_type": kind} for name, kind in columns.get(_place(node), {}).items()}}
            message = DbtCoreCliEventMessage(raw_event=raw, event_history_metadata=known)
            for event in message.to_default_asset_events(models.manifest, models.translator, context, target):
                if isinstance(event, dg.Output):
                    more = _lineage(models, node, target, columns) | _rows(con, node)
                    event = event.with_metadata({**event.metadata, **more})
                yield event
    return built


def _arguments(models: Models, target: Path, wanted: set[dg.AssetKey | dg.AssetCheckKey]) -> list[str]:
    everything = wanted >= set(models.node_of)
    chosen = [".".join(node["fqn"]) for key, node in models.node_of.items() if key in wanted]
    return [
        "--log-level", "none", "--log-level-file", "info", "--no-print", "--no-use-colors",
        "--log-path", str(target), "build",
        "--project-dir", str(models.project_dir), "--profiles-dir", str(models.project_dir),
        "--target-path", str(target), "--exclude-resource-type", "unit_test",
        *([] if everything else ["--indirect-selection", "empty", "--select", *chosen]),
        *(["--exclude", *sorted(models.left_out)] if everything and models.left_out else []),
    ]  # fmt: skip


def _invoke(
    parsed: Path, arguments: list[str], results: list[dict[str, Any]], log: Callable[[str], object]
) -> Exception | None:
    """Run dbt on what was parsed, collect the result events, and let go of the warehouse file.

    Returns what kept dbt from running.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner
    from dbt_common.events.functions import msg_to_dict

    def collect(event: Any) -> None:
        if event.info.level == "error" and event.info.msg.strip():
            print(without_values(event.info.msg), flush=True)
        if event.info.name in RESULTS:
            results.append(msg_to_dict(event))
            log(f"dbt: {event.info.msg}")

    try:
        outcome = dbtRunner(_manifest(parsed), [collect]).invoke(arguments)
    finally:
        reset_adapters()  # type: ignore[no-untyped-call]
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    if outcome.exception is not None and not isinstance(outcome.exception, Exception):
        raise outcome.exception
    return outcome.exception


def _manifest(parsed: Path) -> Any:
    """dbt's own manifest; None where it is gone or damaged, then dbt parses the project."""
    from dbt.contracts.graph.manifest import Manifest

    try:
        manifest = Manifest.from_msgpack(parsed.read_bytes())
    except Exception:  # whatever a file that was cut off makes of it
        return None
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]  # what models see as `graph`; the file does not hold it
    return manifest


def without_values(text: str) -> str:
    """A message of dbt for people: the node and the class of its error. What follows can quote rows; dbt.log has it."""
    first, *more = text.strip().splitlines()
    kind = _ERROR_CLASS.match(more[0].strip()) if more else None
    return told(said(Exception(first)).removeprefix("Exception: ") + (f": {kind[0]}" if kind else ""))


_ERROR_CLASS = re.compile(r"[A-Za-z ]{1,40} Error\b")


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """dbt reads its warehouse's path from the environment; put it there for the time of one build."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _columns(con: duckdb.DuckDBPyConnection) -> dict[Place, dict[str, str]]:
    """Columns of every relation and their types."""
    found: dict[Place, dict[str, str]] = {}
    for schema, table, name, kind in con.execute(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "order by ordinal_position"
    ).fetchall():
        found.setdefault((schema, table), {})[name] = kind
    return found


def _place(node: Mapping[str, Any]) -> Place:
    return node["schema"], node.get("identifier") or node.get("alias") or node["name"]


def _lineage(
    models: Models, node: Mapping[str, Any], target: Path, columns: Mapping[Place, Mapping[str, str]]
) -> dict[str, Any]:
    compiled = target / "compiled" / node["package_name"] / node["original_file_path"]
    if node["resource_type"] != "model" or not compiled.exists():
        return {}
    parents = {
        _place(parent): models.translator.get_asset_spec(models.manifest, unique_id, None).key
        for unique_id in node["depends_on"]["nodes"]
        if (parent := models.manifest["nodes"].get(unique_id) or models.manifest["sources"].get(unique_id))
    }
    return lineage.of(compiled.read_text(), {place: columns.get(place, {}) for place in parents}, parents)


def _rows(con: duckdb.DuckDBPyConnection, node: Mapping[str, Any]) -> dict[str, Any]:
    """Row count of what is stored, and the first rows of a mart."""
    if node["config"]["materialized"] == "view":
        return {}
    relation = ".".join('"' + part.replace('"', '""') + '"' for part in _place(node))
    count = con.execute(f"select count(*) from {relation}").fetchone()
    figures: dict[str, Any] = {"dagster/row_count": count[0] if count else 0}
    if node["schema"] == "marts":
        figures["preview"] = dg.MetadataValue.md(preview.of(con, relation))
    return figures


def _reason(raw: Mapping[str, Any]) -> str:
    failures = raw["data"].get("num_failures")
    return f"{failures} rows fail the test" if failures else str(raw["data"]["node_info"]["node_status"])

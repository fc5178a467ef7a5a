"""The dbt project -> its manifest, parsed when the project changed, and the Dagster specs of models and tests."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator
from dagster_dbt.asset_utils import build_dbt_specs
from filelock import FileLock

from hubspot_pipeline.errors import ConfigError

PARSED_DIR = Path("target", "dagster")
"""Not dbt's own target folder: whoever runs dbt by hand writes that one."""
GENERATED = "generated"
"""Folder of the typed views that are written from the stream table."""
PARSED = ("manifest.json", "partial_parse.msgpack")
DBT = ("dbt-core", "dbt-adapters", "dbt-duckdb")
"""What a parse depends on beside the project: their macros are part of it."""
_NOT_SOURCE = {"target", "logs", "__pycache__"}


@dataclass(frozen=True)
class Models:
    """The project's models, seeds and tests as dbt parsed them. `fingerprint` moves with any file of the project."""

    project_dir: Path
    manifest: Mapping[str, Any]
    fingerprint: str
    translator: DagsterDbtTranslator
    left_out: frozenset[str] = frozenset()
    """Names of models that nothing is built of: typed views of streams that are not chosen."""

    @property
    def parsed(self) -> Path:
        """The manifest as dbt keeps it for itself."""
        return self.project_dir / PARSED_DIR / PARSED[1]

    @cached_property
    def _built(self) -> tuple[Sequence[dg.AssetSpec], Sequence[dg.AssetCheckSpec]]:
        specs, check_specs = build_dbt_specs(
            translator=self.translator, manifest=self.manifest, select="fqn:*", exclude="", selector="",
            io_manager_key=None, project=None,
        )  # fmt: skip
        return specs, check_specs

    @cached_property
    def specs(self) -> list[dg.AssetSpec]:
        """One asset per model and seed, grouped by folder; skippable, because a build may leave one as it was."""
        return [
            spec.replace_attributes(skippable=True, group_name=self._room(spec), owners=["team:data"])
            for spec in self._built[0]
            if self._name(spec) not in self.left_out
        ]

    def _name(self, spec: dg.AssetSpec) -> str:
        return str(self.manifest["nodes"][spec.metadata["dagster_dbt/unique_id"]]["name"])

    def _room(self, spec: dg.AssetSpec) -> str:
        """The folder a model is in (staging, intermediate, marts, custom); of a seed its schema."""
        folders = self.manifest["nodes"][spec.metadata["dagster_dbt/unique_id"]]["fqn"][1:-1]
        return str(spec.group_name or (folders or spec.key.path)[0])

    @property
    def check_specs(self) -> Sequence[dg.AssetCheckSpec]:
        """One check per dbt test of what is built."""
        keys = {spec.key for spec in self.specs}
        return [check for check in self._built[1] if check.asset_key in keys]

    @cached_property
    def node_of(self) -> dict[dg.AssetKey | dg.AssetCheckKey, Mapping[str, Any]]:
        """The manifest's node behind each asset and each check."""
        specs: Sequence[dg.AssetSpec | dg.AssetCheckSpec] = [*self.specs, *self.check_specs]
        return {spec.key: self.manifest["nodes"][(spec.metadata or {})["dagster_dbt/unique_id"]] for spec in specs}


def load(project_dir: Path, working: Path, left_out: Iterable[str] = ()) -> Models:
    """The models of a dbt project; runs `dbt parse` once if a file of it changed since the last time.

    `working`: the warehouse that dbt will write; what dbt parses names it, and a build does not parse again.
    `left_out`: names of typed views that are not built unless another model reads them.

    Needs no network and no warehouse. Raises ConfigError with dbt's message when the project does not parse.
    """
    target = project_dir / PARSED_DIR
    wanted = fingerprint(project_dir)
    mark = target / "fingerprint"
    if not _is_current(mark, wanted):
        target.mkdir(parents=True, exist_ok=True)
        with FileLock(target / "lock"):
            if not _is_current(mark, wanted):
                _parse(project_dir, target, working)
                mark.write_text(wanted)
    manifest = json.loads((target / PARSED[0]).read_bytes())
    read = {of for node in manifest["nodes"].values() for of in node["depends_on"].get("nodes", ())}
    typed = [(id_, node) for id_, node in manifest["nodes"].items() if GENERATED in node["fqn"] and id_ not in read]
    unread = {node["name"] for _, node in typed} & set(left_out)
    return Models(project_dir, manifest, wanted, DagsterDbtTranslator(), frozenset(unread))


def fingerprint(project_dir: Path) -> str:
    """A digest of every file of the project, its packages included, and of the versions of dbt and its adapter."""
    digest = hashlib.sha256(" ".join(version(name) for name in DBT).encode())
    for path in sorted(project_dir.rglob("*")):
        inside = path.relative_to(project_dir)
        if path.is_file() and not _NOT_SOURCE.intersection(inside.parts) and not path.name.startswith("."):
            digest.update(f"{inside.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def dbt_environment(working: Path) -> dict[str, str]:
    """Environment of dbt: no telemetry, and the warehouse it writes."""
    return {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "HUBSPOT_DUCKDB": str(working)}


def _is_current(mark: Path, wanted: str) -> bool:
    return mark.exists() and mark.read_text() == wanted and mark.with_name(PARSED[0]).exists()


def _parse(project_dir: Path, target: Path, working: Path) -> None:
    """`dbt parse` beside the target folder, then moved into it, so that nobody reads half a manifest."""
    with tempfile.TemporaryDirectory(dir=target) as fresh:
        done = subprocess.run(  # noqa: S603  our own interpreter
            [
                sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "--no-use-colors",
                "parse", "--no-partial-parse", "--project-dir", str(project_dir), "--profiles-dir", str(project_dir),
                "--target-path", fresh, "--log-path", fresh,
            ],
            env={**os.environ, **dbt_environment(working)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            said = (done.stdout + done.stderr).strip()
            raise ConfigError(f"The dbt project in {project_dir} does not parse:\n{said}")
        for name in PARSED:
            os.replace(Path(fresh) / name, target / name)

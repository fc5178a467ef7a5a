"""Random histories: a seed -> a changing portal, runs of every kind with faults and kills, and what differs at rest.

Soak: `python -m hubspot_pipeline_tests.simulator --seeds 20 --first 1`; a difference prints its seed and the history.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline.errors import PipelineError
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences, late
from hubspot_pipeline_tests.portal_changes import DAY, MINUTE, SECOND, TEXTS, Changes
from hubspot_pipeline_tests.runs import ROOT, settings

PATHS = (
    "GET /crm/objects/.*/{o}", "POST /crm/objects/.*/{o}/search", "POST /crm/objects/.*/{o}/batch/read",
    "POST /crm/associations/.*/{o}/", "GET /crm/properties/.*/{o}", "archived=true", "GET /crm/owners",
    "GET /crm/pipelines", "POST /crm/objects/.*/search", "POST /crm/associations/",
)  # fmt: skip


class History(Changes):
    """One random history on one portal and one warehouse."""

    def __init__(self, seed: int, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(seed, sandbox.portal)
        self.sandbox = sandbox
        self.given = settings(folder, sandbox.url)
        generate(self.portal, seed=seed, contacts=self.random.randint(15, 25))
        sandbox.post("clock", {"frozen": True})

    def act(self) -> None:
        """One run of some kind, possibly disturbed."""
        pick = self.random.random
        chosen = self.random.choice(("sync", "sync", "sync", "small", "reconcile", "full", "single"))
        given: dict[str, Any] = {} if chosen == "small" else {"small_portal": 0}
        if pick() < 0.25:
            given["page_window"] = 1
        wanted = None
        if chosen == "single":
            wanted = self.random.sample(sorted(stream.name for stream in self.given.chosen), self.random.randint(1, 3))
        mode = chosen if chosen in ("reconcile", "full") else "sync"
        if self.random.random() < 0.3:
            self.sandbox.config(index_lag_ms=[0, self.random.choice((0, 90 * SECOND, 9 * MINUTE))])
        if pick() < 0.3:
            self.sandbox.config(page_shapes=self.random.choice((None, [3, 0, 100], {"sizes": [7], "after": "int"})))
        broken = None
        if pick() < 0.4:
            self._fault()
        if pick() < 0.35:
            self._hook()
        if pick() < 0.12:
            broken = self._break_a_table()
        if pick() < 0.12 and wanted is None:
            self._kill(mode)
        else:
            self.run(replace(self.given, **given), mode, wanted)
        self.sandbox.delete("faults")
        self.sandbox.delete("hooks")
        self.sandbox.config(page_shapes=None, index_lag_ms=0)
        if broken:
            with duckdb.connect(str(self.given.working)) as con:
                con.execute(f"ALTER TABLE hubspot.{broken} DROP COLUMN broken")

    def run(self, given: Settings, mode: str, wanted: list[str] | None = None) -> dict[str, str]:
        """Status of each stream that did not succeed."""
        try:
            result = run(given, mode=mode, streams=wanted)
        except PipelineError as error:
            bad = {"run": str(error)}
        else:
            bad = {o.stream: o.message for o in result.outcomes.values() if o.status != "succeeded"}
        self.log.append(
            f"run {mode} {wanted or ''} small={given.small_portal} window={given.page_window} -> {bad or 'ok'}"
        )
        return bad

    def _fault(self) -> None:
        match = self.random.choice(PATHS).format(o=self.random.choice(list(TEXTS)))
        kind = self.random.choice(
            ("500", "500", "429", "malformed", "truncate", "cut", "drop_results", "empty_page", "short_page")
        )
        fault: dict[str, Any] = {
            "match": match,
            "nth": self.random.choice((None, None, 1, 2, 3)),
            "times": self.random.choice((1, 3, -1)),
        }
        if kind in ("empty_page", "short_page"):
            fault["times"] = 2
        fault |= {"status": int(kind)} if kind.isdigit() else {"kind": kind}
        self.log.append(f"fault {fault}")
        self.sandbox.post("faults", {"faults": [fault]})

    def _hook(self) -> None:
        touched: set[str] = set()
        ops = []
        for _ in range(self.random.randint(1, 4)):
            op = self.operation(safe=self.random.random() < 0.5)
            ends = {str(v) for k, v in (op or {}).items() if k.endswith("id")}
            allowed = ("create", "update", "archive", "restore", "merge", "associate")
            if op is None or op["op"] not in allowed or ends & touched:
                continue
            touched |= ends
            ops.append(op)
            if op["op"] == "restore":
                self.restored.add(op["id"])
        match = self.random.choice(PATHS).format(o=self.random.choice(list(TEXTS)))
        hook = {"match": match, "nth": self.random.choice((1, 2, 3)), "ops": ops}
        self.log.append(f"hook {hook}")
        self.sandbox.post("hooks", {"hooks": [hook]})

    def _break_a_table(self) -> str | None:
        """No row can be inserted into one table: its load job fails terminally."""
        table = self.random.choice(("associations", "deals_property_history", "contacts", "deals", "notes", "owners"))
        if not self.given.working.exists():
            return None
        with duckdb.connect(str(self.given.working)) as con:
            sql = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'hubspot' AND table_name = ?"
            if con.execute(sql, [table]).fetchone() is None:
                return None
            con.execute(f"ALTER TABLE hubspot.{table} ADD COLUMN broken INTEGER DEFAULT 0")
            con.execute(f"ALTER TABLE hubspot.{table} ALTER broken SET NOT NULL")
            con.execute(f"ALTER TABLE hubspot.{table} ALTER broken DROP DEFAULT")
        self.log.append(f"break {table}")
        return table

    def _kill(self, mode: str) -> None:
        """A run in a process of its own, killed at some call or in its load."""
        data = self.given.data_dir
        command = [sys.executable, "-m", "hubspot_pipeline_tests.runs", str(data), self.sandbox.url, mode]
        calls, jobs = self.random.choice(((5, 0), (30, 0), (60, 0), (0, 1), (0, 1), (0, 3), (0, 6), (0, 12)))
        before = self.sandbox.get("calls/count")["total"]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        while process.poll() is None:
            done = len(list((data / ".dlt/hubspot/load/normalized").glob("*/completed_jobs/*")))
            if (calls and self.sandbox.get("calls/count")["total"] - before >= calls) or (jobs and done >= jobs):
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.002)
        self.log.append(f"kill {mode} at {calls} calls, {jobs} jobs -> {process.returncode}")

    def play(self, rounds: int) -> list[str]:
        """The whole history; returns what differs at rest."""
        for _ in range(rounds):
            self.act()
            self.change(self.random.randint(1, 14))
            self.portal.clock.advance(self.random.choice((1, SECOND, MINUTE, 20 * MINUTE, 20 * MINUTE, DAY)))
            if self.random.random() < 0.05:
                self.portal.clock.advance(91 * DAY)
        self.act()
        self.portal.clock.advance(30 * MINUTE)
        found = []
        big = replace(self.given, small_portal=0)
        for mode in ("sync", "sync"):
            bad = self.run(big, mode)
            found += [f"{mode} at rest: {name}: {message}" for name, message in bad.items()]
        found += late(self.sandbox.url, self.given.working, self.restored)
        bad = self.run(big, "reconcile")
        found += [f"reconcile at rest: {name}: {message}" for name, message in bad.items()]
        return found + differences(self.sandbox.url, self.given.working)


def play(seed: int, sandbox: Sandbox, folder: Path, rounds: int = 6) -> list[str]:
    """Lines that say what went wrong with this seed, with its history; empty if nothing did."""
    sandbox.post("reset")
    sandbox.config(rate_limit=0)
    history = History(seed, sandbox, folder)
    found = history.play(rounds)
    return [f"seed {seed}", *history.log, *found[:40]] if found else []


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=6)
    given = parser.parse_args(argv)
    bad = 0
    with serve(rate_limit=0) as server:
        for seed in range(given.first, given.first + given.seeds):
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                found = play(seed, Sandbox(server), Path(folder), given.rounds)
            bad += bool(found)
            print(
                "\n".join(
                    [*found, f"seed {seed}: {'DIFFERS' if found else 'equal'} in {time.monotonic() - began:.0f} s"]
                ),
                flush=True,
            )
    print(f"{given.seeds} seeds, {bad} differ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

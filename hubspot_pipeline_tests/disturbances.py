"""What goes wrong around a run: answers of the portal, what happens in it meanwhile, the machine, the files."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline.sandbox.scopes import EVERY_SCOPE
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.portal_changes import MINUTE, SECOND, Changes
from hubspot_pipeline_tests.runs import ROOT

PATHS = (
    "GET /crm/objects/.*/{o}", "POST /crm/objects/.*/{o}/search", "POST /crm/objects/.*/{o}/batch/read",
    "POST /crm/associations/.*/{o}/", "GET /crm/properties/.*/{o}", "archived=true", "GET /crm/owners",
    "GET /crm/pipelines", "POST /crm/objects/.*/search", "POST /crm/associations/", "GET /crm-object-schemas",
    "POST /deal-splits", "GET /settings/", "GET /account-info",
)  # fmt: skip
LIMITS = ("TEN_SECONDLY_ROLLING", "SECONDLY", "DAILY")
EXPIRED = {"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "The OAuth token expired."}
SCOPES = (
    "crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.read", "tickets", "e-commerce",
    "crm.objects.owners.read", "crm.schemas.custom.read", "crm.objects.custom.read", "sales-email-read",
)  # fmt: skip
"""Scopes that are withdrawn at times."""
_HELD = (
    "import sys, duckdb; con = duckdb.connect(sys.argv[1], read_only=True); print('held', flush=True); sys.stdin.read()"
)
_LIMITED = (
    "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2); "
    "sys.argv = ['runs', *sys.argv[2:]]; runpy.run_module('hubspot_pipeline_tests.runs', run_name='__main__')"
)


class Disturbances(Changes):
    """Draws faults of every kind; `faults` counts them."""

    def __init__(self, seed: int, sandbox: Sandbox, data: Path) -> None:
        super().__init__(seed, sandbox.portal)
        self.sandbox, self.data = sandbox, data
        self.faults: Counter[str] = Counter()

    @property
    def working(self) -> Path:
        return self.data / ".load" / "warehouse.duckdb"

    def disturb(self) -> None:
        """What the portal will do in the coming run."""
        pick = self.random.random
        if pick() < 0.3:
            self._knob(index_lag_ms=[0, self.random.choice((0, 90 * SECOND, 9 * MINUTE))])
        if pick() < 0.3:
            self._knob(page_shapes=self.random.choice((None, [3, 0, 100], {"sizes": [7], "after": "int"})))
        if pick() < 0.2:
            self._knob(sort_noise=self.random.choice((3, 40)))
        if pick() < 0.2:
            self._knob(result_cap=self.random.choice((200, 400)))
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            self._fault()
        if pick() < 0.35:
            self._hook()
        if pick() < 0.15:
            self._withdraw()

    def calm(self) -> None:
        """All of it ends."""
        self.sandbox.delete("faults")
        self.sandbox.delete("hooks")
        self.sandbox.post("tokens", {"token": TOKEN, "scopes": None})
        self.sandbox.config(page_shapes=None, index_lag_ms=0, sort_noise=0, result_cap=10_000)

    def _note(self, kind: str, what: Any) -> None:
        self.faults[kind] += 1
        self.log.append(f"{kind} {what}")

    def _knob(self, **knobs: Any) -> None:
        self._note("knob", knobs)
        self.sandbox.config(**knobs)

    def _fault(self) -> None:
        match = self.random.choice(PATHS).format(o=self.random.choice(list(self.texts)))
        kind = self.random.choice((
            "500", "502", "477", "429", "429", "403", "401", "malformed", "truncate", "cut", "slow", "hang",
            "drop_results", "repeat_results", "repeat_results", "empty_page", "short_page",
        ))  # fmt: skip
        fault: dict[str, Any] = {"match": match, "nth": self.random.choice((None, None, 1, 2, 3)),
                                 "times": self.random.choice((1, 3, -1))}  # fmt: skip
        if kind in ("empty_page", "short_page", "hang"):
            fault["times"] = 2
        if kind == "429":
            fault["body"] = {"status": "error", "errorType": "RATE_LIMIT", "policyName": self.random.choice(LIMITS)}
        elif kind == "477":
            fault["headers"] = {"retry-after": str(self.random.choice((1, 86_400)))}
        elif kind == "401":
            fault |= {"times": 1, "body": EXPIRED}
        elif kind == "403":
            scopes = {"requiredGranularScopes": ["x"]}
            fault["body"] = {"status": "error", "category": "MISSING_SCOPES", "errors": [{"context": scopes}]}
        fault |= {"status": int(kind)} if kind.isdigit() else {"kind": kind}
        self._note(kind, fault)
        self.sandbox.post("faults", {"faults": [fault]})

    def _hook(self) -> None:
        """Changes in the portal behind some call of the run."""
        touched: set[str] = set()
        ops = []
        for _ in range(self.random.randint(1, 4)):
            op = self.operation(safe=self.random.random() < 0.5)
            ends = {str(v) for k, v in (op or {}).items() if k.endswith("id")}
            allowed = ("create", "update", "archive", "restore", "merge", "associate", "forget")
            if op is None or op["op"] not in allowed or ends & touched:
                continue
            touched |= ends
            ops.append(op)
            if op["op"] == "restore":
                self.excused.add(op["id"])
        match = self.random.choice(PATHS).format(o=self.random.choice(list(self.texts)))
        hook = {"match": match, "nth": self.random.choice((1, 2, 3)), "ops": ops}
        self._note("hook", hook)
        self.sandbox.post("hooks", {"hooks": [hook]})

    def _withdraw(self) -> None:
        lost = self.random.sample(SCOPES, self.random.randint(1, 3))
        self._note("scopes", lost)
        self.sandbox.grant(*sorted(EVERY_SCOPE - set(lost)))

    @contextlib.contextmanager
    def broken_table(self) -> Iterator[None]:
        """No row can be inserted into one table: its load job fails terminally."""
        table = self.random.choice(("associations", "deals_property_history", "contacts", "deals", "notes", "owners"))
        if not self._has_table(table):
            yield
            return
        with duckdb.connect(str(self.working)) as con:
            con.execute(f"ALTER TABLE hubspot.{table} ADD COLUMN broken INTEGER DEFAULT 0")
            con.execute(f"ALTER TABLE hubspot.{table} ALTER broken SET NOT NULL")
            con.execute(f"ALTER TABLE hubspot.{table} ALTER broken DROP DEFAULT")
        self._note("broken table", table)
        yield
        with duckdb.connect(str(self.working)) as con:
            con.execute(f"ALTER TABLE hubspot.{table} DROP COLUMN broken")

    def _has_table(self, table: str) -> bool:
        if not self.working.exists():
            return False
        with duckdb.connect(str(self.working), read_only=True) as con:
            sql = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'hubspot' AND table_name = ?"
            return con.execute(sql, [table]).fetchone() is not None

    @contextlib.contextmanager
    def held_file(self) -> Iterator[None]:
        """Another process reads the working file all the while."""
        self._note("held file", "")
        command = [sys.executable, "-c", _HELD, str(self.working)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            yield
            process.communicate(b"")

    def full_disk(self, mode: str) -> None:
        """A run in a process of its own for which the disk is full: no file grows beyond a size."""
        size = self.working.stat().st_size if self.working.exists() else 0
        room = size + self.random.choice((0, 200_000, 2_000_000))
        code = self._apart(["-c", _LIMITED, str(max(room, 65_536))], mode)
        self._note("full disk", f"{mode} at {room:,} bytes -> {code}")

    def kill(self, mode: str) -> None:
        """A run in a process of its own, killed at some call or in its load."""
        calls, jobs = self.random.choice(((5, 0), (30, 0), (60, 0), (0, 1), (0, 1), (0, 3), (0, 6), (0, 12)))
        before = self.sandbox.get("calls/count")["total"]

        def reached() -> bool:
            done = len(list((self.data / ".dlt/hubspot/load/normalized").glob("*/completed_jobs/*")))
            return bool(
                (calls and self.sandbox.get("calls/count")["total"] - before >= calls) or (jobs and done >= jobs)
            )

        code = self._apart(["-m", "hubspot_pipeline_tests.runs"], mode, reached)
        self._note("kill", f"{mode} at {calls} calls, {jobs} jobs -> {code}")

    def _apart(self, command: list[str], mode: str, reached: Any = lambda: False) -> int | None:
        process = subprocess.Popen(
            [sys.executable, *command, str(self.data), self.sandbox.url, mode], cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while process.poll() is None:
            if reached():
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.002)
        return process.returncode

    def lose_state(self) -> None:
        """dlt's own folder is gone, or one of its files is half written."""
        folder = self.data / ".dlt"
        files = sorted(path for path in folder.rglob("*.json") if path.is_file()) if folder.exists() else []
        if not files:
            return
        if self.random.random() < 0.5:
            shutil.rmtree(folder)
            return self._note("lost state", "all")
        path = self.random.choice(files)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        self._note("lost state", path.relative_to(folder))

    def keep_or_take_back(self) -> None:
        """The working file is put away, or an earlier one that was put away is taken back."""
        kept = self.data / "earlier.duckdb"
        if kept.exists() and self.working.exists() and self.random.random() < 0.4:
            for path in (self.working, self.working.with_name(self.working.name + ".wal")):
                path.unlink(missing_ok=True)
            shutil.move(kept, self.working)
            self._note("earlier file", "")
        elif self.working.exists():
            shutil.copy(self.working, kept)

"""Runs killed with SIGKILL anywhere between their first call and their last file: the next run makes up for it.

`python -m hubspot_pipeline_tests.kills --points 200 --seed 1` takes turns over the phases of a run, on one portal that
changes before each. Where a run ended before the point that was drawn, another is drawn.
"""

import argparse
import multiprocessing
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import duckdb

from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.assets.jobs import RECONCILE, SYNC
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.publish import previous
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.oracle import differences, late
from hubspot_pipeline_tests.portal_changes import MINUTE, Changes
from hubspot_pipeline_tests.runs import settings

PHASES = ("extract", "normalize", "load", "dbt", "publish")
BUILT = ("dbt", "publish")
"""Phases that only a run with models has."""
POLL = 0.001
PATIENT = 300
"""Seconds that a run may take."""
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["hubspot_pipeline.assets.execute", "hubspot_pipeline_tests.runs"])

Reached = Callable[[], bool]


@dataclass(slots=True)
class Killed:
    """What the kills came to."""

    points: Counter[str] = field(default_factory=Counter)
    late: int = 0
    """Runs that ended before their point."""
    found: list[str] = field(default_factory=list)


class Kills:
    """One portal and one warehouse, run after run."""

    def __init__(self, seed: int, sandbox: Sandbox, folder: Path) -> None:
        self.random, self.sandbox, self.killed = Random(seed), sandbox, Killed()
        self.given = settings(folder, sandbox.url, small_portal=0)  # a sync reads changes, nothing heals it
        generate(sandbox.portal, seed=seed, contacts=20)
        sandbox.post("clock", {"frozen": True})
        self.changes = Changes(seed, sandbox.portal)
        self.log_size = 30_000
        """Bytes of dbt's log of a whole build, about."""

    def play(self, phase: str) -> None:
        """Change the portal, kill a run in this phase, and see that all is well and the next run catches up."""
        built = phase in BUILT
        for _ in range(8):
            self.changes.change(self.random.randint(2, 8))
            self.sandbox.portal.clock.advance(30 * MINUTE)
            self.sandbox.delete("calls")
            if self._killed(phase, built):
                break
            self.killed.late += 1
        else:
            self.killed.found.append(f"{phase}: no run was slow enough to be killed there")
        self.killed.points[phase] += 1
        self.killed.found += [f"{phase} {self.killed.points[phase]}: {one}" for one in self._after(built)]

    def _killed(self, phase: str, built: bool) -> bool:
        reached = getattr(self, f"_{phase}")()
        process = _PROCESSES.Process(target=_run, args=(self.given, built))
        process.start()
        while process.is_alive():
            if reached():
                process.kill()
                break
            process.join(POLL)
        process.join()
        return process.exitcode == -signal.SIGKILL

    def _after(self, built: bool) -> Iterator[str]:
        """What is wrong behind a kill, and what after the run that follows."""
        for path in (self.given.working, self.given.published, previous(self.given)):
            if path.exists():
                yield from _unopenable(path, read_only=path != self.given.working)
        yield from self._next(built, SYNC)
        yield from late(self.sandbox.url, self.given.working, self.changes.excused)
        if built:
            yield from late(self.sandbox.url, self.given.published, self.changes.excused)
            yield from self._marts()
            self.log_size = self._log.stat().st_size
        yield from self._next(False, RECONCILE)
        yield from differences(self.sandbox.url, self.given.working)
        with duckdb.connect(str(self.given.working), read_only=True) as con:
            (left,) = con.execute("SELECT count(*) FROM hubspot.sync_runs WHERE status = 'running'").fetchone() or (0,)
            if left:
                yield f"{left} streams of the killed run are still called running"

    def _next(self, built: bool, job: str) -> Iterator[str]:
        process = _PROCESSES.Process(target=_run, args=(self.given, built, job))
        process.start()
        process.join(PATIENT)
        if process.is_alive():
            process.kill()
            process.join()
            yield f"the next {job} did not end within {PATIENT} s"
        elif process.exitcode != 0:
            yield f"the next {job} ended with {process.exitcode}"

    def _marts(self) -> Iterator[str]:
        alive = {"customers": "companies", "deals": "deals"}
        with duckdb.connect(str(self.given.published), read_only=True) as con:
            for mart, table in alive.items():
                (rows,) = con.execute(f"SELECT count(*) FROM marts.{mart} WHERE NOT is_archived").fetchone() or (0,)
                (live,) = con.execute(f"SELECT count(*) FROM hubspot.{table} WHERE deletion IS NULL").fetchone() or (0,)
                if rows != live:
                    yield f"marts.{mart} has {rows} rows and {live} {table} are alive"

    # when a run is at the point that is drawn

    @property
    def _log(self) -> Path:
        return self.given.working.parent / "dbt" / "dbt.log"

    def _extract(self) -> Reached:
        calls = self.random.randint(1, 90)
        return lambda: bool(self.sandbox.get("calls/count")["total"] >= calls)

    def _normalize(self) -> Reached:
        return _later(self.random.uniform(0, 0.3), lambda: self._jobs("normalize/extracted/*/new_jobs/*") > 0)

    def _load(self) -> Reached:
        done = self.random.randint(0, 10)
        part = "completed_jobs" if done else "started_jobs"
        return lambda: self._jobs(f"load/normalized/*/{part}/*") >= max(done, 1)

    def _dbt(self) -> Reached:
        size, before = self.random.randint(1, self.log_size), _stamp(self._log)
        return lambda: _stamp(self._log) != before and self._log.stat().st_size >= size

    def _publish(self) -> Reached:
        """While the copy is made, or a moment behind it."""
        copy, before = self.given.published.with_suffix(".publishing"), _stamp(self.given.published)
        return _later(self.random.choice((0, 0, 0.002, 0.01, 0.05)),
                      lambda: copy.exists() or _stamp(self.given.published) != before)  # fmt: skip

    def _jobs(self, pattern: str) -> int:
        try:
            return len(list((self.given.data_dir / ".dlt" / "hubspot").glob(pattern)))
        except FileNotFoundError:  # the folder is being made anew
            return 0


def _run(given: Settings, built: bool, job: str = SYNC) -> None:
    """In a process of its own: one run, with its models or without."""
    if built:
        sys.exit(execute(given, job=job).exit_code)
    sys.exit(run(given, mode="reconcile" if job == RECONCILE else "sync").exit_code)


def _later(seconds: float, reached: Reached) -> Reached:
    """That long behind the moment."""
    since: list[float] = []

    def now() -> bool:
        if not since and reached():
            since.append(time.monotonic())
        return bool(since) and time.monotonic() - since[0] >= seconds

    return now


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _unopenable(path: Path, *, read_only: bool) -> Iterator[str]:
    try:
        with duckdb.connect(str(path), read_only=read_only) as con:
            con.execute("FROM duckdb_tables()").fetchall()
    except duckdb.Error as error:
        yield f"{path.name} does not open: {error}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(argv)
    began = time.monotonic()
    with serve(rate_limit=0) as server, tempfile.TemporaryDirectory() as folder:
        kills = Kills(given.seed, Sandbox(server), Path(folder) / "data")
        for number in range(given.points):
            before = len(kills.killed.found)
            kills.play(PHASES[number % len(PHASES)])
            print("\n".join(kills.killed.found[before:][:20]) or f"{number + 1}: well", flush=True)
    killed = kills.killed
    print(f"{killed.points.total()} kills ({', '.join(f'{name} {n}' for name, n in killed.points.items())}), "
          f"{killed.late} runs ended before their point, {len(killed.found)} defects, "
          f"{time.monotonic() - began:,.0f} s")  # fmt: skip
    return 1 if killed.found else 0


if __name__ == "__main__":
    sys.exit(main())

"""Random histories: a seed -> weeks of a changing portal, runs of every kind under faults, and what differs at rest.

`python -m hubspot_pipeline_tests.simulator --seeds 20 --first 1 --jobs 2`, or one seed again with `--seed N`, cut short
behind its Kth event with `--until K`. A difference prints its seed and its history.
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline.errors import PipelineError
from hubspot_pipeline.sandbox import Server, serve
from hubspot_pipeline.sandbox.scopes import EVERY_SCOPE
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.disturbances import Disturbances
from hubspot_pipeline_tests.dumped import Dump
from hubspot_pipeline_tests.event_log import EventLog
from hubspot_pipeline_tests.marts_fixture import dbt, statuses
from hubspot_pipeline_tests.oracle import differences, late
from hubspot_pipeline_tests.portal_changes import DAY, MINUTE, SECOND
from hubspot_pipeline_tests.runs import PATIENCE, settings

ROUNDS = 4
"""Disturbed runs; four more follow at the end."""
APP = Credential(client_id="app", client_secret=Secret("s-hush"), refresh_token=Secret("na1-refresh"))
NEVER = 10**9


@dataclass(slots=True)
class Played:
    """What a seed came to."""

    seed: int
    found: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    events: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    syncs: int = 0
    seconds: float = 0.0


class History(Disturbances):
    """One random history on one portal and one warehouse."""

    def __init__(self, seed: int, sandbox: Sandbox, folder: Path, until: int = NEVER) -> None:
        super().__init__(seed, sandbox, folder / "data")
        self.until, self.syncs = until, 0
        self.given = settings(self.data, sandbox.url, timeout=PATIENCE)
        generate(self.portal, seed=seed, contacts=self.random.randint(15, 25))
        sandbox.config(
            archived_associations=self.random.choice(("hide", "show")), unlisted_by_id=self.random.random() < 0.5
        )
        self.events = EventLog(self.portal, sandbox.get("config")["unlisted_archived"])
        self.portal.journal = self.events  # type: ignore[assignment]
        sandbox.post("clock", {"frozen": True})
        if self.random.random() < 0.3:
            sandbox.post("oauth", {
                "client_id": "app", "client_secret": "s-hush", "refresh_token": "na1-refresh",
                "scopes": sorted(EVERY_SCOPE), "expires_in": 1800,
            })  # fmt: skip
            self.given = replace(self.given, credential=APP)

    @property
    def over(self) -> bool:
        """No further event is wanted."""
        return sum(self.events.counts.values()) >= self.until

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
        self.disturb()
        self._in_some_way(replace(self.given, **given), mode, wanted)
        self.calm()

    def _in_some_way(self, given: Settings, mode: str, wanted: list[str] | None) -> None:
        way = self.random.random()
        if way < 0.10 and wanted is None:
            self.syncs += 1
            return self.kill(mode)
        if way < 0.14 and wanted is None:
            self.syncs += 1
            return self.full_disk(mode)
        if way < 0.18:
            self.lose_state()
        elif way < 0.25:
            self.keep_or_take_back()
        elif way < 0.33:
            with self.broken_table():
                return self.run(given, mode, wanted)
        elif way < 0.37 and self.working.exists():
            with self.held_file():
                return self.run(given, mode, wanted)
        return self.run(given, mode, wanted)

    def run(self, given: Settings, mode: str, wanted: list[str] | None = None) -> None:
        self._outcome(given, mode, wanted)

    def _outcome(self, given: Settings, mode: str, wanted: list[str] | None = None) -> dict[str, str]:
        """Status of each stream that did not succeed."""
        self.syncs += 1
        try:
            result = run(given, mode=mode, streams=wanted)
        except (PipelineError, duckdb.Error) as error:
            bad = {"run": f"{type(error).__name__}: {error}"}
        else:
            bad = {o.stream: o.message for o in result.outcomes.values() if o.status != "succeeded"}
        self.log.append(
            f"run {mode} {wanted or ''} small={given.small_portal} window={given.page_window} -> {bad or 'ok'}"
        )
        return bad

    def play(self, rounds: int, *, marts: bool) -> list[str]:
        """The whole history; returns what differs at rest."""
        for _ in range(rounds):
            self.act()
            self.change(self.random.randint(1, 14))
            self.portal.clock.advance(self.random.choice((1, SECOND, MINUTE, 20 * MINUTE, 20 * MINUTE, DAY, 3 * DAY)))
            if self.random.random() < 0.05:
                self.portal.clock.advance(91 * DAY)
            if self.over:
                break
        self.act()
        self.portal.clock.advance(30 * MINUTE)
        return [*self._rest(), *(self._marts() if marts else ())]

    def change(self, count: int) -> None:
        for _ in range(count):
            if not self.over:
                super().change(1)

    def _rest(self) -> Iterator[str]:
        """Two syncs bring what they can see, a reconcile the rest; then everything is as the portal has it."""
        big = replace(self.given, small_portal=0)
        for mode in ("sync", "sync"):
            bad = self._outcome(big, mode)
            yield from (f"{mode} at rest: {name}: {message}" for name, message in bad.items())
        yield from late(self.sandbox.url, self.working, self.excused)
        bad = self._outcome(big, "reconcile")
        yield from (f"reconcile at rest: {name}: {message}" for name, message in bad.items())
        yield from differences(self.sandbox.url, self.working)
        yield from self.events.differences(self.working, Dump(self.sandbox.url).streams)

    def _marts(self) -> Iterator[str]:
        """The models build, and count those who are alive."""
        target = self.data / "target"
        built = dbt(self.working, target)
        if not (target / "run_results.json").exists():
            yield f"dbt: {built.stdout[-2000:]}"
            return
        bad = {node: status for node, status in statuses(target).items() if status not in ("success", "pass", "warn")}
        yield from (f"dbt: {node}: {status}" for node, status in bad.items())
        counts = {
            "customers": ("companies", "NOT is_archived"), "deals": ("deals", "NOT is_archived"),
            "people": ("contacts", "NOT is_archived AND contact_id IS NOT NULL"),
        }  # fmt: skip
        with duckdb.connect(str(self.working), read_only=True) as con:
            for mart, (object_type, alive) in counts.items():
                (rows,) = con.execute(f"SELECT count(*) FROM marts.{mart} WHERE {alive}").fetchone() or (0,)
                if rows != len(self.events.live(object_type)):
                    yield f"marts.{mart}: {rows} rows, and {len(self.events.live(object_type))} {object_type} are alive"


def play(seed: int, sandbox: Sandbox, folder: Path, *, rounds: int = ROUNDS, until: int = NEVER,
         marts: bool = True) -> Played:  # fmt: skip
    """One history from beginning to end."""
    began = time.monotonic()
    sandbox.post("reset")
    sandbox.config(rate_limit=0)
    history = History(seed, sandbox, folder, until)
    try:
        found = history.play(rounds, marts=marts)
    finally:
        sandbox.portal.journal = None
    counts = history.events.counts
    return Played(
        seed, found, history.log, sum(counts.values()), history.faults, history.syncs, time.monotonic() - began
    )


_kept = ExitStack()
_servers: list[Server] = []
"""The portal of this process."""


def _in_a_process(seed: int, given: argparse.Namespace) -> Played:
    if not _servers:
        _servers.append(_kept.enter_context(serve(rate_limit=0)))
    with tempfile.TemporaryDirectory() as folder:
        try:
            return play(seed, Sandbox(_servers[0]), Path(folder), rounds=given.rounds, until=given.until,
                        marts=given.marts_every > 0 and seed % given.marts_every == 0)  # fmt: skip
        except Exception:  # told with its seed, and the others go on
            return Played(seed, traceback.format_exc().splitlines())


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--until", type=int, default=NEVER, help="no event behind this one")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--marts-every", type=int, default=1, help="build the marts in every Nth seed; 0: never")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args(argv)
    seeds = [given.seed] if given.seed is not None else list(range(given.first, given.first + given.seeds))
    began, events, syncs, bad = time.monotonic(), 0, 0, 0
    faults: Counter[str] = Counter()
    with ProcessPoolExecutor(given.jobs) as pool:
        for played in pool.map(_in_a_process, seeds, [given] * len(seeds)):
            events, syncs, faults = events + played.events, syncs + played.syncs, faults + played.faults
            bad += bool(played.found)
            if played.found:
                print("\n".join([f"seed {played.seed}", *played.log, *played.found[:40]]))
            print(f"seed {played.seed}: {'DIFFERS' if played.found else 'equal'} in {played.seconds:.0f} s", flush=True)
    print(f"{len(seeds):,} seeds, {events:,} events, {faults.total():,} faults, {syncs:,} syncs, "
          f"{time.monotonic() - began:,.0f} s, {bad} differ")  # fmt: skip
    print("  " + ", ".join(f"{kind} {count:,}" for kind, count in faults.most_common()))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

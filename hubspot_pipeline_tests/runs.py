"""Runs of the real engine against the sandbox: settings, a run, and the calls it made.

Alone: `python -m hubspot_pipeline_tests.runs DATA_DIR URL [MODE [PAGE_WINDOW STREAM ...]]` makes one run in a process
of its own (to be killed).
"""

import resource
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline.choice import Choice, Wanted
from hubspot_pipeline.settings import Credential, Secret, Settings
from hubspot_pipeline.streams import STREAMS
from hubspot_pipeline.warehouse.run import RunResult, run
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox

ROOT = Path(__file__).resolve().parent.parent
KEY = Secret("a key of at least sixteen characters")
PATIENCE = (5.0, 3.0)
"""Seconds that a run waits for a portal which hangs on purpose."""
NONE = dict.fromkeys(sorted({stream.group for stream in STREAMS}), False)
"""Every group of streams off."""


def settings(data_dir: Path, url: str, **given: Any) -> Settings:
    """Settings of a warehouse in `data_dir` that reads the portal at `url`; neither retries nor searches wait."""
    made = Settings(ROOT, data_dir, Credential(access_token=Secret(TOKEN)), url, backoff=0.0, searches=1_000)
    return replace(made, **given)


def chosen(given: Settings, text: str) -> Settings:
    """The same settings with this hubspot.yaml, and a key to hash with."""
    folder = given.data_dir.with_name(f"{given.data_dir.name}-choice")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hubspot.yaml").write_text(text)
    return replace(given, choice=Choice.load(folder), hash_key=KEY)


def only(given: Settings, *names: str, **wanted: Wanted) -> Settings:
    """The same settings with these streams on and all others off."""
    return replace(given, choice=Choice(NONE | dict.fromkeys(names, True), wanted))


def rows(given: Settings, sql: str) -> list[Any]:
    """The rows of a query on the working file."""
    with duckdb.connect(str(given.working), read_only=True) as con:
        return con.execute(sql).fetchall()


def calls_of(sandbox: Sandbox) -> Counter[str]:
    """Calls since the log was cleared, by method and path."""
    counted: dict[str, int] = sandbox.get("calls/count")["by"]
    return Counter(counted)


def landed(result: RunResult) -> RunResult:
    """The same result; fails the test where a stream did not succeed."""
    bad = {o.stream: o.message for o in result.outcomes.values() if o.status != "succeeded"}
    assert not bad, bad
    return result


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


if __name__ == "__main__":
    folder, address, *more = sys.argv[1:]
    mode, window, *streams = [*more, *("sync", "2000")[len(more) :]]
    made = settings(Path(folder), address, page_window=int(window), timeout=PATIENCE)
    sys.exit(run(made, mode=mode, streams=streams or None).exit_code)

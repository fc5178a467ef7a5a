"""Progress of each stream -> a line per stream that moves on a terminal, plain log lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class TerminalProgress:
    """Moving lines: rows, pages, calls, rate, time left."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def update(self, stream: str, *, rows: int, pages: int, calls: int, expected: int | None, done: bool = False,
               note: str = "") -> None:  # fmt: skip
        """Rows, pages and calls so far; `expected`: rows in all, where known."""
        if stream not in self._tasks:
            self._tasks[stream] = self._bars.add_task(stream, total=None, figures="")
        task = self._tasks[stream]
        seconds = self._bars.tasks[self._bars.task_ids.index(task)].elapsed or 0.0
        rate = f"{rows / seconds:,.0f}/s" if seconds > 1 else ""
        total = max(expected or 0, rows) if expected or done else None
        figures = f"{rows:>9,} rows {pages:>6,} pages {calls:>6,} calls {rate:>9} {note}"
        self._bars.update(task, completed=rows, total=total, figures=figures)
        if done:
            self._bars.update(task, total=max(rows, 1), completed=max(rows, 1))
            self._bars.stop_task(task)


class LineProgress:
    """One plain line per stream at its end, and every ten seconds on long work."""

    EVERY = 10.0

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}
        self._told: dict[str, float] = {}

    def update(self, stream: str, *, rows: int, pages: int, calls: int, expected: int | None, done: bool = False,
               note: str = "") -> None:  # fmt: skip
        """Rows, pages and calls so far; `expected`: rows in all, where known."""
        now = time.monotonic()
        begun = self._begun.setdefault(stream, now)
        if not done and now - self._told.setdefault(stream, now) < self.EVERY:
            return
        self._told[stream] = now
        rate = rows / (now - begun) if now > begun else 0.0
        of = f" of {expected:,}" if expected and not done else ""
        left = f", {(expected - rows) / rate:,.0f} s left" if expected and rate and not done and expected > rows else ""
        state = "done" if done else "reading"
        figures = f"{rows:,}{of} rows, {pages:,} pages, {calls:,} calls, {rate:,.0f} rows/s{left} {note}"
        # one write: several streams are told about at once
        sys.stderr.write(f"{stream}: {state}, {figures}\n")
        sys.stderr.flush()


@contextmanager
def shown() -> Iterator[TerminalProgress | LineProgress]:
    """Progress for where we are: moving lines on a terminal, plain ones in a pipe or a log."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield LineProgress()
        return
    columns = (
        SpinnerColumn(finished_text="✓"), TextColumn("{task.description:<24}"), BarColumn(24),
        TextColumn("{task.fields[figures]}"), TimeElapsedColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as bars:
        yield TerminalProgress(bars)

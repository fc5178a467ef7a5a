"""Progress of each stream -> one log line every few seconds, carrying the stream's name."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class LogProgress:
    """Receives every page of every stream, from several threads, and writes few lines.

    `write` gets one line of text; `seconds` is the time between two lines of a stream.
    """

    write: Callable[[str], object]
    seconds: float = 5.0
    clock: Callable[[], float] = time.monotonic
    _started: dict[str, float] = field(default_factory=dict)
    _written: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def update(
        self,
        stream: str,
        *,
        rows: int,
        pages: int,
        calls: int,
        expected: int | None,
        done: bool = False,
        note: str = "",
    ) -> None:
        """Rows, pages and calls so far; `expected`: rows in all, where known."""
        now = self.clock()
        with self._lock:
            started = self._started.setdefault(stream, now)
            if not done and now - self._written.setdefault(stream, now) < self.seconds:
                return
            self._written[stream] = now
        self.write(line(stream, rows, pages, calls, expected, now - started, done, note))


def line(
    stream: str, rows: int, pages: int, calls: int, expected: int | None, seconds: float, done: bool, note: str
) -> str:
    """One line such as `contacts: 1,200 of 20,000 rows, 12 pages, 13 calls, 400 rows/s, 47 s left`."""
    total = f" of {expected:,}" if expected and not done else ""
    parts = [f"{rows:,}{total} rows", f"{pages:,} pages", f"{calls:,} calls"]
    rate = rows / seconds if seconds > 0 else 0
    if rate >= 1:
        parts.append(f"{rate:,.0f} rows/s")
        if expected and not done and expected > rows:
            parts.append(f"{(expected - rows) / rate:,.0f} s left")
    return f"{stream}: {', '.join(parts)}{', done' if done else ''}{f' ({note})' if note else ''}"

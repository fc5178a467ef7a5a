"""How many calls the day has seen, kept over restarts.

(day, calls) -> one short line of a file, overwritten in place -> (day, calls)
"""

import os
from pathlib import Path

_WIDTH = 32


class Tally:
    """The file beside a portal's state that holds today's count; written in one piece, so a kill leaves it whole."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)

    def read(self) -> tuple[str, int]:
        """(day, calls); an empty day where nothing was noted."""
        day, _, calls = os.pread(self._fd, _WIDTH, 0).decode().strip().partition(" ")
        return day, int(calls or 0)

    def note(self, day: str, calls: int) -> None:
        os.pwrite(self._fd, f"{day} {calls}".ljust(_WIDTH - 1).encode() + b"\n", 0)

"""What was done to a portal, one JSON line per call, so that it can be done again after a restart.

call of a `@recorded` method -> line appended to the state file -> `replay` -> the same portal

A line is written in one piece and handed to the operating system at once: a killed process loses nothing it had
answered, and a torn last line is dropped.
"""

import inspect
import json
import os
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from hubspot_pipeline.sandbox.encoding import Json, encode

P = ParamSpec("P")
R = TypeVar("R")


_MAKERS = ("create", "put", "add_list")
"""Methods whose result is the id that a repetition must give again."""


class Journaled(Protocol):
    """What `@recorded` needs of the object whose method it wraps."""

    journal: "Journal | None"
    depth: int
    version: int

    def now(self) -> int: ...


S = TypeVar("S", bound=Journaled)


class Journal:
    """The state file, open for appending."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab")

    def write(self, op: str, arguments: Json) -> None:
        self._file.write(encode({"op": op, **arguments}) + b"\n")
        self._file.flush()

    def restart(self) -> None:
        """Empties the file: the portal begins anew."""
        self._file.truncate(0)

    def scrub(self, rewrite: Callable[[str, Json], Json | None]) -> None:
        """Replaces the arguments of each line, or drops the line where None comes back; the file in one step."""
        self._file.close()
        left = []
        for op, arguments in lines(self.path):
            kept = rewrite(op, arguments)
            if kept is not None:
                left.append(encode({"op": op, **kept}) + b"\n")
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(b"".join(left))
        fresh.replace(self.path)
        self._file = self.path.open("ab")

    def close(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()


def recorded(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Writes the outermost call to the journal, with `at` resolved, after it succeeded."""
    names = [name for name in inspect.signature(method).parameters if name != "self"]
    timed = "at" in names

    @wraps(method)
    def call(self: S, *args: P.args, **kwargs: P.kwargs) -> R:
        if timed:
            given: dict[str, Any] = dict(zip(names, args, strict=False)) | kwargs
            if given.get("at") is None:
                given["at"] = self.now()
        elif self.depth or self.journal is None:
            self.version += 1
            return method(self, *args, **kwargs)
        else:
            given = dict(zip(names, args, strict=False)) | kwargs
        self.version += 1
        self.depth += 1
        try:
            result = method(self, **given)  # type: ignore[call-arg]
        finally:
            self.depth -= 1
        if self.journal is not None and not self.depth:
            if method.__name__ in _MAKERS:
                given["id"] = result
            self.journal.write(method.__name__, given)
        return result

    return call  # type: ignore[return-value]  # wraps() forgets that `self` is a S


def lines(path: Path) -> Iterator[tuple[str, Json]]:
    """(operation, arguments) of a state file; a torn last line is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                arguments = json.loads(line)
                yield arguments.pop("op"), arguments


def cut_torn_line(path: Path) -> None:
    """Shortens the file to its last complete line, so that appending goes on cleanly."""
    if not path.exists():
        return
    with path.open("rb+") as file:
        data = file.read()
        file.truncate(data.rfind(b"\n") + 1)

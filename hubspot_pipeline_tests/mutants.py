"""Planted mistakes, one at a time: does a test fail with each? `make mutants`; `--list`, `--only NAME`, `--jobs N`.

(a mistake, the tests that shall see it) -> a copy of this project with that mistake, its tests run there -> the test
that failed. At the end all those tests run without any mistake: what fails then has caught nothing.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from hubspot_pipeline_tests.mutations_code import CODE, SANDBOX
from hubspot_pipeline_tests.mutations_sql import SQL

ROOT = Path(__file__).resolve().parent.parent
TESTS = "hubspot_pipeline_tests"
LEFT_OUT = {".venv", "data", ".git"}
PATIENCE = 600.0
"""Seconds after which the tests of one mutation are stopped."""
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+?::.+?)(?: - .*)?$", re.MULTILINE)

Group = Sequence[tuple[str, str, str, str, str]]
"""Rows of name, file, old text, new text, tests: see `Mutation`."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake. `tests`: what pytest is given, files of this folder by their name alone: `test_x.py -k 'a or b'`."""

    name: str
    file: str
    old: str
    new: str
    tests: str

    @property
    def arguments(self) -> list[str]:
        return [f"{TESTS}/{word}" if word.endswith(".py") else word for word in shlex.split(self.tests)]

    def problem(self, root: Path) -> str:
        """Why it does not apply to the project in `root`; empty if it does."""
        path = root / self.file
        count = path.read_text().count(self.old) if path.exists() else 0
        return "" if count == 1 else f"its text is there {count} times in {self.file}"

    @contextmanager
    def planted(self, root: Path) -> Iterator[None]:
        """The mistake in the project in `root`, and its end."""
        path = root / self.file
        right = path.read_text()
        path.write_text(right.replace(self.old, self.new))
        try:
            yield
        finally:
            path.write_text(right)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutation: `test` failed, or in `words` why none did."""

    mutation: Mutation
    seconds: float
    test: str = ""
    words: str = ""

    def __str__(self) -> str:
        return self.words or f"caught by {self.test.removeprefix(f'{TESTS}/')}"


def mutations(*groups: Group) -> list[Mutation]:
    """All mutations, or those of some groups."""
    return [Mutation(*row) for group in groups or (CODE, SANDBOX, SQL) for row in group]


def play(chosen: Iterable[Mutation], root: Path = ROOT, jobs: int = 1) -> list[Verdict]:
    """The verdict on each mutation of the project in `root`; `jobs`: side by side, each in a copy of its own."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder, ThreadPoolExecutor(jobs) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            copies.put(Path(shutil.copytree(root, Path(folder) / str(number), ignore=_left_out(root))))

        def judge(mutation: Mutation) -> Verdict:
            copy = copies.get()
            try:
                verdict = _judge(mutation, copy)
            finally:
                copies.put(copy)
            print(f"{verdict.seconds:4.0f} s  {mutation.name}: {verdict}", flush=True)
            return verdict

        return _sound(list(pool.map(judge, chosen)), copies.get())


def _left_out(root: Path) -> Callable[[str, list[str]], set[str]]:
    """What of each folder a copy of the project does without."""

    def names(folder: str, inside: list[str]) -> set[str]:
        return {"__pycache__", *(LEFT_OUT if Path(folder) == root else ())} & set(inside)

    return names


def _judge(mutation: Mutation, root: Path) -> Verdict:
    begun = time.monotonic()
    if problem := mutation.problem(root):
        return Verdict(mutation, 0.0, words=f"did not apply: {problem}")
    with mutation.planted(root):
        code, printed = _pytest(root, ["-x", *mutation.arguments])
    seconds = time.monotonic() - begun
    failed = _FAILED.search(printed)
    if code == 1 and failed:
        return Verdict(mutation, seconds, test=failed[1])
    return Verdict(mutation, seconds, words="SURVIVED" if code == 0 else f"NO VERDICT, pytest ended with {code}")


def _sound(verdicts: list[Verdict], root: Path) -> list[Verdict]:
    """The same, but a test that fails without a mistake has caught none."""
    tests = sorted({verdict.test for verdict in verdicts if verdict.test})
    code, printed = _pytest(root, tests, PATIENCE * len(tests)) if tests else (0, "")
    failing = set(_FAILED.findall(printed)) if code == 1 else set()
    if code not in (0, 1):
        sys.exit(f"The tests without a mistake could not be run:\n{printed}")
    return [
        Verdict(one.mutation, one.seconds, words=f"NO VERDICT, {one.test} fails without it")
        if one.test in failing else one
        for one in verdicts
    ]  # fmt: skip


def _pytest(root: Path, arguments: list[str], patience: float = PATIENCE) -> tuple[int, str]:
    """(exit code, what was printed) of tests in `root`; 124 where they did not end."""
    command = [sys.executable, "-m", "pytest", "-n0", "-q", "-p", "no:cacheprovider", *arguments]
    # a file changed twice in a second would leave compiled code of the first time
    environment = os.environ | {"PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    with tempfile.TemporaryFile("w+") as output:
        try:
            code = subprocess.run(
                command, cwd=root, env=environment, stdout=output, stderr=subprocess.STDOUT, timeout=patience
            ).returncode
        except subprocess.TimeoutExpired:
            code = 124
        output.seek(0)
        return code, output.read()


def table(verdicts: Sequence[Verdict]) -> str:
    """All verdicts and the score, as Markdown."""
    caught = sum(bool(verdict.test) for verdict in verdicts)
    rows = [f"| {one.mutation.name} | {one.mutation.file} | {one} |" for one in verdicts]
    return "\n".join(["| mistake | file | verdict |", "|---|---|---|", *rows, "", f"{caught} of {len(rows)} caught"])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the mutations and run none")
    parser.add_argument("--only", default="", metavar="NAME", help="those whose name or file contains this")
    parser.add_argument("--jobs", type=int, default=2, help="mutations side by side")
    given = parser.parse_args(argv)
    chosen = [one for one in mutations() if given.only in one.name or given.only in one.file]
    if given.list:
        print("\n".join(f"{one.file}: {one.name} ({one.tests})" for one in chosen))
        return 0
    verdicts = play(chosen, jobs=given.jobs)
    print(f"\n{table(verdicts)}")
    return 0 if all(verdict.test for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())

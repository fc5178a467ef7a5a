"""How fast the sandbox portal is on this machine.

a computed portal served by a child process -> raw HTTP from this one -> pages per second, printed

Alone: `python -m hubspot_pipeline.sandbox.bench [--contacts N] [--properties N] [--seconds S]`.
"""

import argparse
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

_HEADERS = {"authorization": "Bearer pat-na1-bench", "content-type": "application/json"}


@contextmanager
def portal_process() -> Iterator[tuple[str, int]]:
    """(network location, process id) of an empty portal without limits in a child process."""
    command = [sys.executable, "-m", "hubspot_pipeline.sandbox", "--port", "0", "--empty", "--rate-limit", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  our own module, fixed arguments
    try:
        assert process.stdout is not None
        yield urlsplit(process.stdout.readline().split()[-1]).netloc, process.pid
    finally:
        process.terminate()
        process.wait()


def _cpu(pid: int) -> float:
    """CPU seconds that a process has used, 0 where the system does not say."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    fields = stat.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measure(connection: http.client.HTTPConnection, what: str, path: str, seconds: float, pid: int) -> None:
    """Prints pages per second, and size and server CPU of each, of list pages walked by their cursor."""
    pages, size, after, start, cpu = 0, 0, "0", time.perf_counter(), _cpu(pid)
    while time.perf_counter() - start < seconds:
        connection.request("GET", f"{path}&after={after}", headers=_HEADERS)
        body = connection.getresponse().read()
        tail = body[-400:]
        at = tail.find(b'"after":"')
        after = tail[at + 9 :].split(b'"')[0].decode() if at >= 0 else "0"
        pages, size = pages + 1, size + len(body)
    rate, used = pages / (time.perf_counter() - start), 1000 * (_cpu(pid) - cpu) / pages
    print(f"{what}: {rate:.0f} pages/s, {size / pages / 1024:.0f} KB and {used:.2f} ms of server CPU each")


def _memory(pid: int) -> float:
    """Resident megabytes of a process, 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Prints set-up time, list and history pages per second and the server's memory. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m hubspot_pipeline.sandbox.bench")
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--properties", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args(argv)
    with portal_process() as (netloc, pid):
        connection = http.client.HTTPConnection(netloc, timeout=120)
        size = {"contacts": given.contacts, "companies": 5000, "deals": 10_000, "properties": given.properties}
        start = time.perf_counter()
        connection.request("POST", "/_sandbox/seed", json.dumps({"bench": size}), _HEADERS)
        connection.getresponse().read()
        print(f"set-up of {size}: {time.perf_counter() - start:.2f} s")
        names = ",".join(f"bench_{index:03d}" for index in range(given.properties))
        path = f"/crm/objects/2026-03/contacts?limit=100&properties={names}"
        _measure(connection, f"lists of 100 x {given.properties}", path, given.seconds, pid)
        _measure(connection, "the same with associations", f"{path}&associations=companies", given.seconds, pid)
        path = "/crm/objects/2026-03/deals?limit=50&properties=dealname&propertiesWithHistory=dealstage,amount"
        _measure(connection, "lists of 50 with history of two properties", path, given.seconds, pid)
        print(f"peak memory of the server: {_memory(pid):.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The sandbox portal from the command line.

options -> a portal, seeded, imported or restored -> served on loopback until interrupted

Alone: `python -m hubspot_pipeline.sandbox --port 8765 --seed 1`.
"""

import argparse
import contextlib
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from hubspot_pipeline.sandbox.account import TIERS
from hubspot_pipeline.sandbox.config import Config
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.sandbox import Sandbox
from hubspot_pipeline.sandbox.server import uvicorn_server
from hubspot_pipeline.sandbox.state import kept


def parser() -> argparse.ArgumentParser:
    """Options of the command."""
    made = argparse.ArgumentParser(prog="hubspot-pipeline sandbox", description="A local HubSpot-compatible portal.")
    made.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1; 0 takes a free one")
    made.add_argument("--seed", type=int, help="generate a company from this seed (default 1 unless --load or --empty)")
    made.add_argument("--contacts", type=int, help="size of the generated company")
    made.add_argument(
        "--load",
        type=Path,
        metavar="DIR",
        help="import the CSV files of this folder: HubSpot's own "
        "exports of contacts, companies and deals, or accounts, products, sales teams and opportunities",
    )
    made.add_argument("--empty", action="store_true", help="start without any record")
    made.add_argument("--tier", choices=TIERS, default="enterprise", help="whose limits and features it has")
    made.add_argument("--rate-limit", type=int, metavar="N", help="calls per ten seconds; 0 takes all limits off")
    made.add_argument("--latency-ms", type=int, default=0, metavar="N", help="added to every answer")
    made.add_argument("--state", type=Path, metavar="PATH", help="file that keeps the portal over restarts")
    made.add_argument("--until-stdin-ends", action="store_true", help="stop when the process that started it is gone")
    made.add_argument("--portal-id", type=int, default=48291734)
    made.add_argument("--time-zone", default="America/New_York")
    made.add_argument("--currency", default="USD")
    return made


def fill(portal: Portal, given: argparse.Namespace) -> None:
    """Puts the wanted records into a new portal."""
    if given.load is not None:
        from hubspot_pipeline.sandbox import importer

        for line in importer.load(portal, given.load):
            print(line, file=sys.stderr)
    elif not given.empty:
        from hubspot_pipeline.sandbox import seed

        size = {} if given.contacts is None else {"contacts": given.contacts}
        seed.generate(portal, seed=1 if given.seed is None else given.seed, **size)


def made(given: argparse.Namespace) -> Sandbox:
    """The sandbox that the options describe."""
    options = {
        "portal_id": given.portal_id, "time_zone": given.time_zone, "currency": given.currency, "tier": given.tier,
        "seed": given.seed or 0,
    }  # fmt: skip
    if given.state is None:
        sandbox, fresh = Sandbox(Portal(**options), Config()), True
    else:
        sandbox, fresh = kept(given.state, options)
    if fresh:
        fill(sandbox.portal, given)
        sandbox.keep_clock()
    sandbox.portal.tier = given.tier
    changes = {"latency_ms": given.latency_ms}
    sandbox.configure(changes if given.rate_limit is None else changes | {"rate_limit": given.rate_limit})
    return sandbox


def main(argv: Sequence[str] | None = None) -> int:
    """Serves until interrupted; prints one line with the address once it answers. Returns the exit code."""
    given = parser().parse_args(argv)
    try:
        sandbox = made(given)
    except ValueError as error:  # a folder that cannot be imported, a state file that is none
        print(error, file=sys.stderr)
        return 2
    server = uvicorn_server(sandbox, given.port)
    threading.Thread(target=_announce, args=(server,), daemon=True).start()
    if given.until_stdin_ends:
        threading.Thread(target=_follow_stdin, args=(server,), daemon=True).start()
    try:
        with contextlib.suppress(KeyboardInterrupt):  # how people stop it
            server.run()
    finally:
        if sandbox.portal.journal is not None:
            sandbox.portal.journal.close()
    return 0 if server.started else 1


def _announce(server: uvicorn.Server) -> None:
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    print(f"sandbox portal on http://127.0.0.1:{port}", flush=True)


def _follow_stdin(server: uvicorn.Server) -> None:
    sys.stdin.read()
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main())

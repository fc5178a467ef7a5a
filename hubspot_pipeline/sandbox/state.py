"""Keeping a sandbox over restarts.

state file -> `Sandbox` as it was; every later change -> appended to the file
"""

import time
from pathlib import Path
from typing import Any

from hubspot_pipeline.sandbox.admin import Admin
from hubspot_pipeline.sandbox.config import Config
from hubspot_pipeline.sandbox.journal import Journal, cut_torn_line, lines
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.sandbox import Sandbox
from hubspot_pipeline.sandbox.tally import Tally


def restored(path: Path) -> Sandbox | None:
    """The sandbox that the file describes; None where there is none yet."""
    cut_torn_line(path)
    sandbox: Sandbox | None = None
    admin: Admin | None = None
    for op, arguments in lines(path):
        if op == "__init__":
            sandbox = Sandbox(Portal(**arguments), Config())
            admin = Admin(sandbox)
        elif sandbox is None or admin is None:
            raise ValueError(f"{path} does not begin with a portal: delete it to start anew")
        elif op == "clock":
            clock = sandbox.portal.clock
            clock.set(arguments["now"] if arguments["frozen"] else time.time_ns() // 1_000_000 + arguments["ahead"])
            (clock.freeze if arguments["frozen"] else clock.run)()
        elif op == "admin":
            admin.again(arguments["call"], arguments["given"])
        else:
            getattr(sandbox.portal, op)(**arguments)
    return sandbox


def kept(path: Path, options: dict[str, Any]) -> tuple[Sandbox, bool]:
    """The sandbox of a state file and whether it is new; from now on its changes go there."""
    sandbox = restored(path)
    fresh = sandbox is None
    if sandbox is None:
        sandbox = Sandbox(Portal(**options), Config())
    journal = Journal(path)
    if fresh:
        journal.write("__init__", options)
    sandbox.portal.journal = journal
    tally = Tally(path.with_name(f"{path.name}.calls"))
    if fresh:
        tally.note("", 0)
    sandbox.keep_count(tally)
    return sandbox, fresh

"""`hubspot-pipeline`: arguments -> one command -> an exit code.

0: every selected stream landed or was skipped for a named scope or plan; 1: a stream failed; 2: usage or
configuration, nothing written; 3: waiting for the daily limit, state kept.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hubspot_pipeline import report
from hubspot_pipeline.errors import ConfigError, PipelineError
from hubspot_pipeline.settings import DEFAULT_BASE_URL, DEFAULT_START, Credential, Settings, parse_instant

# each command imports what it needs: `--help` and `status` must not wait for Dagster


def demo(settings: Settings, arguments: argparse.Namespace) -> int:
    """Sandbox portal, full sync, marts, published warehouse, a summary."""
    settings.sandbox_dir.mkdir(parents=True, exist_ok=True)
    settings = replace(settings, credential=Credential(), base_url=DEFAULT_BASE_URL, everything=True)
    code = _execute(settings, arguments, job="hubspot_sync")
    if code in (0, 3):
        report.summary(settings)
    return code


def sync(settings: Settings, arguments: argparse.Namespace) -> int:
    """Changes of the selected streams, then the marts, then publishing."""
    window = arguments.since is not None or arguments.until is not None
    if settings.credential.given and not arguments.yes and not window:
        from hubspot_pipeline.warehouse.budget import budget

        expected = budget(settings, arguments.streams or None, full=arguments.full)
        if expected is not None:
            expected.require()
            print(expected.line(), file=sys.stderr)
    return _execute(settings, arguments, job="hubspot_sync")


def reconcile(settings: Settings, arguments: argparse.Namespace) -> int:
    """All records, the recycle bin and all associations of the selected streams."""
    return _execute(settings, arguments, job="hubspot_reconcile")


def marts(settings: Settings, arguments: argparse.Namespace) -> int:
    """Build the dbt models on what is loaded, and publish."""
    return _execute(settings, arguments, job="marts")


def _execute(settings: Settings, arguments: argparse.Namespace, *, job: str) -> int:
    from hubspot_pipeline.assets.execute import execute
    from hubspot_pipeline.progress import shown

    config: dict[str, Any] = {"mode": "full"} if getattr(arguments, "full", False) else {}
    for name in ("since", "until"):
        if getattr(arguments, name, None) is not None:
            config[name] = getattr(arguments, name).isoformat()
    with shown() as progress:
        done = execute(
            settings, job=job, streams=getattr(arguments, "streams", None) or None,
            with_marts=not getattr(arguments, "no_marts", False), config=config, progress=progress,
        )  # fmt: skip
    report.outcomes(done.outcomes.values())
    if done.message:
        print(report.told(done.message), file=sys.stderr)
    return int(done.exit_code)


def check(settings: Settings, arguments: argparse.Namespace) -> int:
    """Try the credential and every stream, count the calls; nothing is written."""
    if arguments.scopes:
        from hubspot_pipeline.warehouse.rights import scopes_to_paste

        print("\n".join(scopes_to_paste(settings.streams, settings.chosen)))
        return 0
    from hubspot_pipeline.api.local import portal_for
    from hubspot_pipeline.warehouse.check import check as examine

    with portal_for(settings) as reachable:
        report.check(examine(reachable))
    return 0


def discover(settings: Settings, arguments: argparse.Namespace) -> int:
    """Ask the portal for its custom objects and write them down."""
    from hubspot_pipeline.api.local import portal_for
    from hubspot_pipeline.warehouse.custom import custom_objects

    with portal_for(settings) as reachable:
        report.discover(custom_objects(reachable))
    return 0


def login(settings: Settings, arguments: argparse.Namespace) -> int:
    """Log in to a portal through an OAuth app of yours; the login is kept in the data folder."""
    from hubspot_pipeline.api.login import DEFAULT_PORT
    from hubspot_pipeline.api.login import login as log_in
    from hubspot_pipeline.warehouse.store import portal_of

    log_in(settings, portal_of(settings), port=arguments.port or DEFAULT_PORT, browser=not arguments.no_browser)
    return 0


def logout(settings: Settings, arguments: argparse.Namespace) -> int:
    """Delete the login, revoke its token at HubSpot, say where to deactivate a private token."""
    from hubspot_pipeline.api.logout import logout as log_out

    lines, done = log_out(settings)
    print("\n".join(lines))
    return 0 if done else 1


def status(settings: Settings, arguments: argparse.Namespace) -> int:
    """Per stream: portal total, warehouse total, difference, lag, last error; the last ten runs."""
    from hubspot_pipeline.warehouse.ledger import status as read

    report.status(read(settings))
    return 0


def ui(settings: Settings, arguments: argparse.Namespace) -> int:
    """Start Dagster's UI and scheduler with the history of this data folder."""
    import os
    import socket

    from hubspot_pipeline.assets.instance import dagster_home

    home = dagster_home(settings)
    with socket.socket() as free:
        try:
            free.bind(("127.0.0.1", arguments.port))
        except OSError:
            taken = (
                f"Port {arguments.port} is taken, perhaps by another `make ui`; choose one: hubspot-pipeline ui --port"
            )
            raise ConfigError(f"{taken} {arguments.port + 1}") from None
    # `dagster dev` and the server behind its successor `dg dev` are the same; the hint would only puzzle
    command = [sys.executable, "-W", "ignore:Function `dev_command`", "-m", "dagster", "dev"]
    command += ["-w", str(settings.root / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(arguments.port)]
    os.chdir(home)  # another dagster.yaml in the working folder would be warned about
    os.execve(sys.executable, command, os.environ | {"DAGSTER_HOME": str(home)})  # noqa: S606  our own interpreter


def sandbox(words: Sequence[str]) -> int:
    """Run the local HubSpot-compatible portal."""
    from hubspot_pipeline.sandbox.__main__ import main as serve

    return int(serve(words))


def restore(settings: Settings, arguments: argparse.Namespace) -> int:
    """Put the file that was published before back in place."""
    from hubspot_pipeline.warehouse.publish import restore as put_back

    print(f"{put_back(settings)} is published again.")
    return 0


def purge(settings: Settings, arguments: argparse.Namespace) -> int:
    """Take a person out of the warehouse, its published copies and all that runs left, and prove it."""
    from hubspot_pipeline.assets.history import forget
    from hubspot_pipeline.assets.instance import dagster_home, history_of, require_idle
    from hubspot_pipeline.warehouse import purge as steps
    from hubspot_pipeline.warehouse.person import needles
    from hubspot_pipeline.warehouse.store import locked
    from hubspot_pipeline.warehouse.traces import search

    if arguments.dry_run:
        person = steps.find(settings, arguments.who)
        report.purge(person, steps.count(settings, person, with_records=arguments.with_records), dry_run=True)
        return 0
    home = settings.data_dir / "dagster_home"
    if home.exists():
        with history_of(dagster_home(settings)) as instance:
            require_idle(instance)
    with locked(settings):
        person = steps.find(settings, arguments.who)
        forget(home, [needle.pattern for needle in needles(person)])
        removed = steps.remove(settings, person, with_records=arguments.with_records)
        built = steps.has_marts(settings)
    report.purge(person, removed)
    code = _rebuild(settings, arguments) if built else 0
    with steps.resumed(settings):
        steps.seal(settings)
        proof = search(settings, person)
    report.proof(proof)
    return 1 if proof.traces else code


def _rebuild(settings: Settings, arguments: argparse.Namespace) -> int:
    """Marts of what is left; whatever keeps dbt from that does not keep the copies from being cleaned."""
    words, sys.argv[1:] = sys.argv[1:], ["marts"]  # dbt writes down how it was started, and so whom that names
    try:
        return marts(settings, arguments)
    except PipelineError as error:
        print(report.told(str(error)), file=sys.stderr)
        return 1
    finally:
        sys.argv[1:] = words


def generate(settings: Settings, arguments: argparse.Namespace) -> int:
    """Write the text that follows from the stream table; `--check` only compares."""
    from hubspot_pipeline.generate import generate as write

    stale = write(settings.root, check=arguments.check)
    for path in stale:
        print(f"{path} is not what streams.py says: run `hubspot-pipeline generate`." if arguments.check else path)
    return 2 if stale and arguments.check else 0


def _instant(value: str) -> datetime:
    try:
        return parse_instant("The instant", value, DEFAULT_START)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    top = argparse.ArgumentParser(prog="hubspot-pipeline", description="All of a HubSpot portal in a DuckDB warehouse.")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, act: Callable[[Settings, argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=(act.__doc__ or "").strip(), description=act.__doc__)
        added.set_defaults(act=act)
        return added

    command("demo", demo)
    added = command("check", check)
    added.add_argument("--scopes", action="store_true", help="only print the scopes that the chosen streams need")
    command("discover", discover)
    added = command("login", login)
    added.add_argument("--port", type=int, metavar="N", help="port of the redirect URL (default: 8400)")
    added.add_argument("--no-browser", action="store_true", help="print the link, take the code from standard input")
    command("logout", logout)
    for name, act in (("sync", sync), ("reconcile", reconcile)):
        added = command(name, act)
        added.add_argument("streams", nargs="*", metavar="STREAM", help="only these streams (default: all)")
        added.add_argument("--no-marts", action="store_true", help="do not build the dbt models")
        if name == "sync":
            added.add_argument("--full", action="store_true", help="read everything again and merge it")
            added.add_argument("--yes", action="store_true", help="begin however many calls it takes, day after day")
            added.add_argument("--since", type=_instant, metavar="T", help="changed at or after, e.g. 2024-01-31")
            added.add_argument("--until", type=_instant, metavar="T", help="changed before; moves no cursor")
    command("marts", marts)
    command("status", status)
    command("ui", ui).add_argument("--port", type=int, default=3000)
    commands.add_parser("sandbox", help=(sandbox.__doc__ or "") + " See `hubspot-pipeline sandbox -h`.")
    command("restore", restore)
    added = command("purge", purge)
    added.add_argument("who", metavar="ID|EMAIL", help="id of a contact, or an e-mail address in any case")
    added.add_argument("--with-records", action="store_true", help="also notes, calls and the like of nobody else")
    added.add_argument("--dry-run", action="store_true", help="only show how many rows would go")
    added = command("generate", generate)
    added.add_argument("--check", action="store_true", help="only compare; exit 2 where something is stale")
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors of ours become one line and their exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == ["sandbox"]:
        return sandbox(words[1:])  # with its own arguments, and whatever the settings say
    arguments = parser().parse_args(words)
    try:
        settings = Settings.load(with_login=arguments.act not in (login, logout))
        return int(arguments.act(settings, arguments))
    except ConfigError as error:
        print(report.told(str(error)), file=sys.stderr)
        return 2
    except PipelineError as error:
        print(report.told(str(error)), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

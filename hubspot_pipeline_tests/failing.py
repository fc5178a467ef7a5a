"""A project of its own in which everything fails once: real commands, and runs through Dagster in this process.

`tell(folder)` -> what was printed, which arguments processes had, where they connected to, which calls they made; the
folder keeps all that they left on disk. The secrets are in `.env` and, of a login, in `credentials.json`.
"""

import io
import json
import logging
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline import credentials
from hubspot_pipeline.cli import parser
from hubspot_pipeline.credentials import Login, Secret
from hubspot_pipeline.errors import PipelineError
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import STREAMS as KNOWN
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.receiver import PATH, receiving
from hubspot_pipeline_tests.runs import ROOT

TOKEN = "pat-na1-needle/of+the=private&token"
CLIENT_SECRET = "needle/of+the=client&secret"
REFRESH_TOKEN = "na1-needle/of+the=refresh&token"
HASH_KEY = "needle/of+the=hash&key"
SECRETS = (TOKEN, CLIENT_SECRET, REFRESH_TOKEN, HASH_KEY, PATH)
IN_BODIES = "needle.person@example.com"
"""What HubSpot's error bodies repeat of a request, say an address."""
STREAMS = ("contacts", "companies", "deals", "tickets", "products", "owners")
SCOPES = {scope for stream in KNOWN for scope in stream.scopes}

WATCHED = """
import logging, runpy, socket, sys
logging.basicConfig(level=logging.DEBUG)
def heard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        sys.stderr.write(f"CONNECTS {arguments[1] if event == 'socket.connect' else arguments}\\n")
sys.addaudithook(heard)
runpy.run_module("hubspot_pipeline.cli", run_name="__main__", alter_sys=True)
"""
"""The command with every logger at its most talkative, and every address that it turns to."""
OWNED = "\x1b]0;owned\x07no number"
BROKEN_MODEL = f"select cast('{OWNED}' as integer) as id"


def tell(folder: Path) -> dict[str, Any]:
    """All runs; the folder becomes the project's. JSON."""
    told: dict[str, Any] = {"printed": "", "arguments": [], "codes": {}}
    _project(folder)
    with serve(rate_limit=0) as server, receiving() as receiver:
        sandbox = Sandbox(server)
        _fill(sandbox)
        _commands(told, folder, sandbox, receiver.webhook.reveal())
        told["posted"] = len(receiver.posted)
        _runs(told, folder, sandbox)
        told["calls"] = sorted({(call["method"], call["path"]) for call in sandbox.calls()})
        access = server.sandbox.access
        told["access_tokens"] = [token for token in access.tokens if token not in SECRETS]
        told["refresh_tokens"] = [
            token for app in access.clients.values() for token in (*app.refresh_tokens, *app.spent)
        ]
    told["connects"] = re.findall(r"^CONNECTS (.*)$", told["printed"], re.MULTILINE)
    return told


def _project(folder: Path) -> None:
    models = folder / "dbt_project" / "models"
    models.mkdir(parents=True)
    (folder / "dbt_project" / "macros").mkdir()
    for name in ("dagster.yaml", "workspace.yaml", "dbt_project/profiles.yml",
                 "dbt_project/macros/generate_schema_name.sql"):  # fmt: skip
        shutil.copy(ROOT / name, folder / name)
    (folder / "dbt_project" / "dbt_project.yml").write_text(
        "name: small\nprofile: hubspot_pipeline\nmodels: {+materialized: table}\n"
    )
    (models / "broken.sql").write_text(BROKEN_MODEL)
    (folder / "hubspot.yaml").write_text("hash: {contacts: [email]}\n")


def _fill(sandbox: Sandbox) -> None:
    for kind in ("contacts", "companies", "deals", "tickets", "products"):
        sandbox.mutate({"op": "create", "object": kind, "properties": {}})
    sandbox.post("oauth", {"client_id": "app", "client_secret": CLIENT_SECRET, "refresh_token": REFRESH_TOKEN,
                           "scopes": sorted(SCOPES), "rotate": True})  # fmt: skip


def _fail(sandbox: Sandbox, **by_path: dict[str, Any]) -> None:
    faults = [{"match": f"/{name}", "times": -1, **fault} for name, fault in by_path.items()]
    sandbox.delete("faults")
    sandbox.post("faults", {"faults": faults})


def _environment(folder: Path, sandbox: Sandbox, **given: str) -> None:
    """Settings where a user has them, in `.env`."""
    values = {"BASE_URL": sandbox.url, "HASH_KEY": HASH_KEY, **given}
    (folder / ".env").write_text("".join(f"HUBSPOT_{name}='{value}'\n" for name, value in values.items()))


def _refusal(status: int, category: str) -> dict[str, Any]:
    return {"status": status, "body": {"status": "error", "category": category, "message": f"not {IN_BODIES}"}}


def _commands(told: dict[str, Any], folder: Path, sandbox: Sandbox, webhook: str) -> None:
    _environment(folder, sandbox, ACCESS_TOKEN=TOKEN, ALERT_WEBHOOK=webhook)
    _fail(sandbox, companies=_refusal(400, f"VALIDATION{OWNED}"), products=_refusal(403, "FORBIDDEN"),
          deals={"status": 423, "times": 1})  # fmt: skip
    _command(told, folder, "some streams fail", ["-c", WATCHED], "sync", *STREAMS, "--no-marts", "--yes")
    _environment(folder, sandbox, CLIENT_ID="app", CLIENT_SECRET=CLIENT_SECRET, REFRESH_TOKEN=f"{REFRESH_TOKEN}-old")
    _command(told, folder, "refresh refused", ["-m", "hubspot_pipeline.cli"], "check")
    _environment(folder, sandbox, ACCESS_TOKEN=TOKEN, REFRESH_TOKEN=REFRESH_TOKEN)
    _command(told, folder, "contradiction", ["-m", "hubspot_pipeline.cli"], "sync")


def _command(told: dict[str, Any], folder: Path, name: str, program: list[str], *words: str) -> None:
    """A command as a process of its own; meanwhile the arguments of it and of its children are looked at."""
    env = {key: value for key, value in os.environ.items() if not key.startswith(("HUBSPOT_", "DAGSTER_", "DBT_"))}
    env["PYTHONPATH"] = str(ROOT)
    process = subprocess.Popen([sys.executable, *program, *words], cwd=folder, env=env, text=True,
                               stdout=(folder / "out").open("w"), stderr=subprocess.STDOUT)  # fmt: skip
    while True:
        told["arguments"] = sorted({*told["arguments"], *_arguments(process.pid)})
        with suppress(subprocess.TimeoutExpired):
            told["codes"][name] = process.wait(timeout=0.1)
            break
    told["printed"] += (folder / "out").read_text()
    (folder / "out").unlink()


def _arguments(pid: int) -> set[str]:
    """Command lines of a process and all below it, where the system shows them."""
    found = set()
    with suppress(OSError):
        found.add(Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " "))
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found |= _arguments(int(child))
    return found


def _runs(told: dict[str, Any], folder: Path, sandbox: Sandbox) -> None:
    """Runs as Dagster makes them, through a login whose tokens change; what is printed and logged is kept."""
    out = io.StringIO()
    talkative = logging.StreamHandler(out)
    logging.getLogger().addHandler(talkative)
    try:
        with redirect_stdout(out), redirect_stderr(out):
            _everything_else(told, folder, sandbox)
    finally:
        logging.getLogger().removeHandler(talkative)
        told["printed"] += out.getvalue()


def _everything_else(told: dict[str, Any], folder: Path, sandbox: Sandbox) -> None:
    portal = str(sandbox.portal.portal_id)
    login = Login(portal, "app", Secret(REFRESH_TOKEN), (), datetime(2026, 11, 2, tzinfo=UTC))
    credentials.keep(folder / "data" / "credentials.json", login)
    _environment(folder, sandbox, CLIENT_ID="app", CLIENT_SECRET=CLIENT_SECRET)
    given = replace(Settings.load(folder, {}), backoff=0.0)
    with duckdb.connect(str(given.working)) as con:
        con.execute("ALTER TABLE hubspot.tickets ALTER properties_subject TYPE INTEGER USING NULL")
    sandbox.mutate({"op": "create", "object": "tickets", "properties": {"subject": OWNED}})
    _fail(sandbox, contacts={"status": 500}, companies={"kind": "malformed"}, deals={"kind": "cut"},
          products={"kind": "truncate"}, owners={"status": 401, "times": 1})  # fmt: skip
    _here(told, given, "all streams fail", "sync", *STREAMS, "--no-marts")
    sandbox.delete("faults")
    _here(told, given, "dbt fails", "marts")
    daily = {"status": 429, "body": {"status": "error", "policyName": "DAILY", "message": IN_BODIES}}
    for name, fault in (("day is over", daily), ("refused", {"status": 401})):
        _fail(sandbox, **{"account-info": fault})
        _here(told, given, name, "sync", "owners", "--no-marts")


def _here(told: dict[str, Any], given: Settings, name: str, *words: str) -> None:
    """A command in this process, with settings that wait for nothing."""
    arguments = parser().parse_args([*words, *(["--yes"] if words[0] == "sync" else [])])
    try:
        told["codes"][name] = arguments.act(given, arguments)
    except PipelineError as error:
        told["codes"][name] = f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    print(json.dumps(tell(Path(sys.argv[1])), indent=1))

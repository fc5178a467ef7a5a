"""What tests of the login share: an OAuth app of the sandbox, settings for it, a person with a browser, the command."""

import http.client
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hubspot_pipeline.credentials import Login, kept
from hubspot_pipeline.settings import Settings
from hubspot_pipeline_tests.conftest import Sandbox

ROOT = Path(__file__).resolve().parent.parent
SECRET = "s-hush-hush"
CONTACTS = "crm.objects.contacts.read"
SCOPES = (("oauth", CONTACTS), ("tickets", "forms"))
"""What the tests' app asks for: required, optional."""


def app(sandbox: Sandbox, **given: Any) -> None:
    """An app named `app` that may be granted every scope of `SCOPES`; `given` as the admin API takes it."""
    offered = ["crm.objects.companies.read", "crm.objects.deals.read", "crm.objects.owners.read", *sum(SCOPES, ())]
    sandbox.post("oauth", {"client_id": "app", "client_secret": SECRET, "scopes": offered, **given})


def environment(sandbox: Sandbox, data_dir: Path, **given: str) -> dict[str, str]:
    """The settings of somebody who has the app and wants to log in."""
    own = {"HUBSPOT_CLIENT_ID": "app", "HUBSPOT_CLIENT_SECRET": SECRET, "HUBSPOT_DATA_DIR": str(data_dir)}
    none = dict.fromkeys(("HUBSPOT_ACCESS_TOKEN", "HUBSPOT_REFRESH_TOKEN"), "")
    return {**none, **own, "HUBSPOT_BASE_URL": sandbox.url, **given}


def settings(sandbox: Sandbox, data_dir: Path, *, with_login: bool = False, **given: str) -> Settings:
    return Settings.load(ROOT, environment(sandbox, data_dir, **given), with_login=with_login)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def visit(url: str) -> tuple[int, str]:
    """(status, address of the redirect) of one GET, as a browser makes it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("location") or ""
    finally:
        connection.close()


def link_in(text: str) -> str:
    """The install URL among what the command says; empty where it is not there."""
    return next((line for line in text.splitlines() if "/oauth/authorize?" in line), "")


class Person:
    """Reads what the login tells, opens the link and goes where the portal sends the browser.

    `reroute` changes that address first; `None` stays on the page.
    """

    def __init__(self, reroute: Callable[[str], str | None] = lambda address: address) -> None:
        self.told = ""
        self.address = ""
        self.page_status = 0
        self._reroute = reroute
        self._busy: threading.Thread | None = None

    def hears(self, text: str) -> None:
        """For `tell`: acts in a thread of its own where a link is told, as the login waits meanwhile."""
        self.told += text + "\n"
        if link_in(text):
            self._busy = threading.Thread(target=self.allows, args=(link_in(text),))
            self._busy.start()

    def allows(self, link: str) -> None:
        self.page_status, self.address = visit(link)
        where = self._reroute(self.address)
        if where:
            visit(where)

    def done(self) -> None:
        if self._busy is not None:
            self._busy.join(30)


def login_of(data_dir: Path) -> Login:
    """The login kept in the folder."""
    found = kept(data_dir / "credentials.json")
    assert found is not None
    return found


def command(*words: str, env: dict[str, str], stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """`hubspot-pipeline ...` in a process of its own, which ends by itself."""
    line = [sys.executable, "-m", "hubspot_pipeline.cli", *words]
    return subprocess.run(line, cwd=ROOT, env={**os.environ, **env}, input=stdin, capture_output=True, text=True,
                          timeout=120)  # fmt: skip


def pasted(env: dict[str, str], answer: Callable[[str], str], *words: str) -> "subprocess.CompletedProcess[str]":
    """`login --no-browser` in a process of its own: `answer` turns its link into the line that is pasted."""
    line = [sys.executable, "-m", "hubspot_pipeline.cli", "login", "--no-browser", *words]
    process = subprocess.Popen(line, cwd=ROOT, env={**os.environ, **env}, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stdout is not None
    said = ""
    while not link_in(said):
        heard = process.stdout.readline()
        if not heard:
            break
        said += heard
    # it may have ended already, with an error that the caller looks at
    with suppress(BrokenPipeError):
        rest, errors = process.communicate(answer(link_in(said)) + "\n" if link_in(said) else "", timeout=120)
    return subprocess.CompletedProcess(line, process.returncode, said + rest, errors)

"""Settings of a demo data folder -> settings that reach its local sandbox portal, started for as long as needed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.settings import Credential, Secret, Settings

TOKEN = Secret("pat-na1-00000000-0000-4000-8000-000000000000")
"""Any `pat-...` token opens the sandbox; this one says nothing about any real portal."""

DEMO = ("--tier", "enterprise", "--rate-limit", "0")
"""The demo's portal has every feature, and answers as fast as it can; `hubspot-pipeline sandbox` keeps the limits."""

NO_CREDENTIAL = (
    "No HubSpot credential is set. Put HUBSPOT_ACCESS_TOKEN=pat-... into the file .env (README: connect your own "
    "portal), or try everything on invented data first with `make demo`."
)
NO_LOGIN = (
    "An OAuth app is set and nobody has logged in with it: run `hubspot-pipeline login`, or remove HUBSPOT_CLIENT_ID "
    "and HUBSPOT_CLIENT_SECRET."
)


def no_credential(credential: Credential) -> ConfigError:
    """The error for settings that open no portal."""
    return ConfigError(NO_LOGIN if credential.lacks_login else NO_CREDENTIAL)


@contextmanager
def portal_for(settings: Settings, *arguments: str) -> Iterator[Settings]:
    """Yield settings that reach a portal: the user's, or the sandbox in `data/sandbox` started as a process.

    `arguments` go to `hubspot-pipeline sandbox`. Raises ConfigError where neither a credential nor a sandbox is there.
    """
    if settings.credential.given:
        yield settings
        return
    if not settings.is_sandbox:
        raise no_credential(settings.credential)
    command = [
        sys.executable, "-m", "hubspot_pipeline.sandbox", "--port", "0",
        "--state", str(settings.sandbox_dir / "portal.state"), "--until-stdin-ends", *DEMO, *arguments,
    ]  # fmt: skip
    # its stdin is a pipe of ours: when this process ends in whatever way, the portal sees the end and goes too
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)  # noqa: S603  our own interpreter, module
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "http://" not in line:
            raise ConfigError("The sandbox portal did not start; run `hubspot-pipeline sandbox` to see why.")
        url = "http://" + line.split("http://", 1)[1].split()[0]
        yield replace(settings, base_url=url, credential=Credential(access_token=TOKEN))
    finally:
        process.terminate()
        process.wait(timeout=30)

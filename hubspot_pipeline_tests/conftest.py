"""Fixtures: one sandbox portal per test process, empty at the start of each test.

`sandbox` -> `Sandbox`: `.url` for a client, `.post/.get/.delete` for the admin API, `.api` for single HubSpot calls
`told_once` -> what a story of several runs told, and its folder, made once for all test processes
"""

import http.client
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from filelock import FileLock

from hubspot_pipeline.sandbox import Portal, Server, serve

TOKEN = "pat-na1-11111111-2222-3333-4444-555555555555"


class Sandbox:
    """The running portal as tests use it; rate limits are off unless a test sets `config(tier="professional")`."""

    token = TOKEN

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url
        self._connection: http.client.HTTPConnection | None = None

    @property
    def portal(self) -> Portal:
        """The portal itself; for arranging while no call is under way."""
        return self.server.portal

    def request(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> "Reply":
        """One HTTP call on a kept connection."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        for attempt in (0, 1):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
            try:
                self._connection.request(method, path, data, sent)
                answer = self._connection.getresponse()
                return Reply(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
            except (http.client.HTTPException, OSError):
                self._connection.close()
                self._connection = None
                if attempt:
                    raise
        raise AssertionError("unreachable")

    def _admin(self, method: str, path: str, body: Any = None) -> Any:
        path = path if path.startswith("/_sandbox") else "/_sandbox/" + path.lstrip("/")
        reply = self.request(method, path, body)
        assert reply.status == 200, reply.body
        return reply.json()

    def post(self, path: str, body: Any = None) -> Any:
        return self._admin("POST", path, {} if body is None else body)

    def get(self, path: str) -> Any:
        return self._admin("GET", path)

    def delete(self, path: str) -> Any:
        return self._admin("DELETE", path)

    def mutate(self, *ops: dict[str, Any]) -> list[Any]:
        """Runs operations; returns their results, e.g. the id of each created record."""
        results: list[Any] = self.post("mutate", {"ops": list(ops)})["results"]
        return results

    def config(self, **knobs: Any) -> Any:
        return self.post("config", knobs)

    def grant(self, *scopes: str) -> None:
        """The token has these scopes from now on, and no others."""
        self.post("tokens", {"token": TOKEN, "scopes": list(scopes)})

    def calls(self, since: int = 0) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.get(f"calls?since={since}")["calls"]
        return calls

    def dump(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.request("GET", "/_sandbox/dump").body.splitlines()]

    def api(self, method: str, path: str, body: Any = None, *, token: str | None = TOKEN, **headers: str) -> "Reply":
        """One call of HubSpot's API."""
        auth = {} if token is None else {"authorization": f"Bearer {token}"}
        return self.request(method, path, body, {**auth, **headers})


class Reply:
    """Status, raw body and headers (lower case) of one answer."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.status, self.body, self.headers = status, body, headers

    def json(self) -> Any:
        """The JSON body; None for an empty one."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            if b"\n" in self.body:
                return [json.loads(line) for line in self.body.splitlines()]
            raise


def pytest_xdist_auto_num_workers() -> int:
    """One test process more than there are cores: a quarter of the time tests wait, mostly for processes they start."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Server]:
    """One server per test process."""
    with serve(rate_limit=0) as server:
        yield server


@pytest.fixture
def sandbox(sandbox_server: Server) -> Sandbox:
    """An empty portal without rate limits, real time running, nothing logged."""
    running = Sandbox(sandbox_server)
    running.post("reset")
    running.config(rate_limit=0)
    return running


TellOnce = Callable[[str, Callable[[Path], Any]], tuple[Any, Path]]
"""(name, story) -> what the story told, which fits JSON, and the folder that it was given."""


@pytest.fixture(scope="session")
def told_once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> TellOnce:
    """Tells a story in the first test process that asks for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def told(name: str, tell: Callable[[Path], Any]) -> tuple[Any, Path]:
        kept = shared / f"{name}.json"
        with FileLock(shared / f"{name}.lock"):
            if not kept.exists():
                kept.write_text(json.dumps(tell(shared / name)))
        return json.loads(kept.read_text()), shared / name

    return told

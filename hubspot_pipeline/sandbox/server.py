"""The sandbox portal over HTTP.

ASGI request -> fault, limit and scope checks -> handler -> answer with HubSpot's headers, logged

Alone: `python -m hubspot_pipeline.sandbox --port 8765`.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from hubspot_pipeline.sandbox import consent, files_api, oauth
from hubspot_pipeline.sandbox.access import Token
from hubspot_pipeline.sandbox.account import NotFoundHere
from hubspot_pipeline.sandbox.admin import Admin
from hubspot_pipeline.sandbox.answers import Answer, ApiError, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.config import Config
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.endpoints import Endpoint
from hubspot_pipeline.sandbox.paths import Route, route
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.router import endpoint
from hubspot_pipeline.sandbox.sandbox import Call, Sandbox


class App:
    """ASGI application of one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.admin = Admin(sandbox)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        request = Request(scope, receive)
        try:
            raw = await request.body()
        except ClientDisconnect:
            return None
        path: str = scope["path"]
        if path.startswith("/_sandbox"):
            return await self._send(send, self.admin.answer(request.method, path, scope["query_string"], raw))
        if path.startswith(files_api.PREFIX):
            return await self._send(send, self._content(request, path))
        if path == consent.PATH and request.method == "GET":
            back = consent.authorize(self.sandbox, scope["query_string"])
            return await self._send(send, self._logged(request, None, None, None, back))
        line = f"{request.method} {path}"
        fault = self.sandbox.faults.fault(line)
        delay = self.sandbox.config.latency_ms + (fault or {}).get("delay_ms", 0) * (
            (fault or {}).get("kind") != "slow"
        )
        if delay:
            await asyncio.sleep(delay / 1000)
        answer = self._answer(request, path, raw, fault)
        for operation in self.sandbox.faults.operations(line):
            self.admin.operate(operation)
        return await self._deliver(answer, fault or {}, receive, send)

    def _answer(self, request: Request, path: str, raw: bytes, fault: Json | None) -> Answer:
        sandbox, scope = self.sandbox, request.scope
        now = sandbox.portal.now()
        found = route(path)
        token: Token | None = None
        place: Endpoint | None = None
        headers: dict[str, str] = {}
        try:
            if len(scope["raw_path"]) + len(scope["query_string"]) + 1 > sandbox.config.url_limit:
                raise ApiError(414, "URI Too Long")
            place = endpoint(request.method, found)
            if found is None or place is None or sandbox.is_retired(found, path):
                raise not_found()
            if place.public:
                played = fault and fault.get("kind", "status") == "status"
                answer = _fault_answer(fault) if fault and played else oauth.answer(
                    sandbox, request.method, found, request, raw)  # fmt: skip
                return self._logged(request, found, place, None, answer)
            token = sandbox.access.authenticate(request.headers.get("authorization"), now)
            headers = sandbox.limits.admit(place.bucket, token, now, sandbox.correlation.next(now))
            if fault and fault.get("kind", "status") == "status":
                answer = _fault_answer(fault)
            else:
                call = self._call(request, found, raw, token)
                answer = self._handled(call, place, fault)
        except ApiError as error:
            answer = error.answer(sandbox.correlation.next(now))
        answer.headers = {**headers, **answer.headers}
        return self._logged(request, found, place, token, answer)

    def _content(self, request: Request, path: str) -> Answer:
        """What a file's own or signed URL gives, without a token or a limit."""
        try:
            answer = files_api.content(
                self.sandbox, request.scope["raw_path"].decode("latin-1"), request.scope["query_string"]
            )
        except ApiError as error:
            answer = error.answer(self.sandbox.correlation.next(self.sandbox.portal.now()))
        return self._logged(request, None, None, None, answer)

    def _call(self, request: Request, found: Route, raw: bytes, token: Token) -> Call:
        scope = request.scope
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True, encoding="utf-8")
        host = request.headers.get("host", "127.0.0.1")
        base = f"http://{host}{scope['raw_path'].decode('latin-1').partition('?')[0]}"
        return Call(
            self.sandbox, request.method, found, query, raw, request.headers.get("content-type", ""), base, token
        )

    def _handled(self, call: Call, place: Endpoint, fault: Json | None) -> Answer:
        kind = (fault or {}).get("kind")
        if kind == "empty_page":
            call.forced_size = 0
        elif kind == "short_page":
            call.forced_size = 7
        try:
            return place.handle(call)
        except NotFoundHere as error:
            raise not_found(str(error)) from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # The admin API and python calls raise these for wrong arguments; over HTTP they are the caller's mistake.
            raise invalid(f"Invalid input JSON: {error}") from error

    def _logged(
        self, request: Request, found: Route | None, place: Endpoint | None, token: Token | None, answer: Answer
    ) -> Answer:
        self.sandbox.log({
            "at": self.sandbox.portal.now(), "method": request.method,
            "path": found.logged if found else request.scope["path"],
            "query": request.scope["query_string"].decode("latin-1"),
            "status": answer.status, "token": token.text[-4:] if token else None,
            "search": place is not None and place.bucket == "search", "bytes": len(answer.body),
        })  # fmt: skip
        return answer

    async def _deliver(self, answer: Answer, fault: Json, receive: Receive, send: Send) -> None:
        """Sends the answer, or what the fault makes of it."""
        kind = fault.get("kind", "status")
        if kind == "hang":
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if kind == "malformed":
            answer = json_answer({"status": "ok", "data": None}, headers=answer.headers)
        elif kind == "truncate":
            answer = Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
        elif kind == "drop_results":
            answer = _with_rows(answer, lambda rows: [])
        elif kind == "repeat_results":
            answer = _with_rows(answer, lambda rows: rows[-2:] + rows)
        if kind == "cut":
            return await self._send(send, answer, part=len(answer.body) // 2)
        if kind == "slow":
            return await self._send(send, answer, pause=fault.get("delay_ms", 0) / 1000)
        return await self._send(send, answer)

    async def _send(self, send: Send, answer: Answer, part: int | None = None, pause: float = 0) -> None:
        date = formatdate(self.sandbox.portal.now() / 1000, usegmt=True)
        headers = {"date": date, "content-length": str(len(answer.body)), **answer.headers}
        if answer.body:
            headers["content-type"] = answer.headers.get("content-type", answer.content_type)
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        if part is not None:
            # Returning short of the promised length makes the server close the connection.
            await send({"type": "http.response.body", "body": answer.body[:part], "more_body": True})
            return
        if pause:
            half = len(answer.body) // 2
            await send({"type": "http.response.body", "body": answer.body[:half], "more_body": True})
            await asyncio.sleep(pause)
            await send({"type": "http.response.body", "body": answer.body[half:]})
            return
        await send({"type": "http.response.body", "body": answer.body})


def _fault_answer(fault: Json) -> Answer:
    body = fault.get("body", "")
    headers = {name.lower(): str(value) for name, value in fault.get("headers", {}).items()}
    if not isinstance(body, str):
        return json_answer(body, fault.get("status", 500), headers)
    content_type = "text/html" if body.lstrip().startswith("<") else "application/json;charset=utf-8"
    return Answer(fault.get("status", 500), body.encode("utf-8", "surrogatepass"), headers, content_type)


_ROWS = {"results", "lists", "events", "campaigns", "timeline", "workflows", "subscriptionDefinitions"}
"""What the rows of an answer are called in one API or another."""


def _with_rows(answer: Answer, change: Callable[[list[Any]], list[Any]]) -> Answer:
    body = json.loads(answer.body)
    for name in _ROWS & set(body) if isinstance(body, dict) else ():
        body[name] = change(body[name])
    return json_answer(body, answer.status, answer.headers)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


class Server:
    """A running server: `.url`, `.sandbox`, `.portal`."""

    def __init__(self, sandbox: Sandbox, server: uvicorn.Server, thread: threading.Thread) -> None:
        self.sandbox, self._server, self._thread = sandbox, server, thread
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    @property
    def portal(self) -> Portal:
        return self.sandbox.portal

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=5)


def uvicorn_server(sandbox: Sandbox, port: int) -> uvicorn.Server:
    """A server on loopback that has not started yet."""
    config = uvicorn.Config(
        App(sandbox), host="127.0.0.1", port=port, log_level="error", access_log=False, date_header=False,
        server_header=False, timeout_graceful_shutdown=1, timeout_keep_alive=60, backlog=512,
    )  # fmt: skip
    return uvicorn.Server(config)


@contextmanager
def serve(portal: Portal | None = None, port: int = 0, **knobs: Any) -> Iterator[Server]:
    """Serves a portal on loopback in a daemon thread; port 0 takes a free one; knobs as in `/_sandbox/config`."""
    sandbox = Sandbox(portal or Portal(), Config(**knobs))
    server = uvicorn_server(sandbox, port)
    thread = threading.Thread(target=server.run, name="sandbox portal", daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise OSError(f"the sandbox portal could not listen on port {port}")
        thread.join(timeout=0.01)
    running = Server(sandbox, server, thread)
    try:
        yield running
    finally:
        running.stop()


__all__ = ["App", "Server", "serve", "uvicorn_server"]

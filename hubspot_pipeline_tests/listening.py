"""A little server on this machine that answers as a test says and keeps what it heard."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `length` False: the body is sent in chunks; a number: what the header says of its length."""

    body: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: bool | int = True


@dataclass(slots=True)
class Heard:
    """Where the server is, and the requests that came: method, path and headers (lower case)."""

    url: str
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)


@contextmanager
def listening(answer: Callable[[str], Reply], tls: ssl.SSLContext | None = None) -> Iterator[Heard]:
    """Serve on a free port of 127.0.0.1; `answer`: path -> reply."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard.requests.append((self.command, self.path, headers))
            self.rfile.read(int(headers.get("content-length", 0)))
            reply = answer(self.path)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.length is False:
                self.send_header("Transfer-Encoding", "chunked")
            else:
                self.send_header("Content-Length", str(len(reply.body) if reply.length is True else reply.length))
            self.end_headers()
            chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(reply.body), reply.body)
            self.wfile.write(chunks if reply.length is False else reply.body)
            self.close_connection = reply.length not in (True, False)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Says nothing: a client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    heard = Heard(f"http{'s' if tls else ''}://localhost:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()

"""Where the browser comes back to after the consent page: a server on this machine alone, for the time of one login.

port -> the queries of requests for the redirect URL, in the order they come
"""

import errno
import queue
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hubspot_pipeline.errors import ConfigError

PATH = "/callback"
_NO_IPV6 = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
# nothing of the request is repeated, so nothing in it can become markup
_PAGE = "<!doctype html><meta charset=utf-8><title>hubspot_pipeline</title><p>{}"


def redirect_url(port: int) -> str:
    """The URL to register for the app in HubSpot, which accepts http for localhost only."""
    return f"http://localhost:{port}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    timeout = 10
    server: "_Server"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != PATH or not query:
            self._page(404, "There is nothing here.")
            return
        self._page(200, "HubSpot's answer has arrived. How it went is shown where you started the login; "
                        "you can close this page.")  # fmt: skip
        self.server.answers.put(query)

    def _page(self, status: int, text: str) -> None:
        content = _PAGE.format(text).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        # the page's address holds the code
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the request line holds the code."""


class _Server(ThreadingHTTPServer):
    """Answers each connection in a thread of its own: browsers open some in advance and leave them idle."""

    def __init__(self, family: socket.AddressFamily, host: str, port: int, answers: "queue.Queue[str]") -> None:
        self.address_family = family
        self.answers = answers
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would ask the resolver for this machine's name
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing: a browser that hangs up is no event."""


@contextmanager
def listening(port: int) -> Iterator["queue.Queue[str]"]:
    """Listen on the port of both loopback addresses (`localhost` can be either). Raises ConfigError if it is taken."""
    answers: queue.Queue[str] = queue.Queue()
    servers: list[_Server] = []
    try:
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                server = _Server(family, host, port, answers)
            except OSError as error:
                if family == socket.AF_INET6 and error.errno in _NO_IPV6:
                    continue
                raise ConfigError(
                    f"Port {port} cannot be listened on ({error.strerror}): end what uses it, or choose another one "
                    f"with --port and register {redirect_url(port).replace(str(port), 'PORT')} for the app as well."
                ) from None
            servers.append(server)
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        yield answers
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()

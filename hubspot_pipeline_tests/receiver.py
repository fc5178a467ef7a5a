"""A webhook's other end: a local HTTP server that keeps what is posted to it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hubspot_pipeline.settings import Secret

PATH = "/services/T000/B000/only-the-channel-knows"
"""The part of a webhook's URL that lets anybody post."""


class Receiver(ThreadingHTTPServer):
    """`status`: how it answers from now on; `posted`: the bodies it took (2xx), `refused`: how many it did not."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[dict[str, Any]] = []
        self.refused = 0

    @property
    def webhook(self) -> Secret:
        return Secret(f"http://127.0.0.1:{self.server_port}{PATH}")

    def taken(self) -> list[dict[str, Any]]:
        """What was posted since the last time."""
        posted, self.posted = self.posted, []
        return posted


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if 200 <= self.server.status < 300 and self.path == PATH:
            self.server.posted.append(body)
        else:
            self.server.refused += 1
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("location", f"http://127.0.0.1:{self.server.server_port}{PATH}")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing on the terminal."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()

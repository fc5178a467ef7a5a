"""What a path is served by: its handler and the limit it counts under.

(method, handler, methods allowed) -> `Endpoint`, or 405
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hubspot_pipeline.sandbox.answers import Answer, ApiError
from hubspot_pipeline.sandbox.sandbox import Call

Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Endpoint:
    handle: Handler
    bucket: str = "burst"
    public: bool = False


def on(method: str, handler: Handler, *methods: str, bucket: str = "burst") -> Endpoint:
    """The endpoint, where the method is one of those it has. Raises 405."""
    if method not in methods:
        raise ApiError(405, "Method Not Allowed", headers={"allow": ", ".join(methods)})
    return Endpoint(handler, bucket)


def scoped(scopes: Sequence[str], handler: Handler) -> Handler:
    """The handler behind any one of these scopes."""

    def handle(call: Call) -> Answer:
        call.require(scopes)
        return handler(call)

    return handle


def offered(feature: str, handler: Handler) -> Handler:
    """The handler, where the account's plan has the feature. Raises 403."""

    def handle(call: Call) -> Answer:
        call.sandbox.offer(feature)
        return handler(call)

    return handle

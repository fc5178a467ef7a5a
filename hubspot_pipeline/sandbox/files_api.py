"""Files over HTTP: what is known of one, a signed URL, the content behind it.

`Call` on /files/files -> file JSON; a signed path below /cdn -> bytes

A private file's own URL answers 404; its signed one works without a token until it expires.
"""

import hashlib
import hmac
from functools import partial
from urllib.parse import parse_qs, quote

from hubspot_pipeline.sandbox.answers import Answer, ApiError, json_answer, not_found
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.endpoints import Endpoint, on, scoped
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.pages import by_id, paged
from hubspot_pipeline.sandbox.paths import Route
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.sandbox import Call, Sandbox

SCOPES = ("files", "files.read", "files.ui_hidden.read")
PREFIX = "/cdn/"
EXPIRES, EXPIRES_MOST = 300, 604_800
_TYPES = {"pdf": "application/pdf", "png": "image/png", "txt": "text/plain", "html": "text/html", "csv": "text/csv"}


def endpoint(method: str, route: Route) -> Endpoint | None:
    """Everything below /files/files that reads."""
    match route.parts[1:]:
        case ("files", "search"):
            return on(method, scoped(SCOPES, search), "GET")
        case ("files", id) if id.isdigit():
            return on(method, scoped(SCOPES, partial(one_file, id=id)), "GET")
        case ("files", id, "signed-url") if id.isdigit():
            return on(method, scoped(SCOPES, partial(signed_url, id=id)), "GET")
    return None


def _origin(call: Call) -> str:
    return "/".join(call.base_url.split("/")[:3])


def _stored(call: Call, id: str) -> Json:
    found = call.portal.items["file"].get(id)
    if found is None or found["archived"]:
        raise not_found(f"File {id} does not exist")
    return found


def _shown(call: Call, one: Json) -> Json:
    url = f"{_origin(call)}{PREFIX}hubfs/{call.portal.portal_id}/{one['id']}/{_file_name(one)}"
    return call.portal.shown("file", one) | {"url": url, "defaultHostingUrl": url}


def _file_name(one: Json) -> str:
    return quote(f"{one['name']}.{one['extension']}", safe="")


def one_file(call: Call, id: str) -> Answer:
    return json_answer(_shown(call, _stored(call, id)))


def search(call: Call) -> Answer:
    """GET files by ascending id."""
    rows = [_shown(call, one) for one in call.portal.items["file"].values() if not one["archived"]]
    return json_answer(paged(call, rows, by_id, call.whole("limit", 10, 100)))


def _signature(portal: Portal, id: str, expires: int) -> str:
    key = f"{portal.portal_id}/{portal.seed}".encode()
    return hmac.new(key, f"{id}/{expires}".encode(), hashlib.sha256).hexdigest()[:32]


def signed_url(call: Call, id: str) -> Answer:
    """GET a URL that gives the content to anybody for `expirationSeconds`, five minutes unless said otherwise."""
    one = _stored(call, id)
    expires = call.portal.now() + 1000 * call.whole("expirationSeconds", EXPIRES, EXPIRES_MOST)
    query = f"Expires={expires}&Signature={_signature(call.portal, id, expires)}"
    return json_answer({
        "expiresAt": iso(expires), "name": one["name"], "extension": one["extension"], "type": one["type"],
        "size": one["size"], "url": f"{_origin(call)}{PREFIX}signed/{id}/{_file_name(one)}?{query}",
    })  # fmt: skip


def content(sandbox: Sandbox, path: str, query: bytes) -> Answer:
    """Bytes of a file, for a path below /cdn as it was sent, escapes and all.

    Raises 403 where the URL is no longer or not at all signed, 404 where there is no such file or a private one.
    """
    parts = path.partition("?")[0].removeprefix(PREFIX).split("/")
    portal = sandbox.portal
    if parts[0] == "hubfs" and len(parts) == 4:
        one = portal.items["file"].get(parts[2])
        if one is None or one["archived"] or one["access"] == "PRIVATE":
            raise not_found()
    elif parts[0] == "signed" and len(parts) == 3:
        given = {key: values[-1] for key, values in parse_qs(query.decode("latin-1")).items()}
        expires = given.get("Expires", "")
        known = expires.isdigit() and hmac.compare_digest(
            given.get("Signature", ""), _signature(portal, parts[1], int(expires))
        )
        if not known or int(expires) <= portal.now():
            raise ApiError(403, "Access denied: the URL has expired or is not signed")
        one = portal.items["file"].get(parts[1])
        if one is None or one["archived"]:
            raise not_found()
    else:
        raise not_found()
    media = _TYPES.get(one["extension"], "application/octet-stream")
    return Answer(200, str(one["content"]).encode(), {}, media)

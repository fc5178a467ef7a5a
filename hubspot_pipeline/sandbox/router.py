"""Which handler serves a path, under which limit and which scopes.

(method, versionless path) -> `Endpoint`; 405 where the path exists with other methods
"""

from collections.abc import Callable
from functools import partial

from hubspot_pipeline.sandbox import (
    associations,
    objects,
    objects_write,
    pipelines_api,
    properties_api,
    schemas_api,
    settings_api,
)
from hubspot_pipeline.sandbox.answers import Answer, ApiError, invalid, not_found
from hubspot_pipeline.sandbox.catalogue import OBJECT_SCOPES, SCHEMA_SCOPES, Kind
from hubspot_pipeline.sandbox.endpoints import Endpoint, Handler, on
from hubspot_pipeline.sandbox.paths import DATED, Route
from hubspot_pipeline.sandbox.router_collections import collection
from hubspot_pipeline.sandbox.sandbox import Call

READ_ANY = OBJECT_SCOPES["read"] + SCHEMA_SCOPES["read"]
WRITE_ANY = SCHEMA_SCOPES["write"] + (
    "tickets",
    "e-commerce",
    "crm.objects.carts.write",
    "crm.objects.orders.write",
    "crm.objects.users.write",
)
ANY_OBJECT = OBJECT_SCOPES["read"] + OBJECT_SCOPES["write"]
CUSTOM_READ = (
    "crm.objects.custom.highly_sensitive.read.v2", "crm.objects.custom.read",
    "crm.objects.custom.sensitive.read.v2", "crm.schemas.custom.read",
)  # fmt: skip


def endpoint(method: str, route: Route | None) -> Endpoint | None:
    """The endpoint of a request; None where there is no such path. Raises 405."""
    if route is None or not _has_version(route):
        return None
    match route.parts:
        case ("crm", "objects", "deals", "splits", *tail) if route.version == "v3":
            return collection(method, Route(("deal-splits", *tail), DATED[-1]))
        case ("crm", "objects", type_, *tail):
            return _objects(method, type_, tuple(tail), route)
        case ("crm", "associations", from_, to, *tail):
            return _associations(method, from_, to, tuple(tail), route)
        case ("crm", "properties", type_, *tail):
            return _below(method, properties_api.methods(tail), partial(_properties, type_=type_, tail=tuple(tail)))
        case ("properties", type_, "properties") if route.version == "v2":
            return on(method, partial(_old_properties, type_=type_), "GET")
        case ("crm", "pipelines", type_, *tail):
            return _below(method, pipelines_api.methods(tail), partial(_pipelines, type_=type_, tail=tuple(tail)))
        case ("crm-pipelines", "pipelines", type_):
            return on(method, partial(_old_pipelines, type_=type_), "GET")
        case ("crm", "owners", *tail) if len(tail) < 2:
            return on(method, partial(_owners, tail=tuple(tail)), "GET")
        case ("crm", "schemas", *tail) | ("crm-object-schemas", "schemas", *tail):
            return _below(method, schemas_api.methods(tail), partial(_schemas, tail=tuple(tail)))
        case ("settings", "users", *tail) if len(tail) < 2:
            return on(method, partial(_users, tail=tuple(tail)), "GET")
        case ("settings", "teams"):
            return on(method, partial(_users, tail=("teams",)), "GET")
        case ("account-info", "details"):
            return on(method, partial(settings_api.account, tail=("details",)), "GET")
        case ("account-info", "api-usage", "daily", *tail) if tail in ([], ["private-apps"]):
            return on(method, partial(settings_api.account, tail=("api-usage",)), "GET")
        case ("integrations", "limit", "daily"):
            return on(method, settings_api.legacy_limit, "GET")
        case ("integrations", "me"):
            return on(method, partial(settings_api.account, tail=("details",)), "GET")
        case ("oauth", *_):
            return Endpoint(_unused, public=True)
    return collection(method, route)


def _has_version(route: Route) -> bool:
    """Whether HubSpot has that version of the API; those that are not listed look for themselves."""
    for start, versions in _VERSIONS:
        if route.parts[: len(start)] == start:
            return route.version in versions
    return not route.is_beta or route.parts[:2] in BETAS


def _unused(call: Call) -> Answer:
    raise AssertionError("served without a token")


def _below(method: str, methods: tuple[str, ...], handler: Handler) -> Endpoint | None:
    return on(method, handler, *methods) if methods else None


BETAS = {("marketing", "forms"), ("automation", "flows")}
"""What dated betas are known of, teams beside."""
_VERSIONS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("crm", "objects"), ("v3", "v4", *DATED)), (("crm", "associations"), ("v3", "v4", *DATED)),
    (("crm",), ("v3", *DATED)), (("crm-object-schemas",), ("v3", *DATED)), (("account-info",), ("v3", *DATED)),
    (("settings", "users"), ("v3", "2026-03")), (("settings", "teams"), ("2026-09-beta",)),
    (("settings", "currencies"), ("v3", *DATED)), (("deal-splits",), DATED), (("files",), ("v3", *DATED)),
    (("integrations",), ("v1",)), (("crm-pipelines",), ("v1",)), (("engagements",), ("v1",)),
)  # fmt: skip
"""Versions of the APIs by the beginning of their path; the first that fits counts."""
Action = Callable[[Call, Kind], Answer]


_NARROW: dict[str, Callable[[str, str], bool]] = {
    "contracts": lambda op, version: version == "2026-09" or op in ("list", "read", "batch/read"),
    "partner_clients": lambda op, version: (
        op in ("list", "read", "update", "batch/update", "search") or (op == "batch/read" and version != "2026-09")
    ),
    "partner_services": lambda op, _: op in ("list", "read", "update", "batch/read", "batch/update", "search"),
}
"""Object types that do not have every operation: whether they have this one in this version."""


def _operation(call: Call) -> str:
    tail = call.parts[3:]
    if len(tail) == 1 and tail[0] not in ("search", "merge", "gdpr-delete"):
        return {"GET": "read", "PATCH": "update"}.get(call.method, "archive")
    return "/".join(tail) or ("create" if call.method == "POST" else "list")


def _of(type_: str, write: bool, action: Action) -> Handler:
    """A handler for one object type, behind that object's scopes."""

    def handle(call: Call) -> Answer:
        kind = call.kind(type_)
        if kind.undated and call.route.version in DATED:
            raise invalid(f"Unable to infer object type from: {type_}")
        if kind.name in _NARROW and not _NARROW[kind.name](_operation(call), call.route.version):
            raise not_found()
        call.require(kind.write_scopes if write else kind.read_scopes)
        call.sandbox.offer("custom_objects" if kind.custom else kind.name)
        if write and kind.read_only:
            raise ApiError(405, "Method Not Allowed")
        return action(call, kind)

    return handle


def _objects(method: str, type_: str, tail: tuple[str, ...], route: Route) -> Endpoint | None:
    match tail:
        case ():
            if method == "POST":
                return Endpoint(_of(type_, True, objects_write.create))
            return on(method, _of(type_, False, objects.list_objects), "GET", "POST")
        case ("search",):
            return on(method, _of(type_, False, objects.search_objects), "POST", bucket="search")
        case ("batch", "read"):
            return on(method, _of(type_, False, objects.batch_read), "POST")
        case ("batch", action) if action in objects_write.BATCHES:
            return on(method, _of(type_, True, partial(objects_write.batch, action=action)), "POST")
        case ("merge",):
            return on(method, _of(type_, True, objects_write.merge), "POST")
        case ("gdpr-delete",):
            return on(method, _of(type_, True, objects_write.gdpr_delete), "POST")
        case (key,):
            if method == "GET":
                return Endpoint(_of(type_, False, partial(objects.read_object, key=key)))
            if method == "PATCH":
                return Endpoint(_of(type_, True, partial(objects_write.update, key=key)))
            return on(method, _of(type_, True, partial(objects_write.archive, key=key)), "GET", "PATCH", "DELETE")
        case (key, "associations", *rest):
            return _links_of_one(method, type_, key, tuple(rest), route)
    return None


def _two(type_: str, to: str, action: Callable[[Call, Kind, Kind], Answer], links: bool = False) -> Handler:
    """A handler for two object types; to read `links` takes a read scope of both, all else any object's scope."""

    def handle(call: Call) -> Answer:
        here, there = call.kind(type_), call.kind(to)
        if links:
            call.require(here.read_scopes, there.read_scopes)
        call.require(ANY_OBJECT)
        for kind in (here, there):
            call.sandbox.offer("custom_objects" if kind.custom else kind.name)
        return action(call, here, there)

    return handle


def _links_of_one(method: str, type_: str, key: str, rest: tuple[str, ...], route: Route) -> Endpoint | None:
    match rest:
        case (to,):
            return on(
                method,
                _two(type_, to, lambda call, here, there: associations.list_links(call, here, key, there), links=True),
                "GET",
            )
        case ("default", to, to_id):
            return on(
                method,
                _two(type_, to, lambda call, here, there: associations.put_default(call, here, key, there, to_id)),
                "PUT",
            )
        case (to, to_id, name) if route.version == "v3":
            if method == "DELETE":
                return Endpoint(
                    _two(type_, to, lambda call, here, there: associations.delete_link(call, here, key, there, to_id))
                )
            return on(
                method,
                _two(type_, to, lambda call, here, there: associations.put_named(call, here, key, there, to_id, name)),
                "PUT",
                "DELETE",
            )
        case (to, to_id):
            if method == "PUT":
                return Endpoint(
                    _two(type_, to, lambda call, here, there: associations.put_link(call, here, key, there, to_id))
                )
            return on(
                method,
                _two(type_, to, lambda call, here, there: associations.delete_link(call, here, key, there, to_id)),
                "PUT",
                "DELETE",
            )
    return None


def _associations(method: str, from_: str, to: str, tail: tuple[str, ...], route: Route) -> Endpoint | None:
    match tail:
        case ("batch", "read"):
            return on(method, _two(from_, to, associations.batch_read, links=True), "POST", bucket="associations")
        case ("batch", *rest) if "/".join(rest) in ("create", "archive", "labels/archive", "associate/default"):
            action = "/".join(rest)
            write = _two(from_, to, lambda call, here, there: associations.batch_write(call, here, there, action))
            return on(method, write, "POST", bucket="associations")
        case ("labels", *rest):
            return on(
                method, _two(from_, to, lambda call, here, there: associations.labels(call, here, there, rest)),
                "GET", "POST", "PUT", "DELETE", bucket="associations",
            )  # fmt: skip
        case ("types",) if route.version == "v3":
            return on(method, _two(from_, to, associations.old_types), "GET", bucket="associations")
    return None


def _properties(call: Call, type_: str, tail: tuple[str, ...]) -> Answer:
    reads = call.method == "GET" or tail == ("batch", "read")
    kind = call.kind(type_)
    if reads:
        call.require(READ_ANY)
    else:
        own = f"crm.schemas.{'custom' if kind.custom else kind.name}.write"
        call.require(
            ("tickets",) if kind.name == "tickets" else (own, *(s for s in kind.write_scopes if s == "e-commerce"))
        )
    return properties_api.properties(call, kind, tail)


def _old_properties(call: Call, type_: str) -> Answer:
    call.require(READ_ANY)
    return properties_api.as_array(call, call.kind(type_))


def _pipelines(call: Call, type_: str, tail: tuple[str, ...]) -> Answer:
    call.require(READ_ANY if call.method == "GET" else WRITE_ANY)
    return pipelines_api.pipelines(call, call.kind(type_), tail)


def _old_pipelines(call: Call, type_: str) -> Answer:
    call.require(READ_ANY)
    return pipelines_api.old_pipelines(call, type_)


def _owners(call: Call, tail: tuple[str, ...]) -> Answer:
    call.require(("automation", "crm.objects.owners.read"))
    return settings_api.owners(call, tail)


def _schemas(call: Call, tail: tuple[str, ...]) -> Answer:
    reads = call.method == "GET" or tail == ("batch", "read")
    call.require(CUSTOM_READ + (("oauth",) if tail else ()) if reads else ("crm.schemas.custom.write",))
    call.sandbox.offer("custom_objects")
    return schemas_api.schemas(call, tail)


def _users(call: Call, tail: tuple[str, ...]) -> Answer:
    call.require(
        ("settings.users.teams.read",) if tail == ("teams",) else ("crm.objects.users.read", "settings.users.read")
    )
    return settings_api.users(call, tail)

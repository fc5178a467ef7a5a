"""Property definitions and groups over HTTP.

`Call` on /crm/properties/{type} -> Property JSON
"""

import re
from collections.abc import Sequence

from hubspot_pipeline.sandbox.answers import Answer, ApiError, batch_error, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.objects import envelope
from hubspot_pipeline.sandbox.sandbox import Call

FIELD_TYPES = {
    "string": {"text", "textarea", "file", "html", "phonenumber", "calculation_equation"},
    "number": {"number", "calculation_equation"}, "date": {"date"}, "datetime": {"date"},
    "bool": {"booleancheckbox", "calculation_equation"}, "phone_number": {"phonenumber"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
}  # fmt: skip
MAX_UNIQUE = 10
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def methods(tail: Sequence[str]) -> tuple[str, ...]:
    """What a path below /crm/properties/{type} can be asked; nothing where there is no such path."""
    match tuple(tail):
        case () | ("groups",):
            return ("GET", "POST")
        case ("batch", "read" | "create" | "archive"):
            return ("POST",)
        case (_,) | ("groups", _):
            return ("GET", "PATCH", "DELETE")
    return ()


def properties(call: Call, kind: Kind, tail: Sequence[str]) -> Answer:
    """Everything below /crm/properties/{type}."""
    match tuple(tail):
        case ():
            return _list(call, kind) if call.method == "GET" else _create(call, kind)
        case ("groups", *rest):
            return _groups(call, kind, rest)
        case ("batch", action) if action in ("read", "create", "archive"):
            return _batch(call, kind, action)
        case (name,):
            return _one(call, kind, name)
    raise not_found()


def _shown(call: Call, kind: Kind, archived: bool) -> list[Json]:
    wanted = call.text("dataSensitivity", "non_sensitive")
    return [
        definition for definition in call.portal.definitions[kind.name].values()
        if definition["archived"] is archived and definition["dataSensitivity"] == wanted
        and not definition.get("unlisted")
    ]  # fmt: skip


def _list(call: Call, kind: Kind) -> Answer:
    return json_answer({"results": _shown(call, kind, call.flag("archived"))})


def as_array(call: Call, kind: Kind) -> Answer:
    """The answer of v2, a bare array."""
    return json_answer(_shown(call, kind, False))


def _checked(call: Call, kind: Kind, body: Json) -> Json:
    """A definition that may be created. Raises 400 or 409."""
    missing = [name for name in ("name", "label", "type", "fieldType", "groupName") if not body.get(name)]
    if missing:
        raise invalid(f"Invalid input JSON: {', '.join(missing)} required")
    name, type_ = str(body["name"]), str(body["type"])
    if not _NAME.fullmatch(name):
        raise invalid(
            f"Property name {name!r} must start with a lower-case letter and hold only such, digits and underscores"
        )
    if type_ not in FIELD_TYPES or body["fieldType"] not in FIELD_TYPES[type_]:
        raise invalid(f"Property type {type_!r} does not go with fieldType {body['fieldType']!r}")
    if body["groupName"] not in call.portal.groups[kind.name]:
        raise invalid(f"Property group {body['groupName']!r} does not exist")
    known = call.portal.definitions[kind.name]
    before = known.get(name)
    if before is not None and not before["archived"]:
        raise ApiError(
            409, f"A property named '{name}' already exists.", "OBJECT_ALREADY_EXISTS",
            subCategory="Properties.PROPERTY_WITH_NAME_EXISTS",
        )  # fmt: skip
    unique = sum(one["hasUniqueValue"] and not one.get("hubspotDefined") for one in known.values())
    if body.get("hasUniqueValue") and unique >= MAX_UNIQUE:
        raise invalid(f"An object can have at most {MAX_UNIQUE} unique properties")
    allowed = (
        "name", "label", "type", "fieldType", "groupName", "description", "options", "displayOrder", "hasUniqueValue",
        "hidden", "formField", "calculationFormula", "externalOptions", "referencedObjectType", "dataSensitivity",
    )  # fmt: skip
    definition = {key: body[key] for key in allowed if body.get(key) is not None}
    if definition["fieldType"] == "calculation_equation":
        definition["calculated"] = True
    return definition


def _create(call: Call, kind: Kind) -> Answer:
    definition = _checked(call, kind, call.object_body())
    call.portal.define_property(kind.name, definition)
    location = f"/crm/properties/2026-03/{kind.name}/{definition['name']}"
    return json_answer(call.portal.definitions[kind.name][definition["name"]], 201, {"location": location})


def _one(call: Call, kind: Kind, name: str) -> Answer:
    definition = call.portal.definitions[kind.name].get(name)
    archived = call.method == "GET" and call.flag("archived")
    if definition is None or definition["archived"] is not archived or definition.get("unlisted"):
        raise not_found(f"Property {name!r} does not exist")
    if call.method == "GET":
        return json_answer(definition)
    if call.method == "DELETE":
        _refuse_fixed(definition)
        call.portal.archive_property(kind.name, name)
        return Answer(204)
    body = call.object_body()
    allowed = (
        "label",
        "type",
        "fieldType",
        "groupName",
        "description",
        "options",
        "displayOrder",
        "hidden",
        "formField",
    )
    if definition.get("hubspotDefined") and set(body) - {"options", "description"}:
        raise invalid(f"Property {name!r} is defined by HubSpot and read-only")
    changed = {**definition, **{key: body[key] for key in allowed if key in body}}
    if changed["fieldType"] not in FIELD_TYPES.get(changed["type"], ()) and not definition.get("hubspotDefined"):
        raise invalid(f"Property type {changed['type']!r} does not go with fieldType {changed['fieldType']!r}")
    changed.pop("updatedAt")
    call.portal.define_property(kind.name, changed)
    return json_answer(call.portal.definitions[kind.name][name])


def _refuse_fixed(definition: Json) -> None:
    if definition.get("hubspotDefined"):
        raise invalid(f"Property {definition['name']!r} is defined by HubSpot and cannot be archived")


def _groups(call: Call, kind: Kind, tail: Sequence[str]) -> Answer:
    known = call.portal.groups[kind.name]
    if not tail:
        if call.method == "GET":
            return json_answer({"results": list(known.values())})
        body = call.object_body()
        if not body.get("name") or not body.get("label"):
            raise invalid("Invalid input JSON: name and label are required")
        if body["name"] in known:
            raise ApiError(409, f"A property group named '{body['name']}' already exists.", "OBJECT_ALREADY_EXISTS")
        call.portal.define_group(kind.name, body["name"], body["label"], int(body.get("displayOrder") or -1))
        return json_answer(known[body["name"]], 201)
    group = known.get(tail[0])
    if group is None:
        raise not_found(f"Property group {tail[0]!r} does not exist")
    if call.method == "DELETE":
        active = [one["name"] for one in call.portal.definitions[kind.name].values()
                  if one["groupName"] == tail[0] and not one["archived"]]  # fmt: skip
        if active:
            inner = {
                "status": "error",
                "message": f"Property group {tail[0]} has active properties",
                "properties": active,
            }
            raise invalid(encode(inner).decode(), subCategory="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES")
        call.portal.drop_group(kind.name, tail[0])
        return Answer(204)
    if call.method == "PATCH":
        changed = {**group, **call.object_body()}
        call.portal.define_group(kind.name, tail[0], changed["label"], int(changed["displayOrder"]))
    return json_answer(known[tail[0]])


def _batch(call: Call, kind: Kind, action: str) -> Answer:
    rows, errors = [], []
    known = call.portal.definitions[kind.name]
    archived = bool(call.object_body().get("archived"))
    for one in call.inputs(100):
        name = str(one.get("name", ""))
        try:
            if action == "create":
                call.portal.define_property(kind.name, _checked(call, kind, one))
            elif name not in known or known[name]["archived"] is not (archived and action == "read"):
                raise not_found(f"Property {name!r} does not exist")
            elif action == "archive":
                _refuse_fixed(known[name])
                call.portal.archive_property(kind.name, name)
            if action != "archive":
                rows.append(encode(known[name]))
        except ApiError as error:
            errors.append(batch_error(error, name=[name]))
    if action == "archive" and not errors:
        return Answer(204)
    return envelope(call, rows, errors, 201 if action == "create" else 200)

"""Custom object definitions over HTTP.

`Call` on /crm-object-schemas/schemas -> ObjectSchema JSON
"""

from collections.abc import Sequence

from hubspot_pipeline.sandbox.answers import Answer, ApiError, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.sandbox import Call


def methods(tail: Sequence[str]) -> tuple[str, ...]:
    """What a path below /crm-object-schemas/schemas can be asked; nothing where there is no such path."""
    match tuple(tail):
        case ():
            return ("GET", "POST")
        case ("batch", "read") | (_, "associations"):
            return ("POST",)
        case (_,):
            return ("GET", "PATCH", "DELETE")
        case (_, "associations", _):
            return ("DELETE",)
    return ()


def schemas(call: Call, tail: Sequence[str]) -> Answer:
    """Custom object definitions."""
    if not tail and call.method == "GET":
        archived = call.flag("archived")
        found = [one for one in call.portal.schemas.values() if one["archived"] is archived]
        return json_answer({"results": [call.portal.shown_schema(one) for one in found]})
    if not tail:
        return _new_schema(call)
    if tuple(tail) == ("batch", "read"):
        kinds = [call.kind(str(one.get("id", one.get("name", "")))) for one in call.inputs(100)]
        shown = [call.portal.schemas[kind.type_id] for kind in kinds if kind.type_id in call.portal.schemas]
        return json_answer({"results": [call.portal.shown_schema(one) for one in shown]})
    kind = call.kind(tail[0])
    schema = call.portal.schemas.get(kind.type_id)
    if schema is None:
        raise not_found()
    if call.method == "POST" and list(tail[1:]) == ["associations"]:
        other = str(call.object_body().get("toObjectTypeId"))
        return json_answer(
            call.portal.connect_schema(kind.type_id, call.kind(other).name, str(call.object_body().get("name") or "")),
            201,
        )
    if len(tail) == 3:
        call.portal.disconnect_schema(kind.type_id, tail[2])
        return Answer(204)
    if call.method == "DELETE":
        if call.portal.shelves[kind.name].live:
            raise invalid("The object type still has records")
        call.portal.drop_schema(kind.type_id)
        return Answer(204)
    if call.method == "PATCH":
        call.portal.define_schema({**schema, **call.object_body(), "name": schema["name"]})
        schema = call.portal.schemas[kind.type_id]
    return json_answer(call.portal.shown_schema(schema))


def _new_schema(call: Call) -> Answer:
    body = call.object_body()
    name = str(body.get("name") or "")
    if not name.isascii() or not name.replace("_", "").isalnum() or not name[:1].isalpha():
        raise invalid("Object name must start with a letter and contain only letters, digits and underscores")
    if (
        not body.get("labels")
        or not isinstance(body.get("properties"), list)
        or not isinstance(body.get("requiredProperties"), list)
    ):
        raise invalid("Invalid input JSON: labels, properties and requiredProperties are required")
    if any(one["name"].lower() == name.lower() for one in call.portal.schemas.values()):
        raise ApiError(409, f"An object type named {name!r} already exists.", "OBJECT_ALREADY_EXISTS")
    if "associatedObjects" not in body:
        raise invalid("Invalid input JSON: associatedObjects is required")
    others = [call.kind(str(other)).name for other in body["associatedObjects"]]
    type_id = call.portal.define_schema({**body, "associatedObjects": others})
    return json_answer(call.portal.shown_schema(call.portal.schemas[type_id]), 201)

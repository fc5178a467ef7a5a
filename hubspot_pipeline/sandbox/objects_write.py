"""Writing CRM objects: create, update, upsert, archive, merge, privacy deletion, one by one or in batches.

`Call` with properties -> values checked as HubSpot does -> the portal changed
"""

from collections.abc import Mapping
from typing import Any

from hubspot_pipeline.sandbox import associations
from hubspot_pipeline.sandbox.answers import Answer, ApiError, batch_error, invalid, not_found, property_errors
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.objects import BATCH_MOST, envelope, merged_json, resolve
from hubspot_pipeline.sandbox.sandbox import Call
from hubspot_pipeline.sandbox.values import stored

BATCHES = ("create", "update", "upsert", "archive")
MAX_MERGED = 250
_STAGES = {"deals": ("pipeline", "dealstage"), "tickets": ("hs_pipeline", "hs_pipeline_stage")}


def checked(call: Call, kind: Kind, given: Any, id: int | None = None) -> dict[str, str]:
    """Values of a write, as they will be stored. Raises 400 for what HubSpot refuses, 409 for a taken unique value."""
    if not isinstance(given, Mapping):
        raise invalid("Invalid input JSON: properties must be an object")
    known = call.portal.definitions[kind.name]
    problems: list[tuple[str, str, str]] = []
    values: dict[str, str] = {}
    for name, value in given.items():
        definition = known.get(name)
        if definition is None or definition["archived"]:
            problems.append((name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif definition["modificationMetadata"]["readOnlyValue"]:
            problems.append((name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'))
        else:
            text, problem = stored(call.portal, kind, definition, value)
            if problem:
                problems.append((name, *problem))
            values[name] = text
    if problems:
        raise property_errors(problems, call.portal.portal_id)
    for name, text in values.items():
        if known[name]["hasUniqueValue"] and text:
            _refuse_taken(call, kind, name, text, id)
    return values


def _refuse_foreign_stage(call: Call, kind: Kind, values: Mapping[str, str], id: int | None = None) -> None:
    """Raises 400 where the stage that a write leads to is not one of the pipeline's."""
    names = _STAGES.get(kind.name)
    if names is None or not any(values.get(name) for name in names):
        return
    shelf = call.portal.shelves[kind.name]
    pipeline, stage = (values.get(name) or (shelf.value(id, name) if id is not None else None) for name in names)
    known = call.portal.pipelines.get(kind.name, {}).get(str(pipeline))
    if known is not None and stage and stage not in [one["id"] for one in known["stages"]]:
        problem = (names[1], "INVALID_OPTION", f"{stage} is not a stage of pipeline {pipeline}")
        raise property_errors([problem], call.portal.portal_id)


def _refuse_taken(call: Call, kind: Kind, name: str, text: str, id: int | None) -> None:
    other = resolve(call, call.portal.shelves[kind.name], text, name, False)
    if other is None or other == id:
        return
    if kind.name == "contacts" and name == "email":
        raise ApiError(409, f"Contact already exists. Existing ID: {other}", "CONFLICT")
    raise property_errors(
        [(name, "CONFLICTING_UNIQUE_VALUE", f"{other} already has that value for {name}.")], call.portal.portal_id
    )


def _source(call: Call) -> str:
    return "INTEGRATION" if call.token.is_oauth else "API"


def _make(call: Call, kind: Kind, given: Json) -> tuple[int, dict[str, str]]:
    """Creates one record of a create body; returns its id and the values written."""
    values = checked(call, kind, given.get("properties") or {})
    lacking = [name for name in kind.required if not values.get(name)]
    if kind.name == "deals" and len(call.portal.pipelines.get("deals", {})) > 1 and not values.get("pipeline"):
        lacking.append("pipeline")
    if kind.name == "companies" and not values.get("name") and not values.get("domain"):
        lacking.append("name")
    if lacking:
        problems = [(name, "MISSING_REQUIRED_PROPERTY", f"{name} is required") for name in lacking]
        raise property_errors(problems, call.portal.portal_id)
    if kind.name == "deals":
        values.setdefault("pipeline", "default")
    _refuse_foreign_stage(call, kind, values)
    links = []
    for one in given.get("associations") or ():
        links.append(_wanted_link(call, kind, one))
    id = call.portal.create(kind.name, values, source=_source(call))
    for there, other, types in links:
        associations.link(call, kind, id, there, other, types)
    return int(id), values


def _wanted_link(call: Call, kind: Kind, one: Json) -> tuple[Kind, str, list[tuple[str, int]]]:
    """The other end of a link in a create body: its object follows from the type ids."""
    wanted = [(spec.get("associationCategory"), spec.get("associationTypeId")) for spec in one.get("types") or ()]
    for (from_, to), known in call.portal.link_types.by_pair.items():
        if from_ == kind.name and wanted and wanted[0] in known:
            there = call.portal.kinds[to]
            types = associations.given_types(call, kind, there, one["types"])
            other = str((one.get("to") or {}).get("id", ""))
            if not other.isdigit() or not call.portal.shelves[to].is_live(int(other)):
                raise not_found(f"The {there.singular} {other} could not be found.")
            return there, other, types
    raise invalid(f"{wanted} is not a valid association type", subCategory="crm.associations.INVALID_ASSOCIATION_TYPE")


def create(call: Call, kind: Kind) -> Answer:
    id, values = _make(call, kind, call.object_body())
    location = f"/crm/objects/2026-03/{kind.name}/{id}"
    return Answer(201, merged_json(call, kind, id, values), {"location": location})


def _goes_back(call: Call, kind: Kind, id: int, stage: str) -> bool:
    """Whether a lifecycle stage is set that comes before the one the record is in."""
    if not stage:
        return False
    order = [option["value"] for option in call.portal.definitions[kind.name]["lifecyclestage"]["options"]]
    current = call.portal.shelves[kind.name].value(id, "lifecyclestage")
    return current in order and stage in order and order.index(stage) < order.index(current)


def _change(call: Call, kind: Kind, id: int, given: Any) -> dict[str, str]:
    values = checked(call, kind, given or {}, id)
    _refuse_foreign_stage(call, kind, values, id)
    if _goes_back(call, kind, id, values.get("lifecyclestage", "")):
        # HubSpot lets the stage move forward only, and says nothing when it ignores a step back.
        del values["lifecyclestage"]
    call.portal.update(kind.name, str(id), values, source=_source(call))
    return values


def update(call: Call, kind: Kind, key: str) -> Answer:
    """PATCH: "" clears a value; a merged-away id still works here."""
    id = resolve(call, call.portal.shelves[kind.name], key, call.text("idProperty"), False)
    if id is None:
        raise not_found()
    values = _change(call, kind, id, call.object_body().get("properties"))
    return Answer(200, merged_json(call, kind, id, values))


def archive(call: Call, kind: Kind, key: str) -> Answer:
    id = resolve(call, call.portal.shelves[kind.name], key, "", False)
    if id is None:
        raise not_found()
    call.portal.archive(kind.name, str(id))
    return Answer(204)


def batch(call: Call, kind: Kind, action: str) -> Answer:
    """POST batch/{action}: 100 inputs; without `objectWriteTraceId` on each, one bad input fails a create whole."""
    inputs = call.inputs(BATCH_MOST)
    if action == "archive":
        for one in inputs:
            id = resolve(call, call.portal.shelves[kind.name], str(one.get("id", "")), "", False)
            if id is not None:
                call.portal.archive(kind.name, str(id))
        return Answer(204)
    if action in ("create", "update") and not all(one.get("objectWriteTraceId") for one in inputs):
        for one in inputs:
            _rehearse(call, kind, action, one)
    rows: list[bytes] = []
    errors: list[Json] = []
    for one in inputs:
        try:
            rows.append(_one_of_batch(call, kind, action, one))
        except ApiError as error:
            trace = str(one.get("objectWriteTraceId") or "")
            context = {"objectWriteTraceId": [trace]} if trace else {"ids": [str(one.get("id", ""))]}
            errors.append(batch_error(error, **context))
    return envelope(call, rows, errors, 201 if action == "create" else 200)


def _rehearse(call: Call, kind: Kind, action: str, one: Json) -> None:
    """Raises what the input would be refused for, before anything is written."""
    if action == "create":
        values = checked(call, kind, one.get("properties") or {})
        if any(not values.get(name) for name in kind.required):
            raise property_errors(
                [
                    (name, "MISSING_REQUIRED_PROPERTY", f"{name} is required")
                    for name in kind.required
                    if not values.get(name)
                ],
                call.portal.portal_id,
            )
    else:
        id = _exact(call, kind, one)
        if id is not None:
            checked(call, kind, one.get("properties") or {}, id)


def _exact(call: Call, kind: Kind, one: Json) -> int | None:
    """Id of a batch input, which may not be a merged-away one."""
    key = str(one.get("id", ""))
    id = resolve(call, call.portal.shelves[kind.name], key, str(one.get("idProperty") or ""), False)
    merged = not one.get("idProperty") and str(id) != key
    return None if merged else id


def _one_of_batch(call: Call, kind: Kind, action: str, one: Json) -> bytes:
    trace = one.get("objectWriteTraceId")
    if action == "create":
        id, values = _make(call, kind, one)
        return _traced(merged_json(call, kind, id, values), trace)
    found = _exact(call, kind, one)
    if action == "update":
        if found is None:
            raise not_found(f"{kind.upper} {one.get('id')} does not exist")
        return _traced(merged_json(call, kind, found, _change(call, kind, found, one.get("properties"))), trace)
    id_property = str(one.get("idProperty") or "")
    if not id_property:
        if found is None:
            raise not_found(f"{kind.upper} {one.get('id')} does not exist")
        values = _change(call, kind, found, one.get("properties"))
    elif found is None:
        found, values = _make(call, kind, {"properties": {**(one.get("properties") or {}), id_property: one.get("id")}})
        return b'{"new":true,' + merged_json(call, kind, found, values)[1:]
    else:
        values = _change(call, kind, found, one.get("properties"))
    return b'{"new":false,' + merged_json(call, kind, found, values)[1:]


def _traced(row: bytes, trace: Any) -> bytes:
    return row if not trace else b'{"objectWriteTraceId":' + encode(trace) + b"," + row[1:]


def merge(call: Call, kind: Kind) -> Answer:
    """POST merge: answers with the new record."""
    if not kind.merges:
        raise not_found()
    body = call.object_body()
    shelf = call.portal.shelves[kind.name]
    ids = [resolve(call, shelf, str(body.get(name, "")), "", False) for name in ("primaryObjectId", "objectIdToMerge")]
    if ids[0] is None or ids[1] is None:
        raise not_found()
    if ids[0] == ids[1]:
        raise invalid("An object cannot be merged with itself")
    merged = sum(str(shelf.value(id, "hs_merged_object_ids") or "").count(";") + 2 for id in ids if id is not None)
    if merged > MAX_MERGED:
        raise ApiError(414, f"The merged record would have more than {MAX_MERGED} identities", "VALIDATION_ERROR")
    new = call.portal.merge(kind.name, str(ids[0]), str(ids[1]))
    return Answer(200, merged_json(call, kind, int(new), ["hs_merged_object_ids"]))


def gdpr_delete(call: Call, kind: Kind) -> Answer:
    """POST gdpr-delete of a contact, by id or e-mail; an unknown one is accepted too."""
    if kind.name != "contacts":
        raise not_found()
    body = call.object_body()
    key, shelf = str(body.get("objectId", "")), call.portal.shelves["contacts"]
    for archived in (False, True):
        id = resolve(call, shelf, key, str(body.get("idProperty") or ""), archived)
        if id is not None:
            call.portal.gdpr_delete(str(id))
            return Answer(204)
    if not body.get("idProperty"):
        raise not_found()
    return Answer(204)

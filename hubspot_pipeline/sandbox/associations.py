"""Associations over HTTP: batch read, create, archive, labels, the links of one record; v3, v4 and dated.

`Call` on /crm/associations/{from}/{to} or /crm/objects/{type}/{id}/associations/{to} -> links with their types
"""

from collections.abc import Sequence
from typing import Any

from hubspot_pipeline.sandbox.answers import Answer, ApiError, batch_error, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.links import Type
from hubspot_pipeline.sandbox.objects import envelope
from hubspot_pipeline.sandbox.sandbox import Call

READ_MOST, WRITE_MOST, PAGE = 1000, 2000, 500


def _types(call: Call, here: Kind, there: Kind, keys: Sequence[Type]) -> list[Json]:
    known = call.portal.link_types.of(here.name, there.name)
    return [{"category": key[0], "typeId": key[1], "label": known[key].label} for key in keys]


def _page(
    call: Call, here: Kind, there: Kind, id: int, after: str, most: int
) -> tuple[list[tuple[int, list[Type]]], str | None]:
    """Links of one record after the given id, and the cursor of the next page."""
    if after and not after.isdigit():
        raise invalid(f"Invalid paging cursor {after!r}")
    links = [item for item in call.portal.linked(here.name, id, there.name).items() if item[0] > int(after or -1)]
    chosen = links[:most]
    return chosen, str(chosen[-1][0]) if len(links) > most else None


def _from(call: Call, here: Kind, key: Any) -> int | None:
    """Id of a live `from` record; an archived or merged-away one is not found."""
    text = str(key)
    shelf = call.portal.shelves[here.name]
    return int(text) if text.isdigit() and shelf.is_live(int(text)) else None


def _gap(here: Kind, there: Kind, key: str, exists: bool) -> Json:
    context = {"fromObjectId": [key], "fromObjectType": [here.singular], "toObjectType": [there.singular]}
    if exists:
        message = f"No {there.singular} is associated with {here.singular} {key}."
        return batch_error(not_found(message, subCategory="crm.associations.NO_ASSOCIATIONS_FOUND"), **context)
    message = f"The {here.singular} {key} could not be found."
    return batch_error(not_found(message, subCategory="crm.associations.FROM_OBJECT_NOT_FOUND"), **context)


def batch_read(call: Call, here: Kind, there: Kind) -> Answer:
    """POST batch/read: records without a link are missing from `results` and named in the errors of a 207."""
    rows, errors = [], []
    old = call.route.version == "v3"
    most = min(call.sandbox.config.association_page, PAGE)
    types = call.portal.link_types.of(here.name, there.name)
    for one in call.inputs(READ_MOST):
        key = str(one.get("id", ""))
        id = _from(call, here, key)
        chosen, after = ([], None) if id is None else _page(call, here, there, id, str(one.get("after") or ""), most)
        if not chosen:
            errors.append(_gap(here, there, key, id is not None))
            continue
        if old:
            to: list[Json] = [{"id": str(other), "type": types[key_].name} for other, keys in chosen for key_ in keys]
        else:
            to = [{"toObjectId": other, "associationTypes": _types(call, here, there, keys)} for other, keys in chosen]
        row: Json = {"from": {"id": key}, "to": to}
        if after is not None:
            row["paging"] = {"next": {"after": after, "link": call.link(after=after)}}
        rows.append(encode(row))
    return envelope(call, rows, errors)


def _pairs(call: Call, one: Json) -> tuple[str, list[str]]:
    """(from id, to ids) of one input. Raises 400."""
    try:
        to = one["to"]
        ends = [str(end["id"]) for end in (to if isinstance(to, list) else [to])]
        return str(one["from"]["id"]), ends
    except (KeyError, TypeError):
        raise invalid("Invalid input JSON: an input needs from.id and to.id") from None


def given_types(call: Call, here: Kind, there: Kind, specs: Any) -> list[Type]:
    """Types of AssociationSpecs. Raises 400 on one that the pair does not have."""
    if not isinstance(specs, list) or not specs:
        raise invalid("Invalid input JSON: types must be a non-empty list")
    known = call.portal.link_types.of(here.name, there.name)
    keys = []
    for spec in specs:
        key = (str(spec.get("associationCategory")), int(spec.get("associationTypeId") or 0))
        if key not in known:
            raise invalid(
                f"{key[0]} association type {key[1]} is not valid from {here.singular} to {there.singular}.",
                subCategory="crm.associations.INVALID_ASSOCIATION_TYPE",
            )
        keys.append(key)
    return keys


def link(call: Call, here: Kind, from_id: str, there: Kind, to_id: str, types: list[Type] | None) -> Json:
    """Links two live records; answers with the link as batch create shows it. Raises 404."""
    for kind, key, word in ((here, from_id, "FROM"), (there, to_id, "TO")):
        if _from(call, kind, key) is None:
            raise not_found(
                f"The {kind.singular} {key} could not be found.",
                subCategory=f"crm.associations.{word}_OBJECT_NOT_FOUND",
            )
    if call.portal.link_types.plain(here.name, there.name) is None:
        raise invalid(
            f"{here.name} cannot be associated with {there.name}",
            subCategory="crm.associations.INVALID_ASSOCIATION_TYPE",
        )
    call.portal.associate(here.name, from_id, there.name, to_id, types)
    keys = call.portal.links.get(here.name, there.name, int(from_id))[int(to_id)]
    return {
        "fromObjectTypeId": here.type_id, "fromObjectId": int(from_id), "toObjectTypeId": there.type_id,
        "toObjectId": int(to_id), "labels": [one["label"] for one in _types(call, here, there, keys) if one["label"]],
    }  # fmt: skip


def batch_write(call: Call, here: Kind, there: Kind, action: str) -> Answer:
    """POST batch/create, associate/default, archive, labels/archive."""
    rows: list[Json] = []
    errors: list[Json] = []
    old = call.route.version == "v3"
    for one in call.inputs(WRITE_MOST):
        from_id, ends = _pairs(call, one)
        for to_id in ends:
            try:
                rows += _write_one(call, here, there, action, one, from_id, to_id, old)
            except ApiError as error:
                errors.append(batch_error(error, fromObjectId=[from_id], toObjectId=[to_id]))
    if action in ("archive", "labels/archive") and not errors:
        return Answer(204)
    return envelope(call, [encode(row) for row in rows], errors, 201 if action == "create" else 200)


def _write_one(
    call: Call, here: Kind, there: Kind, action: str, one: Json, from_id: str, to_id: str, old: bool
) -> list[Json]:
    if action == "archive":
        if from_id.isdigit() and to_id.isdigit():
            call.portal.disassociate(here.name, from_id, there.name, to_id)
        return []
    if action == "labels/archive":
        types = given_types(call, here, there, one.get("types"))
        call.portal.disassociate(here.name, from_id, there.name, to_id, types)
        return []
    if action == "associate/default":
        link(call, here, from_id, there, to_id, None)
        plain = call.portal.link_types.plain(here.name, there.name)
        assert plain is not None
        spec = {"associationCategory": plain.category, "associationTypeId": plain.type_id}
        return [{"from": {"id": from_id}, "to": {"id": to_id}, "associationSpec": spec}]
    if old:
        by_name = {found.name: key for key, found in call.portal.link_types.of(here.name, there.name).items()}
        if one.get("type") not in by_name:
            raise invalid(
                f"{one.get('type')!r} is not a valid association type",
                subCategory="crm.associations.INVALID_ASSOCIATION_TYPE",
            )
        link(call, here, from_id, there, to_id, [by_name[str(one["type"])]])
        return [{"from": {"id": from_id}, "to": {"id": to_id}, "type": one["type"]}]
    return [link(call, here, from_id, there, to_id, given_types(call, here, there, one.get("types")))]


def list_links(call: Call, here: Kind, key: str, there: Kind) -> Answer:
    """GET of one record's links, 500 a page."""
    limit = call.whole("limit", PAGE, PAGE)
    shelf = call.portal.shelves[here.name]
    id = shelf.survivor(int(key)) if key.isdigit() else -1
    if not shelf.is_live(id):
        raise not_found(f"The {here.singular} {key} could not be found.")
    chosen, after = _page(call, here, there, id, call.text("after"), min(limit, call.sandbox.config.association_page))
    if call.route.version == "v3":
        types = call.portal.link_types.of(here.name, there.name)
        results: list[Json] = [{"id": str(other), "type": types[one].name} for other, keys in chosen for one in keys]
    else:
        results = [{"toObjectId": other, "associationTypes": _types(call, here, there, keys)} for other, keys in chosen]
    body: Json = {"results": results}
    if after is not None:
        body["paging"] = {"next": {"after": after, "link": call.link(after=after)}}
    return json_answer(body)


def put_link(call: Call, here: Kind, from_id: str, there: Kind, to_id: str) -> Answer:
    """PUT of a labelled link: the given types replace those it had."""
    types = given_types(call, here, there, call.body())
    if _from(call, here, from_id) is not None and to_id.isdigit():
        call.portal.disassociate(here.name, from_id, there.name, to_id)
    return json_answer(link(call, here, from_id, there, to_id, types), 201)


def put_default(call: Call, here: Kind, from_id: str, there: Kind, to_id: str) -> Answer:
    """PUT of the unlabelled link."""
    link(call, here, from_id, there, to_id, None)
    return envelope(call, [encode(row) for row in _defaults(call, here, from_id, there, to_id)])


def _defaults(call: Call, here: Kind, from_id: str, there: Kind, to_id: str) -> list[Json]:
    rows = []
    for first, one, second, other in ((here, from_id, there, to_id), (there, to_id, here, from_id)):
        plain = call.portal.link_types.plain(first.name, second.name)
        assert plain is not None
        spec = {"associationCategory": plain.category, "associationTypeId": plain.type_id}
        rows.append({"from": {"id": one}, "to": {"id": other}, "associationSpec": spec})
    return rows


def put_named(call: Call, here: Kind, from_id: str, there: Kind, to_id: str, name: str) -> Answer:
    """PUT in the form of v3: the type is a number or a name at the end of the path."""
    known = call.portal.link_types.of(here.name, there.name)
    key = next((key for key, found in known.items() if name in (str(key[1]), found.name)), None)
    if key is None:
        raise invalid(
            f"{name!r} is not a valid association type", subCategory="crm.associations.INVALID_ASSOCIATION_TYPE"
        )
    link(call, here, from_id, there, to_id, [key])
    shelf = call.portal.shelves[here.name]
    return Answer(200, shelf.render(int(from_id), call.portal.selection(here.name, here.defaults)))


def delete_link(call: Call, here: Kind, from_id: str, there: Kind, to_id: str) -> Answer:
    if from_id.isdigit() and to_id.isdigit():
        call.portal.disassociate(here.name, from_id, there.name, to_id)
    return Answer(204)


def labels(call: Call, here: Kind, there: Kind, tail: Sequence[str]) -> Answer:
    """GET, POST, PUT and DELETE of a pair's labels."""
    if call.method == "GET":
        return json_answer({"results": call.portal.labels(here.name, there.name)})
    known = call.portal.link_types.of(here.name, there.name)
    if call.method == "DELETE":
        key = ("USER_DEFINED", int(tail[0])) if tail and tail[0].isdigit() else None
        if key is None or key not in known:
            raise not_found()
        call.portal.drop_label(here.name, there.name, key[1])
        return Answer(204)
    body = call.object_body()
    label = body.get("label")
    if not label:
        raise invalid("label is required")
    if call.method == "PUT":
        call.portal.rename_label(
            here.name, there.name, int(body.get("associationTypeId") or 0), label, body.get("inverseLabel")
        )
        return Answer(204)
    if sum(found.category == "USER_DEFINED" and found.label is not None for found in known.values()) >= 10:
        raise invalid("A pair of objects can have at most 10 labels")
    name = str(body.get("name") or "")
    if not name or "-" in name or name[:1].isdigit():
        raise invalid("name is required, must not contain hyphens or begin with a number")
    first = call.portal.define_label(here.name, there.name, label, inverse_label=body.get("inverseLabel"), name=name)
    made = call.portal.link_types.of(here.name, there.name)[("USER_DEFINED", first)]
    results = [{"category": "USER_DEFINED", "typeId": first, "label": label}]
    if made.inverse != first:
        results.append({"category": "USER_DEFINED", "typeId": made.inverse, "label": body.get("inverseLabel") or label})
    return json_answer({"results": results})


def old_types(call: Call, here: Kind, there: Kind) -> Answer:
    """GET types of v3."""
    found = call.portal.link_types.of(here.name, there.name).values()
    return json_answer({"results": [{"id": str(one.type_id), "name": one.name} for one in found]})

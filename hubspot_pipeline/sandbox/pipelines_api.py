"""Pipelines and stages over HTTP.

`Call` on /crm/pipelines/{type} -> Pipeline JSON
"""

from collections.abc import Sequence

from hubspot_pipeline.sandbox.answers import Answer, ApiError, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import instant
from hubspot_pipeline.sandbox.sandbox import Call


def methods(tail: Sequence[str]) -> tuple[str, ...]:
    """What a path below /crm/pipelines/{type} can be asked; nothing where there is no such path."""
    match tuple(tail):
        case () | (_, "stages"):
            return ("GET", "POST")
        case (_,) | (_, "stages", _):
            return ("GET", "PUT", "PATCH", "DELETE")
        case (_, "audit") | (_, "stages", _, "audit"):
            return ("GET",)
    return ()


def pipelines(call: Call, kind: Kind, tail: Sequence[str]) -> Answer:
    """Pipelines of an object, and their stages."""
    known = call.portal.pipelines.get(kind.name, {})
    if not tail:
        if call.method == "GET":
            shown = [one for one in known.values() if not one["archived"]]
            return json_answer({"results": sorted(shown, key=lambda one: one["displayOrder"])})
        body = _checked(call.object_body())
        if any(one["label"].lower() == str(body["label"]).lower() for one in known.values()):
            raise ApiError(409, f"A pipeline with the label {body['label']!r} already exists.", "CONFLICT")
        id = call.portal.define_pipeline(kind.name, {key: value for key, value in body.items() if key != "id"})
        return json_answer(call.portal.pipelines[kind.name][id], 201)
    pipeline = known.get(tail[0])
    if pipeline is None or pipeline["archived"]:
        raise not_found()
    if len(tail) > 1 and tail[1] == "stages":
        return _stages(call, kind, pipeline, tail[2:])
    if len(tail) > 1 and tail[1] == "audit":
        return json_answer({"results": []})
    if call.method == "DELETE":
        _refuse_used(call, kind, [stage["id"] for stage in pipeline["stages"]])
        call.portal.drop_pipeline(kind.name, pipeline["id"])
        return Answer(204)
    if call.method in ("PATCH", "PUT"):
        body = call.object_body()
        full = (
            {**pipeline, **body} if call.method == "PATCH" else {"createdAt": pipeline["createdAt"], **_checked(body)}
        )
        full.pop("updatedAt", None)
        call.portal.define_pipeline(kind.name, full | {"id": pipeline["id"]})
    return json_answer(call.portal.pipelines[kind.name][pipeline["id"]])


_OLD = {"deals": "DEAL", "tickets": "TICKET"}


def old_pipelines(call: Call, type_: str) -> Answer:
    """GET of the first API: deals and tickets only, times in milliseconds."""
    kind = call.kind(type_)
    if kind.name not in _OLD:
        raise not_found()
    shown = sorted(call.portal.pipelines.get(kind.name, {}).values(), key=lambda one: one["displayOrder"])
    return json_answer({"results": [
        {"pipelineId": one["id"], "objectType": _OLD[kind.name], "objectTypeId": kind.type_id, **_old(one),
         "default": one["displayOrder"] == 0, "stages": [
             {"stageId": stage["id"], **_old(stage), "metadata": stage["metadata"]} for stage in one["stages"]]}
        for one in shown
    ]})  # fmt: skip


def _old(one: Json) -> Json:
    return {
        "label": one["label"], "displayOrder": one["displayOrder"], "active": not one["archived"],
        "createdAt": instant(one["createdAt"]), "updatedAt": instant(one["updatedAt"]),
    }  # fmt: skip


def _checked(body: Json) -> Json:
    if not body.get("label") or not isinstance(body.get("stages"), list) or "displayOrder" not in body:
        raise invalid("Invalid input JSON: label, displayOrder and stages are required")
    return body


def _refuse_used(call: Call, kind: Kind, stage_ids: Sequence[str]) -> None:
    shelf = call.portal.shelves[kind.name]
    name = "dealstage" if kind.name == "deals" else "hs_pipeline_stage"
    used = [id for id in shelf.live if shelf.value(id, name) in stage_ids]
    if used:
        raise invalid(
            f"Stage IDs: {', '.join(stage_ids)} are being referenced by object IDs: {', '.join(map(str, used[:10]))}",
            subCategory="PipelineError.STAGE_ID_IN_USE",
            context={"stageIds": list(stage_ids), "objectIds": [str(id) for id in used[:10]]},
        )


def _stages(call: Call, kind: Kind, pipeline: Json, tail: Sequence[str]) -> Answer:
    stages = [stage for stage in pipeline["stages"] if not stage["archived"]]
    if not tail and call.method == "GET":
        return json_answer({"results": stages})
    if not tail:
        body = call.object_body()
        if not body.get("label") or "metadata" not in body:
            raise invalid("Invalid input JSON: label, displayOrder and metadata are required")
        before = {one["id"] for one in pipeline["stages"]}
        new = {key: value for key, value in body.items() if key not in ("id", "stageId")}
        call.portal.define_pipeline(kind.name, {**pipeline, "stages": [*pipeline["stages"], new]})
        after = call.portal.pipelines[kind.name][pipeline["id"]]["stages"]
        return json_answer(next(one for one in after if one["id"] not in before), 201)
    stage = next((one for one in stages if one["id"] == tail[0]), None)
    if stage is None:
        raise not_found()
    if tail[1:] == ["audit"] or tail[1:] == ("audit",):
        return json_answer({"results": []})
    if call.method == "DELETE":
        _refuse_used(call, kind, [stage["id"]])
        return _replace(call, kind, pipeline, [one for one in pipeline["stages"] if one is not stage], None, 204)
    if call.method in ("PATCH", "PUT"):
        changed = {**stage, **call.object_body(), "id": stage["id"]}
        changed.pop("updatedAt", None)
        return _replace(
            call, kind, pipeline, [changed if one is stage else one for one in pipeline["stages"]], stage["id"], 200
        )
    return json_answer(stage)


def _replace(call: Call, kind: Kind, pipeline: Json, stages: list[Json], shown: str | None, status: int) -> Answer:
    full = {key: value for key, value in pipeline.items() if key != "updatedAt"}
    call.portal.define_pipeline(kind.name, full | {"stages": stages})
    if shown is None:
        return Answer(status)
    found = next(one for one in call.portal.pipelines[kind.name][pipeline["id"]]["stages"] if one["id"] == shown)
    return json_answer(found, status)

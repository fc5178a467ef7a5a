"""Reading and changing an account's settings over HTTP: pipelines, owners, users, teams, schemas, account info.

`Call` -> HubSpot JSON of the setting
"""

from collections.abc import Sequence

from hubspot_pipeline.sandbox.answers import Answer, ApiError, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.sandbox import Call

OWNERS_MOST = 500


def account(call: Call, tail: Sequence[str]) -> Answer:
    """Account details and today's use of the API."""
    if list(tail) == ["details"]:
        return json_answer(call.portal.details(call.token.portal_id))
    limits, now = call.sandbox.limits, call.portal.now()
    limits.turn_day(now)
    usage = {
        "name": "private-apps-api-calls-daily", "usageLimit": limits.daily, "currentUsage": limits.daily_used,
        "collectedAt": iso(now), "fetchStatus": "SUCCESS", "resetsAt": iso(limits.resets_at(now)),
    }  # fmt: skip
    return json_answer({"results": [usage]})


def legacy_limit(call: Call) -> Answer:
    limits, now = call.sandbox.limits, call.portal.now()
    limits.turn_day(now)
    return json_answer([{
        "name": "api-calls-daily", "usageLimit": limits.daily, "currentUsage": limits.daily_used, "collectedAt": now,
        "fetchStatus": "SUCCESS", "resetsAt": limits.resets_at(now),
    }])  # fmt: skip


def owners(call: Call, tail: Sequence[str]) -> Answer:
    """Owners, live or archived, in order of their id; or one of them."""
    archived = call.flag("archived")
    everyone = [one for one in call.portal.owners.values() if one["archived"] is archived]
    if tail:
        field = "id" if call.text("idProperty", "id") == "id" else "userIdIncludingInactive"
        found = next((one for one in everyone if str(one[field]) == tail[0]), None)
        if found is None:
            raise not_found()
        return json_answer(found)
    email = call.text("email").lower()
    everyone = sorted(
        (one for one in everyone if not email or one["email"].lower() == email), key=lambda one: int(one["id"])
    )
    return _paged(call, everyone, call.whole("limit", 100, OWNERS_MOST))


def _paged(call: Call, items: Sequence[Json], limit: int) -> Answer:
    """A page by position; the cursor is the id of the page's last item, as HubSpot's own cursors are opaque."""
    after = call.text("after")
    start = 0
    if after:
        ids = [str(item["id"]) for item in items]
        start = next(
            (at + 1 for at, id in enumerate(ids) if id == after),
            sum(int(id) <= int(after) for id in ids) if after.isdigit() else -1,
        )
        if start < 0:
            raise invalid(f"Invalid paging cursor {after!r}")
    chosen = items[start : start + limit]
    body: Json = {"results": chosen}
    if start + limit < len(items):
        cursor = str(chosen[-1]["id"])
        body["paging"] = {"next": {"after": cursor, "link": call.link(after=cursor)}}
    return json_answer(body)


def users(call: Call, tail: Sequence[str]) -> Answer:
    """User provisioning: users, roles and teams, read only."""
    if list(tail) == ["roles"]:
        return json_answer({"results": []})
    if list(tail) == ["teams"]:
        return json_answer({"results": list(call.portal.teams.values())})
    if tail:
        by_email = call.text("idProperty") == "EMAIL"
        found = next((one for one in call.portal.users.values() if one["email" if by_email else "id"] == tail[0]), None)
        if found is None:
            raise not_found()
        return json_answer(found)
    ordered = sorted(call.portal.users.values(), key=lambda one: int(one["id"]))
    return _paged(call, ordered, call.whole("limit", 100, 100))


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


def shown_schema(call: Call, schema: Json) -> Json:
    name = schema["name"]
    definitions = [one for one in call.portal.definitions[name].values() if not one["archived"]]
    return {**schema, "properties": definitions}


def schemas(call: Call, tail: Sequence[str]) -> Answer:
    """Custom object definitions."""
    archived = call.flag("archived")
    if call.method == "GET" and not tail:
        found = [one for one in call.portal.schemas.values() if one["archived"] is archived]
        return json_answer({"results": [shown_schema(call, one) for one in found]})
    if call.method == "POST" and not tail:
        return _new_schema(call)
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
    if call.method == "DELETE":
        if call.portal.shelves[kind.name].live:
            raise invalid("The object type still has records")
        call.portal.drop_schema(kind.type_id)
        return Answer(204)
    if call.method == "PATCH":
        call.portal.define_schema({**schema, **call.object_body(), "name": schema["name"]})
        schema = call.portal.schemas[kind.type_id]
    return json_answer(shown_schema(call, schema))


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
    return json_answer(shown_schema(call, call.portal.schemas[type_id]), 201)

"""Workflows over HTTP: the third version's whole list, the fourth's pages of flows.

`Call` on /automation -> workflow or flow JSON
"""

from functools import partial

from hubspot_pipeline.sandbox.answers import Answer, json_answer, not_found
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.endpoints import Endpoint, Handler, offered, on, scoped
from hubspot_pipeline.sandbox.objects import envelope
from hubspot_pipeline.sandbox.pages import by_id, paged
from hubspot_pipeline.sandbox.paths import Route
from hubspot_pipeline.sandbox.sandbox import Call
from hubspot_pipeline.sandbox.workflows import as_detail, as_flow, as_workflow

SCOPES = ("automation",)
FLOWS_MOST = 100


def endpoint(method: str, route: Route) -> Endpoint | None:
    """Everything below /automation that reads."""
    fourth = route.version == "v4" or route.is_beta
    match route.parts[1:]:
        case ("workflows", *tail) if route.version == "v3" and len(tail) < 2:
            return on(method, _open(partial(workflows, tail=tuple(tail))), "GET")
        case ("flows",) if fourth:
            return on(method, _open(flows), "GET")
        case ("flows", "batch", "read") if fourth:
            return on(method, _open(flow_batch), "POST")
        case ("flows", id) if fourth and id.isdigit():
            return on(method, _open(partial(flow, id=id)), "GET")
        case ("workflow-id-mappings", "batch", "read") if fourth:
            return on(method, _open(mappings), "POST")
    return None


def _open(handler: Handler) -> Handler:
    return scoped(SCOPES, offered("workflows", handler))


def _all(call: Call) -> list[Json]:
    return list(call.portal.items["workflow"].values())


def workflows(call: Call, tail: tuple[str, ...]) -> Answer:
    """GET: all contact workflows in one answer, or one of them; times are milliseconds."""
    old = [one for one in _all(call) if one["objectTypeId"] == "0-1"]
    if not tail:
        return json_answer({"workflows": [as_workflow(call.portal.portal_id, one) for one in old]})
    for one in old:
        if one["id"] == tail[0]:
            return json_answer(as_workflow(call.portal.portal_id, one) | {"actions": one["actions"]})
    raise not_found()


def flows(call: Call) -> Answer:
    """GET: a summary of each flow."""
    rows = [as_flow(one) for one in _all(call)]
    return json_answer(paged(call, rows, by_id, call.whole("limit", 100, FLOWS_MOST)))


def flow(call: Call, id: str) -> Answer:
    for one in _all(call):
        if one["flowId"] == id:
            return json_answer(as_detail(one))
    raise not_found()


def flow_batch(call: Call) -> Answer:
    """POST batch/read of details; unknown ones are left out."""
    wanted = {str(one.get("flowId", one.get("id", ""))) for one in call.inputs(100)}
    return envelope(call, [encode(as_detail(one)) for one in _all(call) if one["flowId"] in wanted])


def mappings(call: Call) -> Answer:
    """POST: the flow of each third-version workflow."""
    by_old = {one["id"]: one["flowId"] for one in _all(call)}
    wanted = [str(one.get("workflowId", "")) for one in call.inputs(100)]
    return envelope(call, [encode({"workflowId": id, "flowId": by_old[id]}) for id in wanted if id in by_old])

"""Pipelines and their stages, in the shape HubSpot gives them.

what was asked for + what there was -> Pipeline JSON
"""

from collections.abc import Callable, Mapping

from hubspot_pipeline.sandbox.encoding import Json

_DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"), ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"), ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"), ("closedlost", "Closed Lost", "0.0"),
)  # fmt: skip
_TICKET_STAGES = (("1", "New"), ("2", "Waiting on contact"), ("3", "Waiting on us"), ("4", "Closed"))

DEAL_STAGES: list[Json] = [
    {
        "id": id, "label": label, "displayOrder": order,
        "metadata": {"isClosed": str(id.startswith("closed")).lower(), "probability": probability},
    }
    for order, (id, label, probability) in enumerate(_DEAL_STAGES)
]  # fmt: skip
TICKET_STAGES: list[Json] = [
    {
        "id": id, "label": label, "displayOrder": order,
        "metadata": {"ticketState": "CLOSED" if id == "4" else "OPEN", "isClosed": str(id == "4").lower()},
    }
    for order, (id, label) in enumerate(_TICKET_STAGES)
]  # fmt: skip

_SIMPLE: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "leads": ("lead-pipeline-id", "Lead pipeline", (
        ("new-stage-id", "New"), ("attempting-stage-id", "Attempting"), ("connected-stage-id", "Connected"),
        ("qualified-stage-id", "Qualified"), ("unqualified-stage-id", "Disqualified"))),
    "orders": ("14a2e10e-5471-408a-906e-c51f3b04369e", "Order pipeline", (
        ("4b27b500-f031-4927-9811-68a0b525cbae", "Open"), ("937ea84d-0a4f-4dcf-9028-3f9c2aafbf03", "Processed"),
        ("aa99e8d0-c1d5-4071-b915-d240bbb1aed9", "Shipped"), ("3725360f-519b-4b18-a593-494d60a29c9f", "Cancelled"))),
    "appointments": ("appointment-pipeline", "Appointments", (("ap-booked", "Booked"), ("ap-done", "Done"))),
    "courses": ("course-pipeline", "Courses", (("co-open", "Open"), ("co-running", "Running"), ("co-over", "Over"))),
    "listings": ("listing-pipeline", "Listings", (("li-offered", "Offered"), ("li-closed", "Closed"))),
    "services": ("service-pipeline", "Services", (
        ("se-new", "New"), ("se-progress", "In progress"), ("se-closed", "Closed"))),
    "projects": ("project-pipeline", "Projects", (("pr-planned", "Planned"), ("pr-active", "Active"),
                                                  ("pr-done", "Done"))),
}  # fmt: skip

FIRST_PIPELINES: dict[str, Json] = {
    "deals": {"id": "default", "label": "Sales Pipeline", "stages": DEAL_STAGES},
    "tickets": {"id": "0", "label": "Support Pipeline", "stages": TICKET_STAGES},
    **{
        object_type: {"id": id, "label": label, "stages": [
            {"id": stage, "label": name, "displayOrder": order,
             "metadata": {"isClosed": str(order == len(stages) - 1).lower()}}
            for order, (stage, name) in enumerate(stages)
        ]}
        for object_type, (id, label, stages) in _SIMPLE.items()
    },
}  # fmt: skip
"""The pipeline that each object type starts with; ids of those of leads and orders as HubSpot's guides show them."""


def shaped(pipeline: Json, known: Mapping[str, Json], at: str, new_id: Callable[[], str]) -> Json:
    """A complete pipeline: metadata values as text, creation dates of what there was kept, ids given where missing."""
    id = str(pipeline.get("id") or new_id())
    before = known.get(id, {"createdAt": at, "stages": []})
    old = {stage["id"]: stage for stage in before["stages"]}
    stages = []
    for order, stage in enumerate(pipeline.get("stages", ())):
        stage_id = str(stage.get("id") or stage.get("stageId") or new_id())
        created = old.get(stage_id, {}).get("createdAt", at)
        stages.append({
            "label": stage["label"], "displayOrder": stage.get("displayOrder", order),
            "metadata": {key: str(value) for key, value in stage.get("metadata", {}).items()}, "id": stage_id,
            "createdAt": stage.get("createdAt", created), "updatedAt": stage.get("updatedAt", at),
            "archived": stage.get("archived", False), "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        })  # fmt: skip
    return {
        "label": pipeline["label"], "displayOrder": pipeline.get("displayOrder", len(known)), "id": id,
        "stages": stages, "createdAt": pipeline.get("createdAt", before["createdAt"]),
        "updatedAt": pipeline.get("updatedAt", at), "archived": pipeline.get("archived", False),
    }  # fmt: skip

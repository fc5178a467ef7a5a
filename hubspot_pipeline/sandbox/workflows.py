"""A workflow in the shapes that the third and the fourth version of its API give it.

stored workflow -> v3 JSON, v4 summary, v4 detail
"""

import uuid

from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import instant


def as_workflow(portal_id: int, one: Json) -> Json:
    """The third version's shape: numeric id, times in milliseconds, the lists it keeps its contacts in."""
    return {
        "id": int(one["id"]), "name": one["name"], "type": one["type"], "enabled": one["enabled"],
        "insertedAt": instant(one["createdAt"]), "updatedAt": instant(one["updatedAt"]),
        "contactListIds": {"enrolled": 0, "active": 0, "completed": 0, "succeeded": 0, **one["lists"]},
        "personaTagIds": [], "lastUpdatedByUserId": 1, "portalId": portal_id, "contactCounts": {},
        "migrationStatus": {
            "portalId": portal_id, "workflowId": int(one["id"]), "flowId": int(one["flowId"]),
            "enrollmentMigrationStatus": "PLATFORM_OWNED", "platformOwnsActions": True,
        },
    }  # fmt: skip


def as_flow(one: Json) -> Json:
    """The fourth version's row of a list: id as text, ISO times."""
    contacts = one["objectTypeId"] == "0-1"
    return {
        "id": one["flowId"], "isEnabled": one["enabled"], "flowType": "WORKFLOW", "name": one["name"],
        "objectTypeId": one["objectTypeId"], "type": "CONTACT_FLOW" if contacts else "PLATFORM_FLOW",
        "revisionId": one["revisionId"], "createdAt": one["createdAt"], "updatedAt": one["updatedAt"],
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"flow/{one['flowId']}")),
    }  # fmt: skip


def as_detail(one: Json) -> Json:
    """The fourth version's whole flow, with its actions."""
    return as_flow(one) | {
        "startActionId": "1", "nextAvailableActionId": str(len(one["actions"]) + 1), "actions": one["actions"],
        "enrollmentCriteria": {"shouldReEnroll": False, "type": "EVENT_BASED"}, "timeWindows": [], "blockedDates": [],
        "customProperties": {}, "dataSources": [], "suppressionListIds": [], "canEnrollFromSalesforce": False,
    }  # fmt: skip

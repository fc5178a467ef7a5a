"""First values of items whose maker gave only what matters to him.

kind + what was given -> the complete item
"""

import hashlib
from collections.abc import Callable
from typing import Any

from hubspot_pipeline.sandbox.encoding import Json

_COUNTERS = ("sent", "open", "delivered", "bounce", "unsubscribed", "click", "reply", "dropped", "spamreport")


def _form(_: int, item: Json) -> Json:
    return {
        "name": f"Form {item['id'][:8]}", "archived": False, "formType": "hubspot",
        "fieldGroups": [{"groupType": "default_group", "richTextType": "text", "fields": [
            {"objectTypeId": "0-1", "name": "email", "label": "Email", "required": True, "hidden": False,
             "fieldType": "email"}]}],
        "configuration": {"language": "en", "cloneable": True, "editable": True, "archivable": True},
        "displayOptions": {"submitButtonText": "Submit", "theme": "default_style"},
        "legalConsentOptions": {"type": "none"},
    }  # fmt: skip


def _submission(_: int, item: Json) -> Json:
    return {"formId": item["formId"], "values": [], "pageUrl": "https://www.example.com/form"}


def _marketing_email(_: int, item: Json) -> Json:
    campaign = str(int(item["id"]) + 1) if str(item["id"]).isdigit() else item["id"]
    return {
        "name": f"E-mail {item['id']}", "subject": "News", "state": "DRAFT", "type": "BATCH_EMAIL",
        "subcategory": "batch", "isPublished": False, "isTransactional": False, "isAb": False, "archived": False,
        "language": "en",
        "activeDomain": "www.example.com", "campaign": None, "campaignName": None,
        "primaryEmailCampaignId": campaign, "allEmailCampaignIds": [campaign],
        "from": {"fromName": "Marketing", "replyTo": "news@example.com"},
        "to": {"contactLists": {"include": [], "exclude": []}, "suppressGraymail": True},
        "stats": {"counters": dict.fromkeys(_COUNTERS, 0), "deviceBreakdown": {}, "ratios": {}, "qualifierStats": {}},
    }  # fmt: skip


def _email_campaign(_: int, item: Json) -> Json:
    return {
        "appId": 113, "appName": "Batch", "contentId": None, "subject": "News", "name": f"Campaign {item['id']}",
        "counters": {"processed": 0, "sent": 0, "delivered": 0, "open": 0, "click": 0}, "type": "BATCH_EMAIL",
        "subType": "", "numIncluded": 0, "numQueued": 0,
    }  # fmt: skip


def _email_event(portal_id: int, item: Json) -> Json:
    return {
        "type": "DELIVERED", "recipient": "", "portalId": portal_id, "appId": 113, "appName": "Batch",
        "emailCampaignId": 0,
    }  # fmt: skip


def _definition(_: int, item: Json) -> Json:
    return {
        "name": f"Subscription {item['id']}", "description": "", "purpose": "Marketing",
        "communicationMethod": "Email", "isActive": True, "isDefault": False, "isInternal": False, "businessUnitId": 0,
    }  # fmt: skip


def _change(portal_id: int, item: Json) -> Json:
    return {"recipient": "", "portalId": portal_id, "changes": []}


def _workflow(_: int, item: Json) -> Json:
    return {
        "name": f"Workflow {item['id']}", "type": "DRIP_DELAY", "enabled": True, "objectTypeId": "0-1",
        "flowId": str(int(item["id"]) + 900_000_000), "revisionId": "1", "lists": {}, "actions": [],
    }  # fmt: skip


def _campaign(_: int, item: Json) -> Json:
    return {"properties": {"hs_name": f"Campaign {item['id'][:8]}"}, "businessUnits": [{"id": 0}]}


def _web_event(_: int, item: Json) -> Json:
    return {"eventType": "e_visited_page", "properties": {}}


def _file(portal_id: int, item: Json) -> Json:
    name, extension = item.get("name", f"file-{item['id']}"), item.get("extension", "txt")
    content = item.get("content", f"{name}, file {item['id']} of portal {portal_id}\n")
    return {
        "name": name, "extension": extension, "type": "DOCUMENT", "access": "PRIVATE", "archived": False,
        "path": f"/attachments/{item['id']}.{extension}", "parentFolderId": "1", "isUsableInContent": False,
        "encoding": "utf-8", "content": content, "size": len(content.encode()),
        "fileMd5": hashlib.md5(content.encode(), usedforsecurity=False).hexdigest(),
    }  # fmt: skip


def _role(_: int, item: Json) -> Json:
    return {"name": f"Role {item['id']}", "requiresBillingWrite": False}


_FIRST: dict[str, Callable[[int, Any], Json]] = {
    "form": _form, "form_submission": _submission, "marketing_email": _marketing_email,
    "email_campaign": _email_campaign, "email_event": _email_event, "subscription_definition": _definition,
    "subscription_change": _change, "workflow": _workflow, "campaign": _campaign, "web_event": _web_event,
    "file": _file, "role": _role,
}  # fmt: skip


def first_values(portal_id: int, kind: str, item: Json) -> Json:
    """The item with what was not given. Raises KeyError where something is missing that nobody can guess."""
    if kind == "web_event":
        item = {"object": item["object"], "objectId": item["objectId"], **item}
    return {**_FIRST[kind](portal_id, item), **item}

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


CURRENCY_NAMES = {
    "USD": "US Dollar", "EUR": "Euro", "GBP": "British Pound", "CHF": "Swiss Franc", "JPY": "Japanese Yen",
}  # fmt: skip


def shown_currency(code: str) -> Json:
    """The account's own currency, as it is since the account's first day."""
    return {"id": code, "createdAt": "2019-01-01T00:00:00.000Z"}


def _marketing_event(_: int, item: Json) -> Json:
    return {
        "eventName": f"Event {item['objectId']}", "eventType": "WEBINAR", "eventOrganizer": "Marketing",
        "startDateTime": item["createdAt"], "endDateTime": item["createdAt"], "eventDescription": "", "eventUrl": "",
        "eventCancelled": False, "eventCompleted": False, "customProperties": [], "registrants": 0, "attendees": 0,
        "cancellations": 0, "noShows": 0,
    }  # fmt: skip


def _event_definition(_: int, item: Json) -> Json:
    name = item["fullyQualifiedName"].partition("_")[2]
    number = int(hashlib.sha256(name.encode()).hexdigest()[:6], 16)
    return {
        "id": str(number), "name": name, "labels": {"singular": name, "plural": name}, "primaryObject": "CONTACT",
        "objectTypeId": f"6-{number}", "properties": [], "associations": [], "archived": False,
    }  # fmt: skip


def _inbox(_: int, item: Json) -> Json:
    return {"name": f"Inbox {item['id']}", "type": "HELP_DESK", "archived": False}


def _channel(_: int, item: Json) -> Json:
    return {"name": f"Channel {item['id']}"}


def _thread(_: int, item: Json) -> Json:
    return {
        "status": "OPEN", "originalChannelId": "1000", "originalChannelAccountId": "1", "inboxId": "1", "spam": False,
        "associatedContactId": None, "archived": False,
    }  # fmt: skip


def _message(_: int, item: Json) -> Json:
    return {
        "conversationsThreadId": item["conversationsThreadId"], "createdBy": "V-1", "type": "MESSAGE",
        "direction": "INCOMING", "text": "", "richText": "", "senders": [], "recipients": [], "attachments": [],
        "channelId": "1000", "channelAccountId": "1", "archived": False,
        "client": {"clientType": "HUBSPOT"}, "truncationStatus": "NOT_TRUNCATED",
    }  # fmt: skip


def _sequence(_: int, item: Json) -> Json:
    return {"name": f"Sequence {item['id']}", "userId": "1", "folderId": None}


def _enrollment(_: int, item: Json) -> Json:
    return {
        "contactId": item["contactId"], "sequenceId": item["sequenceId"], "sequenceName": "", "enrolledBy": "1",
        "enrolledByEmail": "", "toEmail": "",
    }  # fmt: skip


def _currency(_: int, item: Json) -> Json:
    return {"currencyName": CURRENCY_NAMES.get(item["currencyCode"], item["currencyCode"])}


def _exchange_rate(_: int, item: Json) -> Json:
    return {
        "fromCurrencyCode": item["fromCurrencyCode"], "toCurrencyCode": item["toCurrencyCode"], "conversionRate": 1.0,
        "effectiveAt": item["createdAt"], "visibleInUI": True,
    }  # fmt: skip


def _audit_log(_: int, item: Json) -> Json:
    return {
        "category": "CRM_OBJECT", "subCategory": "CONTACT", "action": "UPDATE", "targetObjectId": "",
        "actingUser": {"userId": 1, "userEmail": ""}, "actingUserId": "1",
    }  # fmt: skip


def _login(_: int, item: Json) -> Json:
    return {
        "userId": 1, "email": "", "ipAddress": "192.0.2.1", "location": "", "userAgent": "Mozilla/5.0",
        "countryCode": "us", "regionCode": "ma", "loginSucceeded": True,
    }  # fmt: skip


def _security_activity(_: int, item: Json) -> Json:
    return {
        "type": "EXPORT", "userId": 1, "actingUser": "", "ipAddress": "192.0.2.1", "location": "",
        "objectId": None, "infoUrl": "", "countryCode": "us", "regionCode": "ma",
    }  # fmt: skip


def _consent(_: int, item: Json) -> Json:
    return {
        "channel": "EMAIL", "subscriberIdString": item["subscriberIdString"],
        "subscriptionId": item["subscriptionId"], "status": "SUBSCRIBED", "source": "API",
        "legalBasis": "LEGITIMATE_INTEREST_CLIENT", "legalBasisExplanation": "", "businessUnitId": 0,
    }  # fmt: skip


def _role(_: int, item: Json) -> Json:
    return {"name": f"Role {item['id']}", "requiresBillingWrite": False}


_FIRST: dict[str, Callable[[int, Any], Json]] = {
    "form": _form, "form_submission": _submission, "marketing_email": _marketing_email,
    "email_campaign": _email_campaign, "email_event": _email_event, "subscription_definition": _definition,
    "subscription_change": _change, "workflow": _workflow, "campaign": _campaign, "web_event": _web_event,
    "file": _file, "role": _role, "marketing_event": _marketing_event, "event_definition": _event_definition,
    "conversation_inbox": _inbox, "conversation_channel": _channel, "conversation_thread": _thread,
    "conversation_message": _message, "sequence": _sequence, "sequence_enrollment": _enrollment,
    "currency": _currency, "exchange_rate": _exchange_rate, "audit_log": _audit_log, "login_activity": _login,
    "security_activity": _security_activity, "consent_status": _consent,
}  # fmt: skip


def first_values(portal_id: int, kind: str, item: Json) -> Json:
    """The item with what was not given. Raises KeyError where something is missing that nobody can guess."""
    if kind == "web_event":
        item = {"object": item["object"], "objectId": item["objectId"], **item}
    return {**_FIRST[kind](portal_id, item), **item}

"""Default property definitions of every object type, as a portal has them before anyone adds one.

compact text tables -> HubSpot Property JSON

One property a line: `name type[/fieldType] [flags] [| label] [: option option ...]`. Flags: `c` calculated, `r` its
value is read-only, `u` unique, `h` hidden, `o` refers to an owner. An option is a value or `value=label`; an
indented line continues the one above.
"""

from functools import cache
from typing import Any

from hubspot_pipeline.sandbox import tables_commerce as commerce
from hubspot_pipeline.sandbox import tables_services as services
from hubspot_pipeline.sandbox.tables_activities import CALLS, EMAILS, MEETINGS, NOTES, TASKS, USERS
from hubspot_pipeline.sandbox.tables_crm import COMPANIES, CONTACTS, DEALS, LINE_ITEMS, PRODUCTS, TICKETS

FIELD_TYPES = {
    "string": "text", "number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox",
    "enumeration": "select", "phone_number": "phonenumber", "json": "text",
}  # fmt: skip

GROUPS = {
    "contacts": "contactinformation", "companies": "companyinformation", "deals": "dealinformation",
    "tickets": "ticketinformation", "products": "productinformation", "line_items": "lineiteminformation",
    "users": "userinformation",
    **{name: f"{name.rstrip('s')}information" for name in (
        "deal_split", "leads", "goal_targets", "feedback_submissions", "quotes", "orders", "invoices", "carts",
        "subscriptions", "commerce_payments", "discounts", "fees", "appointments", "courses", "listings",
        "services", "projects", "contracts", "partner_clients", "partner_services")},
    "taxes": "taxinformation",
}  # fmt: skip

SHARED = """
hs_object_id number r | Record ID
hs_created_by_user_id number r | Created by user ID
hs_updated_by_user_id number r | Updated by user ID
hs_object_source enumeration/text r | Record creation source
hs_object_source_label enumeration/select r | Record source : CRM_UI API IMPORT INTEGRATION INTERNAL_PROCESSING
hs_object_source_id string r | Record creation source ID
hs_object_source_user_id number r | Record creation source user ID
hs_merged_object_ids enumeration/checkbox r | Merged record IDs
hs_all_owner_ids enumeration/checkbox r | All owner IDs
hs_all_team_ids enumeration/checkbox r | All team IDs
hs_all_accessible_team_ids enumeration/checkbox r | All teams
hs_user_ids_of_all_owners enumeration/checkbox r | User IDs of all owners
hs_read_only bool r | Read only object
hs_was_imported bool r | Performed in an import
hs_unique_creation_key string r u h | Unique creation key
hs_pinned_engagement_id number | Pinned engagement ID
hubspot_owner_id enumeration o | Owner
hubspot_owner_assigneddate datetime r | Owner assigned date
hubspot_team_id enumeration r | Team
"""

CUSTOM = """
hs_createdate datetime r | Object create date/time
hs_lastmodifieddate datetime r | Object last modified date/time
"""

TABLES = {
    "contacts": CONTACTS, "companies": COMPANIES, "deals": DEALS, "tickets": TICKETS, "products": PRODUCTS,
    "line_items": LINE_ITEMS, "calls": CALLS, "emails": EMAILS, "meetings": MEETINGS, "notes": NOTES, "tasks": TASKS,
    "users": USERS, "deal_split": commerce.DEAL_SPLIT, "quotes": commerce.QUOTES, "orders": commerce.ORDERS,
    "invoices": commerce.INVOICES, "carts": commerce.CARTS, "subscriptions": commerce.SUBSCRIPTIONS,
    "commerce_payments": commerce.COMMERCE_PAYMENTS, "discounts": commerce.DISCOUNTS, "fees": commerce.FEES,
    "taxes": commerce.TAXES, "leads": services.LEADS, "goal_targets": services.GOAL_TARGETS,
    "feedback_submissions": services.FEEDBACK_SUBMISSIONS, "communications": services.COMMUNICATIONS,
    "postal_mail": services.POSTAL_MAIL, "appointments": services.APPOINTMENTS, "courses": services.COURSES,
    "listings": services.LISTINGS, "services": services.SERVICES, "projects": services.PROJECTS,
    "contracts": services.CONTRACTS, "partner_clients": services.PARTNER_CLIENTS,
    "partner_services": services.PARTNER_SERVICES,
}  # fmt: skip


def group_of(object_type: str) -> str:
    return GROUPS.get(object_type, f"{object_type}_information" if object_type not in TABLES else "engagement")


def _options(text: str) -> list[dict[str, Any]]:
    options = []
    for order, word in enumerate(text.split()):
        value, _, label = word.partition("=")
        shown = (label or value).replace("_", " ")
        options.append({"label": shown, "value": value, "displayOrder": order, "hidden": False, "description": ""})
    return options


def parse(line: str) -> dict[str, Any]:
    """One line of a table -> a partial Property; `filled` adds the rest."""
    head, _, tail = line.partition("|")
    label, _, options = tail.partition(" :")
    name, kind, *flags = head.split()
    type_, _, field = kind.partition("/")
    definition: dict[str, Any] = {
        "name": name, "label": label.strip() or name, "type": type_, "fieldType": field or FIELD_TYPES[type_],
        "options": _options(options), "calculated": "c" in flags, "hasUniqueValue": "u" in flags,
        "hidden": "h" in flags, "hubspotDefined": True,
    }  # fmt: skip
    if type_ == "bool":
        definition["options"] = _options("true=True false=False")
    if "o" in flags:
        definition |= {"referencedObjectType": "OWNER", "externalOptions": True}
    read_only = "c" in flags or "r" in flags
    definition["modificationMetadata"] = {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": read_only}
    return definition


def filled(object_type: str, definition: dict[str, Any], at: str) -> dict[str, Any]:
    """A complete Property: what was given, the rest by HubSpot's defaults. A custom one has no `hubspotDefined`."""
    type_ = definition.get("type", "string")
    full: dict[str, Any] = {
        "updatedAt": at, "createdAt": at, "name": definition["name"], "label": definition["name"], "type": type_,
        "fieldType": FIELD_TYPES.get(type_, "text"), "description": "", "groupName": group_of(object_type),
        "options": [], "displayOrder": -1, "calculated": False, "externalOptions": False, "archived": False,
        "hasUniqueValue": False, "hidden": False, "formField": False, "dataSensitivity": "non_sensitive",
        "modificationMetadata": {"archivable": True, "readOnlyDefinition": False, "readOnlyValue": False},
    }  # fmt: skip
    if definition.get("calculated"):
        full["modificationMetadata"] = full["modificationMetadata"] | {"readOnlyValue": True}
    full |= definition
    full["options"] = [
        {"displayOrder": order, "hidden": False, "description": ""} | option
        for order, option in enumerate(full["options"] or ())
    ]
    if full["type"] == "enumeration" or full["options"]:
        full["modificationMetadata"] = {"readOnlyOptions": False} | full["modificationMetadata"]
    return full


def defaults(object_type: str) -> list[dict[str, Any]]:
    """Property definitions that an object type of this name starts with; a custom object's name is in no table."""
    return [dict(one) for one in _parsed(TABLES.get(object_type, CUSTOM))]


@cache
def _parsed(table: str) -> list[dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {}
    for line in (table + SHARED).replace("\n  ", " ").splitlines():
        if line.strip():
            definition = parse(line)
            seen.setdefault(definition["name"], definition)
    return list(seen.values())

"""CRM object types: one row each. Facts: HubSpot's object type ids, scopes per operation, association types."""

from typing import Any

from hubspot_pipeline.stream import Stream

CONTACTS_SCOPE = ("crm.objects.contacts.read",)
_EVERYBODY = ("contacts", "companies", "deals", "tickets")


def _object(name: str, label: str, type_id: str, about: str, **given: Any) -> Stream:
    object_type = given.setdefault("object", name)
    given.setdefault("scopes", (f"crm.objects.{object_type}.read",))
    given.setdefault("group", "crm")
    return Stream(name=name, label=label, type_id=type_id, about=about, shape="object", **given)


def _activity(name: str, label: str, type_id: str, about: str, **given: Any) -> Stream:
    return _object(given.pop("stream", f"engagements_{name}"), label, type_id, about, object=name,
                   created="hs_createdate", pairs=_EVERYBODY,
                   **({"group": "activities", "scopes": CONTACTS_SCOPE} | given))  # fmt: skip


def _commerce(name: str, label: str, type_id: str, about: str, **given: Any) -> Stream:
    return _object(name, label, type_id, about, **({"group": "commerce", "default": False} | given))


def _service(name: str, label: str, type_id: str, about: str, **given: Any) -> Stream:
    more = {
        "group": "object_library",
        "default": False,
        "pairs": _EVERYBODY,
        "plan": "activated in the portal",
        "created": "hs_createdate",
    }
    return _object(name, label, type_id, about, **(more | given))


OBJECT_ROWS: tuple[Stream, ...] = (
    _object("contacts", "Contacts", "0-1", "People: leads, customers, partners.", modified="lastmodifieddate",
            pairs=("companies",), history=("hs_lead_status", "hubspot_owner_id", "lifecyclestage")),
    _object("companies", "Companies", "0-2", "Organisations, with their parent and child companies.",
            singular="company", pairs=("companies",), history=("hubspot_owner_id", "lifecyclestage")),
    _object("deals", "Deals", "0-3", "Opportunities that move through the stages of a pipeline.",
            pairs=("contacts", "companies", "line_items"),
            history=("amount", "closedate", "dealstage", "hubspot_owner_id", "pipeline")),
    _object("tickets", "Tickets", "0-5", "Support requests.", scopes=("tickets",),
            pairs=("contacts", "companies", "deals"),
            history=("hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "hubspot_owner_id")),
    _object("leads", "Leads", "0-136", "People being worked on by sales before there is a deal.",
            plan="Sales Hub Professional", pairs=("contacts", "companies", "deals")),
    _object("products", "Products", "0-7", "The product library.",
            scopes=("crm.objects.products.read", "e-commerce"), history=("price",)),
    _object("line_items", "Line items", "0-8", "Products sold on a deal, with price, quantity and term.",
            scopes=("crm.objects.line_items.read", "e-commerce")),
    _object("goals", "Goals", "0-74", "Targets of people and teams, one record per period.",
            object="goal_targets", scopes=("crm.objects.goals.read",), created="hs_createdate"),
    _object("feedback_submissions", "Feedback submissions", "0-19", "Answers to surveys.",
            scopes=("crm.objects.feedback_submissions.read", *CONTACTS_SCOPE), plan="Service Hub Professional",
            created="hs_createdate", pairs=_EVERYBODY),
    _activity("calls", "Calls", "0-48", "Logged calls."),
    # crm.objects.contacts.read opens the endpoint too, but then HubSpot withholds what the e-mails say
    _activity("emails", "Emails", "0-49", "Logged one-to-one e-mails.", scopes=("sales-email-read",),
              withheld=("hs_email_subject", "hs_email_text", "hs_email_html", "hs_email_headers", "hs_body_preview",
                        "hs_body_preview_html")),
    _activity("meetings", "Meetings", "0-47", "Logged and booked meetings."),
    _activity("notes", "Notes", "0-46", "Notes on records."),
    _activity("tasks", "Tasks", "0-27", "Tasks with due date and status."),
    _activity("communications", "Communications", "0-18", "Messages by WhatsApp, LinkedIn and SMS.",
              stream="communications", default=False),
    _activity("postal_mail", "Postal mail", "0-116", "Letters that were logged.",
              stream="postal_mail", singular="postal_mail", default=False),
    _object("users", "Users", "0-115", "People who can log in to the portal.", group="people",
            created="hs_createdate"),
    _commerce("quotes", "Quotes", "0-14", "Offers sent to customers.", created="hs_createdate",
              scopes=("crm.objects.quotes.read", "e-commerce"), history=("hs_status",),
              pairs=("contacts", "companies", "deals", "line_items")),
    _commerce("orders", "Orders", "0-123", "Orders of shops and integrations.", history=("hs_pipeline_stage",),
              pairs=("contacts", "companies", "deals", "line_items")),
    _commerce("carts", "Carts", "0-142", "Shopping carts.", pairs=("contacts", "line_items")),
    _commerce("invoices", "Invoices", "0-53", "Invoices with their balance.",
              pairs=("contacts", "companies", "deals", "line_items")),
    _commerce("commerce_subscriptions", "Subscriptions", "0-69", "Recurring billing.", object="subscriptions",
              scopes=("crm.objects.subscriptions.read",), created="hs_createdate",
              pairs=("contacts", "companies", "deals", "line_items")),
    _commerce("commerce_payments", "Payments", "0-101", "Payments received.",
              scopes=("crm.objects.commercepayments.read",), pairs=("contacts", "companies", "deals", "invoices")),
    _commerce("discounts", "Discounts", "0-84", "Discounts on quotes and invoices.",
              scopes=("crm.objects.line_items.read", "e-commerce"), pairs=("quotes", "invoices")),
    _commerce("fees", "Fees", "0-85", "Fees on quotes and invoices.",
              scopes=("crm.objects.line_items.read", "e-commerce"), pairs=("quotes", "invoices")),
    _commerce("taxes", "Taxes", "0-86", "Taxes on quotes and invoices.", singular="tax",
              scopes=("crm.objects.line_items.read",), pairs=("quotes", "invoices")),
    _service("appointments", "Appointments", "0-421", "Booked appointments."),
    _service("courses", "Courses", "0-410", "Courses on offer.", segment="0-410", history=("hs_pipeline_stage",)),
    _service("listings", "Listings", "0-420", "Property listings.", segment="0-420"),
    _service("services", "Services", "0-162", "Services being delivered.", segment="0-162"),
    _service("projects", "Projects", "0-970", "Projects.", plan=""),
)  # fmt: skip

WEB_ANALYTICS = ("contacts", "companies", "deals", "tickets", "engagements_calls", "engagements_emails",
                 "engagements_meetings", "engagements_notes", "engagements_tasks", "goals", "line_items",
                 "products")  # fmt: skip
"""Streams whose records can have web analytics events."""

WITH_PIPELINES = ("deals", "tickets", "appointments", "courses", "listings", "orders", "services", "leads", "projects")
"""Object types whose records move through pipelines; custom ones do too."""

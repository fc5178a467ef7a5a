"""The object types of a portal: names, ids, scopes, default properties.

HubSpot's developer documentation -> one `Kind` per object type
"""

from dataclasses import dataclass

MINIMAL = "createdate hs_lastmodifieddate hs_object_id"
ACTIVITY = "hs_createdate hs_lastmodifieddate hs_object_id"
SECONDS = ("createdate", "hs_createdate", "lastmodifieddate", "hs_lastmodifieddate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One object type."""

    name: str
    singular: str
    type_id: str
    defaults: tuple[str, ...]
    """Properties returned when none are asked for."""
    searched: tuple[str, ...] = ()
    """Properties that `query` looks into."""
    required: tuple[str, ...] = ()
    """Properties a create must carry."""
    read_scopes: tuple[str, ...]
    write_scopes: tuple[str, ...]
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    merges: bool = False
    custom: bool = False
    read_only: bool = False
    """Nothing is written through the API."""
    undated: bool = False
    """Answers under numbered versions only."""
    qualified: str = ""
    """Fully qualified name of a custom object, `p{portal}_{name}`."""

    @property
    def always(self) -> tuple[str, ...]:
        """Properties that come with every answer, whatever was asked for."""
        return (self.created, self.modified, "hs_object_id")

    @property
    def upper(self) -> str:
        return self.singular.upper()


def _kind(
    name: str, singular: str, type_id: str, defaults: str = MINIMAL, *, searched: str = "", required: str = "",
    scope: str = "", read: str = "", write: str = "", merges: bool = False, modified: str = "hs_lastmodifieddate",
    read_only: bool = False, undated: bool = False,
) -> Kind:  # fmt: skip
    scope = scope or f"crm.objects.{name}"
    return Kind(
        name=name, singular=singular, type_id=type_id, defaults=tuple(defaults.split()),
        searched=tuple(searched.split()), required=tuple(required.split()),
        read_scopes=tuple((read or f"{scope}.read").split()), write_scopes=tuple((write or f"{scope}.write").split()),
        created="createdate" if "createdate" in defaults.split() else "hs_createdate", modified=modified,
        merges=merges, read_only=read_only, undated=undated,
    )  # fmt: skip


def _activity(name: str, singular: str, type_id: str, searched: str, required: str = "hs_timestamp") -> Kind:
    return _kind(name, singular, type_id, ACTIVITY, searched=searched, required=required, scope="crm.objects.contacts")


KINDS: tuple[Kind, ...] = (
    _kind("contacts", "contact", "0-1", "createdate email firstname hs_object_id lastmodifieddate lastname",
          searched="firstname lastname email phone hs_additional_emails fax mobilephone company",
          merges=True, modified="lastmodifieddate"),
    _kind("companies", "company", "0-2", f"name domain {MINIMAL}", searched="website phone name domain", merges=True),
    _kind("deals", "deal", "0-3", f"dealname amount closedate pipeline dealstage {MINIMAL}",
          searched="dealname pipeline dealstage description dealtype", required="dealname dealstage", merges=True),
    _kind("tickets", "ticket", "0-5",
          f"content hs_pipeline hs_pipeline_stage hs_ticket_category hs_ticket_priority subject {MINIMAL}",
          searched="subject content hs_pipeline_stage hs_ticket_category hs_ticket_id",
          required="subject hs_pipeline hs_pipeline_stage", read="tickets", write="tickets", merges=True),
    _kind("products", "product", "0-7", f"name description price {MINIMAL}",
          searched="name description price hs_sku", required="name",
          read="crm.objects.products.read e-commerce", write="crm.objects.products.write e-commerce"),
    _kind("line_items", "line_item", "0-8", f"quantity amount price {MINIMAL}",
          read="crm.objects.line_items.read e-commerce", write="crm.objects.line_items.write e-commerce"),
    _activity("calls", "call", "0-48", "hs_call_title hs_body_preview"),
    _kind("emails", "email", "0-49", ACTIVITY, searched="hs_email_subject", required="hs_timestamp hs_email_direction",
          read="crm.objects.contacts.read sales-email-read", write="crm.objects.contacts.write sales-email-read"),
    _activity("meetings", "meeting", "0-47", "hs_meeting_title hs_meeting_body"),
    _activity("notes", "note", "0-46", "hs_note_body"),
    _activity("tasks", "task", "0-27", "hs_task_body hs_task_subject"),
    _kind("users", "user", "0-115", ACTIVITY, required="hs_internal_user_id hs_email"),
    _kind("leads", "lead", "0-136", required="hs_lead_name", searched="hs_lead_name"),
    _kind("goal_targets", "goal_target", "0-74", ACTIVITY, scope="crm.objects.goals"),
    _kind("deal_split", "deal_split", "0-72", ACTIVITY, read="crm.objects.deals.read",
          write="crm.dealsplits.read_write", read_only=True, undated=True),
    _kind("feedback_submissions", "feedback_submission", "0-19", ACTIVITY, searched="hs_submission_name hs_content",
          read="crm.objects.contacts.read crm.objects.feedback_submissions.read", write="none", read_only=True),
    _kind("quotes", "quote", "0-14",
          "hs_expiration_date hs_public_url_key hs_status hs_title " + ACTIVITY,
          searched="hs_title hs_sender_company_name hs_sender_email hs_quote_number hs_public_url_key",
          required="hs_title hs_expiration_date",
          read="crm.objects.quotes.read e-commerce", write="crm.objects.quotes.write e-commerce"),
    _kind("orders", "order", "0-123", required="hs_order_name"),
    _kind("invoices", "invoice", "0-53", required="hs_currency"),
    _kind("carts", "cart", "0-142"),
    _kind("subscriptions", "subscription", "0-69", ACTIVITY, required="hs_name"),
    _kind("commerce_payments", "commerce_payment", "0-101", required="hs_initial_amount hs_initiated_date",
          scope="crm.objects.commercepayments"),
    _kind("discounts", "discount", "0-84", read="crm.objects.line_items.read e-commerce",
          write="crm.objects.line_items.write e-commerce"),
    _kind("fees", "fee", "0-85", read="crm.objects.line_items.read e-commerce",
          write="crm.objects.line_items.write e-commerce"),
    _kind("taxes", "tax", "0-86", scope="crm.objects.line_items"),
    _activity("communications", "communication", "0-18", "hs_communication_body",
              "hs_timestamp hs_communication_channel_type"),
    _activity("postal_mail", "postal_mail", "0-116", "hs_postal_mail_body"),
    _kind("appointments", "appointment", "0-421", ACTIVITY, required="hs_appointment_name", merges=True),
    _kind("courses", "course", "0-410", ACTIVITY, required="hs_course_name"),
    _kind("listings", "listing", "0-420", ACTIVITY, required="hs_name"),
    _kind("services", "service", "0-162", ACTIVITY, required="hs_name hs_pipeline hs_pipeline_stage"),
    _kind("projects", "project", "0-970", ACTIVITY, required="hs_name hs_pipeline hs_pipeline_stage", merges=True),
    # no published list has the type ids of the last three
    _kind("contracts", "contract", "0-9001", ACTIVITY),
    _kind("partner_clients", "partner_client", "0-9002", ACTIVITY, scope="crm.objects.partner-clients"),
    _kind("partner_services", "partner_service", "0-9003", ACTIVITY, scope="crm.objects.partner-services"),
)  # fmt: skip

ALIASES = {"meeting_event": "meetings", "line items": "line_items", "deal_splits": "deal_split"}
"""Spellings beside plural, singular and type id."""
TAKEN = {*ALIASES, *(spelling for kind in KINDS for spelling in (kind.name, kind.singular))}
"""Names that lead to an object type of HubSpot whatever custom objects are called."""


def custom_kind(portal_id: int, type_id: str, schema: dict[str, object]) -> Kind:
    """Object type of a custom object's schema; one called like an object type of HubSpot goes by its qualified name."""
    qualified = f"p{portal_id}_{schema['name']}"
    name = qualified if str(schema["name"]).lower() in TAKEN else str(schema["name"])
    required, searched = schema.get("requiredProperties") or (), schema.get("searchableProperties") or ()
    assert isinstance(required, (list, tuple))
    assert isinstance(searched, (list, tuple))
    return Kind(
        name=name, singular=name, type_id=type_id, defaults=tuple(ACTIVITY.split()), searched=tuple(searched),
        required=tuple(required), read_scopes=("crm.objects.custom.read",), write_scopes=("crm.objects.custom.write",),
        created="hs_createdate", merges=True, custom=True, qualified=qualified,
    )  # fmt: skip


OBJECT_SCOPES: dict[str, tuple[str, ...]] = {
    way: tuple(dict.fromkeys(
        [scope for kind in KINDS for scope in (kind.read_scopes if way == "read" else kind.write_scopes)]
        + [f"crm.objects.{name}.{way}" for name in (
            "appointments", "carts", "commercepayments", "courses", "custom", "feedback_submissions", "goals",
            "invoices", "leads", "listings", "orders", "owners", "partner-clients", "partner-services", "projects",
            "quotes", "services", "subscriptions")]
    )) for way in ("read", "write")
}  # fmt: skip
"""Scopes of the object types of a full account; several operations accept any of them."""

SCHEMA_SCOPES: dict[str, tuple[str, ...]] = {
    way: tuple(f"crm.schemas.{name}.{way}" for name in (
        "appointments", "carts", "commercepayments", "companies", "contacts", "courses", "custom", "deals", "invoices",
        "line_items", "listings", "orders", "quotes", "services", "subscriptions"))
    for way in ("read", "write")
}  # fmt: skip

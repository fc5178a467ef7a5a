"""The stream table a second time, written by hand from HubSpot's published scopes and the list of streams to have.

Nothing here comes from the package: `test_contract` compares the two, and every other test of streams starts here.
The text tables are columns in this order: name, where the portal's dump shows it (kind, then `/` and the object type),
`yes` where it is among the streams that must have data in the demo, `on` or `off` without any choice, the key, and the
scopes of which HubSpot wants any one (`*`: any scope of an object, `**`: any to read one or its schema); an indented
line goes on.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One stream. `kind`, `object`: of its entries in the dump; `of`: streams that its parents or sources are in."""

    name: str
    shape: str
    kind: str
    object: str
    seed: bool
    default: bool
    key: tuple[str, ...]
    scopes: tuple[str, ...]
    of: tuple[str, ...] = ()


# HubSpot's specification lists about a hundred; these are those that a token for this project's streams can have
OBJECT_SCOPE = (
    "crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.read", "tickets", "e-commerce",
    "crm.objects.leads.read", "crm.objects.products.read", "crm.objects.line_items.read", "crm.objects.goals.read",
    "crm.objects.feedback_submissions.read", "sales-email-read", "crm.objects.users.read", "crm.objects.quotes.read",
    "crm.objects.orders.read", "crm.objects.carts.read", "crm.objects.invoices.read", "crm.objects.subscriptions.read",
    "crm.objects.commercepayments.read", "crm.objects.appointments.read", "crm.objects.courses.read",
    "crm.objects.listings.read", "crm.objects.services.read", "crm.objects.projects.read", "crm.objects.custom.read",
    "crm.objects.owners.read",
)  # fmt: skip
ANY_SCOPE = (
    *OBJECT_SCOPE, "crm.schemas.contacts.read", "crm.schemas.companies.read", "crm.schemas.deals.read",
    "crm.schemas.custom.read", "crm.schemas.quotes.read", "crm.schemas.line_items.read",
)  # fmt: skip

OBJECTS = """
contacts               record/contacts              yes on  id  crm.objects.contacts.read
companies              record/companies             yes on  id  crm.objects.companies.read
deals                  record/deals                 yes on  id  crm.objects.deals.read
tickets                record/tickets               yes on  id  tickets
leads                  record/leads                 yes on  id  crm.objects.leads.read
products               record/products              yes on  id  crm.objects.products.read e-commerce
line_items             record/line_items            yes on  id  crm.objects.line_items.read e-commerce
goals                  record/goal_targets          yes on  id  crm.objects.goals.read
feedback_submissions   record/feedback_submissions  yes on  id  crm.objects.contacts.read
    crm.objects.feedback_submissions.read
engagements_calls      record/calls                 yes on  id  crm.objects.contacts.read
engagements_emails     record/emails                yes on  id  crm.objects.contacts.read sales-email-read
engagements_meetings   record/meetings              yes on  id  crm.objects.contacts.read
engagements_notes      record/notes                 yes on  id  crm.objects.contacts.read
engagements_tasks      record/tasks                 yes on  id  crm.objects.contacts.read
users                  record/users                 yes on  id  crm.objects.users.read
communications         record/communications        no  off id  crm.objects.contacts.read
postal_mail            record/postal_mail           no  off id  crm.objects.contacts.read
quotes                 record/quotes                no  off id  crm.objects.quotes.read e-commerce
orders                 record/orders                no  off id  crm.objects.orders.read
carts                  record/carts                 no  off id  crm.objects.carts.read
invoices               record/invoices              no  off id  crm.objects.invoices.read
commerce_subscriptions record/subscriptions         no  off id  crm.objects.subscriptions.read
commerce_payments      record/commerce_payments     no  off id  crm.objects.commercepayments.read
discounts              record/discounts             no  off id  crm.objects.line_items.read e-commerce
fees                   record/fees                  no  off id  crm.objects.line_items.read e-commerce
taxes                  record/taxes                 no  off id  crm.objects.line_items.read
appointments           record/appointments          no  off id  crm.objects.appointments.read
courses                record/courses               no  off id  crm.objects.courses.read
listings               record/listings              no  off id  crm.objects.listings.read
services               record/services              no  off id  crm.objects.services.read
projects               record/projects              no  off id  crm.objects.projects.read
"""

LISTS = """
owners              owner                    yes on  id              crm.objects.owners.read automation
teams               team                     no  off id              settings.users.teams.read
user_roles          role                     no  off id              crm.objects.users.read settings.users.read
deal_pipelines      pipeline/deals           yes on  id              **
ticket_pipelines    pipeline/tickets         yes on  id              **
pipelines           pipeline                 no  on  object,id       **
properties          property                 yes on  object,name     **
property_groups     property_group           no  off object,name     **
object_schemas      schema                   no  on  object_type_id  crm.schemas.custom.read crm.objects.custom.read
    crm.objects.custom.sensitive.read.v2 crm.objects.custom.highly_sensitive.read.v2
association_types   association_type         no  off from_object,to_object,category,type_id *
account_details     account                  yes on  portal_id       oauth
contact_lists       list                     yes off list_id         crm.lists.read
forms               form                     yes off id              forms
campaigns           email_campaign           yes off id              content
marketing_emails    marketing_email          yes off id              content marketing.email.read marketing.email.write
marketing_campaigns campaign                 no  off id              marketing.campaigns.read
marketing_events    marketing_event          no  off object_id       crm.objects.marketing_events.read
event_definitions   event_definition         no  off fully_qualified_name
    behavioral_events.event_definitions.read_write
conversation_inboxes  conversation_inbox     no  off id              conversations.read
conversation_channels conversation_channel   no  off id              conversations.read
email_subscriptions subscription_definition  yes off id              communication_preferences.read
    communication_preferences.read_write
workflows           workflow                 yes off id              automation
flows               flow                     no  off id              automation
"""

LOGS = """
email_events         email_event          yes off id,created content
subscription_changes subscription_change  yes off id         content
"""

_ACTIVITIES = ("engagements_notes", "engagements_emails", "engagements_calls", "engagements_meetings",
               "engagements_tasks", "communications", "postal_mail")  # fmt: skip
_CHILDREN = """
deal_splits      deal_split       yes on  id                    crm.dealsplits.read_write
list_memberships list_membership  yes off list_id,record_id     crm.lists.read
form_submissions form_submission  yes off form_id,conversion_id forms
files            file             no  off id                    files files.read files.ui_hidden.read
"""
_PARENTS = {"deal_splits": ("deals",), "list_memberships": ("contact_lists",), "form_submissions": ("forms",),
            "files": _ACTIVITIES}  # fmt: skip
_VISITED = ("contacts", "companies", "deals", "tickets", "engagements_calls", "engagements_emails",
            "engagements_meetings", "engagements_notes", "engagements_tasks", "goals", "line_items",
            "products")  # fmt: skip
"""Streams whose records have web analytics; custom objects share one stream."""

HISTORIES = """
contacts  yes off
companies yes off
deals     yes on
tickets   no  off
products  no  off
quotes    no  off
orders    no  off
courses   no  off
"""

VIEWS = """
deals_archived            yes id
owners_archived           yes id
engagements               yes object,id
engagements_metadata      no  object,engagement_id
engagements_metadata_from no  object,engagement_id,position
engagements_metadata_to   no  object,engagement_id,position
engagements_metadata_cc   no  object,engagement_id,position
engagements_metadata_bcc  no  object,engagement_id,position
archived_records          no  object,id
merged_records            no  object,merged_id
"""
"""Built from other streams' tables at no calls, so they are always there and have no scope of their own."""

WITH_PIPELINES = ("deals", "tickets", "leads", "orders", "appointments", "courses", "listings", "services", "projects")
"""Object types that HubSpot has pipelines for; custom objects have some too."""

CUSTOM_OBJECTS = "custom_objects"
"""A row of the list of streams that stands for one stream per custom object, found by discovery."""
CUSTOM_SCOPE = ("crm.objects.custom.read",)


def custom(name: str, object_type: str) -> Line:
    """The line of a custom object's stream."""
    return Line(name, "object", "record", object_type, True, True, ("id",), CUSTOM_SCOPE)


LINK_SCOPE = (*OBJECT_SCOPE, "crm.dealsplits.read_write")
"""Scopes of objects to read or to write, as HubSpot wants one for anything about associations."""
_WIDE = {"*": LINK_SCOPE, "**": ANY_SCOPE}


def _parsed(text: str, shape: str) -> list[Line]:
    found = []
    for words in map(str.split, text.replace("\n    ", " ").strip().splitlines()):
        name, place, seed, default, key, *scopes = words
        kind, _, object_type = place.partition("/")
        needed = _WIDE[scopes[0]] if scopes[0] in _WIDE else tuple(scopes)
        found.append(Line(name, shape, kind, object_type, seed == "yes", default == "on", tuple(key.split(",")),
                          needed, _PARENTS.get(name, ())))  # fmt: skip
    return found


def _histories() -> list[Line]:
    objects, key = {line.name: line for line in _parsed(OBJECTS, "object")}, ("id", "property", "changed_at", "seq")
    return [
        Line(f"{name}_property_history", "history", "history", objects[name].object, seed == "yes", default == "on",
             key, objects[name].scopes, (name,))
        for name, seed, default in map(str.split, HISTORIES.strip().splitlines())
    ]  # fmt: skip


def _visits(of: str, object_type: str, *parents: str) -> Line:
    return Line(f"{of}_web_analytics", "children", "web_event", object_type, True, False, ("id",), ("oauth",), parents)


def _lines() -> tuple[Line, ...]:
    objects = _parsed(OBJECTS, "object")
    known = {line.name: line for line in objects}
    links = ("from_object", "from_id", "to_object", "to_id", "category", "type_id")
    views = [
        Line(name, "view", "", "", seed == "yes", True, tuple(key.split(",")), ())
        for name, seed, key in map(str.split, VIEWS.strip().splitlines())
    ]
    return (
        *objects, *_parsed(LISTS, "collection"), *_parsed(LOGS, "events"), *_parsed(_CHILDREN, "children"),
        *(_visits(name, known[name].object, name) for name in _VISITED), _visits(CUSTOM_OBJECTS, ""),
        *_histories(), Line("associations", "links", "association", "", False, True, links, ()), *views,
    )  # fmt: skip


LINES = _lines()
"""Every stream that this project has, in no order that matters."""
BY_NAME = {line.name: line for line in LINES}
TABLES = tuple(line for line in LINES if line.shape != "view")

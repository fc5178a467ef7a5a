"""Every stream of HubSpot we load, one row each.

`Stream` row -> dlt resource, Dagster asset, dbt source, README table line, scope message, parametrised tests.
A new stream of a known shape is a new row here; only a new shape is new code. Facts: HubSpot's developer
documentation, CRM object type ids and scopes per operation.

Run alone: `python -m hubspot_pipeline.streams` prints the table.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

API_VERSION = "2026-03"
"""Newest dated API version with a complete published contract; `{v}` in every path."""

Shape = Literal["object", "collection", "derived"]
"""object: CRM records with properties; collection: one list, read completely; derived: filled by other streams."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream: where it is read, what it is called and what it needs."""

    name: str
    """Table, asset and dbt source name."""
    label: str
    """HubSpot's own plural label."""
    group: str
    shape: Shape
    scopes: tuple[str, ...]
    """Any one of these scopes is enough to read it; empty: every token can."""
    about: str
    """One sentence for the README table, the asset and the dbt source."""
    object: str = ""
    """HubSpot's plural name of the object type, as used in paths and in `hubspot.associations`."""
    type_id: str = ""
    path: str = ""
    """Path of a collection; CRM objects have theirs from `object`."""
    modified: str = "hs_lastmodifieddate"
    """The property that moves when a record changes."""
    created: str = "createdate"
    """The property that holds a record's creation; activities and users call it hs_createdate."""
    pairs: tuple[str, ...] = ()
    """Object types this one's associations are stored to: the declared direction of each pair."""
    history: tuple[str, ...] = ()
    """Properties whose versions are kept; the marts need them."""
    key: tuple[str, ...] = ("id",)
    columns: tuple[tuple[str, str, str], ...] = ()
    """Of a collection: (column, dlt data type, field in HubSpot's answer)."""
    source: tuple[str, ...] = ()
    """Of a derived stream: the streams that fill it."""

    @property
    def is_history(self) -> bool:
        """Versions of another stream's properties."""
        return self.shape == "derived" and self.key[-1] == "seq"


MODIFIED_OF_CONTACTS = "lastmodifieddate"
CONTACTS_SCOPE = ("crm.objects.contacts.read",)


def _activity(name: str, label: str, type_id: str, about: str, scopes: tuple[str, ...] = CONTACTS_SCOPE) -> Stream:
    return Stream(
        name=f"engagements_{name}", label=label, group="engagements", shape="object", scopes=scopes, about=about,
        object=name, type_id=type_id, created="hs_createdate", pairs=("contacts", "companies", "deals", "tickets"),
    )  # fmt: skip


_OWNER_COLUMNS = (
    ("id", "text", "id"), ("email", "text", "email"), ("type", "text", "type"),
    ("first_name", "text", "firstName"), ("last_name", "text", "lastName"), ("user_id", "text", "userId"),
    ("user_id_including_inactive", "text", "userIdIncludingInactive"), ("teams", "json", "teams"),
    ("archived", "bool", "archived"),
    ("created_at", "timestamp", "createdAt"), ("updated_at", "timestamp", "updatedAt"),
)  # fmt: skip
_PIPELINE_COLUMNS = (
    ("id", "text", "id"), ("label", "text", "label"), ("display_order", "bigint", "displayOrder"),
    ("archived", "bool", "archived"), ("stages", "json", "stages"),
    ("created_at", "timestamp", "createdAt"), ("updated_at", "timestamp", "updatedAt"),
)  # fmt: skip
_ACCOUNT_COLUMNS = (
    ("portal_id", "text", "portalId"), ("account_type", "text", "accountType"), ("time_zone", "text", "timeZone"),
    ("company_currency", "text", "companyCurrency"), ("additional_currencies", "json", "additionalCurrencies"),
    ("utc_offset", "text", "utcOffset"), ("utc_offset_milliseconds", "bigint", "utcOffsetMilliseconds"),
    ("ui_domain", "text", "uiDomain"), ("data_hosting_location", "text", "dataHostingLocation"),
)  # fmt: skip
_PROPERTY_COLUMNS = (
    ("object", "text", "object"), ("name", "text", "name"), ("label", "text", "label"), ("type", "text", "type"),
    ("field_type", "text", "fieldType"), ("group_name", "text", "groupName"), ("description", "text", "description"),
    ("options", "json", "options"), ("calculated", "bool", "calculated"), ("hidden", "bool", "hidden"),
    ("has_unique_value", "bool", "hasUniqueValue"), ("referenced_object_type", "text", "referencedObjectType"),
    ("is_custom", "bool", "isCustom"), ("archived", "bool", "archived"), ("column_name", "text", "columnName"),
    ("created_at", "timestamp", "createdAt"), ("updated_at", "timestamp", "updatedAt"),
)  # fmt: skip

STREAMS: tuple[Stream, ...] = (
    Stream(
        name="contacts", label="Contacts", group="crm", shape="object", scopes=CONTACTS_SCOPE,
        about="People: leads, customers, partners.",
        object="contacts", type_id="0-1", modified=MODIFIED_OF_CONTACTS, pairs=("companies",),
    ),
    Stream(
        name="companies", label="Companies", group="crm", shape="object", scopes=("crm.objects.companies.read",),
        about="Organisations, with their parent and child companies.",
        object="companies", type_id="0-2", pairs=("companies",),
    ),
    Stream(
        name="deals", label="Deals", group="crm", shape="object", scopes=("crm.objects.deals.read",),
        about="Opportunities that move through the stages of a pipeline.",
        object="deals", type_id="0-3", pairs=("contacts", "companies", "line_items"),
        history=("amount", "closedate", "dealstage", "hubspot_owner_id", "pipeline"),
    ),
    Stream(
        name="tickets", label="Tickets", group="crm", shape="object", scopes=("tickets",),
        about="Support requests.",
        object="tickets", type_id="0-5", pairs=("contacts", "companies", "deals"),
    ),
    Stream(
        name="products", label="Products", group="crm", shape="object",
        scopes=("crm.objects.products.read", "e-commerce"),
        about="The product library.",
        object="products", type_id="0-7",
    ),
    Stream(
        name="line_items", label="Line items", group="crm", shape="object",
        scopes=("crm.objects.line_items.read", "e-commerce"),
        about="Products sold on a deal, with price, quantity and term.",
        object="line_items", type_id="0-8",
    ),
    _activity("calls", "Calls", "0-48", "Logged calls."),
    # crm.objects.contacts.read opens the endpoint too, but then HubSpot withholds what the e-mails say
    _activity("emails", "Emails", "0-49", "Logged one-to-one e-mails.", ("sales-email-read",)),
    _activity("meetings", "Meetings", "0-47", "Logged and booked meetings."),
    _activity("notes", "Notes", "0-46", "Notes on records."),
    _activity("tasks", "Tasks", "0-27", "Tasks with due date and status."),
    Stream(
        name="users", label="Users", group="people", shape="object", scopes=("crm.objects.users.read",),
        about="People who can log in to the portal.",
        object="users", type_id="0-115", created="hs_createdate",
    ),
    Stream(
        name="owners", label="Owners", group="people", shape="collection",
        scopes=("crm.objects.owners.read", "automation"),
        about="People and queues that records are assigned to, those who left included.",
        path="/crm/owners/{v}", columns=_OWNER_COLUMNS,
    ),
    Stream(
        name="owners_archived", label="Archived owners", group="people", shape="derived",
        scopes=("crm.objects.owners.read", "automation"), source=("owners",),
        about="Owners who left, a view of `owners`.",
    ),
    Stream(
        name="deal_pipelines", label="Deal pipelines", group="settings", shape="collection",
        scopes=("crm.objects.deals.read",), about="Deal pipelines and their stages with win probabilities.",
        path="/crm/pipelines/{v}/deals", columns=_PIPELINE_COLUMNS,
    ),
    Stream(
        name="ticket_pipelines", label="Ticket pipelines", group="settings", shape="collection",
        scopes=("tickets",), about="Ticket pipelines and their stages.",
        path="/crm/pipelines/{v}/tickets", columns=_PIPELINE_COLUMNS,
    ),
    Stream(
        name="properties", label="Properties", group="settings", shape="collection", scopes=(),
        about="The property catalogue: every property of every object, with its type and its column here.",
        path="/crm/properties/{v}/{object}", columns=_PROPERTY_COLUMNS, key=("object", "name"),
    ),
    Stream(
        name="account_details", label="Account details", group="settings", shape="collection", scopes=(),
        about="The portal: id, time zone, currency.",
        path="/account-info/{v}/details", columns=_ACCOUNT_COLUMNS, key=("portal_id",),
    ),
    Stream(
        name="associations", label="Associations", group="crm", shape="derived", scopes=(),
        about="Links between records, with category, type and label; each pair in one direction.",
        key=("from_object", "from_id", "to_object", "to_id", "category", "type_id"),
        source=("contacts", "companies", "deals", "tickets", "engagements_calls", "engagements_emails",
                "engagements_meetings", "engagements_notes", "engagements_tasks"),
    ),
    Stream(
        name="deals_property_history", label="Deal property history", group="crm", shape="derived",
        scopes=("crm.objects.deals.read",), about="Each version of the deal properties that the marts follow.",
        key=("id", "property", "changed_at", "seq"), source=("deals",),
    ),
)  # fmt: skip

BY_NAME = {stream.name: stream for stream in STREAMS}
OBJECTS = tuple(stream for stream in STREAMS if stream.shape == "object")
COLLECTIONS = tuple(stream for stream in STREAMS if stream.shape == "collection")
BY_OBJECT = {stream.object: stream for stream in OBJECTS}

RESERVED_TABLES = ("sync_runs", "rejects", "backfills", "portal")
"""Tables of our own in schema `hubspot`; no stream may take their names."""


CORE_SCOPES = (
    "oauth", "crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.read",
    "crm.objects.owners.read",
)  # fmt: skip
"""Scopes that every plan of HubSpot has, so that asking for them as required never makes an install fail."""


def smallest_scopes(streams: Iterable[Stream] = STREAMS) -> tuple[str, ...]:
    """Scopes that together open every given stream, none of them without need; in the order of the streams."""
    asked = [stream.scopes for stream in streams if stream.scopes]
    needed = {scopes[0] for scopes in asked if len(scopes) == 1}
    for scopes in asked:
        if needed.isdisjoint(scopes):
            needed.add(scopes[0])
    return tuple(dict.fromkeys(scope for scopes in asked for scope in scopes if scope in needed))


def install_scopes(streams: Iterable[Stream] = STREAMS) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(required, optional) scopes of an OAuth install that reads the given streams.

    HubSpot drops an optional scope that the portal's plan lacks, and refuses the install over a required one.
    """
    wanted = ("oauth", *smallest_scopes(streams))
    required = tuple(scope for scope in CORE_SCOPES if scope in wanted)
    return required, tuple(scope for scope in wanted if scope not in required)


def pairs(streams: Iterable[Stream] = STREAMS) -> list[tuple[str, str]]:
    """Declared association pairs (from object, to object) of the given streams."""
    return [(stream.object, to) for stream in streams for to in stream.pairs]


def objects_path(object_type: str, tail: str = "") -> str:
    """Path of a CRM object's endpoint, e.g. `/crm/objects/2026-03/contacts/search`."""
    return f"/crm/objects/{API_VERSION}/{object_type}{tail}"


if __name__ == "__main__":
    for row in STREAMS:
        print(f"{row.name:28} {row.shape:12} {row.label:24} {' | '.join(row.scopes)}")

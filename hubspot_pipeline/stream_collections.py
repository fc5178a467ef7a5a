"""Streams that are no CRM objects: lists, logs, children of other streams, and what is derived; one row each.

Facts: HubSpot's endpoints, page sizes and scopes per operation.
"""

from typing import Any

from hubspot_pipeline.stream import Endpoint, Mode, Stream, columns
from hubspot_pipeline.stream_objects import OBJECT_ROWS, WEB_ANALYTICS

_CLIENT: tuple[Mode, ...] = ("incremental_client_side", "full_refresh")
_FULL: tuple[Mode, ...] = ("full_refresh", "incremental_client_side")
_SERVER: tuple[Mode, ...] = ("incremental_server_side", "incremental_client_side", "full_refresh")
_OBJECTS = {stream.name: stream for stream in OBJECT_ROWS}
_CONTENT = ("content",)
_EMAILS = ("content", "marketing.email.read", "marketing.email.write")
_SCHEMAS = ("crm.objects.custom.read", "crm.schemas.custom.read", "crm.objects.custom.sensitive.read.v2",
            "crm.objects.custom.highly_sensitive.read.v2")  # fmt: skip


def _list(name: str, label: str, group: str, about: str, endpoint: Endpoint, fields: str, **given: Any) -> Stream:
    """A stream that is one list."""
    given = {"modes": _CLIENT, "scopes": (), "shape": "collection"} | given
    return Stream(name=name, label=label, group=group, about=about, endpoint=endpoint, columns=columns(fields), **given)


def _derived(name: str, label: str, group: str, about: str, source: tuple[str, ...], **given: Any) -> Stream:
    scopes = given.pop("scopes", _OBJECTS[source[0]].scopes if len(source) == 1 and source[0] in _OBJECTS else ())
    return Stream(name=name, label=label, group=group, about=about, shape="derived", scopes=scopes, source=source,
                  **({"modes": ()} | given))  # fmt: skip


def _history(of: str, label: str, *, default: bool = False) -> Stream:
    return _derived(f"{of}_property_history", label, "history", f"Versions of chosen properties of {of}, once each.",
                    (of,), key=("id", "property", "changed_at", "seq"), default=default)  # fmt: skip


def web_analytics(name: str, label: str, source: tuple[str, ...]) -> Stream:
    """Web analytics events of the records of some object streams."""
    endpoint = Endpoint(
        path="/events/event-occurrences/{v}", paging="after", size=100, params=(("objectType", "{type}"),
        ("objectId", "{id}")), since="occurredAfter", until="occurredBefore", sweep=100,
    )  # fmt: skip
    fields = "id, object, objectType, objectId, eventType, occurredAt timestamp, properties json"
    return _list(name, label, "web_analytics", f"What visitors did on web pages and in e-mails: {label.lower()}.",
                 endpoint, fields, shape="children", scopes=("oauth",), plan="Enterprise", default=False,
                 modes=("incremental_server_side",), cursor="occurred_at", source=source)  # fmt: skip


_PIPELINE = "id, label, displayOrder bigint, archived bool, stages json, createdAt timestamp, updatedAt timestamp"

SETTINGS_ROWS: tuple[Stream, ...] = (
    _list("owners", "Owners", "people", "People and queues that records are assigned to, those who left included.",
          Endpoint(path="/crm/owners/{v}", paging="after", size=100,
                   passes=((("archived", "false"),), (("archived", "true"),))),
          "id, email, type, firstName, lastName, userId, userIdIncludingInactive, teams json, archived bool,"
          "createdAt timestamp, updatedAt timestamp", scopes=("crm.objects.owners.read", "automation")),
    _derived("owners_archived", "Archived owners", "people", "Owners who left, a view of `owners`.", ("owners",),
             scopes=("crm.objects.owners.read", "automation")),
    _list("teams", "Teams", "people", "Teams of users.", Endpoint(path="/settings/users/{v}/teams"),
          "id, name, userIds json, secondaryUserIds json", scopes=("settings.users.teams.read",), default=False),
    _list("user_roles", "User roles", "people", "Roles that users can have.",
          Endpoint(path="/settings/users/{v}/roles"), "id, name, requiresBillingWrite bool",
          scopes=("crm.objects.users.read", "settings.users.read"), default=False),
    _list("deal_pipelines", "Deal pipelines", "settings", "Deal pipelines and their stages with win probabilities.",
          Endpoint(path="/crm/pipelines/{v}/deals"), _PIPELINE, scopes=("crm.objects.deals.read",)),
    _list("ticket_pipelines", "Ticket pipelines", "settings", "Ticket pipelines and their stages.",
          Endpoint(path="/crm/pipelines/{v}/tickets"), _PIPELINE, scopes=("tickets",)),
    _list("pipelines", "Pipelines", "settings", "Pipelines of every object that has some, custom ones included.",
          Endpoint(path="/crm/pipelines/{v}/{object}", each="pipelines"), f"object, {_PIPELINE}",
          key=("object", "id"), modes=_FULL),
    _list("properties", "Properties", "settings",
          "The property catalogue: every property of every object, with its type and its column here.",
          Endpoint(path="/crm/properties/{v}/{object}", each="object"),
          "object, name, label, type, fieldType, groupName, description, options json, calculated bool, hidden bool,"
          "hasUniqueValue bool, referencedObjectType, isCustom bool, archived bool, selected bool, columnName,"
          "createdAt timestamp, updatedAt timestamp", key=("object", "name"), modes=_FULL),
    _list("property_groups", "Property groups", "settings", "How properties are grouped in HubSpot.",
          Endpoint(path="/crm/properties/{v}/{object}/groups", each="object", nightly=True),
          "object, name, label, displayOrder bigint, archived bool", key=("object", "name"), modes=_FULL,
          default=False),
    _list("object_schemas", "Object schemas", "settings", "Definitions of the portal's custom objects.",
          Endpoint(path="/crm-object-schemas/{v}/schemas"),
          "objectTypeId, name, fullyQualifiedName, singular=labels.singular, plural=labels.plural,"
          "primaryDisplayProperty, requiredProperties json, associations json, archived bool, createdAt timestamp,"
          "updatedAt timestamp", key=("object_type_id",), scopes=_SCHEMAS, plan="Enterprise", modes=_FULL),
    _list("association_types", "Association types", "settings",
          "Types and labels that links between two kinds of records can have, in both directions.",
          Endpoint(path="/crm/associations/{v}/{object}/{to}/labels", each="pair", nightly=True),
          "from_object=object, to_object=to, category, typeId bigint, label",
          key=("from_object", "to_object", "category", "type_id"), modes=_FULL, default=False),
    _list("account_details", "Account details", "settings", "The portal: id, time zone, currency.",
          Endpoint(path="/account-info/{v}/details", items=""),
          "portalId, accountType, timeZone, companyCurrency, additionalCurrencies json, utcOffset,"
          "utcOffsetMilliseconds bigint, uiDomain, dataHostingLocation", key=("portal_id",), modes=_FULL),
)  # fmt: skip

MARKETING_ROWS: tuple[Stream, ...] = (
    _list("contact_lists", "Lists", "lists", "Lists (segments) of records, with their size.",
          Endpoint(path="/crm/lists/{v}/search", items="lists", paging="body_offset", size=500),
          "listId, name, objectTypeId, processingType, processingStatus, listVersion bigint,"
          "size=additionalProperties.hs_list_size bigint, createdAt timestamp, updatedAt timestamp,"
          "filtersUpdatedAt timestamp, createdById, updatedById", key=("list_id",), scopes=("crm.lists.read",),
          cursor="updated_at", default=False),
    _list("list_memberships", "List memberships", "lists", "Which records are in which list, and since when.",
          Endpoint(path="/crm/lists/{v}/{id}/memberships", paging="after", size=250, parent="list_id",
                   parent_field="listId"),
          "listId, recordId, membershipTimestamp timestamp", shape="children", key=("list_id", "record_id"),
          scopes=("crm.lists.read",), modes=("full_refresh",), source=("contact_lists",), default=False),
    _list("forms", "Forms", "form_data", "Forms of HubSpot, captured ones, those of pop-ups and of blog comments.",
          Endpoint(path="/marketing/v3/forms", paging="after", size=100, params=(("formTypes", "all"),),
                   passes=((("archived", "false"),), (("archived", "true"),))),
          "id, name, formType, archived bool, fieldGroups json, createdAt timestamp, updatedAt timestamp",
          scopes=("forms",), cursor="updated_at", default=False),
    _list("form_submissions", "Form submissions", "form_data", "What visitors sent with each form.",
          Endpoint(path="/form-integrations/v1/submissions/forms/{id}", paging="after", size=50, parent_field="formId",
                   newest_first=True, sweep=100_000),
          "formId, conversionId, submittedAt timestamp, pageUrl, values json", shape="children",
          key=("form_id", "conversion_id"), scopes=("forms",), modes=_CLIENT[:1], cursor="submitted_at",
          source=("forms",), default=False, replaced_by="nothing yet: HubSpot has named no successor"),
    _list("campaigns", "E-mail campaigns", "marketing", "Sent e-mail campaigns with their counters.",
          Endpoint(path="/email/public/v1/campaigns/by-id", items="campaigns", paging="offset", size=500,
                   detail="/email/public/v1/campaigns/{id}"),
          "id, appId, appName, name, subject, type, subType, contentId, numIncluded bigint, numQueued bigint,"
          "counters json, lastUpdatedTime timestamp", scopes=_CONTENT, cursor="last_updated_time", default=False,
          replaced_by="marketing_emails"),
    _list("marketing_emails", "Marketing emails", "marketing", "Marketing e-mails with their statistics.",
          Endpoint(path="/marketing/emails/{v}", paging="after", size=100, params=(("includeStats", "true"),),
                   passes=((("archived", "false"),), (("archived", "true"),)), since="updatedAfter"),
          "id, name, subject, state, type, subcategory, isPublished bool, archived bool, campaign, campaignName,"
          "primaryEmailCampaignId, allEmailCampaignIds json, stats json, publishDate timestamp,"
          "createdAt timestamp, updatedAt timestamp", scopes=_EMAILS, plan="Marketing Hub Starter", modes=_SERVER,
          cursor="updated_at", default=False),
    _list("marketing_campaigns", "Campaigns", "marketing", "Marketing campaigns.",
          Endpoint(path="/marketing/campaigns/{v}", paging="after", size=100, params=(("properties",
                   "hs_name,hs_start_date,hs_end_date,hs_notes,hs_audience,hs_currency_code,hs_campaign_status,"
                   "hs_owner,hs_utm,hs_color_hex"),)),
          "id, name=properties.hs_name, properties json, businessUnits json, createdAt timestamp,"
          "updatedAt timestamp", scopes=("marketing.campaigns.read",), cursor="updated_at", default=False,
          plan="Marketing Hub Professional"),
    _list("marketing_events", "Marketing events", "marketing", "Webinars, fairs and other events, with attendance.",
          Endpoint(path="/marketing/marketing-events/{v}", paging="after", size=100),
          "objectId, eventName, eventType, eventOrganizer, startDateTime timestamp, endDateTime timestamp,"
          "eventCancelled bool, eventCompleted bool, registrants bigint, attendees bigint, noShows bigint,"
          "createdAt timestamp, updatedAt timestamp", key=("object_id",), cursor="updated_at", default=False,
          scopes=("crm.objects.marketing_events.read",)),
    _list("event_definitions", "Custom event definitions", "marketing", "Custom events that the portal defines.",
          Endpoint(path="/events/custom/2026-09/event-definitions", paging="after", size=100),
          "fullyQualifiedName, id, name, label=labels.singular, primaryObject, objectTypeId, properties json,"
          "archived bool, createdAt timestamp, updatedAt timestamp", key=("fully_qualified_name",), default=False,
          scopes=("behavioral_events.event_definitions.read_write",), plan="Enterprise"),
    _list("conversation_inboxes", "Inboxes", "conversations", "Inboxes and help desks of conversations.",
          Endpoint(path="/conversations/conversations/2026-09/inboxes", paging="after", size=100),
          "id, name, type, archived bool, createdAt timestamp, updatedAt timestamp", default=False,
          scopes=("conversations.read",)),
    _list("conversation_channels", "Channels", "conversations", "Channels that conversations come in by.",
          Endpoint(path="/conversations/conversations/2026-09/channels", paging="after", size=100), "id, name",
          scopes=("conversations.read",), default=False),
    _list("email_events", "E-mail events", "email_events", "What became of each marketing e-mail: sent, opened, ...",
          Endpoint(path="/email/public/v1/events", items="events", paging="offset", size=1000,
                   since="startTimestamp", until="endTimestamp", stamp="ms"),
          "id, created timestamp, type, recipient, portalId, appId, appName, emailCampaignId, subject, url, userAgent,"
          "sentBy json, browser json, location json", shape="events", key=("id", "created"), scopes=_CONTENT,
          modes=_SERVER[:1], cursor="created", default=False,
          replaced_by="the statistics of marketing_emails; HubSpot has named no successor for single events"),
    _list("email_subscriptions", "E-mail subscriptions", "consent", "Subscription types that people can opt out of.",
          Endpoint(path="/communication-preferences/{v}/definitions"),
          "id, name, description, purpose, communicationMethod, isActive bool, isDefault bool, isInternal bool,"
          "businessUnitId, createdAt timestamp, updatedAt timestamp", modes=_FULL, default=False,
          scopes=("communication_preferences.read", "communication_preferences.read_write")),
    _list("subscription_changes", "Subscription changes", "consent", "Who opted in or out, when and by what.",
          Endpoint(path="/email/public/v1/subscriptions/timeline", items="timeline", paging="offset", size=1000,
                   since="startTimestamp", until="endTimestamp", stamp="ms", nested="changes"),
          "id, timestamp timestamp, recipient, portalId, change, changeType, source, subscriptionId,"
          "causedByEvent json", shape="events", scopes=_CONTENT, modes=_SERVER[:1], cursor="timestamp",
          default=False, replaced_by="consent statuses of communication preferences, which have no history"),
    _list("workflows", "Workflows", "automation", "Contact workflows.",
          Endpoint(path="/automation/v3/workflows", items="workflows"),
          "id, name, type, enabled bool, insertedAt timestamp, updatedAt timestamp, contactListIds json,"
          "personaTagIds json", scopes=("automation",), cursor="updated_at", default=False,
          plan="Professional of Sales, Service or Marketing Hub", replaced_by="flows"),
    _list("flows", "Flows", "automation", "Workflows of every object type.",
          Endpoint(path="/automation/v4/flows", paging="after", size=100),
          "id, name, type, flowType, objectTypeId, isEnabled bool, revisionId, createdAt timestamp,"
          "updatedAt timestamp", scopes=("automation",), cursor="updated_at", default=False,
          plan="Professional of Sales, Service or Marketing Hub"),
)  # fmt: skip

CHILD_ROWS: tuple[Stream, ...] = (
    _list("deal_splits", "Deal splits", "crm", "How a deal's amount is shared among owners.",
          Endpoint(path="/deal-splits/{v}/batch/read", nested="splits", parent_field="dealId", batch=100),
          "id, dealId, ownerId=properties.hubspot_owner_id, percentage=properties.hs_deal_split_percentage,"
          "amount=properties.hs_deal_split_amount, properties json, archived bool, createdAt timestamp,"
          "updatedAt timestamp", shape="children", scopes=("crm.dealsplits.read_write",), modes=("full_refresh",),
          source=("deals",)),
    _list("files", "Files", "files", "Files attached to notes, e-mails, calls, meetings and tasks.",
          Endpoint(path="/files/{v}/files/{id}", items="", parent="hs_attachment_ids", parent_field="id"),
          "id, name, extension, type, size bigint, access, path, url, fileMd5, archived bool, isUsableInContent bool,"
          "parentFolderId, contentPath, createdAt timestamp, updatedAt timestamp", shape="children",
          modes=("full_refresh",),
          scopes=("files", "files.read", "files.ui_hidden.read"), default=False,
          source=("engagements_notes", "engagements_emails", "engagements_calls", "engagements_meetings",
                  "engagements_tasks", "communications", "postal_mail")),
    *(web_analytics(f"{name}_web_analytics", f"Web analytics of {_OBJECTS[name].label.lower()}", (name,))
      for name in WEB_ANALYTICS),
    web_analytics("custom_objects_web_analytics", "Web analytics of custom objects", ()),
)  # fmt: skip

_ACTIVITIES = tuple(stream.name for stream in OBJECT_ROWS if stream.group == "activities")

DERIVED_ROWS: tuple[Stream, ...] = (
    _derived("associations", "Associations", "crm",
             "Links between records, with category, type and label; each pair in one direction.",
             tuple(stream.name for stream in OBJECT_ROWS if stream.pairs),
             key=("from_object", "from_id", "to_object", "to_id", "category", "type_id")),
    _history("contacts", "Contact property history"),
    _history("companies", "Company property history"),
    _history("deals", "Deal property history", default=True),
    _history("tickets", "Ticket property history"),
    _history("products", "Product property history"),
    _history("quotes", "Quote property history"),
    _history("orders", "Order property history"),
    _history("courses", "Course property history"),
    _derived("deals_archived", "Archived deals", "crm", "Deals that were archived, a view of `deals`.", ("deals",)),
    _derived("archived_records", "Archived records", "crm",
             "Every record that HubSpot no longer shows, and why: a view over all objects.", (), key=("object", "id")),
    _derived("merged_records", "Merged records", "crm", "Records merged away and their survivor, a view.", (),
             key=("object", "merged_id")),
    _derived("engagements", "Engagements", "activities",
             "Calls, e-mails, meetings, notes, tasks, messages and letters in one view, with whom they concern.",
             _ACTIVITIES, key=("object", "id")),
    _derived("engagements_metadata", "Engagement details", "activities",
             "What each engagement says: numbers, status, subject, body, start and end; a view.", _ACTIVITIES,
             key=("object", "engagement_id")),
    *(_derived(f"engagements_metadata_{field}", f"Engagement addresses ({field})", "activities",
               f"Whom each e-mail names in {field}; a view.", ("engagements_emails",), scopes=("sales-email-read",),
               key=("object", "engagement_id", "position"))
      for field in ("from", "to", "cc", "bcc")),
)  # fmt: skip

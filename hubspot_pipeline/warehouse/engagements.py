"""Calls, emails, meetings, notes, tasks, communications, postal mail -> SELECTs of engagements as people know them.

The columns are those of HubSpot's former engagements API: one row per engagement, its details, and who an e-mail was
from and to. Everything is read from the JSON column `properties`, so nothing depends on which property columns a
portal has. Ids are unique per object type only: the key is `object` and the engagement's id.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse.unions import Branch, ids, linked, named, union, value, values_of


@dataclass(frozen=True, slots=True)
class _Activity:
    """How one object type becomes an engagement: SQL of its type, and which property fills which detail."""

    object: str
    type: str
    details: Mapping[str, str]

    @property
    def table(self) -> str:
        stream = DECLARED.by_object.get(self.object)
        return stream.name if stream else self.object

    @property
    def decider(self) -> str:
        """The property that decides on the type; empty where there is one type only."""
        return {"emails": "hs_email_direction", "communications": "hs_communication_channel_type"}.get(self.object, "")


_ACTIVITIES = (
    _Activity("calls", "'CALL'", {
        "to_number": "hs_call_to_number", "from_number": "hs_call_from_number", "status": "hs_call_status",
        "external_id": "hs_call_external_id", "duration_milliseconds": "hs_call_duration",
        "external_account_id": "hs_call_external_account_id", "recording_url": "hs_call_recording_url",
        "body": "hs_call_body", "disposition": "hs_call_disposition", "title": "hs_call_title",
    }),
    _Activity("emails", "CASE WHEN {0} IN ('INCOMING_EMAIL', 'FORWARDED_EMAIL') THEN {0} ELSE 'EMAIL' END", {
        "status": "hs_email_status", "subject": "hs_email_subject", "html": "hs_email_html", "text": "hs_email_text",
    }),
    _Activity("meetings", "'MEETING'", {
        "body": "hs_meeting_body", "start_time": "hs_meeting_start_time", "end_time": "hs_meeting_end_time",
        "title": "hs_meeting_title",
    }),
    _Activity("notes", "'NOTE'", {"body": "hs_note_body"}),
    _Activity("tasks", "'TASK'", {
        "status": "hs_task_status", "body": "hs_task_body", "subject": "hs_task_subject",
        "for_object_type": "hs_task_for_object_type",
    }),
    _Activity("communications", "coalesce({0}, 'COMMUNICATION')", {"body": "hs_communication_body"}),
    _Activity("postal_mail", "'POSTAL_MAIL'", {"body": "hs_postal_mail_body"}),
)  # fmt: skip

_COMMON = (
    "hubspot_owner_id", "hs_timestamp", "hs_created_by", "hs_created_by_user_id", "hs_modified_by",
    "hs_updated_by_user_id", "hs_engagement_source", "hs_object_source", "hs_engagement_source_id", "hs_body_preview",
    "hubspot_team_id", "hs_all_owner_ids", "hs_attachment_ids",
)  # fmt: skip
_OF_RECORD = ("id", "archived", "deletion", "created_at", "updated_at", "archived_at", "_synced_at")
_LISTS = {"contact_ids": "contacts", "company_ids": "companies", "deal_ids": "deals", "ticket_ids": "tickets"}
_TYPES = {
    **dict.fromkeys(("start_time", "end_time", "timestamp", "created_at", "last_updated", "archived_at", "_synced_at"),
                    "TIMESTAMPTZ"),
    **dict.fromkeys(("duration_milliseconds", "position"), "BIGINT"),
    **dict.fromkeys(("active", "archived"), "BOOLEAN"),
    **dict.fromkeys(("owner_ids", "attachment_ids"), "VARCHAR[]"),
}  # fmt: skip
"""Columns that are no text."""

ENGAGEMENT = (
    "object", "id", "type", "owner_id", "active", "archived", "deletion", "timestamp", "created_at", "last_updated",
    "archived_at", "created_by", "modified_by", "source", "source_id", "team_id", "body_preview", "owner_ids",
    "attachment_ids", "_synced_at",
)  # fmt: skip
DETAILS = (
    "object", "engagement_id", "type", "to_number", "from_number", "status", "external_id", "duration_milliseconds",
    "external_account_id", "recording_url", "body", "disposition", "subject", "html", "text", "start_time", "end_time",
    "title", "for_object_type",
)  # fmt: skip
PARTICIPANT = ("object", "engagement_id", "position", "email", "first_name", "last_name", "raw")
ROLES = ("from", "to", "cc", "bcc")

Present = Mapping[str, Collection[str]]
"""Columns of the tables that are there."""


def engagements(present: Present) -> str:
    """One row per engagement, with the ids of the records it belongs to."""
    branches = [_branch(activity, present[activity.table], _COMMON, _engagement(activity))
                for activity in _ACTIVITIES if activity.table in present]  # fmt: skip
    objects = [activity.object for activity in _ACTIVITIES]
    lists = ", ".join(f"coalesce(l.{name}, []) AS {name}" for name in _LISTS)
    return f"""
        SELECT e.*, {lists}
        FROM ({union(_typed(ENGAGEMENT), branches)}) AS e
        LEFT JOIN ({linked(objects, _LISTS, present="associations" in present)}) AS l
            ON e.object = l.object AND e.id = l.id"""


def metadata(present: Present) -> str:
    """One row per engagement, with the details that its type has."""
    branches = []
    for activity in _ACTIVITIES:
        if activity.table not in present:
            continue
        names = tuple(activity.details.values())
        read = _names(activity, names)
        expressions = {name: _convert(name, value(read, source)) for name, source in activity.details.items()}
        expressions |= {"engagement_id": "id", "type": _type(activity, read)}
        branches.append(_branch(activity, present[activity.table], names, expressions))
    return union(_typed(DETAILS), branches)


def participants(role: str, present: Present) -> str:
    """One row per address of e-mails in this role: from the header where there is one, else from HubSpot's copies."""
    table = DECLARED.by_object["emails"].name
    if table not in present:
        return union(_typed(PARTICIPANT), [])
    read = ("hs_email_headers", *(f"hs_email_{role}_{part}" for part in ("email", "firstname", "lastname")))
    header, *copies = (value(read, name) for name in read)
    addresses, first_names, last_names = (f"string_split({copy}, ';')" for copy in copies)
    source = f"""(
        WITH emails AS (
            SELECT {_column("id", present[table])} AS id, {_properties(read, present[table])} AS p
            FROM hubspot.{table}
        ), given AS (
            SELECT id, TRY_CAST({header} AS JSON) AS header,
                coalesce(json_type(header) = 'OBJECT', false) AS has_header,
                json_extract(header, '$."{role}"') AS given, json_type(given) AS shape,
                {addresses} AS addresses, {first_names} AS first_names, {last_names} AS last_names
            FROM emails
        ), {_ENTRIES}
        SELECT * FROM named WHERE coalesce(email, first_name, last_name) IS NOT NULL
    )"""
    own = {name: name for name in PARTICIPANT[2:]}
    return union(_typed(PARTICIPANT), [Branch(source, own | {"object": "'emails'", "engagement_id": "id"})])


_ENTRIES = """items AS (
            SELECT *, CASE WHEN NOT has_header THEN NULL WHEN shape = 'ARRAY' THEN TRY_CAST(given AS JSON[])
                WHEN shape IN ('OBJECT', 'VARCHAR') THEN [given] END AS items
            FROM given
        ), places AS (
            SELECT *, unnest(generate_series(1, CASE WHEN has_header THEN len(items) ELSE len(addresses) END))
                AS position
            FROM items
        ), entries AS (
            SELECT id, position, items[position] AS item, has_header AND json_type(item) = 'VARCHAR' AS is_text,
                json_extract_string(item, CASE WHEN is_text THEN '$' ELSE '$.email' END) AS in_header,
                trim(CASE WHEN has_header THEN in_header ELSE addresses[position] END) AS address,
                trim(CASE WHEN has_header THEN json_extract_string(item, '$.firstName') ELSE first_names[position] END)
                    AS first_name,
                trim(CASE WHEN has_header THEN json_extract_string(item, '$.lastName') ELSE last_names[position] END)
                    AS last_name,
                trim(json_extract_string(item, '$.raw')) AS raw
            FROM places
        ), named AS (
            SELECT id, position, nullif(first_name, '') AS first_name, nullif(last_name, '') AS last_name,
                coalesce(nullif(entries.raw, ''), CASE WHEN address LIKE '%<%' THEN address END) AS raw,
                coalesce(nullif(address, ''), entries.raw) AS said,
                coalesce(nullif(trim(regexp_extract(said, '<([^<>]+)>', 1)), ''), said) AS email
            FROM entries
        )"""
"""`given` (a header's entry and HubSpot's copies of an e-mail) -> `named`, one row per place in the list."""


def _branch(
    activity: _Activity, columns: Collection[str], properties: tuple[str, ...], expressions: Mapping[str, str]
) -> Branch:
    """One activity's rows: its record columns, and `p`, the texts of the properties."""
    record = ", ".join(f"{_column(name, columns)} AS {name}" for name in _OF_RECORD)
    listed = _properties(_names(activity, properties), columns)
    source = f"(SELECT {record}, {listed} AS p FROM hubspot.{activity.table})"
    return Branch(source, {"object": f"'{activity.object}'", **expressions})


def _engagement(activity: _Activity) -> dict[str, str]:
    read = _names(activity, _COMMON)

    def first(*names: str) -> str:
        return f"coalesce({', '.join(value(read, name) for name in names)})"

    owner, owners = value(read, "hubspot_owner_id"), value(read, "hs_all_owner_ids")
    return {
        **named(("id", "archived", "deletion", "created_at", "archived_at", "_synced_at"), _OF_RECORD),
        "type": _type(activity, read),
        "owner_id": owner,
        "active": "deletion IS NULL AND NOT coalesce(CAST(archived AS BOOLEAN), false)",
        "timestamp": f"hubspot.as_instant({value(read, 'hs_timestamp')})",
        "last_updated": "updated_at",
        "created_by": first("hs_created_by", "hs_created_by_user_id"),
        "modified_by": first("hs_modified_by", "hs_updated_by_user_id"),
        "source": first("hs_engagement_source", "hs_object_source"),
        "source_id": value(read, "hs_engagement_source_id"),
        "team_id": value(read, "hubspot_team_id"),
        "body_preview": value(read, "hs_body_preview"),
        "owner_ids": ids(f"coalesce({owners}, {owner})"),
        "attachment_ids": ids(value(read, "hs_attachment_ids")),
    }


def _names(activity: _Activity, properties: tuple[str, ...]) -> tuple[str, ...]:
    return (*properties, activity.decider) if activity.decider else properties


def _type(activity: _Activity, read: tuple[str, ...]) -> str:
    return activity.type.format(f"upper({value(read, activity.decider)})") if activity.decider else activity.type


def _typed(names: Collection[str]) -> dict[str, str]:
    return {name: _TYPES.get(name, "VARCHAR") for name in names}


def _column(name: str, columns: Collection[str]) -> str:
    return name if name in columns else "NULL"


def _properties(names: tuple[str, ...], columns: Collection[str]) -> str:
    return values_of(names) if "properties" in columns else "CAST(NULL AS VARCHAR[])"


def _convert(column: str, text: str) -> str:
    if _TYPES.get(column) == "TIMESTAMPTZ":
        return f"hubspot.as_instant({text})"
    return f"TRY_CAST(hubspot.as_number({text}) AS BIGINT)" if _TYPES.get(column) == "BIGINT" else text

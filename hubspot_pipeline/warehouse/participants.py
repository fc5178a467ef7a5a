"""E-mails and meetings of several people -> the same without one of them among the participants.

The record is the others' too and stays; what it says in words is not touched.
"""

import json
import re
from typing import Any

import duckdb

from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse.engagements import ROLES
from hubspot_pipeline.warehouse.store import columns_of, quoted

HEADER = "hs_email_headers"
_LISTS = {
    "emails": tuple(f"hs_email_{role}_email" for role in (*ROLES, "sender")),
    "meetings": ("hs_guest_emails",),
}
"""Object -> properties that list addresses, such as `a@example.com;b@example.com`."""
_BESIDE = ("firstname", "lastname", "raw")
"""What stands in lists of its own beside a list that ends in `_email`, place by place."""


def without(con: duckdb.DuckDBPyConnection, pattern: str, *, dry_run: bool = False) -> dict[str, int]:
    """Take whoever the pattern finds out of the participants of all records. Returns rows changed by table.

    `pattern`: a regular expression of the person's addresses in lower case. Records that the temporary table `gone`
    (object, id) lists are left alone: they go as a whole.
    """
    changed = {}
    for object_type, lists in _LISTS.items():
        table = DECLARED.by_object[object_type].name
        columns = set(columns_of(con, table))
        if "properties" not in columns:
            continue
        found = con.execute(
            f"SELECT id, CAST(properties AS VARCHAR) FROM hubspot.{quoted(table)} "
            "WHERE regexp_matches(lower(CAST(properties AS VARCHAR)), ?) "
            "AND id NOT IN (SELECT id FROM gone WHERE object = ?)", [pattern, object_type],
        ).fetchall()  # fmt: skip
        column_of = _columns(con, object_type)
        rows = [(id_, *_edited(json.loads(text), lists, pattern)) for id_, text in found]
        rows = [row for row in rows if row[2]]
        for id_, properties, names in () if dry_run else rows:
            values: dict[str, Any] = {"properties": json.dumps(properties, ensure_ascii=False, separators=(",", ":"))}
            values |= {column_of.get(name, f"properties_{name}"): properties[name] for name in names}
            given = {name: text for name, text in values.items() if name in columns}
            sets = ", ".join(f"{quoted(name)} = ?" for name in given)
            con.execute(f"UPDATE hubspot.{quoted(table)} SET {sets} WHERE id = ?", [*given.values(), id_])
        if rows:
            changed[table] = len(rows)
    return changed


def _edited(properties: dict[str, Any], lists: tuple[str, ...], pattern: str) -> tuple[dict[str, Any], set[str]]:
    """(properties without the person among the participants, names of those that changed)."""
    edited = dict(properties)
    for name in lists:
        beside = [name.removesuffix("email") + part for part in _BESIDE] if name.endswith("_email") else []
        edited |= _shortened({one: properties.get(one) for one in (name, *beside)}, pattern)
    if HEADER in properties:
        edited[HEADER] = _header(properties[HEADER], pattern)
    return edited, {name for name, value in edited.items() if value != properties.get(name)}


def _shortened(lists: dict[str, Any], pattern: str) -> dict[str, str | None]:
    """Lists of addresses and of what stands beside them, without the places of the person; those that change."""
    cut = {name: text.split(";") for name, text in lists.items() if isinstance(text, str)}
    gone = {place for texts in cut.values() for place, text in enumerate(texts) if _names(text, pattern)}
    if not gone:
        return {}
    length = max(map(len, cut.values()))
    kept = {
        # a list that is shorter than another cannot be matched with it: all of it goes
        name: [text for place, text in enumerate(texts) if place not in gone] if len(texts) == length else []
        for name, texts in cut.items()
    }
    return {name: ";".join(texts) or None for name, texts in kept.items()}


def _header(text: Any, pattern: str) -> Any:
    """An e-mail's header without the person in any role; as it is where it is no header."""
    try:
        header = json.loads(text)
    except (TypeError, ValueError):
        return text
    if not isinstance(header, dict) or not _names(text, pattern):
        return text
    for role, entries in list(header.items()):
        if isinstance(entries, list):
            header[role] = [one for one in entries if not _names(json.dumps(one, ensure_ascii=False), pattern)]
        elif _names(json.dumps(entries, ensure_ascii=False), pattern):
            del header[role]
    return json.dumps(header, ensure_ascii=False)


def _names(text: str, pattern: str) -> bool:
    return re.search(pattern, text.lower()) is not None


def _columns(con: duckdb.DuckDBPyConnection, object_type: str) -> dict[str, str]:
    """Property -> column of one object."""
    if not {"object", "name", "column_name"} <= set(columns_of(con, "properties")):
        return {}
    sql = "SELECT name, column_name FROM hubspot.properties WHERE object = ?"
    return {name: column for name, column in con.execute(sql, [object_type]).fetchall() if column}

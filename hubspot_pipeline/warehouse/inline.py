"""Inline associations of an archived record (type names only) -> link rows with category, type id and label.

A batch read does not answer for archived records, and a listing names a link's type instead of numbering it. Links
that were read while the record lived keep what was read; a name that HubSpot defines has its number here (HubSpot's
association type table), a portal's own label is found by its name, and what neither knows is kept under its name
with category UNKNOWN and type id 0.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from hubspot_pipeline.extract.unnest import Record

SINGULAR = {
    "contacts": "contact", "companies": "company", "deals": "deal", "tickets": "ticket", "line_items": "line_item",
    "calls": "call", "emails": "email", "meetings": "meeting", "notes": "note", "tasks": "task",
}  # fmt: skip

DEFINED: dict[tuple[str, str], tuple[tuple[str, int, str | None], ...]] = {
    ("contacts", "companies"): (("contact_to_company", 1, "Primary"), ("contact_to_company_unlabeled", 279, None)),
    ("companies", "companies"): (
        ("company_to_company", 450, None),
        ("parent_to_child_company", 13, "Child Company"),
        ("child_to_parent_company", 14, "Parent Company"),
    ),
    ("deals", "contacts"): (("deal_to_contact", 3, None),),
    ("deals", "companies"): (("deal_to_company", 5, "Primary"), ("deal_to_company_unlabeled", 341, None)),
    ("deals", "line_items"): (("deal_to_line_item", 19, None),),
    ("tickets", "contacts"): (("ticket_to_contact", 16, None),),
    ("tickets", "companies"): (("ticket_to_company", 26, "Primary"), ("ticket_to_company_unlabeled", 339, None)),
    ("tickets", "deals"): (("ticket_to_deal", 28, None),),
    **{
        (f"{name}s", to): ((f"{name}_to_{SINGULAR[to]}", number, None),)
        for name, numbers in {
            "call": (194, 182, 206, 220), "email": (198, 186, 210, 224), "meeting": (200, 188, 212, 226),
            "note": (202, 190, 214, 228), "task": (204, 192, 216, 230),
        }.items()
        for to, number in zip(("contacts", "companies", "deals", "tickets"), numbers, strict=True)
    },
}  # fmt: skip


def inline_links(from_object: str, to_object: str, records: Sequence[Record],
                 stored: dict[str, list[dict[str, Any]]],
                 labels: Callable[[], list[dict[str, Any]]]) -> tuple[list[str], list[dict[str, Any]]]:  # fmt: skip
    """(ids whose links are known completely, their rows).

    `stored`: links in the warehouse, by from id; `labels` reads the portal's own link types, and is called only where
    a name is not HubSpot's.
    """
    types = {
        name: ("HUBSPOT_DEFINED", number, label) for name, number, label in DEFINED.get((from_object, to_object), ())
    }
    own: dict[str, tuple[str, int, str | None]] | None = None
    known: list[str] = []
    rows: list[dict[str, Any]] = []
    for record in records:
        id_ = str(record.id)
        # listings key them by plural, with a space where the path has an underscore
        part = record.associations or {}
        shown = part.get(to_object) or part.get(to_object.replace("_", " ")) or {}
        if (shown.get("paging") or {}).get("next"):
            continue  # more than the listing shows: what is stored stays
        known.append(id_)
        had = stored.get(id_, [])
        for link in shown.get("results", []):
            to_id, name = str(link["id"]), str(link["type"])
            kept = [row for row in had if row["to_id"] == to_id]
            if name not in types and not kept and own is None:
                own = {_slug(found["label"]): (found["category"], int(found["typeId"]), found["label"])
                       for found in labels() if found.get("label")}  # fmt: skip
            category, number, label = types.get(name) or (own or {}).get(_slug(name)) or ("UNKNOWN", 0, name)
            rows += kept or [{
                "from_object": from_object, "from_id": id_, "to_object": to_object, "to_id": to_id,
                "category": category, "type_id": number, "label": label,
            }]  # fmt: skip
    unique = {(r["from_id"], r["to_id"], r["category"], r["type_id"]): r for r in rows}
    return known, list(unique.values())


def _slug(label: str) -> str:
    """A label as a listing names it: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")

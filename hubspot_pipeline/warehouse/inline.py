"""Inline associations of an archived record (type names only) -> link rows with category, type id and label.

A batch read does not answer for archived records, and a listing names a link's type instead of numbering it. A name
that HubSpot defines has its number here (HubSpot's association type table), and a portal's own label is found by its
name. Where neither knows a name, labels that were read while the record lived stay; without any, the name is kept with
category UNKNOWN and type id 0.
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
    a name is not in HubSpot's table.
    """
    types = {
        name: ("HUBSPOT_DEFINED", number, label) for name, number, label in DEFINED.get((from_object, to_object), ())
    }
    prefix = f"{SINGULAR.get(from_object, from_object)}_to_{SINGULAR.get(to_object, to_object)}"
    own: list[dict[str, Any]] | None = None
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
        links = [(str(link["id"]), str(link["type"])) for link in shown.get("results", [])]
        if own is None and any(name not in types for _, name in links):
            own = [found for found in labels() if found.get("label")]
        resolved = [(to_id, name, types.get(name) or _own(name, prefix, own or [])) for to_id, name in links]
        sure = {(to_id, found[:2]) for to_id, _, found in resolved if found}
        renamed = {(found["category"], int(found["typeId"])): found["label"] for found in own or []}
        for to_id, name, found in resolved:
            kept = [] if found else [
                row | {"label": renamed.get((row["category"], row["type_id"]), row["label"])}
                for row in stored.get(id_, [])
                if row["to_id"] == to_id and row["label"] and (to_id, (row["category"], row["type_id"])) not in sure
            ]  # fmt: skip
            category, number, label = found or ("UNKNOWN", 0, name)
            rows += kept or [{
                "from_object": from_object, "from_id": id_, "to_object": to_object, "to_id": to_id,
                "category": category, "type_id": number, "label": label,
            }]  # fmt: skip
    unique = {(r["from_id"], r["to_id"], r["category"], r["type_id"]): r for r in rows}
    return known, list(unique.values())


def _own(name: str, prefix: str, labels: Sequence[dict[str, Any]]) -> tuple[str, int, str | None] | None:
    """The portal's own label that a listing calls `name`: by itself, or HubSpot's with the names of both objects."""
    by_itself = [found for found in labels if _slug(found["label"]) == name]
    fitting = [found for found in by_itself if found["category"] == "USER_DEFINED"]
    fitting = fitting or [
        found for found in labels
        if found["category"] == "HUBSPOT_DEFINED" and f"{prefix}_{_slug(found['label'])}" == name
    ] or by_itself  # fmt: skip
    # two labels of one spelling: the listing does not say which
    return (fitting[0]["category"], int(fitting[0]["typeId"]), fitting[0]["label"]) if len(fitting) == 1 else None


def _slug(label: str) -> str:
    """A label as a listing names it: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")

"""Inline associations of an archived record (type names only) -> link rows with category, type id and label.

A batch read does not answer for archived records, and a listing names a link's type instead of numbering it. The
portal's own list of types and labels has the number: `deal_to_contact` is the type without a label, and where there is
a primary one `deal_to_company` is that and `deal_to_company_unlabeled` the other. Where a name fits none, labels that
were read while the record lived stay; without any, the name is kept with category UNKNOWN and type id 0.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.streams import Stream

DEFINED = {
    ("companies", "parent_to_child_company"): ("HUBSPOT_DEFINED", 13, "Child Company"),
    ("companies", "child_to_parent_company"): ("HUBSPOT_DEFINED", 14, "Parent Company"),
}
"""Names that HubSpot gives to no other type in this way."""


def inline_links(stream: Stream, to_object: str, to_one: str, records: Sequence[Record],
                 stored: dict[str, list[dict[str, Any]]],
                 labels: Callable[[], list[dict[str, Any]]]) -> tuple[list[str], list[dict[str, Any]]]:  # fmt: skip
    """(ids whose links are known completely, their rows).

    `to_one`: HubSpot's name of one record of `to_object`; `stored`: links in the warehouse, by from id; `labels` reads
    the pair's link types, and is called only where there is a link.
    """
    from_object, prefix = stream.object, f"{stream.one}_to_{to_one}"
    types: dict[str, tuple[str, int, str | None]] = {
        name: (category, number, None) for to, name, category, number in stream.link_types if to == to_object and number
    }
    types |= {name: found for (of, name), found in DEFINED.items() if of == from_object == to_object}
    own: list[dict[str, Any]] | None = None
    known: list[str] = []
    rows: list[dict[str, Any]] = []
    for record in records:
        id_ = str(record.id)
        # listings key them by plural, with a space where the path has an underscore
        part = record.associations or {}
        shown: dict[str, Any] = next((part[name] for name in part if _is_called(name, to_object, to_one)), {})
        if (shown.get("paging") or {}).get("next"):
            continue  # more than the listing shows: what is stored stays
        known.append(id_)
        links = [(str(link["id"]), str(link["type"])) for link in shown.get("results", [])]
        if own is None and any(name not in types for _, name in links):
            listed = labels()
            own = [one for one in listed if one.get("label")]
            types = _unlabelled(listed, prefix) | types
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


def _is_called(name: str, to_object: str, to_one: str) -> bool:
    """Whether a listing's key means this object type: its plural, or a custom one's name behind the portal's id."""
    return name in (to_object, to_object.replace("_", " ")) or re.sub(r"^p\d+_", "", name) == to_one


def _unlabelled(types: Sequence[dict[str, Any]], prefix: str) -> dict[str, tuple[str, int, str | None]]:
    """How listings call a pair's type without a label, and its primary one where there is such."""
    plain = next((one for one in types if not one.get("label")), None)
    primary = next((one for one in types if one.get("label") == "Primary"), None)
    found: dict[str, tuple[str, int, str | None]] = {}
    if plain is not None:
        found[f"{prefix}_unlabeled"] = (plain["category"], int(plain["typeId"]), None)
        found[prefix] = found[f"{prefix}_unlabeled"]
    if primary is not None:
        found[prefix] = (primary["category"], int(primary["typeId"]), "Primary")
    return found


def _slug(label: str) -> str:
    """A label as a listing names it: lower case, words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")

"""The portal's custom objects: HubSpot's definitions -> a stream each; a file keeps them, so loading needs no network.

`discover` and every run write the file; what loads the definitions reads it.
"""

import json
import os
import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.stream import Stream
from hubspot_pipeline.stream_objects import OBJECT_ROWS
from hubspot_pipeline.streams import RESERVED_TABLES, STREAMS

FILE = "custom_objects.json"
GROUP = "custom_objects"
_KEPT = ("objectTypeId", "name", "labels", "associations", "archived")


def read(data_dir: Path) -> list[Stream]:
    """The custom objects that were found last. Raises ConfigError where the file is not what was written."""
    path = data_dir / FILE
    if not path.exists():
        return []
    try:
        return streams_of(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigError(
            f"{path} is damaged: delete it, the next sync or `hubspot-pipeline discover` writes it."
        ) from None


def write(data_dir: Path, schemas: Iterable[dict[str, Any]]) -> bool:
    """Keep the definitions; True if they differ from what was kept."""
    path = data_dir / FILE
    kept = [{name: schema[name] for name in _KEPT if name in schema} for schema in schemas]
    text = json.dumps(sorted(kept, key=_number), ensure_ascii=False, indent=1, sort_keys=True)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    if not kept and not path.exists():
        return False
    data_dir.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return True


def streams_of(schemas: Iterable[dict[str, Any]]) -> list[Stream]:
    """HubSpot's definitions of custom objects -> a stream each, in the order of their type ids.

    A name that is no plain table name, or that a stream, group or table of ours has, gets the prefix `custom_`;
    links are kept from the custom object to the standard one, between two custom ones from the smaller type id.
    """
    ordered = sorted((schema for schema in schemas if not schema.get("archived")), key=_number)
    taken = {name for stream in STREAMS for name in (stream.name, stream.object, stream.group)}
    taken |= {GROUP, *RESERVED_TABLES}
    names: dict[str, str] = {}
    for schema in ordered:
        names[str(schema["objectTypeId"])] = name = _table_of(str(schema["name"]), taken)
        taken.add(name)
    return [_custom(schema, names) for schema in ordered]


def _custom(schema: dict[str, Any], names: dict[str, str]) -> Stream:
    type_id, name = str(schema["objectTypeId"]), names[str(schema["objectTypeId"])]
    known = {row.type_id: row.object for row in OBJECT_ROWS} | names
    types: dict[tuple[str, str], tuple[str, str, str, int]] = {}
    for link in schema.get("associations") or []:
        other = str(link.get("toObjectTypeId"))
        if str(link.get("fromObjectTypeId")) != type_id or other not in known:
            continue
        if other in names and _number({"objectTypeId": other}) < _number(schema):
            continue  # the other custom object keeps it
        number = int(link["id"]) if str(link.get("id", "")).isdigit() else 0
        types[known[other], str(link.get("name"))] = (known[other], str(link.get("name")), "USER_DEFINED", number)
    labels = schema.get("labels") or {}
    return Stream(
        name=name, label=str(labels.get("plural") or schema["name"]), group=GROUP, shape="object",
        scopes=("crm.objects.custom.read",), about="A custom object of this portal.", plan="Enterprise", object=name,
        type_id=type_id, segment=type_id, singular=str(schema["name"]), created="hs_createdate",
        pairs=tuple(dict.fromkeys(to for to, _ in types)), link_types=tuple(types.values()), custom=True,
    )  # fmt: skip


def _table_of(name: str, taken: set[str]) -> str:
    """A table name for a custom object: its own where that is a plain one and free, else one that tells them apart."""
    plain = name.lower()
    if re.fullmatch(r"[a-z](_?[a-z0-9])*", plain) and plain == name and len(plain) <= 60 and plain not in taken:
        return plain
    stem = "custom_" + (re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:40] or "object")
    hashed = f"{stem}_{sha256(name.encode()).hexdigest()[:8]}"
    return hashed if plain != name or stem in taken else stem


def _number(schema: dict[str, Any]) -> int:
    return int(str(schema["objectTypeId"]).rpartition("-")[2])

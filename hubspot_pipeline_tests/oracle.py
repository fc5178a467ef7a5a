"""The portal's own dump against the warehouse: every table, key and value. Differences come back as lines."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import requests

from hubspot_pipeline import streams

KNOWN = streams.DECLARED
OBJECTS = [stream for stream in KNOWN.objects if stream.default]
TRACKED = {("deals", name) for name in KNOWN.by_name["deals"].history}
PAIRS = {(stream.object, to) for stream in OBJECTS for to in stream.pairs}


def dump(url: str) -> Iterator[dict[str, Any]]:
    """The sandbox's dump, one object at a time."""
    with requests.get(f"{url}/_sandbox/dump", stream=True, timeout=120) as answer:
        answer.raise_for_status()
        for line in answer.iter_lines():
            yield json.loads(line)


def differences(url: str, warehouse: Path) -> list[str]:
    """Lines that say where the warehouse and the portal differ; empty = equal.

    A record merged away before the first sync has no row; every other one has. What the portal no longer shows keeps
    its row (as missing, archived, or merged into such a one), the links it had in the bin, and its history.
    """
    found: list[str] = []
    entries: dict[str, list[dict[str, Any]]] = {}
    for entry in dump(url):
        entries.setdefault(entry["kind"], []).append(entry)
    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        for stream in OBJECTS:
            records = [entry for entry in entries.get("record", []) if entry["object"] == stream.object]
            found += _records(con, stream, records)
        shown = {(e["object"], e["id"]) for e in entries.get("record", []) if e["mergedInto"] is None}
        gone = {(s.object, row[0]) for s in OBJECTS for row in con.execute(
            f"SELECT id FROM hubspot.{s.name} WHERE deletion IS NOT NULL").fetchall()} - shown  # fmt: skip
        found += _sets(
            "associations",
            _portal_links(entries),
            [link for link in _links(con) if link[:2] not in gone and (link[0], link[2]) in PAIRS],
        )
        found += _sets("history", _portal_versions(entries), [v for v in _versions(con) if ("deals", v[0]) not in gone])
        found += _collections(con, entries)
    return found


def _records(con: Any, stream: streams.Stream, records: list[dict[str, Any]]) -> list[str]:
    columns = {
        column: name
        for name, column in con.execute(
            "SELECT name, column_name FROM hubspot.properties WHERE object = ? AND NOT archived", [stream.object]
        ).fetchall()
    }
    cursor = con.execute(f"SELECT * FROM hubspot.{stream.name}")
    names = [d[0] for d in cursor.description]
    stored = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    if len(stored) != con.execute(f"SELECT count(*) FROM hubspot.{stream.name}").fetchone()[0]:
        return [f"{stream.name}: an id is there twice"]
    found = []
    for record in records:
        row = stored.pop(record["id"], None)
        if row is None:
            if record["mergedInto"] is None:
                found.append(f"{stream.name} {record['id']}: missing")
            continue
        found += [f"{stream.name} {record['id']}: {what}" for what in _row(record, row, columns)]
    return found + [
        f"{stream.name} {id_}: not in the portal, stored as {row['deletion']} {row['merged_into_id']}"
        for id_, row in stored.items()
        if row["deletion"] not in ("missing", "archived")
        and not (row["deletion"] == "merged" and row["merged_into_id"] in stored)
    ]


def late(url: str, warehouse: Path, excused: set[str]) -> list[str]:
    """Live records whose newest change a sync should have brought, but for those of ids `excused` (once archived)."""
    found = []
    with duckdb.connect(str(warehouse), read_only=True) as con:
        stored = {
            (stream.object, id_): moment for stream in OBJECTS
            for id_, moment in con.execute(f"SELECT id, epoch_ms(updated_at) FROM hubspot.{stream.name}").fetchall()
        }  # fmt: skip
    for entry in dump(url):
        if entry["kind"] == "record" and entry["object"] in KNOWN.by_object and entry["mergedInto"] is None:
            key = entry["object"], entry["id"]
            if not entry["archived"] and entry["id"] not in excused and stored.get(key) != _instant(entry["updatedAt"]):
                found.append(f"{key} changed at {entry['updatedAt']}: no sync brought it")
    return found


def _row(record: dict[str, Any], row: dict[str, Any], columns: dict[str, str]) -> Iterator[str]:
    if record["mergedInto"] is not None:
        if (row["deletion"], row["merged_into_id"]) != ("merged", record["mergedInto"]):
            yield f"merged into {record['mergedInto']}, stored as {row['deletion']} {row['merged_into_id']}"
        return
    expected_deletion = "archived" if record["archived"] else None
    if (row["archived"], row["deletion"]) != (record["archived"], expected_deletion):
        yield f"archived={record['archived']}, stored as {row['archived']} {row['deletion']}"
    for column, key in (("created_at", "createdAt"), ("updated_at", "updatedAt"), ("archived_at", "archivedAt")):
        stored = None if row[column] is None else row[column].isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if stored != record.get(key):
            yield f"{key}={record.get(key)}, stored as {stored}"
    properties = {_scrub(name): _scrub(value) for name, value in record["properties"].items()}
    cells = {columns[c]: v for c, v in row.items() if c in columns and v is not None}
    for name in sorted(cells.keys() | properties.keys()):
        if cells.get(name) != properties.get(name):
            yield f"{name}={properties.get(name)!r}, stored as {cells.get(name)!r}"
    sent = {name: value for name, value in json.loads(row["properties"]).items() if value is not None}
    if sent != properties:
        yield "the JSON differs"


def _portal_links(entries: dict[str, list[dict[str, Any]]]) -> set[tuple[Any, ...]]:
    return {
        (e["from_object"], e["from_id"], e["to_object"], e["to_id"], e["category"], e["type_id"], e["label"])
        for e in entries.get("association", [])
        if (e["from_object"], e["to_object"]) in PAIRS
    }


def _links(con: Any) -> list[tuple[Any, ...]]:
    return con.execute(
        "SELECT from_object, from_id, to_object, to_id, category, type_id, label FROM hubspot.associations"
    ).fetchall()


def _portal_versions(entries: dict[str, list[dict[str, Any]]]) -> set[tuple[Any, ...]]:
    return {
        (e["id"], e["property"], _instant(e["timestamp"]), e["seq"], _scrub(e["value"]), e["sourceType"], e["sourceId"])
        for e in entries.get("history", [])
        if (e["object"], e["property"]) in TRACKED
    }


def _versions(con: Any) -> list[tuple[Any, ...]]:
    return con.execute(
        "SELECT id, property, epoch_ms(changed_at), seq, value, source_type, source_id "
        "FROM hubspot.deals_property_history"
    ).fetchall()


def _instant(text: str | int) -> int:
    if str(text).isdigit():
        return int(text)
    return round(datetime.fromisoformat(str(text)).timestamp() * 1000)


def _scrub(value: str) -> str:
    """What a warehouse can hold of a text: a lone surrogate becomes U+FFFD."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _collections(con: Any, entries: dict[str, list[dict[str, Any]]]) -> list[str]:
    found = []
    tables = {
        "owners": entries.get("owner", []),
        "deal_pipelines": [e for e in entries.get("pipeline", []) if e["object"] == "deals"],
        "ticket_pipelines": [e for e in entries.get("pipeline", []) if e["object"] == "tickets"],
        "account_details": entries.get("account", []),
    }
    for table, items in tables.items():
        theirs = {_text({key: value for key, value in e.items() if key not in ("kind", "object")}) for e in items}
        ours = [_text(json.loads(row[0])) for row in con.execute(f"SELECT raw FROM hubspot.{table}").fetchall()]
        found += _sets(table, theirs, ours)
    known = {stream.object for stream in OBJECTS}
    theirs = {
        (e["object"], e["name"], bool(e.get("archived"))) for e in entries.get("property", []) if e["object"] in known
    }
    found += _sets(
        "properties", theirs, con.execute("SELECT object, name, archived FROM hubspot.properties").fetchall()
    )
    return found


def _text(item: dict[str, Any]) -> str:
    return json.dumps(item, sort_keys=True)


def _sets(what: str, theirs: set[Any], ours: list[Any]) -> list[str]:
    found = [f"{what}: {len(ours) - len(set(ours))} rows are there twice"] if len(ours) != len(set(ours)) else []
    found += [f"{what}: missing {key}" for key in sorted(theirs - set(ours), key=repr)]
    return found + [f"{what}: not in the portal {key}" for key in sorted(set(ours) - theirs, key=repr)]

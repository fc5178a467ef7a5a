"""The portal's own dump against the warehouse: every table, key and value. Differences come back as lines.

Alone: `python -m hubspot_pipeline_tests.oracle URL WAREHOUSE [STREAM ...]` compares a running sandbox portal with a
warehouse file, prints what differs and how much is equal, and exits with 1 where something differs.
"""

import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline.streams import Stream
from hubspot_pipeline_tests import contract
from hubspot_pipeline_tests.contract import Line
from hubspot_pipeline_tests.dumped import Dump, Row, stored_as_dumped

History = Mapping[str, Collection[str]]


def differences(url: str, warehouse: Path, *, streams: Iterable[str] | None = None,
                history: History | None = None) -> list[str]:  # fmt: skip
    """Lines that say where the warehouse and the portal differ; empty = equal.

    `streams`: exactly these are compared and must be there; without, all that are there, and those that are read
    without any choice must be. `history`: properties whose versions are kept, by object stream, where not the default.

    A record merged away before the first sync has no row; every other one has. What the portal no longer shows keeps
    its row (as missing, archived, or merged into such a one), the links it had in the bin, its history and its visits.
    The same goes for archived records of a type whose bin is not listed, and for links that the bin does not show.
    """
    return Comparison(url, warehouse, history or {}).run(None if streams is None else set(streams))


class Comparison:
    """One dump and one warehouse. `equal`: rows of each stream that are as they should be."""

    def __init__(self, url: str, warehouse: Path, history: History) -> None:
        self.dump, self.warehouse, self.history = Dump(url), warehouse, history
        self.equal: dict[str, int] = {}

    def run(self, streams: set[str] | None) -> list[str]:
        found: list[str] = []
        unknown = sorted((streams or set()) - self.dump.lines.keys())
        assert not unknown, f"no streams with a table of their own: {unknown}"
        with duckdb.connect(str(self.warehouse), read_only=True) as self.con:
            self.con.execute("SET TimeZone = 'UTC'")
            sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'hubspot'"
            self.tables = {row[0] for row in self.con.execute(sql).fetchall()}
            self.objects = {s.object: s for s in self.dump.streams.objects if s.name in self.tables}
            for line in self.dump.lines.values():
                if line.name not in self.tables:
                    if line.name in streams if streams is not None else line.default:
                        found.append(f"{line.name}: there is no such table")
                elif streams is None or line.name in streams:
                    found += self._stream(line)
        return found

    def _stream(self, line: Line) -> list[str]:
        match line.shape:
            case "object":
                found = self._records(self.dump.stream(line.name))
            case "history":
                found = self._history(line)
            case "links":
                found = self._links()
            case _:
                found = self._items(line)
        (count,) = self.con.execute(f'SELECT count(*) FROM hubspot."{line.name}"').fetchone()
        self.equal[line.name] = count - len(found)
        return found

    # records, and what belongs to them

    def _records(self, stream: Stream) -> list[str]:
        sql = "SELECT name, column_name FROM hubspot.properties WHERE object = ? AND NOT archived"
        columns = {column: name for name, column in self.con.execute(sql, [stream.object]).fetchall()}
        rows = self._rows(stream.name)
        stored = {row["id"]: row for row in rows}
        if len(stored) != len(rows):
            return [f"{stream.name}: an id is there twice"]
        found = []
        for record in self.dump.records(stream.object):
            row = stored.pop(record["id"], None)
            if record["archived"] and stream.object in self.dump.unlisted:
                if row is not None and row["deletion"] not in ("missing", "archived"):
                    found.append(f"{stream.name} {record['id']}: in the bin, stored as {row['deletion']}")
                continue
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

    def _gone(self) -> set[tuple[str, str]]:
        """(object, id) of stored records that the portal no longer has in any way."""
        shown = {(e["object"], e["id"]) for e in self.dump.named("record", "object") if e["mergedInto"] is None}
        return {
            (object_type, row[0]) for object_type, stream in self.objects.items()
            for row in self.con.execute(f'SELECT id FROM hubspot."{stream.name}" WHERE deletion IS NOT NULL').fetchall()
        } - shown  # fmt: skip

    def _links(self) -> list[str]:
        fields = ("from_object", "from_id", "to_object", "to_id", "category", "type_id", "label")
        pairs = {pair for pair in self.dump.pairs() if pair[0] in self.objects}
        theirs = {
            tuple(entry[field] for field in fields)
            for entry in self.dump.named("association", "from_object", "to_object")
            if (entry["from_object"], entry["to_object"]) in pairs
        }
        binned = self.dump.archived()
        # a bin without any link does not say whether it would show one
        shown = {link[0] for link in theirs if link[:2] in binned}
        unknown = self._gone() | {one for one in binned if self.dump.hides_links_of(one[0]) or one[0] not in shown}
        ours = self.con.execute(f"SELECT {', '.join(fields)} FROM hubspot.associations").fetchall()
        theirs, ours = ([link for link in links if link[:2] not in unknown] for links in (theirs, ours))
        return _sets("associations", set(theirs), ours)

    def _history(self, line: Line) -> list[str]:
        stream = self.dump.stream(line.of[0])
        tracked = self.history.get(stream.name, stream.history)
        theirs = {
            (e["id"], e["property"], _instant(e["timestamp"]), e["seq"], _scrub(e["value"]), e["sourceType"],
             e["sourceId"], None if e["updatedByUserId"] is None else str(e["updatedByUserId"]))
            for e in self.dump.of("history") if e["object"] == stream.object and e["property"] in tracked
        }  # fmt: skip
        gone = self._gone()
        ours = self.con.execute(
            "SELECT id, property, epoch_ms(changed_at), seq, value, source_type, source_id, updated_by_user_id "
            f'FROM hubspot."{line.name}"'
        ).fetchall()
        return _sets(line.name, theirs, [version for version in ours if (stream.object, version[0]) not in gone])

    # lists, logs, children

    def _items(self, line: Line) -> list[str]:
        expected = {_key(line, item): item for item in self.dump.items(line, self._described(line))}
        rows = self._rows(line.name)
        found = [f"{line.name}: {_key(line, row)} does not fit its columns: {what}" for row in rows
                 for what in _columns(line, row)]  # fmt: skip
        ours: dict[Any, Row] = {}
        for row in rows:
            item = json.loads(row["raw"])
            key = _key(line, item)
            if key in ours:
                found.append(f"{line.name} {key}: there twice")
            ours[key] = stored_as_dumped(line.name, item, expected.get(key))
        for key in sorted(expected.keys() | ours.keys(), key=repr):
            found += [f"{line.name} {key}: {what}" for what in self._item(line, expected.get(key), ours.get(key))]
        return found

    def _item(self, line: Line, expected: Row | None, stored: Row | None) -> Iterator[str]:
        if expected is None:
            assert stored is not None
            if line.kind != "web_event" or (stored["object"], stored["objectId"]) in self.dump.live():
                yield f"not in the portal: {json.dumps(stored)[:200]}"
        elif stored is None:
            yield f"missing: {json.dumps(expected)[:200]}"
        else:
            for name in sorted(expected.keys() | stored.keys()):
                if expected.get(name) != stored.get(name) or (name in expected) != (name in stored):
                    yield f"{name}={expected.get(name)!r}, stored as {stored.get(name)!r}"

    def _described(self, line: Line) -> set[str]:
        """Object types whose settings should be there: those that are read by default, have a table, or show some.

        A token can be good for settings and not for finding custom objects, so these count once something is there.
        """
        found = {one.object for one in contract.TABLES if one.shape == "object" and one.default}
        for table, column in {"properties": "object", line.name: line.key[0]}.items():
            if table in self.tables and column in ("object", "from_object"):
                rows = self.con.execute(f'SELECT DISTINCT "{column}" FROM hubspot."{table}"').fetchall()
                found |= {row[0] for row in rows}
        return found | self.objects.keys()

    def _rows(self, table: str) -> list[Row]:
        cursor = self.con.execute(f'SELECT * FROM hubspot."{table}"')
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def late(url: str, warehouse: Path, excused: set[str]) -> list[str]:
    """Live records whose newest change a sync should have brought, but for those of ids `excused` (once archived)."""
    found, dump = [], Dump(url)
    stored: dict[tuple[str, str], int] = {}
    read: set[str] = set()
    with duckdb.connect(str(warehouse), read_only=True) as con:
        tables = {row[0] for row in con.execute("SHOW TABLES FROM hubspot").fetchall()}
        for stream in dump.streams.objects:
            if stream.name in tables:
                read.add(stream.object)
                rows = con.execute(f'SELECT id, epoch_ms(updated_at) FROM hubspot."{stream.name}"').fetchall()
                stored |= {(stream.object, id_): moment for id_, moment in rows}
    for entry in dump.named("record", "object"):
        if entry["object"] in read and entry["mergedInto"] is None:
            key = entry["object"], entry["id"]
            if not entry["archived"] and entry["id"] not in excused and stored.get(key) != _instant(entry["updatedAt"]):
                found.append(f"{key} changed at {entry['updatedAt']}: no sync brought it")
    return found


def _row(record: Row, row: Row, columns: dict[str, str]) -> Iterator[str]:
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


def _key(line: Line, item: Row) -> tuple[str, ...]:
    """The key of an item as HubSpot shows it; where its id is made of the content, the content."""
    if line.name == "subscription_changes":
        return (json.dumps({name: value for name, value in item.items() if name != "id"}, sort_keys=True),)
    fields = {_snake(name): value for name, value in item.items()}
    if line.name == "association_types":
        fields |= {"from_object": item.get("object", item.get("from_object")), "to_object": item.get("to")}
    return tuple(str(_as_text(fields.get(column))) for column in line.key)


NESTED = {
    "contact_lists": {"size": ("additionalProperties", "hs_list_size")},
    "marketing_campaigns": {"name": ("properties", "hs_name")},
    "object_schemas": {"singular": ("labels", "singular"), "plural": ("labels", "plural")},
    "deal_splits": {
        "owner_id": ("properties", "hubspot_owner_id"), "percentage": ("properties", "hs_deal_split_percentage"),
        "amount": ("properties", "hs_deal_split_amount"),
    },
}  # fmt: skip
"""Columns that hold a field further down."""


def _columns(line: Line, row: Row) -> Iterator[str]:
    """Columns that do not say what their field in `raw` says: the one of their name, or the one named above."""
    item = json.loads(row["raw"])
    fields = {_snake(name): value for name, value in item.items()}
    fields |= {column: item[outer].get(inner) for column, (outer, inner) in NESTED.get(line.name, {}).items()}
    assert set(line.key) | set(NESTED.get(line.name, ())) <= row.keys(), f"{line.name} lacks a column"
    for column in sorted(row.keys() & fields.keys()):
        stored, sent = row[column], fields[column]
        if isinstance(stored, datetime):
            same = round(stored.timestamp() * 1000) == _instant(sent)
        elif isinstance(stored, str) and not isinstance(sent, str):
            same = json.loads(stored) == sent
        else:
            same = stored == sent or (isinstance(stored, str) and stored == json.dumps(sent, ensure_ascii=False))
        if not same and str(stored) != str(sent):
            yield f"{column} is {stored!r} and its field {sent!r}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _as_text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _instant(text: str | int) -> int:
    if str(text).isdigit():
        return int(text)
    return round(datetime.fromisoformat(str(text)).timestamp() * 1000)


def _scrub(value: str) -> str:
    """What a warehouse can hold of a text: a lone surrogate becomes U+FFFD."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _sets(what: str, theirs: set[Any], ours: list[Any]) -> list[str]:
    found = [f"{what}: {len(ours) - len(set(ours))} rows are there twice"] if len(ours) != len(set(ours)) else []
    found += [f"{what}: missing {key}" for key in sorted(theirs - set(ours), key=repr)]
    return found + [f"{what}: not in the portal {key}" for key in sorted(set(ours) - theirs, key=repr)]


def main(argv: list[str]) -> int:
    """Prints what differs, a line per table, and what is missing of the streams that a demo must have."""
    url, warehouse, *streams = argv
    comparison = Comparison(url, Path(warehouse), {})
    found = comparison.run(set(streams) or None)
    for name, rows in comparison.equal.items():
        print(f"{name:40} {rows:>8,} rows equal")
    asked = [line.name for line in contract.TABLES if line.seed and (not streams or line.name in streams)]
    found += [f"{name}: has no rows" for name in asked if not comparison.equal.get(name)]
    print("\n".join([*found, f"{len(comparison.equal)} tables compared, {len(found)} differences"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""What the operations on a portal alone say of its records, without asking the portal or our client.

operations as the sandbox's journal gets them -> alive, in the bin, merged away or gone, and the values written last
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline.sandbox import Portal
from hubspot_pipeline.streams import Streams

Key = tuple[str, str]
BIN = 90 * 86_400_000
"""Milliseconds that HubSpot's recycle bin keeps a record."""


class EventLog:
    """Stands where a portal's journal stands; begins with what the portal holds then.

    `unlisted`: object types whose archived records nobody can list.
    """

    def __init__(self, portal: Portal, unlisted: Collection[str] = ()) -> None:
        self.portal, self.unlisted = portal, unlisted
        self.counts: Counter[str] = Counter()
        self.values: dict[Key, dict[str, tuple[int, str]]] = {}
        """Of every record that is not gone: property -> when, and which text. A survivor's since the merge."""
        self.binned: dict[Key, int] = {}
        """When each archived record was."""
        self.merged: set[Key] = set()
        self.gone: set[Key] = set()
        for object_type, shelf in portal.shelves.items():
            for record in shelf.all_records(portal.now()):
                self.values[object_type, str(record.id)] = {}
                if record.archived_at is not None:
                    self.binned[object_type, str(record.id)] = record.archived_at

    def write(self, op: str, given: Mapping[str, Any]) -> None:
        """An operation that succeeded, with its arguments."""
        self.counts[op] += 1
        heard: Callable[..., None] | None = getattr(self, f"_{op}", None)
        if heard is not None:
            heard(dict(given))

    def restart(self) -> None:
        """Part of a journal; a history has no restart."""

    def scrub(self, rewrite: Callable[..., Any]) -> None:
        """Part of a journal; what is known of a purged person is dropped by `_gdpr_delete`."""

    def close(self) -> None:
        """Part of a journal."""

    def _create(self, given: dict[str, Any]) -> None:
        self.values[given["object_type"], str(given["id"])] = {}
        self._update(given)

    def _update(self, given: dict[str, Any]) -> None:
        known, at = self.values[given["object_type"], str(given["id"])], given["at"]
        for name, value in given["properties"].items():
            if at >= known.get(name, (0, ""))[0]:  # a change that is dated back hides behind a later one
                known[name] = (at, "" if value is None else str(value))

    def _archive(self, given: dict[str, Any]) -> None:
        self.binned[given["object_type"], str(given["id"])] = given["at"]

    def _restore(self, given: dict[str, Any]) -> None:
        del self.binned[given["object_type"], str(given["id"])]

    def _merge(self, given: dict[str, Any]) -> None:
        object_type = given["object_type"]
        for id_ in (given["primary_id"], given["merged_id"]):
            del self.values[object_type, str(id_)]
            self.merged.add((object_type, str(id_)))
        survivor = self.portal.shelves[object_type].survivor(int(given["primary_id"]))
        self.values[object_type, str(survivor)] = {}

    def _forget(self, given: dict[str, Any]) -> None:
        key = given["object_type"], str(given["id"])
        del self.values[key]
        self.binned.pop(key, None)
        self.gone.add(key)

    def _gdpr_delete(self, given: dict[str, Any]) -> None:
        self._forget({"object_type": "contacts", "id": given["id"]})

    def live(self, object_type: str) -> set[str]:
        """Ids that HubSpot lists."""
        return {id_ for kind, id_ in self.values.keys() - self.binned.keys() if kind == object_type}

    def differences(self, warehouse: Path, streams: Streams) -> list[str]:
        """Where the tables of records say something else."""
        found = []
        with duckdb.connect(str(warehouse), read_only=True) as con:
            tables = {row[0] for row in con.execute("SHOW TABLES FROM hubspot").fetchall()}
            for stream in streams.objects:
                # a custom object is called otherwise by the portal
                name = self.portal.kind(stream.type_id).name if stream.custom else stream.object
                if stream.name in tables and name in self.portal.shelves:
                    found += [f"event log: {stream.name} {what}" for what in self._table(con, stream.name, name)]
        return found

    def _table(self, con: duckdb.DuckDBPyConnection, table: str, object_type: str) -> list[str]:
        rows = con.execute(f'SELECT id, deletion, CAST(properties AS VARCHAR) FROM hubspot."{table}"').fetchall()
        deletions = {id_: deletion for id_, deletion, _ in rows}
        alive, live = {id_ for id_, deletion in deletions.items() if deletion is None}, self.live(object_type)
        found = [f"{id_}: alive, and stored as {deletions.get(id_, 'nothing')}" for id_ in sorted(live - alive)]
        found += [f"{id_}: stored as alive, and it is not" for id_ in sorted(alive - live)]
        for (kind, id_), at in self.binned.items():
            young = self.portal.now() - at < BIN
            told = ("archived", "missing", "nothing") if kind in self.unlisted else ("archived",)
            if kind == object_type and young and deletions.get(id_, "nothing") not in told:
                found.append(f"{id_}: in the bin, and stored as {deletions.get(id_, 'nothing')}")
        found += [
            f"{id_}: merged away, and stored as {deletions[id_]}" for kind, id_ in sorted(self.merged)
            if kind == object_type and id_ in deletions and deletions[id_] not in ("merged", "missing")
        ]  # fmt: skip
        return found + self._values(con, table, object_type, live & alive)

    def _values(self, con: duckdb.DuckDBPyConnection, table: str, object_type: str, ids: set[str]) -> list[str]:
        sql = f"SELECT t.id, k.key, k.value ->> '$' FROM hubspot.\"{table}\" AS t, json_each(t.properties) AS k"
        stored: dict[str, dict[str, str]] = {}
        for id_, name, value in con.execute(sql).fetchall():
            stored.setdefault(id_, {})[name] = value
        shown = {name for name, one in self.portal.definitions[object_type].items() if not one["archived"]}
        return [
            f"{id_}.{name}: {value!r} was written, and {stored.get(id_, {}).get(name)!r} is stored"
            for id_ in sorted(ids) for name, (_, value) in self.values[object_type, id_].items()
            if name in shown and scrubbed(value) != (stored.get(id_, {}).get(name) or "")
        ]  # fmt: skip


def scrubbed(text: str) -> str:
    """What a warehouse can hold of a text: a lone surrogate becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

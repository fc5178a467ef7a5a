"""The records of a portal, their history and links, changed through plain calls.

create, update, archive, merge, associate ... at an instant -> records, history, links
"""

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from hubspot_pipeline.sandbox.account import Account, NotFoundHere
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.journal import recorded
from hubspot_pipeline.sandbox.links import Ends, Links
from hubspot_pipeline.sandbox.records import Record, Shelf, Version

_MERGE_SOURCES = {"contacts": "MERGE_CONTACTS", "companies": "MERGE_COMPANIES"}
Lag = int | Sequence[int]
"""Milliseconds, or the shortest and the longest of a lag drawn anew for each change."""
LinkTypesGiven = Iterable[tuple[str, int]] | None


class Shelves(Account):
    """An account with its records."""

    def __init__(self, portal_id: int, time_zone: str, currency: str, tier: str, seed: int) -> None:
        super().__init__(portal_id, time_zone, currency, tier, seed)
        self.shelves = {name: Shelf(kind, portal_id) for name, kind in self.kinds.items()}
        self.links = Links(self.link_types)
        self.index_lag: Lag | Mapping[str, Lag] = 0
        """By how much search lags behind each change made from now on, for all objects or per object."""
        self._random = Random(seed)

    def opened(self, kind: Kind) -> None:
        self.shelves[kind.name] = Shelf(kind, self.portal_id)

    def shelf(self, object_type: str) -> Shelf:
        return self.shelves[self.kind(object_type).name]

    def lag(self, object_type: str) -> int:
        """Milliseconds until the search index will show a change made now."""
        lag = self.index_lag
        if isinstance(lag, Mapping):
            lag = lag.get(object_type, lag.get("*", 0))
        return lag if isinstance(lag, int) else self._random.randint(*lag)

    def _keep_stale(self, shelf: Shelf, id: int, before: Record | None) -> None:
        """Keeps what search shows of the record until this change has reached its index."""
        states = shelf.stale.get(id, [])
        visible_at = max(self.now() + self.lag(shelf.kind.name), states[-1][0] if states else 0)
        if visible_at > self.now():
            state = before.copy() if before is not None and before.archived_at is None else None
            shelf.stale[id] = [*states, (visible_at, state)]

    def _known(self, shelf: Shelf, properties: Mapping[str, Any]) -> None:
        known = self.definitions[shelf.kind.name]
        unknown = sorted(name for name in properties if name not in known)
        if unknown:
            raise NotFoundHere(f"property {', '.join(unknown)} of {shelf.kind.name}: define_property first")

    def _owned(self, shelf: Shelf, id: str | int, archived: bool | None = False) -> Record:
        record = shelf.own(shelf.survivor(int(id)))
        if record is None or (archived is not None and (record.archived_at is not None) is not archived):
            state = {True: "archived ", False: "live ", None: ""}[archived]
            raise NotFoundHere(f"{state}{shelf.kind.singular} {id}")
        return record

    @staticmethod
    def _write(record: Record, name: str, value: Any, at: int, source: str, source_id: str | None, raw: bool) -> None:
        versions = record.history.setdefault(name, [])
        seq = sum(version.timestamp == at for version in versions)
        version = Version(value, at, source, source_id, seq)
        place = len(versions)
        while place and versions[place - 1].timestamp > at:
            place -= 1
        versions.insert(place, version)
        current = versions[-1].value
        if current is None or (current == "" and not raw):
            record.properties.pop(name, None)
        else:
            record.properties[name] = current

    @recorded
    def create(
        self, object_type: str, properties: Mapping[str, Any], *, at: int | None = None, id: str | None = None,
        source: str = "CRM_UI", source_id: str | None = None, raw: bool = False,
    ) -> str:  # fmt: skip
        """A new record; returns its id. `raw` stores the values as given, numbers and "" included."""
        shelf, when = self.shelf(object_type), self.now() if at is None else at
        self._known(shelf, properties)
        if id is not None and (int(id) in shelf.records or int(id) in shelf.forwards or shelf.is_live(int(id))):
            raise ValueError(f"{shelf.kind.singular} {id} exists")
        record = Record(self.take_id(None if id is None else int(id)), {}, when, when)
        record.properties |= {
            "hs_object_id": str(record.id), shelf.kind.created: iso(when), shelf.kind.modified: iso(when),
        }  # fmt: skip
        if shelf.kind.name in ("deals", "leads"):
            record.properties["hs_createdate"] = iso(when)
        for name, value in properties.items():
            self._write(record, name, value, when, source, source_id, raw)
        shelf.add(record)
        self._keep_stale(shelf, record.id, None)
        return str(record.id)

    @recorded
    def update(
        self, object_type: str, id: str, properties: Mapping[str, Any], *, at: int | None = None,
        source: str = "CRM_UI", source_id: str | None = None, touch: bool = True, raw: bool = False,
    ) -> None:  # fmt: skip
        """New values of a record; `touch=False` is a recalculation, which moves no date."""
        shelf, when = self.shelf(object_type), self.now() if at is None else at
        self._known(shelf, properties)
        record = self._owned(shelf, id)
        self._keep_stale(shelf, record.id, record)
        if not touch and source == "CRM_UI":
            source = "CALCULATED"
        for name, value in properties.items():
            self._write(record, name, value, when, source, source_id, raw)
        if touch:
            self._touch(shelf, record, when)

    def _touch(self, shelf: Shelf, record: Record, at: int) -> None:
        shelf.untimed(record)
        record.modified = max(record.modified, at)
        record.properties[shelf.kind.modified] = iso(record.modified)
        shelf.timed(record)

    @recorded
    def archive(self, object_type: str, id: str, at: int | None = None) -> None:
        """Moves a record to the bin; its modified date stays, as do its links."""
        shelf = self.shelf(object_type)
        record = self._owned(shelf, id)
        self._keep_stale(shelf, record.id, record)
        shelf.remove(record)
        record.archived_at = self.now() if at is None else at
        shelf.add(record)

    @recorded
    def restore(self, object_type: str, id: str, at: int | None = None) -> None:
        """Takes a record out of the bin; its modified date stays, its links show again."""
        shelf = self.shelf(object_type)
        record = self._owned(shelf, id, archived=True)
        self._keep_stale(shelf, record.id, None)
        shelf.remove(record)
        record.archived_at = None
        shelf.add(record)

    @recorded
    def merge(self, object_type: str, primary_id: str, merged_id: str, at: int | None = None) -> str:
        """Merges two records into a new one and returns its id; both old ids lead to it from now on.

        The primary's values and history win; what it lacks comes from the other. Links move to the survivor.
        """
        shelf, when = self.shelf(object_type), self.now() if at is None else at
        primary, other = self._owned(shelf, primary_id), self._owned(shelf, merged_id)
        if primary.id == other.id:
            raise ValueError("a record cannot be merged with itself")
        new = Record(self.take_id(), {}, primary.created, when)
        new.history = {name: list(versions) for name, versions in primary.history.items()}
        new.properties = {**other.properties, **primary.properties}
        for name in set(other.history) - set(primary.history):
            new.history[name] = list(other.history[name])
        predecessors: list[str] = []
        for record in (primary, other):
            predecessors += [*str(record.properties.get("hs_merged_object_ids", "")).split(";"), str(record.id)]
        new.properties |= {"hs_object_id": str(new.id), shelf.kind.modified: iso(when)}
        source = _MERGE_SOURCES.get(shelf.kind.name, "MERGE_OBJECTS")
        for name in sorted(set(primary.history) & set(other.properties) - set(primary.properties)):
            # The primary had cleared it: the survivor takes the other's value now.
            self._write(new, name, other.properties[name], when, source, None, True)
        merged = ";".join(dict.fromkeys(one for one in predecessors if one))
        self._write(new, "hs_merged_object_ids", merged, when, source, None, False)
        if shelf.kind.name == "contacts":
            if more := _more_emails(new, primary, other):
                self._write(new, "hs_additional_emails", more, when, source, None, False)
            self._write(new, "hs_calculated_merged_vids", f"{other.id}:{when}", when, "CALCULATED", None, False)
        links = [self.links.all_of(shelf.kind.name, record.id) for record in (primary, other)]
        for record in (primary, other):
            self._keep_stale(shelf, record.id, record)
            self._unlink(shelf.kind.name, record.id)
            shelf.remove(record)
            shelf.forwards[record.id] = new.id
        shelf.add(new)
        self._keep_stale(shelf, new.id, None)
        self.links.inherit(shelf.kind.name, new.id, links, {primary.id, other.id})
        return str(new.id)

    def _unlink(self, object_type: str, id: int) -> None:
        for to, other, _ in self.links.all_of(object_type, id):
            self.links.drop(object_type, id, to, other)

    @recorded
    def forget(self, object_type: str, id: str) -> None:
        """The record vanishes, as when the bin's time is over."""
        shelf = self.shelf(object_type)
        record = self._owned(shelf, id, archived=None)
        self._keep_stale(shelf, record.id, record)
        self._unlink(shelf.kind.name, record.id)
        shelf.remove(record)
        for old in [old for old in shelf.forwards if shelf.survivor(old) == record.id]:
            del shelf.forwards[old]

    @recorded
    def associate(
        self, from_object: str, from_id: str, to_object: str, to_id: str, types: LinkTypesGiven = None,
        at: int | None = None,
    ) -> None:  # fmt: skip
        """Links two records with the given types, the unlabelled one by default; moves no date."""
        here, there = self.shelf(from_object), self.shelf(to_object)
        first, second = self._present(here, from_id), self._present(there, to_id)
        plain = self.link_types.plain(here.kind.name, there.kind.name)
        if plain is None:
            raise ValueError(f"{here.kind.name} and {there.kind.name} cannot be associated")
        given = [(category, int(type_id)) for category, type_id in types or [(plain.category, plain.type_id)]]
        unknown = [key for key in given if key not in self.link_types.of(here.kind.name, there.kind.name)]
        if unknown:
            raise ValueError(f"association type {unknown} is not defined for {here.kind.name} to {there.kind.name}")
        self.links.add(here.kind.name, first, there.kind.name, second, given)

    def _present(self, shelf: Shelf, id: str) -> int:
        survivor = shelf.survivor(int(id))
        if survivor not in shelf.records and not shelf.is_live(survivor):
            raise NotFoundHere(f"{shelf.kind.singular} {id}")
        return survivor

    @recorded
    def disassociate(
        self, from_object: str, from_id: str, to_object: str, to_id: str, types: LinkTypesGiven = None,
        at: int | None = None,
    ) -> None:  # fmt: skip
        """Takes types off a link, all of them by default; moves no date."""
        here, there = self.shelf(from_object), self.shelf(to_object)
        given = None if types is None else [(category, int(type_id)) for category, type_id in types]
        first, second = here.survivor(int(from_id)), there.survivor(int(to_id))
        self.links.drop(here.kind.name, first, there.kind.name, second, given)

    def linked(self, from_object: str, from_id: int, to_object: str) -> Ends:
        """Links of a record whose other end is live, by ascending id."""
        there = self.shelves[to_object]
        found = self.links.get(from_object, to_object, from_id)
        ordered = found.items() if len(found) < 2 else sorted(found.items())
        return {other: keys for other, keys in ordered if there.is_live(other)}


def _more_emails(new: Record, *merged: Record) -> str:
    """What a merged contact keeps of the addresses of both."""
    mine = str(new.properties.get("email") or "")
    known = [str(one.properties.get(name) or "") for one in merged for name in ("hs_additional_emails", "email")]
    every = [address for addresses in known for address in addresses.split(";") if address not in ("", mine)]
    return ";".join(dict.fromkeys(every))

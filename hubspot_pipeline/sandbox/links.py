"""Associations between records: their types and the links themselves.

HubSpot's table of type ids -> `LinkTypes`; (from, to, types) -> `Links`, both directions kept
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import encode
from hubspot_pipeline.sandbox.link_table import CHILD, LABELLED, PARENT, unlabelled

HUBSPOT, USER = "HUBSPOT_DEFINED", "USER_DEFINED"
Type = tuple[str, int]
"""(category, type id); a type id belongs to one direction."""


@dataclass(frozen=True, slots=True)
class LinkType:
    """One association type in one direction."""

    category: str
    type_id: int
    label: str | None
    inverse: int
    name: str
    """Text that inline associations and v3 answers use."""
    encoded: bytes
    """The name as JSON."""
    primary: bool = False
    """At most one link of the `from` record carries it."""
    dominated: bool = False
    """The other end is the one that may have it once."""


def _type(
    category: str,
    type_id: int,
    label: str | None,
    inverse: int,
    name: str,
    primary: bool = False,
    dominated: bool = False,
) -> LinkType:
    return LinkType(category, type_id, label, inverse, name, encode(name), primary, dominated)


class LinkTypes:
    """Association types of each (from, to) pair of object names."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.singular = {kind.name: kind.singular for kind in kinds}
        self.by_pair: dict[tuple[str, str], dict[Type, LinkType]] = {}
        self._next = 1
        plain = unlabelled()
        for (from_, to), type_id in plain.items():
            has_labels = any({from_, to} == {a, b} for a, b, *_ in LABELLED) or from_ == to
            name = f"{self.singular[from_]}_to_{self.singular[to]}" + ("_unlabeled" if has_labels else "")
            self._put(from_, to, _type(HUBSPOT, type_id, None, plain[(to, from_)], name))
        for from_, to, there, back, label, primary in LABELLED:
            ends = self.singular[from_], self.singular[to]
            tail = "" if primary else "_" + label.lower().replace(" ", "_")
            self._put(from_, to, _type(HUBSPOT, there, label, back, "{}_to_{}".format(*ends) + tail, primary))
            self._put(to, from_, _type(
                HUBSPOT, back, label, there, "{}_to_{}".format(*reversed(ends)) + tail, dominated=primary))  # fmt: skip
        pair = ("companies", "companies")
        self._put(*pair, _type(HUBSPOT, PARENT, "Child Company", CHILD, "parent_to_child_company"))
        self._put(*pair, _type(HUBSPOT, CHILD, "Parent Company", PARENT, "child_to_parent_company"))

    def _put(self, from_: str, to: str, link_type: LinkType) -> None:
        self.by_pair.setdefault((from_, to), {})[(link_type.category, link_type.type_id)] = link_type

    def of(self, from_: str, to: str) -> dict[Type, LinkType]:
        return self.by_pair.get((from_, to), {})

    def plain(self, from_: str, to: str) -> LinkType | None:
        """The unlabelled type of a pair; None where the two cannot be associated."""
        return next((found for found in self.of(from_, to).values() if found.label is None), None)

    def define(self, from_: str, to: str, label: str | None, inverse: str | None = None, name: str = "") -> LinkType:
        """A new user-defined type with its inverse; label None makes the unlabelled type of a custom object's pair."""
        there = self._next
        symmetric = from_ == to and inverse is None
        back = there if symmetric else there + 1
        self._next = back + 1
        word = name or (label or "").lower().replace(" ", "_")
        ends = (self.singular.get(from_, from_), self.singular.get(to, to))
        forth = _type(USER, there, label, back, word or "{}_to_{}".format(*ends))
        self._put(from_, to, forth)
        if not symmetric:
            back_word = (inverse or "").lower().replace(" ", "_") or word or "{}_to_{}".format(*reversed(ends))
            self._put(to, from_, _type(USER, back, inverse or label, there, back_word))
        return forth

    def rename(self, from_: str, to: str, type_id: int, label: str, inverse: str | None) -> None:
        """New text of a user-defined label. Raises KeyError where there is none."""
        found = self.of(from_, to)[(USER, type_id)]
        self._put(from_, to, replace(found, label=label))
        if found.inverse != type_id:
            self._put(to, from_, replace(self.of(to, from_)[(USER, found.inverse)], label=inverse or label))

    def forget(self, from_: str, to: str, key: Type) -> None:
        found = self.of(from_, to).pop(key)
        self.of(to, from_).pop((found.category, found.inverse), None)


Ends = dict[int, list[Type]]
"""Other record's id -> types, in the order they were given."""


class Computed(Protocol):
    """Links computed from the ids instead of stored."""

    def ends(self, from_: str, to: str, id: int) -> Ends | None: ...


class Links:
    """Links of every pair of objects, stored in both directions."""

    def __init__(self, types: LinkTypes) -> None:
        self.types = types
        self.pairs: dict[tuple[str, str], dict[int, Ends]] = {}
        self.computed: list[Computed] = []

    def get(self, from_: str, to: str, id: int) -> Ends:
        """Links of one record, ids of gone or archived ones included."""
        ends = self.pairs.get((from_, to), {}).get(id)
        if ends is None:
            for source in self.computed:
                found = source.ends(from_, to, id)
                if found is not None:
                    return found
        return ends or {}

    def _own(self, from_: str, to: str, id: int) -> Ends:
        pair = self.pairs.setdefault((from_, to), {})
        if id not in pair:
            pair[id] = dict(self.get(from_, to, id))
        return pair[id]

    def add(self, from_: str, from_id: int, to: str, to_id: int, types: Iterable[Type]) -> None:
        """Adds types to a link, with the unlabelled one; a new primary takes the mark from the earlier one.

        Raises KeyError naming a type that the pair does not have.
        """
        known = self.types.of(from_, to)
        plain = self.types.plain(from_, to)
        given = [known[key] for key in types]
        if plain is not None and not (from_ == to == "companies" and any(found.label for found in given)):
            given.append(plain)
        for found in given:
            if found.primary:
                self._unmark(from_, from_id, to, to_id, found)
            if found.dominated:
                self._unmark(to, to_id, from_, from_id, self.types.of(to, from_)[(found.category, found.inverse)])
            self._add_one(from_, from_id, to, to_id, (found.category, found.type_id))
            self._add_one(to, to_id, from_, from_id, (found.category, found.inverse))

    def _add_one(self, from_: str, from_id: int, to: str, to_id: int, key: Type) -> None:
        ends = self._own(from_, to, from_id)
        ends[to_id] = sorted({*ends.get(to_id, ()), key}, key=lambda one: (one[0], one[1]))

    def _unmark(self, from_: str, from_id: int, to: str, keep: int, found: LinkType) -> None:
        for other, keys in list(self.get(from_, to, from_id).items()):
            if other != keep and (found.category, found.type_id) in keys:
                self.drop(from_, from_id, to, other, [(found.category, found.type_id)])

    def drop(self, from_: str, from_id: int, to: str, to_id: int, types: Iterable[Type] | None = None) -> None:
        """Takes types off a link, all of them where none are given or the unlabelled one is among them."""
        have = self.get(from_, to, from_id).get(to_id)
        if have is None:
            return
        plain = self.types.plain(from_, to)
        gone = set(have if types is None else types)
        if plain is not None and (plain.category, plain.type_id) in gone:
            gone = set(have)
        known = self.types.of(from_, to)
        back = {(key[0], known[key].inverse) for key in gone if key in known}
        for ends, other, leaving in (
            (self._own(from_, to, from_id), to_id, gone),
            (self._own(to, from_, to_id), from_id, back),
        ):
            left = [key for key in ends.get(other, ()) if key not in leaving]
            if left:
                ends[other] = left
            else:
                ends.pop(other, None)

    def all_of(self, object_type: str, id: int) -> list[tuple[str, int, list[Type]]]:
        """Every link of one record as (other object, other id, types)."""
        pairs = [to for from_, to in self.types.by_pair if from_ == object_type]
        return [(to, other, list(keys)) for to in pairs for other, keys in self.get(object_type, to, id).items()]

    def inherit(
        self, object_type: str, id: int, links: list[list[tuple[str, int, list[Type]]]], gone: set[int]
    ) -> None:  # fmt: skip
        """Gives a merged record its primary's links, then the other's, without primary marks that have no room."""
        marked: set[tuple[str, Type]] = set()
        for of_record in links:
            mine: set[tuple[str, Type]] = set()
            for to, other, keys in of_record:
                if to == object_type and other in gone:
                    continue
                known = self.types.of(object_type, to)
                kept = [key for key in keys if not (known[key].primary and (to, key) in marked)]
                mine |= {(to, key) for key in kept if known[key].primary}
                self.add(object_type, id, to, other, kept)
            marked |= mine

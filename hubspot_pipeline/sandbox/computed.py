"""Records computed from their id, for portals of hundreds of thousands of records that take no memory.

id -> values by a fixed rule -> `Record`, or the bytes of its properties

Each custom property draws from a pool of its own prime size, so that rows repeat only after the product of the sizes.
"""

from collections.abc import Callable, Iterator
from typing import Any

from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.instants import DAY, iso
from hubspot_pipeline.sandbox.links import HUBSPOT, Ends
from hubspot_pipeline.sandbox.records import Record, Selection, Version

_SIZES = (53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139, 149)
_TYPES = ("string", "number", "enumeration", "bool", "date", "datetime")
_NAMES = ("Ada", "Grace", "Linus", "Mei", "Björn", "Zoë", "Ravi", "Olu", "Ana", "Yuki", "Omar")
_COMPANIES = ("Acme", "Globex", "Initech", "Umbrella", "Hooli", "Soylent", "Stark")
_SPAN = 700 * DAY
"""The records' creation dates are spread over this time before the portal's now."""


def _pool(index: int, type_: str) -> list[str | None]:
    """Values of one custom property; every seventh is empty."""
    size = _SIZES[index % len(_SIZES)]
    values: list[str | None] = []
    for number in range(size):
        value = {
            "string": f"value {index}-{number} é", "number": str(number * 37 + index / 4),
            "date": f"2026-0{number % 9 + 1}-1{number % 10}",
            "enumeration": f"option_{number % 12}", "bool": "true" if number % 2 else "false",
            "datetime": f"2026-0{number % 9 + 1}-1{number % 10}T0{number % 10}:15:30.{number:03d}Z",
        }[type_]  # fmt: skip
        values.append(None if number % 7 == 6 else value)
    return values


def _definition(index: int) -> Json:
    type_ = _TYPES[index % len(_TYPES)]
    definition: Json = {
        "name": f"bench_{index:03d}",
        "label": f"Bench {index}",
        "type": type_,
        "description": "Computed",
    }
    if type_ == "enumeration":
        definition["options"] = [{"label": f"Option {number}", "value": f"option_{number}"} for number in range(12)]
    if type_ == "bool":
        definition["options"] = [{"label": "Yes", "value": "true"}, {"label": "No", "value": "false"}]
    return definition


class ComputedBlock:
    """A range of computed records of one object type."""

    def __init__(self, object_type: str, first: int, size: int, pools: dict[str, list[str | None]], now: int) -> None:
        self.object_type, self.pools, self._now = object_type, pools, now
        self.ids = range(first, first + size)
        self._step = _SPAN // max(size, 1)
        self._start = now - _SPAN
        self._made: dict[str, Callable[[int], str]] = {
            "contacts": {
                "email": lambda at: f"person.{at}@example{at % 997}.com",
                "firstname": lambda at: _NAMES[at % 11], "lastname": lambda at: f"Number{at}",
                "lifecyclestage": lambda at: ("lead", "customer", "opportunity")[at % 3],
            },
            "companies": {
                "name": lambda at: f"{_COMPANIES[at % 7]} {at}", "domain": lambda at: f"company{at}.example",
                "numberofemployees": lambda at: str(at % 5000),
            },
            "deals": {
                "dealname": lambda at: f"Deal {at}", "amount": lambda at: f"{at % 9973}.50",
                "pipeline": lambda at: "default",
                "dealstage": lambda at: ("appointmentscheduled", "contractsent", "closedwon", "closedlost")[at % 4],
                "closedate": lambda at: iso(self._start + at * self._step + 45 * DAY),
            },
        }[object_type]  # fmt: skip
        self._modified_name = "lastmodifieddate" if object_type == "contacts" else "hs_lastmodifieddate"

    def times(self, id: int) -> tuple[int, int]:
        created = self._start + (id - self.ids.start) * self._step
        return created, min(created + (id * 7919) % 90 * DAY // 3, self._now)

    def value(self, id: int, name: str) -> Any:
        at = id - self.ids.start
        if name in self.pools:
            pool = self.pools[name]
            return pool[at % len(pool)]
        if name in self._made:
            return self._made[name](at)
        return {
            "hs_object_id": str(id),
            "createdate": iso(self.times(id)[0]),
            self._modified_name: iso(self.times(id)[1]),
        }.get(name)

    def record(self, id: int) -> Record:
        created, modified = self.times(id)
        record = Record(id, {}, created, modified)
        for name in (*self._made, *self.pools):
            value = self.value(id, name)
            if value is not None:
                record.properties[name] = value
                record.history[name] = [Version(value, created, "IMPORT", None, 0)]
        record.properties |= {"hs_object_id": str(id), "createdate": iso(created), self._modified_name: iso(modified)}
        return record

    def renderer(self, selection: Selection) -> Callable[[int], bytes]:
        """A function from id to the bytes of the selected properties: pooled ones first, then those made per id."""
        pools: list[tuple[list[bytes], int]] = []
        made: list[tuple[bytes, Callable[[int], str]]] = []
        times: list[tuple[bytes, int]] = []
        for name, null in zip(selection.names, selection.nulls, strict=True):
            head = encode(name) + b":"
            if name in self.pools:
                pool = self.pools[name]
                pools.append(([head + encode(value) for value in pool], len(pool)))
            elif name in self._made:
                made.append((head, self._made[name]))
            elif name in ("createdate", self._modified_name):
                times.append((head, int(name == self._modified_name)))
            elif name != "hs_object_id":
                pools.append(([null], 1))

        def render(id: int) -> bytes:
            at = id - self.ids.start
            when = self.times(id)
            parts = [pool[at % size] for pool, size in pools]
            parts += [head + encode(make(at)) for head, make in made]
            parts += [b'%b"%b"' % (head, iso(when[index]).encode()) for head, index in times]
            parts.append(b'"hs_object_id":"%d"' % id)
            return b",".join(parts)

        return render


class ComputedLinks:
    """Each contact and deal has the company of its own number, each deal also the contact of its number."""

    _TYPES: dict[tuple[str, str], list[int]] = {  # noqa: RUF012
        ("contacts", "companies"): [1, 279], ("companies", "contacts"): [2, 280],
        ("deals", "companies"): [5, 341], ("companies", "deals"): [6, 342],
        ("deals", "contacts"): [3], ("contacts", "deals"): [4],
    }  # fmt: skip

    def __init__(self, ids: dict[str, range]) -> None:
        self.ids = ids

    def ends(self, from_: str, to: str, id: int) -> Ends | None:
        types = self._TYPES.get((from_, to))
        if types is None or id not in self.ids[from_] or not self.ids[to]:
            return None
        keys = [(HUBSPOT, type_id) for type_id in types]
        at, here, there = id - self.ids[from_].start, self.ids[from_], self.ids[to]
        forward = (from_, to) in (("contacts", "companies"), ("deals", "companies"), ("deals", "contacts"))
        others = [there[at % len(there)]] if forward else list(there[at :: len(here)])
        return {other: list(keys) for other in others}


def blocks(
    contacts: int, companies: int, deals: int, properties: int
) -> Iterator[tuple[str, list[Json], Callable[[int, int], ComputedBlock]]]:
    """Per object: its custom property definitions and a maker of its block from (first id, now)."""
    definitions = [_definition(index) for index in range(properties)]
    pools = {one["name"]: _pool(index, one["type"]) for index, one in enumerate(definitions)}
    for object_type, size in (("contacts", contacts), ("companies", companies), ("deals", deals)):

        def make(first: int, now: int, object_type: str = object_type, size: int = size) -> ComputedBlock:
            return ComputedBlock(object_type, first, size, pools, now)

        yield object_type, definitions, make

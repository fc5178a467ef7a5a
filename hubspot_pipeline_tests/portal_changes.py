"""Random changes of a portal, each possible at the moment it is drawn: seeded choices -> operations, applied or not."""

from random import Random
from typing import Any

from hubspot_pipeline import streams
from hubspot_pipeline.sandbox import Portal

SECOND, MINUTE, DAY = 1_000, 60_000, 86_400_000
Op = dict[str, Any]

TEXTS = {
    "contacts": ("firstname", "city", "jobtitle", "phone"), "companies": ("name", "city", "domain"),
    "deals": ("dealname", "amount", "dealstage", "closedate", "description"), "tickets": ("subject", "content"),
    "products": ("name", "price"), "line_items": ("name", "quantity"), "notes": ("hs_note_body",),
    "calls": ("hs_call_title",), "tasks": ("hs_task_subject",), "emails": ("hs_email_subject",),
    "meetings": ("hs_meeting_title",), "users": ("hs_job_title",),
}  # fmt: skip
UNTRACKED = {"deals": ("dealname", "description")}
"""A recalculated value of a tracked property that ends where it began leaves a version that nothing points at."""
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Auckland", "UTC")
CUSTOM = ("pet", "Vessel", "deals", "activities")
"""Names of custom objects; two of them mean something here already, one is no plain table name."""
VALUES = ("", "x", "Łódź", "😀 é", "12.50", "NaN", "1,234.56", "2026-01-31", "1790000000000", 'a"b\\c', "a;b", "\ud83d")
MERGING = ("contacts", "companies", "deals", "tickets")
PAIRS = [(from_, to) for from_, to in streams.DECLARED.pairs() if from_ in TEXTS and to in TEXTS]


class Changes:
    """Draws and applies operations; `log` says what happened."""

    def __init__(self, seed: int, portal: Portal) -> None:
        self.random = Random(seed)
        self.portal = portal
        self.log: list[str] = []
        self.excused: set[str] = set()
        """Records that were archived once, or changed at a date long past: a sync need not see it."""
        self.own: list[tuple[str, str]] = []
        """Properties that this history defined."""
        self.labels: list[tuple[str, str, int]] = []
        self.texts: dict[str, tuple[str, ...]] = dict(TEXTS)
        """Object types that change, custom ones included, and the properties that are written."""
        self.custom: list[str] = []
        """Custom objects that this history defined, as the portal calls them."""

    def change(self, count: int) -> None:
        for _ in range(count):
            if self.random.random() < 0.4:
                self.portal.clock.advance(self.random.choice((1, 20, SECOND, 30 * SECOND)))
            self.apply(self.operation())

    def apply(self, op: Op | None) -> None:
        if op is None:
            return
        self.log.append(f"  {op}")
        given = dict(op)
        if op["op"] == "burst":
            return self._create_many(**{name: value for name, value in op.items() if name != "op"})
        if op["op"] == "time_zone":
            self.portal.time_zone = op["zone"]
            return
        result = getattr(self.portal, given.pop("op"))(**given)
        if op["op"] == "define_schema":
            name = self.portal.kind(result).name
            self.custom.append(name)
            self.texts[name] = ("nick", "size")
        if op["op"] == "define_label":
            self.labels.append((op["from_object"], op["to_object"], result))
        if op["op"] == "restore":
            self.excused.add(op["id"])

    def operation(self, safe: bool = False) -> Op | None:
        """One that is possible now; `safe`: still possible after others of its kind."""
        pick = self.random.choice
        kinds = ("create", "update", "update", "update", "recalculate", "associate")
        more = ("archive", "archive", "restore", "restore", "merge", "merge", "forget", "gdpr_delete", "disassociate",
                "disassociate", "label", "define", "retype", "unproperty", "old_update", "owner", "burst", "relabel",
                "custom", "custom", "zone")  # fmt: skip
        return getattr(self, f"_{pick(kinds if safe else kinds + more)}")()

    def _some(self, object_type: str, binned: bool = False) -> str | None:
        shelf = self.portal.shelves[object_type]
        ids = shelf.in_bin(self.portal.now()) if binned else shelf.live
        # mostly the same few, so that things happen to one record again and again
        ids = ids[-6:] if self.random.random() < 0.5 else ids
        return str(self.random.choice(ids)) if ids else None

    def _any(self, **given: Any) -> tuple[str, str | None]:
        object_type = self.random.choice(list(self.texts))
        return object_type, self._some(object_type, **given)

    def _names(self, object_type: str) -> list[str]:
        known = self.portal.definitions[object_type]
        mine = [name for owner, name in self.own if owner == object_type]
        return [n for n in (*self.texts[object_type], *mine) if n in known and not known[n]["archived"]]

    def _values(self, object_type: str, names: list[str] | None = None) -> dict[str, str]:
        names = names or self._names(object_type)
        chosen = self.random.sample(names, min(len(names), self.random.randint(1, 3)))
        return {name: self.random.choice(VALUES) for name in chosen}

    def _create(self) -> Op:
        object_type = self.random.choice(list(self.texts))
        return {"op": "create", "object_type": object_type, "properties": self._values(object_type)}

    def _update(self) -> Op | None:
        object_type, id_ = self._any()
        return id_ and {"op": "update", "object_type": object_type, "id": id_, "properties": self._values(object_type)}

    def _old_update(self) -> Op | None:
        op = self._update()
        if op is None:
            return None
        back = self.random.choice((1, SECOND, 5 * MINUTE, DAY))
        if back == DAY:  # behind what a sync reads again: a reconcile brings it
            self.excused.add(str(op["id"]))
        return op | {"at": self.portal.now() - back}

    def _recalculate(self) -> Op | None:
        object_type, id_ = self._any()
        names = list(UNTRACKED.get(object_type, ())) or None
        values = self._values(object_type, names)
        return id_ and {"op": "update", "object_type": object_type, "id": id_, "properties": values, "touch": False}

    def _archive(self) -> Op | None:
        object_type, id_ = self._any()
        return id_ and {"op": "archive", "object_type": object_type, "id": id_}

    def _restore(self) -> Op | None:
        object_type, id_ = self._any(binned=True)
        return id_ and {"op": "restore", "object_type": object_type, "id": id_}

    def _merge(self) -> Op | None:
        object_type = self.random.choice(MERGING)
        first, second = self._some(object_type), self._some(object_type)
        if first is None or first == second:
            return None
        return {"op": "merge", "object_type": object_type, "primary_id": first, "merged_id": second}

    def _forget(self) -> Op | None:
        object_type, id_ = self._any(binned=self.random.random() < 0.3)
        return id_ and {"op": "forget", "object_type": object_type, "id": id_}

    def _gdpr_delete(self) -> Op | None:
        id_ = self._some("contacts")
        return id_ and {"op": "gdpr_delete", "id": id_}

    def _link(self) -> Op | None:
        from_object, to_object = self.random.choice(PAIRS)
        if self.random.random() < 0.3:
            from_object, to_object = self.random.choice((("contacts", "companies"), ("deals", "companies")))
        first, second = self._some(from_object), self._some(to_object)
        if first is None or second is None or first == second:
            return None
        return {"from_object": from_object, "from_id": first, "to_object": to_object, "to_id": second}

    def _associate(self) -> Op | None:
        op = self._link()
        if op is None:
            return None
        keys = list(self.portal.link_types.of(op["from_object"], op["to_object"]))
        types = (
            self.random.sample(keys, self.random.randint(1, min(2, len(keys)))) if self.random.random() < 0.6 else None
        )
        return {"op": "associate", **op, "types": types}

    def _disassociate(self) -> Op | None:
        from_object, to_object = self.random.choice(PAIRS)
        linked = [(a, b) for a, ends in self.portal.links.pairs.get((from_object, to_object), {}).items() for b in ends]
        if not linked:
            return None
        first, second = self.random.choice(linked)
        keys = self.portal.links.get(from_object, to_object, first)[second]
        types = [self.random.choice(keys)] if self.random.random() < 0.5 else None
        return {"op": "disassociate", "from_object": from_object, "from_id": str(first), "to_object": to_object,
                "to_id": str(second), "types": types}  # fmt: skip

    def _label(self) -> Op:
        if self.labels and self.random.random() < 0.5:
            from_object, to_object, type_id = self.random.choice(self.labels)
            return {"op": "rename_label", "from_object": from_object, "to_object": to_object, "type_id": type_id,
                    "label": f"Label {self.random.randrange(100)}"}  # fmt: skip
        from_object, to_object = self.random.choice(
            (("contacts", "companies"), ("deals", "contacts"), ("tickets", "deals"))
        )
        return {"op": "define_label", "from_object": from_object, "to_object": to_object,
                "label": f"Label {self.random.randrange(100)}"}  # fmt: skip

    def _define(self) -> Op:
        """A new property, or an archived one again."""
        name = self.random.choice(("tier", "Tier", "t-i-e-r", "层", "x_", "select"))
        object_type = self.random.choice(("contacts", "deals", "notes"))
        if (object_type, name) not in self.own:
            self.own.append((object_type, name))
        kind = self.random.choice(("string", "number", "date", "bool"))
        return {"op": "define_property", "object_type": object_type,
                "definition": {"name": name, "label": name, "type": kind, "fieldType": "text"}}  # fmt: skip

    _retype = _define

    def _unproperty(self) -> Op | None:
        live = [(o, n) for o, n in self.own if n in self.portal.definitions[o]]
        live += [("contacts", "jobtitle"), ("companies", "city")]
        object_type, name = self.random.choice(live)
        if self.portal.definitions[object_type][name]["archived"]:
            return {"op": "define_property", "object_type": object_type,
                    "definition": {"name": name, "label": name, "type": "string", "fieldType": "text"}}  # fmt: skip
        return {"op": "archive_property", "object_type": object_type, "name": name}

    def _owner(self) -> Op:
        owners = [id_ for id_, owner in self.portal.owners.items() if not owner["archived"]]
        if owners and self.random.random() < 0.5:
            return {"op": "archive_owner", "id": self.random.choice(owners), "at": self.portal.now()}
        return {
            "op": "add_owner",
            "email": "o@example.com",
            "first_name": "O",
            "last_name": "W",
            "at": self.portal.now(),
        }

    def _burst(self) -> Op:
        """Many records in one millisecond, as an import makes them."""
        return {"op": "burst", "object_type": self.random.choice(("contacts", "deals")),
                "count": self.random.choice((150, 450, 1_200))}  # fmt: skip

    def _create_many(self, object_type: str, count: int) -> None:
        now, name = self.portal.now(), TEXTS[object_type][0]
        for at in range(count):
            self.portal.create(object_type, {name: f"burst {at}"}, at=now)

    def _relabel(self) -> Op:
        """Another label of a property, as when people rename it: its name stays."""
        object_type = self.random.choice(("contacts", "companies", "deals"))
        name = TEXTS[object_type][0]
        definition = self.portal.definitions[object_type][name]
        return {"op": "define_property", "object_type": object_type,
                "definition": definition | {"label": f"Label {self.random.randrange(100)}"}}  # fmt: skip

    def _custom(self) -> Op | None:
        """A custom object appears, has records and links, or goes."""
        known = {schema["name"] for schema in self.portal.schemas.values()}
        left = [name for name in CUSTOM if name not in known]
        if (not self.custom or self.random.random() < 0.2) and left:
            properties = [{"name": name, "label": name, "type": "string"} for name in ("nick", "size")]
            return {"op": "define_schema", "schema": {"name": self.random.choice(left), "properties": properties,
                                                      "associatedObjects": ["contacts", "companies"]}}  # fmt: skip
        if not self.custom:
            return None
        name = self.random.choice(self.custom)
        if self.random.random() < 0.05:
            self.custom.remove(name)
            del self.texts[name]
            return {"op": "drop_schema", "object_type": name}
        first, second = self._some(name), self._some("contacts")
        if self.random.random() < 0.5 and first and second:
            return {"op": "associate", "from_object": name, "from_id": first, "to_object": "contacts",
                    "to_id": second, "types": None}  # fmt: skip
        return {"op": "create", "object_type": name, "properties": self._values(name)}

    def _zone(self) -> Op:
        return {"op": "time_zone", "zone": self.random.choice(ZONES)}

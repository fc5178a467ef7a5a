"""What an account has set up: properties, pipelines, owners, teams, custom objects, labels.

HubSpot JSON of a setting -> kept as the API will show it
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from hubspot_pipeline.sandbox.catalogue import ALIASES, KINDS, Kind, custom_kind
from hubspot_pipeline.sandbox.definitions import defaults, filled, group_of
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import Clock, iso
from hubspot_pipeline.sandbox.journal import Journal, recorded
from hubspot_pipeline.sandbox.links import LinkTypes
from hubspot_pipeline.sandbox.pipelines import FIRST_PIPELINES, shaped
from hubspot_pipeline.sandbox.records import Selection

TIERS = ("free", "starter", "professional", "enterprise")

FOUNDED = 1_546_300_800_000
"""Creation date of what every account starts with: the same for all, so that equal portals are equal."""


class NotFoundHere(LookupError):
    """An object type, record, property or other setting that the portal does not have."""


class Account:
    """Settings of one portal; `Portal` adds the records."""

    def __init__(self, portal_id: int, time_zone: str, currency: str, tier: str, seed: int) -> None:
        if tier not in TIERS:
            raise ValueError(f"tier {tier!r} is none of {', '.join(TIERS)}")
        self.portal_id, self.time_zone, self.currency, self.tier, self.seed = portal_id, time_zone, currency, tier, seed
        self.clock = Clock()
        self.version = 0
        self.depth = 0
        self.journal: Journal | None = None
        self.next_id = 101
        self.kinds: dict[str, Kind] = {kind.name: kind for kind in KINDS}
        self.names: dict[str, str] = dict(ALIASES)
        self.definitions: dict[str, dict[str, Json]] = {}
        self.groups: dict[str, dict[str, Json]] = {}
        self.pipelines: dict[str, dict[str, Json]] = {}
        self.schemas: dict[str, Json] = {}
        self.owners: dict[str, Json] = {}
        self.teams: dict[str, Json] = {}
        self.users: dict[str, Json] = {}
        self.link_types = LinkTypes(KINDS)
        self._selections: dict[tuple[str, tuple[str, ...]], Selection] = {}
        at = iso(FOUNDED)
        for kind in KINDS:
            self._welcome(kind, at)
        self._default_pipelines(at)

    def now(self) -> int:
        return self.clock.now()

    def take_id(self, wanted: int | None = None) -> int:
        """The next id of the portal, or the wanted one, which the counter then passes."""
        id = self.next_id if wanted is None else wanted
        self.next_id = max(self.next_id, id + 1)
        return id

    def _welcome(self, kind: Kind, at: str) -> None:
        self.kinds[kind.name] = kind
        spellings = [kind.name, kind.singular, kind.type_id]
        if kind.custom:
            spellings += [kind.qualified, f"p_{kind.qualified.partition('_')[2]}"]
        self.names |= {spelling.lower(): kind.name for spelling in spellings}
        self.definitions[kind.name] = {
            definition["name"]: filled(kind.name, definition, at) for definition in defaults(kind.name)
        }
        group = group_of(kind.name)
        label = kind.singular.replace("_", " ").capitalize()
        self.groups[kind.name] = {
            group: {"name": group, "label": f"{label} information", "displayOrder": 0, "archived": False}
        }

    def _default_pipelines(self, at: str) -> None:
        for object_type, pipeline in FIRST_PIPELINES.items():
            self._put_pipeline(object_type, pipeline, at)

    def kind(self, spelling: str) -> Kind:
        """The object type of a plural, singular, type id or custom name. Raises NotFoundHere."""
        name = self.names.get(spelling.lower())
        if name is None:
            raise NotFoundHere(f"object type {spelling}")
        return self.kinds[name]

    def selection(self, object_type: str, names: Iterable[str]) -> Selection:
        """Properties to show: the defined, unarchived ones of `names` and those that always come."""
        key = (object_type, tuple(names))
        if key not in self._selections:
            if len(self._selections) > 500:
                self._selections.clear()
            known = self.definitions[object_type]
            shown = (name for name in (*key[1], *self.kinds[object_type].always) if name in known)
            self._selections[key] = Selection.of(name for name in shown if not known[name]["archived"])
        return self._selections[key]

    @recorded
    def define_property(self, object_type: str, definition: Json, at: int | None = None) -> None:
        """Adds or replaces a property; an archived one of that name comes back with its first `createdAt`.

        With `"unlisted": true` it can be asked for but is not in the catalogue, as HubSpot's `hs_v2_*` are.
        """
        kind = self.kind(object_type)
        known = self.definitions[kind.name]
        before = known.get(definition["name"])
        full = filled(kind.name, definition, iso(at or self.now()))
        if before is not None:
            full["createdAt"] = before["createdAt"]
            if before.get("hubspotDefined"):
                full.setdefault("hubspotDefined", True)
        known[definition["name"]] = full
        if full["groupName"] not in self.groups[kind.name]:
            self.define_group(kind.name, full["groupName"], full["groupName"])
        self._selections.clear()

    @recorded
    def archive_property(self, object_type: str, name: str, at: int | None = None) -> None:
        definition = self.definitions[self.kind(object_type).name].get(name)
        if definition is None:
            raise NotFoundHere(f"property {name}")
        definition["archived"] = True
        definition["archivedAt"] = definition["updatedAt"] = iso(at or self.now())
        self._selections.clear()

    @recorded
    def define_group(self, object_type: str, name: str, label: str, display_order: int = -1) -> None:
        self.groups[self.kind(object_type).name][name] = {
            "name": name, "label": label, "displayOrder": display_order, "archived": False,
        }  # fmt: skip

    @recorded
    def drop_group(self, object_type: str, name: str) -> None:
        del self.groups[self.kind(object_type).name][name]

    @recorded
    def define_pipeline(self, object_type: str, pipeline: Json, at: int | None = None) -> str:
        """Adds or replaces a pipeline with its stages; returns its id."""
        return self._put_pipeline(self.kind(object_type).name, pipeline, iso(at or self.now()))

    def _put_pipeline(self, object_type: str, pipeline: Json, at: str) -> str:
        known = self.pipelines.setdefault(object_type, {})
        full = shaped(pipeline, known, at, lambda: str(self.take_id()))
        known[full["id"]] = full
        return str(full["id"])

    @recorded
    def drop_pipeline(self, object_type: str, id: str) -> None:
        del self.pipelines[self.kind(object_type).name][id]

    @recorded
    def define_schema(self, schema: Json, at: int | None = None) -> str:
        """Adds or replaces a custom object; returns its objectTypeId. Its objects' names become spellings."""
        when = iso(at or self.now())
        before = next((one for one in self.schemas.values() if one["name"] == schema["name"]), None)
        number = before["id"] if before else str(self.take_id())
        type_id = f"2-{number}"
        labels = schema.get("labels") or {"singular": schema["name"], "plural": schema["name"] + "s"}
        full = {
            "secondaryDisplayProperties": [], "searchableProperties": [], "requiredProperties": [], "associations": [],
            "allowsSensitiveProperties": False, "archived": False, "description": None, "createdAt": when,
            **(before or {}),
            **{key: value for key, value in schema.items() if key not in ("properties", "associatedObjects")},
            "labels": labels, "id": number, "objectTypeId": type_id, "updatedAt": when,
            "fullyQualifiedName": f"p{self.portal_id}_{schema['name']}",
        }  # fmt: skip
        kind = custom_kind(self.portal_id, type_id, full)
        if before is None:
            self._welcome(kind, when)
            self.link_types.singular[kind.name] = kind.singular
            self.opened(kind)
        self.kinds[kind.name] = kind
        self.schemas[type_id] = full
        for definition in schema.get("properties", ()):
            self.define_property(kind.name, definition, at=at)
        for other in schema.get("associatedObjects") or (
            () if before else ("contacts", "companies", "deals", "tickets")
        ):
            self.connect_schema(type_id, other, at=at)
        return type_id

    def shown_schema(self, schema: Json) -> Json:
        """A custom object as the API shows it, with its properties."""
        known = self.definitions[self.kind(schema["objectTypeId"]).name]
        return {**schema, "properties": [one for one in known.values() if not one["archived"]]}

    @recorded
    def connect_schema(self, object_type: str, other: str, name: str = "", at: int | None = None) -> Json:
        """Lets records of a custom object be associated with another object."""
        here, there = self.kind(object_type), self.kind(other)
        when = iso(at or self.now())
        found = self.link_types.plain(here.name, there.name) or self.link_types.define(
            here.name, there.name, None, name=name
        )
        forth = {
            "id": str(found.type_id), "fromObjectTypeId": here.type_id, "toObjectTypeId": there.type_id,
            "name": found.name, "createdAt": when, "updatedAt": when,
        }  # fmt: skip
        connected = self.schemas[here.type_id]["associations"]
        if all(one["id"] != forth["id"] for one in connected):
            connected.append(forth)
            back = {"id": str(found.inverse), "fromObjectTypeId": there.type_id, "toObjectTypeId": here.type_id}
            connected.append(forth | back)
        return forth

    @recorded
    def disconnect_schema(self, object_type: str, id: str) -> None:
        """Takes an association definition off a custom object; links that there are stay."""
        schema = self.schemas[object_type]
        schema["associations"] = [one for one in schema["associations"] if one["id"] != id]

    def opened(self, kind: Kind) -> None:
        """Told of every new object type."""

    @recorded
    def drop_schema(self, object_type: str, at: int | None = None) -> None:
        kind = self.kind(object_type)
        self.schemas[kind.type_id] |= {"archived": True, "archivedAt": iso(at or self.now())}

    @recorded
    def define_label(
        self, from_object: str, to_object: str, label: str, *, category: str = "USER_DEFINED",
        inverse_label: str | None = None, name: str = "",
    ) -> int:  # fmt: skip
        """A user-defined label; returns its type id in the direction from -> to."""
        if category != "USER_DEFINED":
            raise ValueError("only USER_DEFINED labels can be added")
        here, there = self.kind(from_object).name, self.kind(to_object).name
        return self.link_types.define(here, there, label, inverse_label, name).type_id

    @recorded
    def rename_label(
        self, from_object: str, to_object: str, type_id: int, label: str, inverse_label: str | None = None
    ) -> None:
        self.link_types.rename(from_object, to_object, type_id, label, inverse_label)

    @recorded
    def drop_label(self, from_object: str, to_object: str, type_id: int) -> None:
        self.link_types.forget(from_object, to_object, ("USER_DEFINED", type_id))

    @recorded
    def add_owner(
        self, *, id: str | None = None, email: str, first_name: str, last_name: str, user_id: int | str | None = None,
        teams: Iterable[str] = (), at: int | None = None, type: str = "PERSON",
    ) -> str:  # fmt: skip
        """An owner; `teams` are team ids, the first one the primary. Returns the owner's id."""
        chosen = [(str(team), self.teams[str(team)]) for team in teams]
        owner_id = str(self.take_id(None if id is None else int(id)))
        user = int(user_id) if user_id is not None else self.take_id()
        when = iso(at or self.now())
        self.owners[owner_id] = {
            "id": owner_id, "email": email, "type": type, "firstName": first_name, "lastName": last_name,
            "userId": user, "userIdIncludingInactive": user, "createdAt": when, "updatedAt": when, "archived": False,
        }  # fmt: skip
        if chosen:
            self.owners[owner_id]["teams"] = [
                {"id": team_id, "name": team["name"], "primary": order == 0}
                for order, (team_id, team) in enumerate(chosen)
            ]
        for order, (_, team) in enumerate(chosen):
            team["secondaryUserIds" if order else "userIds"].append(str(user))
        return owner_id

    @recorded
    def update_owner(self, id: str, changes: Json, at: int | None = None) -> None:
        """New values of an owner's fields, named as in the API; `updatedAt` moves."""
        self.owners[str(id)] |= changes | {"updatedAt": iso(at or self.now())}

    @recorded
    def archive_owner(self, id: str, at: int | None = None) -> None:
        owner = self.owners[str(id)]
        owner |= {"archived": True, "userId": None, "updatedAt": iso(at or self.now())}

    @recorded
    def add_team(self, id: str, name: str) -> str:
        self.teams[str(id)] = {"id": str(id), "name": name, "userIds": [], "secondaryUserIds": []}
        return str(id)

    @recorded
    def update_team(
        self, id: str, *, name: str | None = None, user_ids: Iterable[str] | None = None,
        secondary_user_ids: Iterable[str] | None = None,
    ) -> None:  # fmt: skip
        """A team's new name or members; owners show the new name."""
        team = self.teams[str(id)]
        if name is not None:
            team["name"] = name
            for owner in self.owners.values():
                for one in owner.get("teams", ()):
                    if one["id"] == str(id):
                        one["name"] = name
        for field, given in (("userIds", user_ids), ("secondaryUserIds", secondary_user_ids)):
            if given is not None:
                team[field] = [str(one) for one in given]

    @recorded
    def drop_team(self, id: str) -> None:
        """The team is gone, from its owners too."""
        del self.teams[str(id)]
        for owner in self.owners.values():
            left = [one for one in owner.pop("teams", ()) if one["id"] != str(id)]
            if left:
                owner["teams"] = left

    @recorded
    def update_user(self, id: str, changes: Json) -> None:
        """New values of a user's settings, named as in the API; the `users` record is changed by `update`."""
        self.users[str(id)] |= changes

    @recorded
    def drop_user(self, id: str) -> None:
        """The user is no more among the settings; the `users` record stays until it is archived."""
        del self.users[str(id)]

    def labels(self, from_object: str, to_object: str) -> list[Json]:
        """Association types of a pair as the labels endpoint shows them."""
        found = self.link_types.of(self.kind(from_object).name, self.kind(to_object).name).values()
        return [{"category": one.category, "typeId": one.type_id, "label": one.label} for one in found]

    def details(self, portal_id: int | None = None) -> Json:
        """Account details as the account-info API gives them."""
        offset = datetime.fromtimestamp(self.now() / 1000, ZoneInfo(self.time_zone)).utcoffset()
        minutes = int(offset.total_seconds() // 60) if offset else 0
        sign = "-" if minutes < 0 else "+"
        return {
            "portalId": portal_id or self.portal_id, "accountType": "STANDARD", "timeZone": self.time_zone,
            "companyCurrency": self.currency, "additionalCurrencies": [],
            "utcOffset": f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}",
            "utcOffsetMilliseconds": minutes * 60_000, "uiDomain": "app.hubspot.com", "dataHostingLocation": "na1",
        }  # fmt: skip

    def stage(self, object_type: str, id: Any) -> Json | None:
        """The stage of that id in any pipeline of the object."""
        for pipeline in self.pipelines.get(object_type, {}).values():
            for stage in pipeline["stages"]:
                if stage["id"] == id:
                    return dict(stage)
        return None

"""What marketing, automation and file manager hold: forms, e-mails, events, subscriptions, workflows, campaigns, files.

put or drop of one item at an instant -> items by kind, as the API shows them
"""

import uuid
from dataclasses import dataclass, field

from hubspot_pipeline.sandbox.account import NotFoundHere
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.items import first_values
from hubspot_pipeline.sandbox.journal import recorded
from hubspot_pipeline.sandbox.lists import Lists


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemKind:
    """One kind of item: how it is told apart and which fields hold its times."""

    id: str = "id"
    guid: bool = False
    created: str = "createdAt"
    updated: str = "updatedAt"
    """Moves with every change; "" where the item never changes."""
    ms: bool = False
    """Times are milliseconds instead of text."""
    counted: tuple[str, ...] = field(default=())
    """Fields that HubSpot counts up, which is no change of the item."""
    hidden: tuple[str, ...] = field(default=())
    """Fields that the portal keeps and no answer shows."""


ITEM_KINDS: dict[str, ItemKind] = {
    "form": ItemKind(guid=True),
    "form_submission": ItemKind(
        id="conversionId", guid=True, created="submittedAt", updated="", ms=True, hidden=("formId",)
    ),
    "marketing_email": ItemKind(counted=("stats",)),
    "email_campaign": ItemKind(created="", updated="lastUpdatedTime", ms=True, counted=("counters",)),
    "email_event": ItemKind(guid=True, created="created", updated="", ms=True),
    "subscription_definition": ItemKind(),
    "subscription_change": ItemKind(created="timestamp", updated="", ms=True, hidden=("id",)),
    "workflow": ItemKind(hidden=("flowId", "lists")),
    "campaign": ItemKind(guid=True),
    "web_event": ItemKind(guid=True, created="occurredAt", updated="", hidden=("object",)),
    "file": ItemKind(hidden=("content",)),
    "role": ItemKind(created="", updated=""),
    "marketing_event": ItemKind(id="objectId"),
    "event_definition": ItemKind(id="fullyQualifiedName"),
    "conversation_inbox": ItemKind(),
    "conversation_channel": ItemKind(created="", updated=""),
    "conversation_thread": ItemKind(updated="latestMessageTimestamp"),
    "conversation_message": ItemKind(guid=True),
    "sequence": ItemKind(),
    "sequence_enrollment": ItemKind(created="enrolledAt", hidden=("contactId",)),
    "currency": ItemKind(id="currencyCode", created="", updated=""),
    "exchange_rate": ItemKind(),
    "audit_log": ItemKind(created="occurredAt", updated="", hidden=("actingUserId",)),
    "login_activity": ItemKind(created="loginAt", updated=""),
    "security_activity": ItemKind(updated=""),
    "consent_status": ItemKind(created="", updated="timestamp", hidden=("id",)),
}
"""Kinds by the name that the dump gives them."""


EVENT_TYPES = ("e_visited_page", "e_clicked_link_in_email_v2", "e_submitted_form", "e_opened_email_v2", "e_v2_viewed")


class Collection(Lists):
    """An account's items beside its CRM records."""

    def __init__(self, portal_id: int, time_zone: str, currency: str, tier: str, seed: int) -> None:
        super().__init__(portal_id, time_zone, currency, tier, seed)
        self.items: dict[str, dict[str, Json]] = {kind: {} for kind in ITEM_KINDS}
        self.item_count = 0
        self._events: dict[tuple[str, int], list[Json]] = {}
        self._events_at = -1
        """Version of the portal that `_events` was made of."""

    def _new_item_id(self, kind: str, shape: ItemKind) -> str:
        """An id that is free: numbers and GUIDs follow from the count of items, so that equal portals are equal."""
        while True:
            self.item_count += 1
            name = f"{self.portal_id}/{kind}/{self.item_count}"
            id = str(uuid.uuid5(uuid.NAMESPACE_URL, name)) if shape.guid else str(70_000_000 + self.item_count)
            if id not in self.items[kind]:
                return id

    @recorded
    def put(self, kind: str, item: Json, *, id: str | None = None, at: int | None = None) -> str:
        """Adds an item, or changes the given fields of one that is there; returns its id.

        Fields are those of the API's JSON; what is missing in a new one gets a plausible value. Raises ValueError for
        an unknown kind.
        """
        if kind not in ITEM_KINDS:
            raise ValueError(f"kind {kind!r} is none of {', '.join(ITEM_KINDS)}")
        if kind == "event_definition" and id is None and "fullyQualifiedName" not in item:
            item = item | {"fullyQualifiedName": f"pe{self.portal_id}_{item['name']}"}
        if "object" in item:
            item = item | {"object": self.kind(item["object"]).name}
        shape, now = ITEM_KINDS[kind], self.now() if at is None else at
        when = now if shape.ms else iso(now)
        item_id = str(id or item.get(shape.id) or self._new_item_id(kind, shape))
        before = self.items[kind].get(item_id)
        full = dict(before) if before is not None else {shape.id: item_id}
        if before is None and shape.created:
            full[shape.created] = when
        if shape.updated and (before is None or not item.keys() <= {shape.id, *shape.counted}):
            full[shape.updated] = when
        full |= item | {shape.id: item_id}
        if kind == "conversation_message" and before is None:
            thread = self.item("conversation_thread", full["conversationsThreadId"])
            thread["latestMessageTimestamp"] = max(thread["latestMessageTimestamp"], full["createdAt"])
        self.items[kind][item_id] = full if before is not None else first_values(self.portal_id, kind, full)
        return item_id

    @recorded
    def drop(self, kind: str, id: str, *, archive: bool = False, at: int | None = None) -> None:
        """Takes an item away, or marks it archived where the API has that."""
        if archive:
            found = self.item(kind, id)
            found |= {"archived": True, "archivedAt": iso(self.now() if at is None else at)}
        else:
            self.items[kind].pop(str(id), None)  # gone already where its person was purged

    def item(self, kind: str, id: str) -> Json:
        """One item as stored. Raises NotFoundHere."""
        found = self.items[kind].get(str(id))
        if found is None:
            raise NotFoundHere(f"{kind.replace('_', ' ')} {id}")
        return found

    def shown(self, kind: str, item: Json) -> Json:
        """An item as the API shows it."""
        hidden = ITEM_KINDS[kind].hidden
        return {key: value for key, value in item.items() if key not in hidden} if hidden else item

    def events_of(self, object_type: str, id: int) -> list[Json]:
        """Web events of one record, those of records merged into it included."""
        if self._events_at != self.version:
            self._events_at, self._events = self.version, {}
            for event in self.items["web_event"].values():
                survivor = self.shelves[event["object"]].survivor(int(event["objectId"]))
                self._events.setdefault((event["object"], survivor), []).append(event)
        return [self.shown_event(event) for event in self._events.get((object_type, id), ())]

    def event_types(self) -> list[str]:
        """Names of the events that HubSpot has, that are defined here, or that happened."""
        seen = {one["eventType"] for one in self.items["web_event"].values()}
        return sorted({*EVENT_TYPES, *self.items["event_definition"], *seen})

    def shown_event(self, event: Json) -> Json:
        kind = self.kinds[event["object"]]
        id = self.shelves[kind.name].survivor(int(event["objectId"]))
        return {
            "objectType": kind.qualified or kind.upper, "objectId": str(id), "eventType": event["eventType"],
            "occurredAt": event["occurredAt"], "id": event["id"], "properties": event["properties"],
        }  # fmt: skip

    @staticmethod
    def concerns(kind: str, item: Json, ids: set[int], emails: set[str]) -> bool:
        """Whether an item is about the contact of these ids and addresses."""
        if kind == "form_submission":
            return any(str(one["value"]).lower() in emails for one in item.get("values", ()))
        if kind in ("email_event", "subscription_change"):
            return str(item.get("recipient", "")).lower() in emails
        if kind == "consent_status":
            return str(item.get("subscriberIdString", "")).lower() in emails
        if kind in ("conversation_thread", "sequence_enrollment"):
            contact = str(item.get("associatedContactId") or item.get("contactId") or "")
            return contact.isdigit() and int(contact) in ids
        return kind == "web_event" and item.get("object") == "contacts" and int(item["objectId"]) in ids

    def purge_person(self, ids: set[int], emails: set[str]) -> set[tuple[str, str]]:
        """Removes what is kept about a contact beside the record; returns (kind, id) of the items that went."""
        gone = {
            (kind, id) for kind, items in self.items.items() for id, one in items.items()
            if self.concerns(kind, one, ids, emails)
        }  # fmt: skip
        gone |= {
            ("conversation_message", id) for id, one in self.items["conversation_message"].items()
            if ("conversation_thread", one["conversationsThreadId"]) in gone
        }  # fmt: skip
        for kind, item_id in gone:
            del self.items[kind][item_id]
        for list_id, members in self.members.items():
            if self.lists[list_id]["objectTypeId"] == self.kinds["contacts"].type_id:
                for id in ids & set(members):
                    del members[id]
        return gone

"""A small portal made by hand, in three states: empty, filled, and changed an hour later.

`empty()`, `filled()`, `changed()` -> `Portal`; the second is what the first becomes, the third what the second becomes

Every object type has a record that stays, one that changes, one that is archived and one that comes; every list an item
that stays, one that changes, one that goes and one that comes, as far as HubSpot shows that of it.
"""

from typing import Any

from hubspot_pipeline.sandbox.collection import ITEM_KINDS
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline_tests.contract import BY_NAME, LINES

HOUR = 3_600_000
T0 = 1_785_000_000_000
"""When the portal was filled, in milliseconds."""
OBJECTS = tuple(line.object for line in LINES if line.shape == "object")
CUSTOM = {"boats": "boats", "contacts": "custom_contacts"}
"""Custom objects that stay -> their streams; the second is called like HubSpot's own."""
TRACKED = {
    "contacts": "lifecyclestage", "companies": "lifecyclestage", "deals": "amount", "tickets": "hs_ticket_priority",
    "products": "price", "quotes": "hs_status", "orders": "hs_pipeline_stage", "courses": "hs_pipeline_stage",
}  # fmt: skip
"""A property of each object type whose versions are kept by default."""
VISITED = tuple(line.object for line in LINES if line.kind == "web_event" and line.object)
ITEMS = tuple(dict.fromkeys(line.kind for line in LINES if line.shape == "collection" and line.kind in ITEM_KINDS))


def empty() -> Portal:
    """Nothing but what every account starts with, a property `memo` of every object, and custom objects."""
    portal = Portal(tier="enterprise")
    portal.clock.set(T0 - HOUR)
    portal.clock.freeze()
    for name in ("boats", "rafts", *(name for name in CUSTOM if name != "boats")):
        portal.define_schema({"name": name, "associatedObjects": ["contacts"]})
    for object_type in portal.shelves:
        portal.define_property(object_type, {"name": "memo", "label": "Memo", "type": "string"})
        portal.define_group(object_type, "first", "First")
        portal.define_group(object_type, "second", "Second")
    portal.define_property("tickets", {"name": "goes", "label": "Goes", "type": "string"})
    portal.define_label("contacts", "companies", "Sold to")
    portal.define_label("contacts", "companies", "Bought from")
    portal.clock.run()
    return portal


def filled() -> Portal:
    portal = empty()
    portal.clock.set(T0)
    portal.clock.freeze()
    _people(portal)
    for object_type in portal.shelves:
        if object_type != "users":
            for place in ("stays", "changes", "goes"):
                portal.create(object_type, {"memo": place} | _first_version(object_type))
    _links(portal)
    for kind in ITEMS:
        for name in ("stays", "changes", "goes"):
            portal.put(kind, _named(kind, name))
    for object_type in ("deals", "tickets", "leads"):
        for name in ("changes", "goes"):
            portal.define_pipeline(object_type, {"id": f"{object_type}-{name}", "label": name, "stages": []})
    _lists(portal)
    _happens(portal, T0 - 60_000)
    portal.clock.run()
    return portal


def changed() -> Portal:
    portal = filled()
    portal.clock.set(T0 + HOUR)
    portal.clock.freeze()
    _more_people(portal)
    for object_type in portal.shelves:
        ids = ids_of(portal, object_type)
        moved = {TRACKED[object_type]: "2"} if object_type in TRACKED else {}
        portal.update(object_type, ids[1], {"memo": "has changed"} | moved)
        portal.archive(object_type, ids[2])
        if object_type != "users":
            portal.create(object_type, {"memo": "comes"} | _first_version(object_type))
    _other_links(portal)
    for kind in ITEMS:
        _, changing, going = list(portal.items[kind])[:3]
        portal.put(kind, _named(kind, "has changed"), id=changing)
        portal.drop(kind, going)
        portal.put(kind, _named(kind, "comes"))
    for object_type in ("deals", "tickets", "leads"):
        portal.drop_pipeline(object_type, f"{object_type}-goes")
        for name in ("changes", "comes"):
            portal.define_pipeline(object_type, {"id": f"{object_type}-{name}", "label": "new", "stages": []})
    _other_settings(portal)
    _other_lists(portal)
    _happens(portal, T0 + HOUR - 60_000)
    portal.clock.run()
    return portal


def ids_of(portal: Portal, object_type: str) -> list[str]:
    """Ids of live and archived records, in the order of their making."""
    return [str(record.id) for record in sorted(portal.shelves[object_type].records.values(), key=lambda one: one.id)]


def _first_version(object_type: str) -> dict[str, str]:
    return {TRACKED[object_type]: "1"} if object_type in TRACKED else {}


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"properties": {"hs_name": name}} if kind == "campaign" else {"name": name}


def _people(portal: Portal) -> None:
    for number, name in enumerate(("stays", "changes", "goes")):
        portal.add_team(str(number + 1), name)
        owner = {"email": f"{name}@example.com", "first_name": name, "last_name": "Owner"}
        portal.add_owner(**owner, teams=["1"])
        portal.add_user(email=f"{name}@example.com", properties={"memo": name})


def _more_people(portal: Portal) -> None:
    portal.archive_owner(list(portal.owners)[1])
    portal.add_owner(email="comes@example.com", first_name="comes", last_name="Owner", teams=["2"])
    portal.add_user(email="comes@example.com", properties={"memo": "comes"})
    portal.add_team("9", "comes")
    del portal.teams["3"]


def _links(portal: Portal) -> None:
    """Contacts to companies, splits to deals, files to notes."""
    contacts, companies = ids_of(portal, "contacts"), ids_of(portal, "companies")
    for contact in contacts:
        portal.associate("contacts", contact, "companies", companies[0])
    portal.associate("contacts", contacts[0], "companies", companies[1], [("HUBSPOT_DEFINED", 1)])
    for deal, split in zip(ids_of(portal, "deals"), ids_of(portal, "deal_split"), strict=True):
        portal.associate("deals", deal, "deal_split", split)
    deals = ids_of(portal, "deals")
    for deal in deals[:2]:
        split = portal.create("deal_split", {"hs_deal_split_percentage": "0.5"})
        portal.associate("deals", deal, "deal_split", split)
    files = [portal.put("file", {"name": f"file {number}"}) for number in range(4)]
    notes = ids_of(portal, "notes")
    portal.update("notes", notes[0], {"hs_attachment_ids": ";".join(files[:2])})
    portal.update("notes", notes[1], {"hs_attachment_ids": ";".join(files[2:])})


def _other_links(portal: Portal) -> None:
    """A company for the changed contact, another split and another file; a split and a file that change by themselves.

    What happens to splits and files of the record that changed shows at once, the rest only when all are asked for.
    """
    contacts, companies = ids_of(portal, "contacts"), ids_of(portal, "companies")
    portal.associate("contacts", contacts[1], "companies", companies[1])
    portal.disassociate("contacts", contacts[0], "companies", companies[0])
    deals = ids_of(portal, "deals")
    stays, moves = (sorted(portal.linked("deals", int(deal), "deal_split")) for deal in deals[:2])
    portal.update("deal_split", str(stays[-1]), {"hs_deal_split_percentage": "0.25"})
    portal.disassociate("deals", deals[1], "deal_split", str(moves[-1]))
    split = portal.create("deal_split", {"hs_deal_split_percentage": "0.75"})
    portal.associate("deals", deals[1], "deal_split", split)
    files = list(portal.items["file"])
    portal.put("file", {"name": "has changed"}, id=files[0])
    attached = [files[2], portal.put("file", {"name": "comes"})]
    portal.update("notes", ids_of(portal, "notes")[1], {"hs_attachment_ids": ";".join(attached)})


def _other_settings(portal: Portal) -> None:
    portal.define_schema({"name": "boats", "labels": {"singular": "Boat", "plural": "Ships"}})
    portal.drop_schema("rafts")
    portal.define_schema({"name": "canoes", "associatedObjects": ["contacts"]})
    portal.define_property("contacts", {"name": "comes", "label": "Comes", "type": "number"})
    portal.define_property("deals", {"name": "memo", "label": "has changed", "type": "string"})
    portal.archive_property("tickets", "goes")
    portal.define_group("contacts", "third", "Third")
    portal.define_group("contacts", "first", "has changed")
    portal.drop_group("contacts", "second")
    labels = [one["typeId"] for one in portal.labels("contacts", "companies") if one["category"] == "USER_DEFINED"]
    portal.rename_label("contacts", "companies", labels[0], "has changed")
    portal.drop_label("contacts", "companies", labels[1])
    portal.define_label("contacts", "companies", "comes")
    portal.currency = "EUR"


def _lists(portal: Portal) -> None:
    contacts = ids_of(portal, "contacts")
    for name in ("stays", "changes", "goes"):
        list_id = portal.add_list(name)
        for contact in contacts[:2]:
            portal.add_member(list_id, contact)


def _other_lists(portal: Portal) -> None:
    stays, changes, goes = list(portal.lists)
    contacts = ids_of(portal, "contacts")
    portal.add_member(stays, contacts[-1])
    portal.remove_member(stays, contacts[0])
    portal.update_list(changes, name="has changed")
    portal.delete_list(goes)
    portal.add_list("comes")


def _happens(portal: Portal, at: int) -> None:
    """One more event of each log, one more answer to the first form, one more visit by a record of each kind."""
    portal.put("email_event", {"recipient": "a@example.com"}, at=at)
    subscription = next(iter(portal.items["subscription_definition"]))
    both = [{"change": change, "changeType": "SUBSCRIPTION_STATUS", "subscriptionId": int(subscription)}
            for change in ("SUBSCRIBED", "UNSUBSCRIBED")]  # fmt: skip
    portal.put("subscription_change", {"recipient": "a@example.com", "changes": both}, at=at)
    form = next(iter(portal.items["form"]))
    portal.put("form_submission", {"formId": form, "values": [{"name": "email", "value": "a@example.com"}]}, at=at)
    for object_type in (*VISITED, *(portal.kind(f"p_{name}").name for name in CUSTOM)):
        portal.put("web_event", {"object": object_type, "objectId": ids_of(portal, object_type)[0]}, at=at)


assert set(TRACKED) == {line.object for line in BY_NAME.values() if line.shape == "history"}

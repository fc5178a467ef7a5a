"""The invented company's custom objects, and its lists.

world as the story left it -> schemas with records, links, labels and a pipeline; lists with members
"""

from typing import Any

from hubspot_pipeline.sandbox.seed_shop import Shop, link_to
from hubspot_pipeline.sandbox.seed_world import DAY, END, HOUR, START, World, iso

_WORKSPACE: dict[str, Any] = {
    "name": "workspace", "labels": {"singular": "Workspace", "plural": "Workspaces"},
    "primaryDisplayProperty": "workspace_name", "secondaryDisplayProperties": ["plan"],
    "searchableProperties": ["workspace_name"], "requiredProperties": ["workspace_name"],
    "description": "A customer's workspace in the product",
    "associatedObjects": ["contacts", "companies", "deals", "tickets", "notes", "calls"],
    "properties": [
        {"name": "workspace_name", "label": "Name", "type": "string", "hasUniqueValue": False},
        {"name": "workspace_key", "label": "Key", "type": "string", "hasUniqueValue": True},
        {"name": "plan", "label": "Plan", "type": "enumeration", "options": [
            {"label": one.capitalize(), "value": one} for one in ("starter", "growth", "enterprise")]},
        {"name": "seats", "label": "Seats", "type": "number"},
        {"name": "activated_at", "label": "Activated at", "type": "datetime"},
        {"name": "trial_ends", "label": "Trial ends", "type": "date"},
        {"name": "is_trial", "label": "Is a trial", "type": "bool"},
        {"name": "hs_pipeline", "label": "Pipeline", "type": "enumeration"},
        {"name": "hs_pipeline_stage", "label": "Stage", "type": "enumeration"},
    ],
}  # fmt: skip
_CAMPAIGNS: dict[str, Any] = {
    "name": "campaigns", "labels": {"singular": "Partner campaign", "plural": "Partner campaigns"},
    "primaryDisplayProperty": "title", "requiredProperties": ["title"], "searchableProperties": ["title"],
    "associatedObjects": ["contacts", "companies", "workspace"],
    "properties": [
        {"name": "title", "label": "Title", "type": "string"}, {"name": "budget", "label": "Budget", "type": "number"},
        {"name": "starts_on", "label": "Starts on", "type": "date"},
        {"name": "Channel", "label": "Channel", "type": "string"},
        {"name": "channel", "label": "channel (old)", "type": "string"},
    ],
}  # fmt: skip
_ENGAGEMENTS: dict[str, Any] = {
    "name": "engagements", "labels": {"singular": "Consulting engagement", "plural": "Consulting engagements"},
    "primaryDisplayProperty": "topic", "requiredProperties": ["topic"], "searchableProperties": ["topic"],
    "associatedObjects": ["companies", "workspace"],
    "properties": [
        {"name": "topic", "label": "Topic", "type": "string"}, {"name": "days", "label": "Days", "type": "number"},
        {"name": "hs_pipeline", "label": "Pipeline", "type": "enumeration"},
        {"name": "hs_pipeline_stage", "label": "Stage", "type": "enumeration"},
    ],
}  # fmt: skip
_STAGES = (("ws-trial", "Trial", "false"), ("ws-live", "Live", "false"), ("ws-left", "Left", "true"))


def add_custom(world: World, seed: int, size: float) -> None:
    """Three custom objects; the second is called like a list of e-mail campaigns, the third like the activities."""
    shop = Shop(world, "custom", seed, size)
    portal = shop.portal
    portal.define_schema(_WORKSPACE, at=START)
    stages = [{"id": id, "label": label, "displayOrder": order, "metadata": {"isClosed": closed}}
              for order, (id, label, closed) in enumerate(_STAGES)]  # fmt: skip
    portal.define_pipeline("workspace", {"id": "ws-life", "label": "Life of a workspace", "stages": stages}, at=START)
    owner = ("USER_DEFINED", portal.define_label("workspace", "contacts", "Workspace owner", inverse_label="Owns"))
    portal.define_schema(_CAMPAIGNS, at=START)
    portal.define_schema(_ENGAGEMENTS, at=START)
    ends = [{"id": id, "label": label, "metadata": {"isClosed": closed}}
            for id, label, closed in (("en-open", "Open", "false"), ("en-done", "Done", "true"))]  # fmt: skip
    portal.define_pipeline("engagements", {"id": "en-work", "label": "Consulting", "stages": ends}, at=START)
    promoted = ("USER_DEFINED", portal.define_label("campaigns", "workspace", "Promotes", inverse_label="Promoted by"))
    made = [_workspace(shop, number, owner) for number in range(shop.count(40))]
    for id in made[::3]:
        _talk_about(shop, id)
    for number in range(shop.count(12)):
        shop.make("campaigns", {
            "title": f"Partner week {number} – été", "budget": str(number * 250),
            "starts_on": f"2026-0{number % 9 + 1}-01", "Channel": "Events", "channel": "print",
        }, [link_to(shop.maybe(shop.people)), link_to(shop.maybe(shop.companies)),
            ("workspace", shop.rng.choice(made), promoted) if number % 2 else None])  # fmt: skip
    for number in range(shop.count(8)):
        shop.make("engagements", {
            "topic": f"Data model {number}", "days": str(number + 1), "hs_pipeline": "en-work",
            "hs_pipeline_stage": "en-done" if number % 2 else "en-open",
        }, [link_to(shop.maybe(shop.companies)), ("workspace", shop.rng.choice(made))])  # fmt: skip
    shop.archive_one("workspace", made)


def _talk_about(shop: Shop, workspace: str) -> None:
    """A note and a call of the story turn out to be about a workspace."""
    for object_type in ("notes", "calls"):
        spoken = shop.maybe(shop.portal.shelves[object_type].live)
        if spoken is not None:
            shop.portal.associate(object_type, str(spoken), "workspace", workspace, at=END - DAY)


def _workspace(shop: Shop, number: int, owner: tuple[str, int]) -> str:
    rng = shop.rng
    company, person = shop.maybe(shop.companies), shop.maybe(shop.people)
    when = shop.moment()
    trial = rng.random() < 0.3
    return shop.make("workspace", {
        "workspace_name": f"{company.name if company else 'Workspace'} {number}", "workspace_key": f"WS-{number:04d}",
        "plan": rng.choice(("starter", "growth", "enterprise")), "seats": str(rng.randrange(3, 300)),
        "activated_at": iso(when), "trial_ends": "2026-10-31" if trial else "", "is_trial": str(trial).lower(),
        "hs_pipeline": "ws-life", "hs_pipeline_stage": "ws-trial", "hubspot_owner_id": shop.owner(),
    }, [link_to(company), link_to(person, owner), link_to(shop.maybe(shop.deals))], at=when,
        later=None if trial else {"hs_pipeline_stage": rng.choice(("ws-live", "ws-live", "ws-left"))})  # fmt: skip


def add_lists(world: World, seed: int, size: float) -> None:
    """Lists of contacts, companies and deals: one with everybody, one empty, one that people left, one deleted."""
    shop = Shop(world, "lists", seed, size)
    customers = [one for one in shop.people if one.lifecycle == "customer"]
    some = shop.rng.sample(shop.people, len(shop.people) // 3)
    wanted: tuple[tuple[str, str, str, list[str]], ...] = (
        ("All contacts", "contacts", "DYNAMIC", [one.id for one in shop.people]),
        ("Newsletter", "contacts", "MANUAL", [one.id for one in some]),
        ("Customers", "contacts", "DYNAMIC", [one.id for one in customers]),
        ("Webinar 2026 “Q3”; guests", "contacts", "SNAPSHOT", [one.id for one in some[::4]]),
        ("Nobody yet", "contacts", "MANUAL", []),
        ("Target accounts", "companies", "MANUAL", [one.id for one in shop.companies[::3]]),
        ("Open deals", "deals", "DYNAMIC", [one.id for one in shop.deals if not one.closed]),
        ("Old import", "contacts", "SNAPSHOT", [one.id for one in some[:5]]),
    )
    for name, object_type, processing, members in wanted:
        made = shop.moment(START + HOUR)
        branch = {"filterBranchType": "OR", "filterBranches": [], "filters": []} if processing == "DYNAMIC" else None
        id = shop.portal.add_list(
            name, object_type=object_type, processing_type=processing, filter_branch=branch, at=made,
            folder="Marketing" if name == "Newsletter" else None,
        )  # fmt: skip
        for record in dict.fromkeys(members):
            joined = made + shop.rng.randrange(max(END - made - DAY, DAY))
            shop.portal.add_member(id, record, at=min(joined, END - 1))
        for record in members[::9] if name == "Newsletter" else ():
            shop.portal.remove_member(id, record, at=END - 2 * DAY)
        if name == "Old import":
            shop.portal.delete_list(id, at=END - 5 * DAY)

"""What the marketing team did: forms and submissions, e-mails and their events, consents, workflows, campaigns.

world as the story left it -> items of the portal
"""

import uuid
from typing import Any

from hubspot_pipeline.sandbox.seed_shop import Shop
from hubspot_pipeline.sandbox.seed_world import DAY, END, HOUR, MINUTE, START, World, iso

_FORMS = (
    ("Contact us", "hubspot"), ("Request a demo", "hubspot"), ("Newsletter sign-up", "hubspot"),
    ("Webinar “Äther” registration", "hubspot"), ("Support request", "hubspot"), ("Pop-up: 10 % off", "flow"),
    (".wpcf7-form #contact", "captured"), ("Blog comments", "blog_comment"), ("Trade fair 2024", "hubspot"),
)  # fmt: skip
_SUBJECTS = (
    "What's new in {month}", "Your invitation", "3 tips for better dashboards 📊", "Wir ziehen um", "Last chance",
    "A price change", "Case study: {{ company.name }}",
)  # fmt: skip
_SUBSCRIPTIONS = (
    ("Marketing Information", "Marketing", True), ("Product news", "Marketing", True),
    ("One to One", "Sales", True), ("Events", "Marketing", False), ("Customer service", "Service", True),
)  # fmt: skip
_WORKFLOWS = (
    ("Welcome new leads", "0-1", True), ("Lead nurturing, DACH", "0-1", True),
    ("Re-engage cold contacts", "0-1", False),
    ("Webinar reminders", "0-1", True), ("Set lifecycle stage", "0-1", True), ("Old test — do not use", "0-1", False),
    ("Deal closed: tell finance", "0-3", True), ("Escalate urgent tickets", "0-5", True),
)  # fmt: skip
_ROLES = (("1", "Super Admin", True), ("2", "Sales", False), ("3", "Marketing, view only", False))
APP = 113


def add_marketing(world: World, seed: int, size: float) -> None:
    """All of this module, in a fixed order."""
    shop = Shop(world, "marketing", seed, size)
    for id, name, billing in _ROLES:
        shop.portal.put("role", {"name": name, "requiresBillingWrite": billing}, id=id, at=START)
    if shop.people:
        campaigns = _campaigns(shop)
        subscriptions = _subscriptions(shop)
        _forms(shop)
        _emails(shop, campaigns, subscriptions)
        _workflows(shop)


def _put(shop: Shop, kind: str, item: dict[str, Any], at: int) -> str:
    return shop.portal.put(kind, item, at=at)


def _campaigns(shop: Shop) -> list[str]:
    made = []
    for number in range(shop.count(12)):
        at = shop.moment()
        made.append(_put(shop, "campaign", {"properties": {
            "hs_name": f"Campaign {number + 1:02d}: {shop.rng.choice(('launch', 'webinar', 'trade fair', 'Ünïcode'))}",
            "hs_start_date": iso(at)[:10], "hs_end_date": iso(at + 30 * DAY)[:10], "hs_notes": "",
            "hs_audience": "IT leaders", "hs_currency_code": "USD", "hs_color_hex": "#3fa9f5",
            "hs_campaign_status": shop.rng.choice(("planned", "in_progress", "completed")),
        }}, at))  # fmt: skip
    return made


def _subscriptions(shop: Shop) -> list[int]:
    """Definitions, and who changed a consent when."""
    ids = []
    for name, purpose, active in _SUBSCRIPTIONS:
        item = {"name": name, "purpose": purpose, "isActive": active, "isDefault": name == "One to One"}
        ids.append(int(_put(shop, "subscription_definition", item, START)))
    for _ in range(shop.count(70)):
        at, left = shop.moment(), shop.rng.random() < 0.4
        changes = [
            {"change": "UNSUBSCRIBED" if left else "SUBSCRIBED", "source": "SOURCE_RECIPIENT",
             "changeType": "SUBSCRIPTION_STATUS", "subscriptionId": id, "portalId": shop.portal.portal_id,
             "causedByEvent": {"id": str(uuid.UUID(int=shop.rng.getrandbits(128))), "created": at - 5}}
            for id in shop.rng.sample(ids, shop.rng.choice((1, 1, 1, 2)))
        ]  # fmt: skip
        if shop.rng.random() < 0.1:
            changes = [{"change": "UNSUBSCRIBED", "source": "SOURCE_RECIPIENT", "changeType": "PORTAL_STATUS"}]
        recipient = shop.rng.choice(shop.people).email
        _put(shop, "subscription_change", {"recipient": recipient, "timestamp": at, "changes": changes}, at)
    return ids


def _forms(shop: Shop) -> None:
    rng = shop.rng
    for number, (name, type_) in enumerate(_FORMS):
        made = START + number * 20 * DAY
        form = _put(shop, "form", {"name": name, "formType": type_}, made)
        many = shop.count(120) if number == 0 else shop.count(rng.randrange(8, 30))
        for _ in range(many if name != "Trade fair 2024" else 3):
            person, at = rng.choice(shop.people), shop.moment(made)
            values = [{"name": "email", "value": person.email, "objectTypeId": "0-1"},
                      {"name": "firstname", "value": person.first, "objectTypeId": "0-1"}]  # fmt: skip
            if rng.random() < 0.4:
                values.append({"name": "message", "value": 'Please call; "today"\n🙏', "objectTypeId": "0-1"})
            item = {"formId": form, "submittedAt": at, "values": values,
                    "pageUrl": f"https://www.lumenfield.example/{number}?utm_source=ad&x=%20"}  # fmt: skip
            _put(shop, "form_submission", item, at)
        if name == "Trade fair 2024":
            shop.portal.drop("form", form, archive=True, at=END - 100 * DAY)
        elif number % 3 == 1:
            shop.portal.put("form", {"name": f"{name} (new)"}, id=form, at=shop.moment(made))


def _emails(shop: Shop, campaigns: list[str], subscriptions: list[int]) -> None:
    for number in range(shop.count(24)):
        at, subject = shop.moment(), shop.rng.choice(_SUBJECTS)
        published = number % 6 != 5
        sent_as = _put(shop, "email_campaign", {
            "appId": APP, "appName": "Batch", "name": f"Mailing {number}", "subject": subject, "type": "BATCH_EMAIL",
            "subType": "" if number % 5 else "AB_MASTER",
        }, at)  # fmt: skip
        counters = _deliver(shop, int(sent_as), at, subscriptions) if published else {}
        shop.portal.put("email_campaign", {"counters": counters, "numIncluded": counters.get("processed", 0)},
                        id=sent_as, at=min(at + 9 * DAY, END - 1))  # fmt: skip
        _put(shop, "marketing_email", {
            "name": f"Mailing {number}", "subject": subject, "state": "PUBLISHED" if published else "DRAFT",
            "isPublished": published, "publishDate": iso(at) if published else None,
            "publishedAt": iso(at) if published else None, "primaryEmailCampaignId": sent_as,
            "allEmailCampaignIds": [sent_as], "campaign": shop.maybe(campaigns) if number % 2 else None,
            "stats": {"counters": counters, "deviceBreakdown": {}, "qualifierStats": {},
                      "ratios": {"openratio": 100 * counters.get("open", 0) / max(counters.get("delivered", 0), 1)}},
            "createdAt": iso(max(at - 3 * DAY, START)),
        }, min(at + 9 * DAY, END - 1))  # fmt: skip


def _deliver(shop: Shop, campaign: int, at: int, subscriptions: list[int]) -> dict[str, int]:
    """Events of one mailing; returns how many of each there were."""
    rng = shop.rng
    counters = dict.fromkeys(
        ("processed", "sent", "delivered", "open", "click", "bounce", "unsubscribed", "dropped"), 0
    )
    for person in rng.sample(shop.people, min(len(shop.people), shop.count(14), 14)):
        first = {"recipient": person.email, "emailCampaignId": campaign, "appId": APP, "appName": "Batch"}
        sent = {"id": str(uuid.UUID(int=rng.getrandbits(128))), "created": at}
        steps: list[tuple[str, int, dict[str, Any]]] = [("SENT", 0, {"id": sent["id"], "subject": "News"})]
        luck = rng.random()
        if luck < 0.04:
            steps = [("DROPPED", 0, {"dropReason": "PREVIOUSLY_UNSUBSCRIBED_MESSAGE"})]
        else:
            steps.append(("PROCESSED", 2, {}))
            bounced = luck < 0.09
            reason = {"category": "UNKNOWN_USER", "status": "5.1.1", "response": "550 no such user <x>"}
            steps.append(("BOUNCE", 9, reason) if bounced else ("DELIVERED", 9, {"response": "250 OK"}))
            if not bounced and rng.random() < 0.5:
                view = {
                    "userAgent": "Mozilla/5.0", "browser": {"name": "Firefox", "type": "Browser"}, "duration": 1200,
                    "location": {"country": "united states", "city": "boston"}, "deviceType": "COMPUTER",
                    "filteredEvent": rng.random() < 0.2,
                }  # fmt: skip
                steps.append(("OPEN", rng.randrange(60, 90_000), view))
                if rng.random() < 0.35:
                    click = {"url": "https://www.lumenfield.example/?a=1&b=ü", "linkId": 0}
                    steps.append(("CLICK", steps[-1][1] + 5, click))
                if rng.random() < 0.08:
                    leave = {"source": "SOURCE_RECIPIENT", "requestedBy": person.email, "portalSubscriptionStatus": "",
                             "subscriptions": [{"id": subscriptions[0], "status": "UNSUBSCRIBED"}]}  # fmt: skip
                    steps.append(("STATUSCHANGE", steps[-1][1] + 60, leave))
        for type_, seconds, more in steps:
            when = min(at + seconds * 1000 + rng.randrange(1000), END - 1)
            cause = {} if type_ in ("SENT", "DROPPED") else {"sentBy": sent}
            _put(shop, "email_event", {**first, **cause, "type": type_, "created": when, **more}, when)
            name = {"STATUSCHANGE": "unsubscribed"}.get(type_, type_.lower())
            counters[name] += 1
    return counters


def _workflows(shop: Shop) -> None:
    for number, (name, type_id, enabled) in enumerate(_WORKFLOWS):
        made = START + number * 9 * DAY + 7 * MINUTE
        actions = [{"actionId": str(at + 1), "actionTypeId": "0-1", "type": "SINGLE_CONNECTION", "fields": {}}
                   for at in range(shop.rng.randrange(1, 5))]  # fmt: skip
        item = {"name": name, "objectTypeId": type_id, "enabled": enabled, "actions": actions,
                "type": shop.rng.choice(("DRIP_DELAY", "PROPERTY_ANCHOR", "STATIC_ANCHOR")),
                "lists": {"enrolled": 9000 + number, "active": 9100 + number}}  # fmt: skip
        id = _put(shop, "workflow", item, made)
        if number % 2:
            shop.portal.put("workflow", {"revisionId": "2"}, id=id, at=shop.moment(made + HOUR))

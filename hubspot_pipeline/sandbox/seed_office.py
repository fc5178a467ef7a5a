"""What an office leaves behind: marketing events, conversations, sequences, consents, currencies, activity logs.

world as the story left it -> a few items of each kind
"""

from hubspot_pipeline.sandbox.seed_shop import Shop
from hubspot_pipeline.sandbox.seed_world import DAY, END, START, World, iso

_RATES = (("EUR", 1.09), ("GBP", 1.27), ("EUR", 1.12))


def add_office(world: World, seed: int, size: float) -> None:
    """All of this module, in a fixed order."""
    shop = Shop(world, "office", seed, size)
    if shop.people and shop.owners:
        for part in (_events, _conversations, _sequences, _consents, _currencies, _logs):
            part(shop)


def _events(shop: Shop) -> None:
    for number, name in enumerate(("Autumn webinar", "Trade fair Köln")):
        begin = END - (number * 40 + 3) * DAY
        shop.portal.put("marketing_event", {
            "eventName": name, "eventType": ("WEBINAR", "CONFERENCE")[number], "startDateTime": iso(begin),
            "endDateTime": iso(begin + DAY), "registrants": 30 + number, "attendees": 20,
        }, at=begin - 20 * DAY)  # fmt: skip
    shop.portal.put("event_definition", {"name": "report_exported", "properties": [
        {"name": "format", "label": "Format", "type": "string", "fieldType": "text", "description": "",
         "groupName": "report_exported", "options": []}]}, at=START)  # fmt: skip


def _conversations(shop: Shop) -> None:
    inbox = shop.portal.put("conversation_inbox", {"name": "Support"}, at=START)
    shop.portal.put("conversation_channel", {"name": "Live chat"}, id="1000", at=START)
    shop.portal.put("conversation_channel", {"name": "Email"}, id="1002", at=START)
    for number in range(3):
        begin, person = shop.moment(), shop.rng.choice(shop.people)
        thread = shop.portal.put("conversation_thread", {"inboxId": inbox, "associatedContactId": person.id}, at=begin)
        for step, words in enumerate(("Hello?", "How can we help?", "Thanks 🙏")[: number + 1]):
            shop.portal.put("conversation_message", {
                "conversationsThreadId": thread, "text": words, "direction": ("INCOMING", "OUTGOING")[step % 2],
                "createdBy": (f"V-{person.id}", f"A-{shop.owners[0].user_id}")[step % 2],
            }, at=begin + step * 60_000)  # fmt: skip


def _sequences(shop: Shop) -> None:
    owner = shop.owners[0]
    id = shop.portal.put("sequence", {"name": "First contact", "userId": owner.user_id}, at=START)
    for person in shop.people[:2]:
        shop.portal.put("sequence_enrollment", {
            "contactId": person.id, "sequenceId": id, "sequenceName": "First contact", "enrolledBy": owner.user_id,
            "enrolledByEmail": owner.email, "toEmail": person.email,
        }, at=shop.moment())  # fmt: skip


def _consents(shop: Shop) -> None:
    for definition in list(shop.portal.items["subscription_definition"])[:2]:
        for person in shop.people[:3]:
            shop.portal.put("consent_status", {
                "subscriberIdString": person.email, "subscriptionId": int(definition),
                "status": shop.rng.choice(("SUBSCRIBED", "UNSUBSCRIBED")),
            }, at=shop.moment())  # fmt: skip


def _currencies(shop: Shop) -> None:
    for code in ("USD", "EUR", "GBP"):
        shop.portal.put("currency", {"currencyCode": code}, at=START)
    for number, (code, rate) in enumerate(_RATES):
        shop.portal.put("exchange_rate", {
            "fromCurrencyCode": code, "toCurrencyCode": shop.portal.currency, "conversionRate": rate,
        }, at=START + number * 90 * DAY)  # fmt: skip


def _logs(shop: Shop) -> None:
    for owner in shop.owners[:3]:
        at, user = shop.moment(), int(owner.user_id)
        shop.portal.put("audit_log", {
            "targetObjectId": shop.people[0].id, "actingUserId": owner.user_id,
            "actingUser": {"userId": user, "userEmail": owner.email},
        }, at=at)  # fmt: skip
        shop.portal.put("login_activity", {"userId": user, "email": owner.email}, at=at)
        shop.portal.put("security_activity", {"userId": user, "actingUser": owner.email}, at=at)

"""Support tickets: they open, get a first answer, wait on one side or the other, close, and sometimes come back.

world + count -> events that create tickets and move them
"""

from functools import partial

from hubspot_pipeline.sandbox import seed_names as names
from hubspot_pipeline.sandbox.seed_activity import Scene, bustle, email
from hubspot_pipeline.sandbox.seed_world import HOUR, MINUTE, Record, World, iso, owner_id

NEW, WAITING_ON_CONTACT, WAITING_ON_US, CLOSED = "1", "2", "3", "4"
PIPELINE = "0"
PRIMARY_COMPANY_OF_TICKET = ("HUBSPOT_DEFINED", 26)

_CATEGORIES = ("PRODUCT_ISSUE", "PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY")
_HOURS_TO_ANSWER = {"URGENT": 1.0, "HIGH": 3.0, "MEDIUM": 9.0, "LOW": 20.0, "": 14.0}


def plan_tickets(world: World, count: int) -> None:
    """Let `count` tickets come in; the support team is as busy on Mondays as on other days, and rests at weekends."""
    for number in range(count):
        world.at(world.sometime(0.75), partial(_open, world, number))


def _open(world: World, number: int, now: int) -> None:
    rng = world.rng
    customers = [company for company in world.companies if company.exists and company.customer]
    known = customers if customers and world.chance(0.85) else [one for one in world.companies if one.exists]
    company = rng.choice(known) if known and not world.chance(0.05) else None
    staff = [person for person in company.people if person.exists] if company else []
    person = rng.choice(staff) if staff else None
    owner = world.owner_of("Support", now)
    priority = rng.choices(("LOW", "MEDIUM", "HIGH", "URGENT", ""), (26, 38, 20, 8, 8))[0]
    subject = rng.choice(names.TICKET_SUBJECTS)
    properties = {
        "subject": subject, "content": f"{subject}.\n\n<i>Steps:</i> {{{{ none }}}}; seen since {now % 97} builds.",
        "hs_pipeline": PIPELINE, "hs_pipeline_stage": NEW, "hs_ticket_priority": priority,
        "hs_ticket_category": rng.choice(_CATEGORIES),
        "source_type": rng.choice(("EMAIL", "EMAIL", "FORM", "CHAT", "PHONE")), "hubspot_owner_id": owner_id(owner),
        "product_area": rng.choice(("app", "api", "billing", "docs", "")),
        "sla_minutes": rng.choice(("60", "240", "1440", "")),
    }  # fmt: skip
    ticket = Record(object="tickets", id=world.create("tickets", properties, now, by="FORM"), created=now)
    world.others.setdefault("tickets", []).append(ticket)
    portal = world.portal
    if company is not None:
        portal.associate("tickets", ticket.id, "companies", company.id, [PRIMARY_COMPANY_OF_TICKET], at=now)
        deal = next((deal for deal in world.deals if deal.company is company and deal.is_won and deal.exists), None)
        if deal is not None and world.chance(0.25):
            portal.associate("tickets", ticket.id, "deals", deal.id, at=now)
    if person is not None:
        portal.associate("tickets", ticket.id, "contacts", person.id, at=now)
    people = (person,) if person is not None else ()
    scene = Scene(owner=owner, people=people, company=company, ticket=ticket, topic=f"Re: {subject}", kind="Support")
    # support answers at night too: hours, not working days; about one ticket in thirty is never answered
    if number % 30 != 11:
        hours = _HOURS_TO_ANSWER[priority] * rng.lognormvariate(0, 0.7)
        world.at(now + int(hours * HOUR) + MINUTE, partial(_answer, world, scene, now))


def _answer(world: World, scene: Scene, opened: int, now: int) -> None:
    """The first reply; HubSpot calculates its date from the conversation."""
    assert scene.ticket is not None
    reply = {"first_agent_reply_date": iso(now), "time_to_first_agent_reply": str(now - opened)}
    world.update(scene.ticket, reply, now, by="CALCULATED")
    world.update(scene.ticket, {"hs_pipeline_stage": WAITING_ON_CONTACT}, now, by=scene.owner)
    email(world, scene, now, inbound=False)
    world.at(world.later(now, 1.5), partial(_work, world, scene, opened))


def _work(world: World, scene: Scene, opened: int, now: int) -> None:
    """Back and forth until somebody closes it; a few drag on."""
    assert scene.ticket is not None
    bustle(world, scene, now, mean=0.3, days=2)
    stays = world.chance(0.5)
    if stays:
        stage = world.rng.choice((WAITING_ON_US, WAITING_ON_CONTACT))
        world.update(scene.ticket, {"hs_pipeline_stage": stage}, now, by=scene.owner)
        world.at(world.later(now, world.rng.choice((1, 2, 4, 12))), partial(_work, world, scene, opened))
    elif not world.chance(0.06):
        _close(world, scene, opened, now)


def _close(world: World, scene: Scene, opened: int, now: int) -> None:
    assert scene.ticket is not None
    done = {"hs_pipeline_stage": CLOSED, "closed_date": iso(now), "time_to_close": str(now - opened)}
    cause = {"root_cause": "Known bug; fixed in the next release"} if world.chance(0.3) else {}
    resolution = {
        "hs_resolution": world.rng.choice(("ISSUE_FIXED", "ISSUE_FIXED", "CALLED_CUSTOMER", "DUPLICATE", "OTHER"))
    }
    world.update(scene.ticket, done | cause | resolution, now, by=scene.owner)
    if world.chance(0.08):
        world.at(world.later(now, 6), partial(_reopen, world, scene, opened))


def _reopen(world: World, scene: Scene, opened: int, now: int) -> None:
    assert scene.ticket is not None
    reopened = {"hs_pipeline_stage": WAITING_ON_US, "closed_date": "", "time_to_close": "", "hs_resolution": ""}
    world.update(scene.ticket, reopened, now, by="EMAIL")
    world.at(world.later(now, 2), partial(_work, world, scene, opened))

"""Leads, goals, splits, feedback, messages, letters, appointments, courses, listings, services, projects, contracts.

world as the story left it -> further records, linked to its people, companies and deals
"""

from functools import partial

from hubspot_pipeline.sandbox.seed_shop import Shop, link_to
from hubspot_pipeline.sandbox.seed_world import DAY, END, HOUR, START, World, iso

_PRIMARY_CONTACT, _PRIMARY_COMPANY = ("HUBSPOT_DEFINED", 578), ("HUBSPOT_DEFINED", 580)
_LEAD_STAGES = (
    "new-stage-id", "attempting-stage-id", "connected-stage-id", "qualified-stage-id", "unqualified-stage-id",
)  # fmt: skip
_VERDICTS = (
    ("10", "PROMOTER", "Love it 💚"), ("9", "PROMOTER", ""), ("8", "PASSIVE", "Fine; could be faster"),
    ("7", "PASSIVE", ""), ("3", "DETRACTOR", "Export is broken\nagain"), ("0", "DETRACTOR", "חבל על הזמן"),
)  # fmt: skip


def add_objects(world: World, seed: int, size: float) -> None:
    """All of this module, in a fixed order."""
    shop = Shop(world, "objects", seed, size)
    if shop.people and shop.owners:
        for part in (_leads, _goals, _splits, _feedback, _messages, _visits, _services, _partners):
            part(shop)


def _leads(shop: Shop) -> None:
    rng, made = shop.rng, []
    for number in range(shop.count(60)):
        person = rng.choice(shop.people)
        stage = rng.choice(_LEAD_STAGES)
        lost = stage == _LEAD_STAGES[-1]
        properties = {
            "hs_lead_name": f"{person.first} {person.last} #{number}", "hs_lead_type": "NEW_BUSINESS",
            "hs_lead_label": rng.choice(("HOT", "WARM", "COLD", "")), "hs_pipeline": "lead-pipeline-id",
            "hs_pipeline_stage": _LEAD_STAGES[0], "hubspot_owner_id": shop.owner(),
        }  # fmt: skip
        later = {"hs_pipeline_stage": stage} | ({"hs_lead_disqualification_reason": "NO_BUDGET"} if lost else {})
        links = [link_to(person, _PRIMARY_CONTACT), link_to(person.company, _PRIMARY_COMPANY)]
        existing = [one for one in links if one is not None and (one[0] == "contacts" or _lives(shop, one[1]))]
        made.append(shop.make("leads", properties, existing, later=later if stage != _LEAD_STAGES[0] else None))
    shop.archive_one("leads", made)


def _lives(shop: Shop, company: str) -> bool:
    return any(one.id == company for one in shop.companies)


def _goals(shop: Shop) -> None:
    month = 30 * DAY
    for owner in shop.owners[:4]:
        for number in range(max(shop.count(8), 1)):
            begin = END // DAY * DAY - (number + 1) * month
            target = shop.rng.randrange(20, 90) * 1000
            shop.make("goal_targets", {
                "hs_goal_name": f"{owner.team}: {owner.first} {number}", "hs_target_amount": str(target),
                "hs_start_datetime": iso(begin), "hs_end_datetime": iso(begin + month - 1),
                "hs_milestone": "monthly", "hs_goal_type": "revenue", "hubspot_owner_id": owner.id,
                "hs_kpi_value": str(int(target * shop.rng.uniform(0.3, 1.3))),
            }, at=max(begin - DAY, START))  # fmt: skip


def _splits(shop: Shop) -> None:
    for deal in [one for one in shop.deals if one.amount][: shop.count(24)]:
        shares = shop.rng.choice((("0.5", "0.5"), ("0.7", "0.3"), ("0.6", "0.3", "0.1")))
        for share in shares[: len(shop.owners)]:
            shop.make("deal_split", {
                "hs_deal_id": deal.id, "hs_deal_split_percentage": share, "hubspot_owner_id": shop.owner(),
                "hs_deal_split_amount": f"{float(share) * (deal.amount or 0):.2f}",
            }, [link_to(deal)], at=shop.moment(deal.created))  # fmt: skip


def _feedback(shop: Shop) -> None:
    for _ in range(shop.count(80)):
        person, (value, mood, words) = shop.rng.choice(shop.people), shop.rng.choice(_VERDICTS)
        kind = shop.rng.choice(("NPS", "NPS", "CSAT", "CES"))
        when = shop.moment()
        shop.make("feedback_submissions", {
            "hs_survey_type": kind, "hs_survey_name": f"{kind} survey", "hs_survey_id": str(len(kind)),
            "hs_survey_channel": shop.rng.choice(("EMAIL", "WEB")), "hs_value": value, "hs_sentiment": mood,
            "hs_content": words, "hs_submission_timestamp": iso(when), "hs_submission_name": f"{kind}: {person.first}",
            "hs_contact_id": person.id, "hs_contact_email_rollup": person.email,
        }, [link_to(person), link_to(shop.maybe(shop.tickets)) if kind == "CSAT" else None], at=when)  # fmt: skip


def _messages(shop: Shop) -> None:
    """Communications and letters."""
    made = []
    for _ in range(shop.count(60)):
        person, when = shop.rng.choice(shop.people), shop.moment()
        made.append(shop.make("communications", {
            "hs_timestamp": iso(when), "hs_communication_logged_from": "CRM", "hubspot_owner_id": shop.owner(),
            "hs_communication_channel_type": shop.rng.choice(("WHATS_APP", "LINKEDIN_MESSAGE", "SMS")),
            "hs_communication_body": f"<p>Hi {person.first} 👋</p>",
        }, [link_to(person)], at=when))  # fmt: skip
    shop.archive_one("communications", made)
    for _ in range(shop.count(12)):
        person, when = shop.rng.choice(shop.people), shop.moment()
        shop.make("postal_mail", {
            "hs_timestamp": iso(when), "hubspot_owner_id": shop.owner(),
            "hs_postal_mail_body": f"<p>Dear {person.last},<br>season's greetings</p>",
        }, [link_to(person), link_to(shop.maybe(shop.companies))], at=when)  # fmt: skip


def _visits(shop: Shop) -> None:
    """Appointments, courses and listings."""
    rng = shop.rng
    for number in range(shop.count(20)):
        when = shop.moment()
        begin = when + rng.randrange(1, 30) * DAY
        shop.make("appointments", {
            "hs_appointment_name": f"Workshop {number}", "hs_appointment_start": iso(begin),
            "hs_appointment_end": iso(begin + 2 * HOUR), "hs_pipeline": "appointment-pipeline",
            "hs_appointment_status": "COMPLETED" if begin < END else "SCHEDULED",
            "hs_pipeline_stage": "ap-done" if begin < END else "ap-booked",
        }, [link_to(rng.choice(shop.people))], at=when)  # fmt: skip
    for number, name in enumerate(("Onboarding", "Reporting basics", "API in a day", "Datenschutz")):
        shop.make("courses", {
            "hs_course_name": name, "hs_course_id": f"C-{number}", "hs_enrollment_capacity": "12",
            "hs_pipeline": "course-pipeline", "hs_pipeline_stage": rng.choice(("co-open", "co-running", "co-over")),
        }, [link_to(one) for one in rng.sample(shop.people, min(3, len(shop.people)))])  # fmt: skip
    for number in range(shop.count(12)):
        shop.make("listings", {
            "hs_name": f"Office {number}", "hs_price": str(rng.randrange(200, 900) * 1000),
            "hs_listing_type": "OFFICE", "hs_city": "Boston", "hs_pipeline": "listing-pipeline",
            "hs_pipeline_stage": "li-offered",
        }, [link_to(shop.maybe(shop.companies))])  # fmt: skip


def _services(shop: Shop) -> None:
    """Services and projects."""
    stages = (("services", "service-pipeline", ("se-new", "se-progress", "se-closed")),
              ("projects", "project-pipeline", ("pr-planned", "pr-active", "pr-done")))  # fmt: skip
    for object_type, pipeline, known in stages:
        make = partial(shop.make, object_type)
        for number in range(shop.count(15)):
            company = shop.maybe(shop.companies)
            make({
                "hs_name": f"Rollout {number} {company.name if company else ''}", "hs_start_date": "2026-02-01",
                "hs_description": "Step 1\nStep 2", "hs_pipeline": pipeline, "hs_pipeline_stage": known[0],
                "hubspot_owner_id": shop.owner(),
            }, [link_to(company), link_to(shop.maybe(shop.deals))],
                later={"hs_pipeline_stage": shop.rng.choice(known[1:])})  # fmt: skip


def _partners(shop: Shop) -> None:
    """Contracts, and what a partner sees of its clients."""
    for number in range(2):
        shop.make("contracts", {
            "hs_name": f"Frame contract {number}", "hs_status": "ACTIVE", "hs_start_date": "2026-01-01",
            "hs_end_date": "2026-12-31", "hs_total_value": "48000",
        })  # fmt: skip
        shop.make("partner_clients", {"hs_domain": f"client{number}.example", "hs_partner_name": "Lumenfield"})
        shop.make("partner_services", {"hs_name": f"Migration {number}", "hs_status": "ACTIVE"})

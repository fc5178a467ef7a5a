"""What goes wrong in every portal: dirty values, odd custom fields, merges, archived records, recalculated figures.

world -> events of the last weeks and months
"""

from functools import partial

from hubspot_pipeline.sandbox.seed_names import ODD_COMPANIES
from hubspot_pipeline.sandbox.seed_schema import SALES
from hubspot_pipeline.sandbox.seed_world import DAY, END, HOUR, Company, Deal, Record, World, day_text, iso

NUMBERS = (
    "1,234.56",
    "n/a",
    "12345678901234567890",
    "NaN",
    "1e3",
    "  42 ",
    "-0",
    "0.1234567891",
    "$99",
    "12.50",
    "7",
    "١٢٣",
)
DATES = ("1546300800000", "2021-02-29", "31.12.2025", "2024-05-01", "2024-05-01T00:00:00.000Z", "0001-01-01", "unknown")
INSTANTS = (
    "1767225600000",
    "2026-01-05T08:00:00.000Z",
    "2026-01-05T08:00:00+02:00",
    "2026-01-05",
    "soon",
    "1767225600",
)
BOOLEANS = ("true", "false", "TRUE", "yes", "1", "")
CHOICES = ("gold", "silver", "platinum (old)", "Gold", "bronze")
MANY = ("api;security", ";pricing", "api;api", "events", "api; analytics", "retired_option")
TEXTS = (
    "plain", "semi;colon", 'quo"te', "back\\slash", "line\nbreak\r\nand\ttab", "{{ 1 + 1 }}", "</script>", "عربي ١٢٣",
    "👩‍👩‍👧‍👦 family",
    "null", "NULL", " ", "0", "=1+1", "e\u0301 against \u00e9", "a\u0000b", "half an emoji \ud83d", "x" * 5000, "-",
    "2026-13-45",
)  # fmt: skip

_TEXT_PROPERTIES = (
    "Email_Alt",
    "email_alt",
    "foo___bar",
    "foo__bar",
    "客户等级",
    "имя_клиента",
    "select",
    "region_",
    "updated_at",
)
_LONG_PROPERTIES = tuple(
    f"how_did_the_contact_first_hear_about_our_company_in_their_own_words_please_{tail}" for tail in ("long", "text")
)
_BIN = 80
"""Archived records go within this many days before the end, so that the recycle bin still holds them."""


def plan_dirt(world: World) -> None:
    """Everything of this module, at its time."""
    world.at(END - 200 * DAY, partial(_fill_odd_properties, world))
    world.at(END - 150 * DAY, partial(_fill_deals, world))
    world.at(END - 120 * DAY, partial(_merge_companies, world))
    world.at(END - 95 * DAY, partial(_merge_deals, world))
    world.at(END - 60 * DAY, lambda now: world.portal.archive_property("contacts", "legacy_score", at=now))
    world.at(END - 30 * DAY, partial(_soil, world))
    world.at(END - 3 * DAY, partial(_recalculate, world))
    world.at(END - 2 * DAY, partial(_recalculate, world))
    for number, days in enumerate((_BIN, 61, 40, 22, 9, 1)):
        world.at(END - days * DAY - 2 * HOUR, partial(_archive, world, number))


def _fill_odd_properties(world: World, now: int) -> None:
    """A campaign import fills custom properties of a third of the contacts, with what people typed."""
    rng = world.rng
    people = [person for person in world.people if person.exists]
    for number, person in enumerate(person for person in people if world.chance(0.35)):
        values = {name: TEXTS[(number + 5 * index) % len(TEXTS)] for index, name in enumerate(_TEXT_PROPERTIES)}
        values |= {name: f"{name[-4:]}: {rng.choice(TEXTS[:6])}" for name in _LONG_PROPERTIES}
        values |= {
            "customer-tier": rng.choice(CHOICES[:2]), "order": str(number),
            "2nd_phone": f"+1 202 555 01{number % 100:02d}",
            "is_vip": rng.choice(("true", "false")),
            "birthday": f"19{rng.randint(60, 99)}-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}",
            "last_demo_at": iso(now - rng.randint(1, 300) * DAY),
            "interests": rng.choice(("api", "api;analytics", "security;pricing")),
            "budget": f"{rng.randint(1, 90) * 500}.50", "direct_phone": f"+12025550{rng.randint(100, 199)}",
            "legacy_score": str(rng.randint(0, 100)), "profile_html": f"<p>{person.first} &amp; co</p>",
        }  # fmt: skip
        dropped = rng.sample(sorted(values), len(values) // 3)
        world.update(person, {name: value for name, value in values.items() if name not in dropped}, now, by="IMPORT")


def _fill_deals(world: World, now: int) -> None:
    """Procurement writes down what it knows of a third of the deals."""
    rng = world.rng
    for deal in [deal for deal in world.deals if deal.exists and world.chance(0.35)]:
        values = {
            "discount_pct": rng.choice(("0", "5", "12.5", "0.15", "15 %")),
            "security_review_at": iso(now - rng.randint(1, 90 * DAY)),
            "po_received": rng.choice(("true", "false")),
            "kickoff_date": day_text(now + rng.randint(-60, 200) * DAY, world.zone),
            "procurement-contact": rng.choice(("Anna; Partner", "n/a", "procurement@partner-consulting.example")),
        }
        world.update(deal, {name: values[name] for name in rng.sample(sorted(values), 3)}, now, by="API")


def _soil(world: World, now: int) -> None:
    """Values that do not fit their property's type, as type changes and old imports leave them behind."""
    people = [person for person in world.people if person.exists]
    for number, person in enumerate(people[3::4]):
        values = {
            "budget": NUMBERS[number % len(NUMBERS)], "birthday": DATES[number % len(DATES)],
            "last_demo_at": INSTANTS[number % len(INSTANTS)], "is_vip": BOOLEANS[number % len(BOOLEANS)],
            "customer-tier": CHOICES[number % len(CHOICES)], "interests": MANY[number % len(MANY)],
        }  # fmt: skip
        chosen = world.rng.sample(sorted(values), 2)
        world.update(person, {name: values[name] for name in chosen}, now + number, by="IMPORT")
    companies = [company for company in world.companies if company.exists]
    for number, company in enumerate(companies[1::6]):
        world.update(company, {"seat_count": NUMBERS[number % len(NUMBERS)]}, now + number, by="IMPORT")
    customers = [company for company in companies if company.customer]
    for company, value in zip(customers[2::5], ("120,000.00", "tbd"), strict=False):
        world.update(company, {"contract_value": value}, now, by="IMPORT")
    for company in customers[4:5]:
        world.update(company, {"renewal_date": "1798675200000"}, now, by="API")
    # one address on two people: the secondary one of the first is the primary one of the second
    if len(people) > 8:
        world.update(people[6], {"hs_additional_emails": people[8].email}, now, by="API")


def _recalculate(world: World, now: int) -> None:
    """HubSpot recalculates figures: values move, modified dates do not."""
    rng, portal = world.rng, world.portal
    for person in [person for person in world.people if person.exists and world.chance(0.4)]:
        score = {"engagement_score": f"{rng.uniform(0, 100):.4f}"}
        portal.update("contacts", person.id, score, at=now, source="CALCULATED", touch=False)
    for company in [company for company in world.companies if company.exists and company.customer]:
        index = {"health_index": f"{rng.uniform(0, 1):.6f}"}
        portal.update("companies", company.id, index, at=now, source="CALCULATED", touch=False)
    for deal in [deal for deal in world.deals if deal.exists and not deal.closed]:
        score = {"weighted_score": str(rng.randint(0, 1000))}
        portal.update("deals", deal.id, score, at=now, source="CALCULATED", touch=False)


def _merge_companies(world: World, now: int) -> None:
    """Three records of one company become one, in two merges; so the first result is merged away itself."""
    found = [company for company in world.companies if company.exists and _is_plain(company)]
    if len(found) >= 6:
        keep, second, third = found[1], found[3], found[5]
        _merge(world, keep, second, now)
        world.at(now + 5 * DAY, partial(_merge, world, third, keep))


def _is_plain(company: Company) -> bool:
    """Neither a customer nor one of the odd names, which shall stay to be seen."""
    return not company.customer and company.name not in ODD_COMPANIES


def _merge_deals(world: World, now: int) -> None:
    """Two companies have a sale that was entered twice."""
    sales: dict[str, list[Deal]] = {}
    for deal in world.deals:
        if deal.exists and deal.pipeline == SALES and not deal.is_won and deal.company is not None:
            sales.setdefault(deal.company.id, []).append(deal)
    twice = [found for found in sales.values() if len(found) > 1]
    for number, (one, two, *_) in enumerate(twice[:2]):
        world.at(now + number * HOUR, partial(_merge, world, one, two))


def _merge(world: World, keep: Record, away: Record, now: int) -> None:
    """Merge two records; the survivor has a new id, and whoever knew either of them knows it."""
    if not keep.exists or not away.exists:
        return
    keep.id = away.id = world.portal.merge(keep.object, keep.id, away.id, at=now)
    away.alive, keep.is_survivor = False, True
    if isinstance(keep, Company) and isinstance(away, Company):
        keep.people += away.people
        for person in away.people:
            person.company = keep
    if isinstance(keep, Deal) and isinstance(away, Deal):
        keep.people += [person for person in away.people if person not in keep.people]


def _archive(world: World, number: int, now: int) -> None:
    """A clean-up: a few records of each kind go to the recycle bin; one comes back the next day."""
    rng = world.rng
    groups: list[list[Record]] = [
        [person for person in world.people if person.exists],
        [deal for deal in world.deals if deal.exists and (deal.closed or number == 2)],
        *([record for record in records if record.exists] for records in world.others.values()),
    ]
    if number in (1, 4):
        groups.append([company for company in world.companies if company.exists and _is_plain(company)])
    for kind in groups:
        group = [record for record in kind if not record.is_survivor]
        for record in rng.sample(group, min(1 + (number == 3), len(group) // 20)):
            world.portal.archive(record.object, record.id, at=now)
            record.alive = False
            if number == 0:
                world.at(now + DAY, partial(_restore, world, record))


def _restore(world: World, record: Record, now: int) -> None:
    world.portal.restore(record.object, record.id, at=now)
    record.alive = True

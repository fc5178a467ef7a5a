"""Companies and the people in them: how they come in, who belongs to whom, who is there twice.

world + counts -> events that create companies and contacts, link them, and merge the duplicates later
"""

from functools import partial

from hubspot_pipeline.sandbox import seed_names as names
from hubspot_pipeline.sandbox.seed_world import DAY, HOUR, START, Company, Person, World, iso, owner_id

PRIMARY_COMPANY_OF_CONTACT = ("HUBSPOT_DEFINED", 1)
COMPANY_OF_CONTACT = ("HUBSPOT_DEFINED", 279)
PARENT_TO_CHILD = ("HUBSPOT_DEFINED", 13)

LIFECYCLE = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
_IMPORTED = 0.45
_ROLE_LABELS = {"decision": "Decision maker", "champion": "Champion", "billing": "Billing contact"}


def plan_companies(world: World, count: int) -> None:
    """Let `count` companies come in: a part by import on the first day, the others over the two years."""
    rng = world.rng
    domains: set[str] = set()
    for number, name in enumerate(names.company_names(rng, count)):
        domain = names.slug(name) or f"company{number}"
        domain = f"{domain}{number}.example" if domain in domains else f"{domain}.example"
        domains.add(domain.removesuffix(".example"))
        place = names.pick_place(rng)
        company = Company(name=name, domain=domain, country=place.country, weight=rng.paretovariate(1.3))
        imported = number < count * _IMPORTED
        company.created = START if imported else world.moment(world.sometime(1.0) - 20 * DAY, after=START)
        world.companies.append(company)
        city = names.split_name(rng.choice(place.cities))[0]
        world.at(company.created, partial(_found, world, company, city, imported, number))


def _found(world: World, company: Company, city: str, imported: bool, number: int, now: int) -> None:
    rng = world.rng
    company.owner = None if world.chance(0.05) else world.owner_of("Sales", now)
    employees = max(3, int(40 * company.weight * rng.uniform(0.5, 2)))
    revenue = employees * rng.randint(60, 240) * 1000
    properties = {
        "name": company.name, "domain": "" if world.chance(0.04) else company.domain, "country": company.country,
        "city": city,
        "industry": rng.choice(names.INDUSTRIES), "numberofemployees": str(employees),
        "annualrevenue": "" if world.chance(0.15) else str(revenue), "phone": _phone(world),
        "hubspot_owner_id": owner_id(company.owner), "lifecyclestage": "lead",
        "founded_year": str(rng.randint(1948, 2024)),
        "website": f"https://www.{company.domain}/?utm_source=crm&q=\"a\"",
        "key_account": rng.choice(("true", "false", "")),
        "hs_additional_domains": f"old-{company.domain};shop.{company.domain}" if world.chance(0.08) else "",
        "erp_customer_no": f"{number:06d}" if imported else "",
    }  # fmt: skip
    company.id = world.create("companies", properties, now, by="IMPORT" if imported else company.owner)
    older = [other for other in world.companies[:number] if other.exists and other is not company]
    if older and world.chance(0.16):
        parent = rng.choice(older[: max(3, len(older) // 4)])
        world.portal.associate("companies", parent.id, "companies", company.id, [PARENT_TO_CHILD], at=now)


def plan_people(world: World, count: int) -> None:
    """Let `count` contacts come in; one in fifty is somebody who is there already and gets merged later."""
    rng = world.rng
    twice = max(2, count // 50) if count >= 20 else 0
    for number in range(count - twice):
        company = world.companies[number] if number < len(world.companies) else None
        if company is not None:
            when = company.created + (0 if company.created == START else rng.randint(0, 72) * HOUR)
        else:
            when = START if world.chance(_IMPORTED) else world.sometime()
        world.at(when, partial(_meet, world, company, number))
    for number in range(twice):
        when = world.moment(START + (120 + 400 * number // twice) * DAY, after=START)
        world.at(when, partial(_meet_again, world, number))


def _meet(world: World, company: Company | None, number: int, now: int) -> None:
    rng = world.rng
    if company is None and not world.chance(0.08):
        known = [other for other in world.companies if other.exists]
        company = rng.choices(known, [min(other.weight, 8.0) for other in known])[0] if known else None
    role = rng.choices(tuple(names.ROLE_WEIGHTS), tuple(names.ROLE_WEIGHTS.values()))[0]
    native = [place for place in names.PLACES if company is not None and place.country == company.country]
    place = native[0] if native and world.chance(0.75) else names.pick_place(rng)
    first, first_latin = names.split_name(rng.choice(place.first))
    last, last_latin = names.split_name(rng.choice(place.last))
    domain = company.domain if company else "mail.example"
    person = Person(
        first=first, last=last, title=rng.choice(names.TITLES[role]), role=role, company=company,
        email=_address(world, f"{names.slug(first_latin)}.{names.slug(last_latin)}", domain, number),
        owner=(company.owner if company else None) or world.owner_of("Sales", now),
    )  # fmt: skip
    if number % 37 == 5 and company is not None:
        mailbox = names.ROLE_MAILBOXES[number // 37 % len(names.ROLE_MAILBOXES)]
        person.first, person.last, person.title, person.role = "", "", "", "user"
        person.email = _address(world, mailbox, domain, number)
    _enter(world, person, place, number, now)


def _enter(world: World, person: Person, place: names.Place, number: int, now: int) -> None:
    """Create the contact, link it to its company, let it become warmer."""
    rng = world.rng
    shown = "" if number % 29 == 13 else person.email
    if number % 31 == 7:
        shown = shown.title().replace(".Example", ".EXAMPLE")
    properties = {
        "firstname": person.first, "lastname": person.last, "email": shown, "jobtitle": person.title,
        "phone": _phone(world) if world.chance(0.6) else "", "country": place.country,
        "company": person.company.name if person.company else "", "lifecyclestage": "lead", "hs_lead_status": "NEW",
        "hubspot_owner_id": owner_id(person.owner) if world.chance(0.93) else "",
        "hs_buying_role": names.BUYING_ROLES[person.role] if world.chance(0.5) else "",
        "hs_email_optout": "true" if world.chance(0.05) else "", "hs_lifecyclestage_lead_date": iso(now),
        "hs_seniority": names.SENIORITY[person.role] if world.chance(0.5) else "",
        **({"hs_email_bounce": "1", "hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"} if world.chance(0.03) else {}),
    }  # fmt: skip
    if shown and number % 12 == 4:
        extra = f"{names.slug(person.first) or 'p'}{number}@private.example"
        person.more_emails = [extra, f"{number}@OLD.example"] if number % 24 == 4 else [extra]
        properties["hs_additional_emails"] = ";".join(person.more_emails)
    source = "IMPORT" if now == START else rng.choice(("FORM", "CRM_UI", "API", "INTEGRATION", "EMAIL"))
    person.id, person.created = world.create("contacts", properties, now, by=source), now
    world.people.append(person)
    join(world, person, now)
    if world.chance(0.5):
        world.at(world.later(now, 14), partial(warm_up, world, person, "marketingqualifiedlead"))


def join(world: World, person: Person, now: int) -> None:
    """Primary company, its label for the person's role, now and then a second company."""
    company = person.company
    if company is None or not company.exists:
        return
    company.people.append(person)
    portal = world.portal
    portal.associate("contacts", person.id, "companies", company.id, [PRIMARY_COMPANY_OF_CONTACT], at=now)
    label = _ROLE_LABELS.get(person.role)
    if label and world.chance(0.5):
        typed = [("USER_DEFINED", world.labels["companies", label])]
        portal.associate("companies", company.id, "contacts", person.id, typed, at=now)
    others = [other for other in world.companies if other.exists and other is not company]
    if others and world.chance(0.06):
        other = world.rng.choice(others)
        portal.associate("contacts", person.id, "companies", other.id, [COMPANY_OF_CONTACT], at=now)


def warm_up(world: World, person: Person, stage: str, now: int) -> None:
    """Move the contact forward in its lifecycle; it never goes back."""
    if LIFECYCLE.index(stage) > LIFECYCLE.index(person.lifecycle):
        person.lifecycle = stage
        status = {"opportunity": "OPEN_DEAL", "customer": "CONNECTED"}.get(stage, "IN_PROGRESS")
        moved = {"lifecyclestage": stage, f"hs_lifecyclestage_{stage}_date": iso(now), "hs_lead_status": status}
        world.update(person, moved, now, by="AUTOMATION_PLATFORM")


def _meet_again(world: World, number: int, now: int) -> None:
    """Somebody known writes from another address; later the two are merged. The first two are the same person."""
    known = [person for person in world.people if person.exists and person.first and person.company]
    if not known:
        return
    original = known[0] if number < 2 else world.rng.choice(known)
    again = Person(
        first=original.first[:1] + ".", last=original.last.upper(), title=original.title, role=original.role,
        company=original.company, owner=original.owner, email=f"duplicate.{number}@private.example",
    )  # fmt: skip
    _enter(world, again, names.PLACES[0], 1000 * (number + 1), now)
    world.at(world.later(now, 40), partial(_merge, world, original, again))


def _merge(world: World, original: Person, again: Person, now: int) -> None:
    if original.exists and again.exists:
        survivor = world.portal.merge("contacts", original.id, again.id, at=now)
        original.id = again.id = survivor
        again.alive, original.is_survivor = False, True
        original.more_emails.append(again.email)
        if again.company is not None and again in again.company.people:
            again.company.people.remove(again)


def _address(world: World, local: str, domain: str, number: int) -> str:
    """An address nobody has yet."""
    address = f"{local or 'contact'}@{domain}"
    if address in world.addresses:
        address = f"{local or 'contact'}{number}@{domain}"
    world.addresses.add(address)
    return address


def _phone(world: World) -> str:
    return world.rng.choice(("+1 202 555 01{:02d}", "+44 20 7946 09{:02d}", "(202) 555-01{:02d}")).format(
        world.rng.randrange(100)
    )

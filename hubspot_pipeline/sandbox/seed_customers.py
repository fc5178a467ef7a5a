"""Customers: how a sale makes one, how it is looked after, and how its contract is renewed or ends.

world -> check-ins, contract properties on companies, renewal deals before each end of term
"""

from functools import partial

from hubspot_pipeline.sandbox.seed_activity import Scene, bustle
from hubspot_pipeline.sandbox.seed_deals import decide, open_deal
from hubspot_pipeline.sandbox.seed_people import warm_up
from hubspot_pipeline.sandbox.seed_schema import RENEWAL_STAGES, RENEWALS
from hubspot_pipeline.sandbox.seed_world import (
    DAY,
    END,
    HOUR,
    Company,
    Deal,
    Owner,
    World,
    day_text,
    iso,
    owner_id,
    years_later,
)

_ALREADY_CUSTOMERS = 0.5
_AHEAD = 100
"""Days before the end of a term at which its renewal deal opens."""


def sign_old_customers(world: World, now: int) -> None:
    """Some of the companies that were imported had a contract already; no deal in the portal tells of it."""
    for company in world.companies:
        if company.exists and world.chance(_ALREADY_CUSTOMERS):
            contract = world.rng.choice((12000, 30000, 36000, 45600, 72000))
            _sign(world, company, contract, now + world.rng.randint(20, 360) * DAY, now)


def after_sale(world: World, deal: Deal, now: int) -> None:
    """A won sale makes its company a customer, or adds to the contract it has."""
    company = deal.company
    if not deal.is_won or company is None or not company.exists:
        return
    for person in deal.people:
        world.at(now + HOUR, partial(warm_up, world, person, "customer"))
    _sign(world, company, deal.yearly or deal.amount or 0, years_later(now), now)


def _sign(world: World, company: Company, contract: int, end_of_term: int, now: int) -> None:
    new = not company.customer or company.churned
    company.customer, company.churned = True, False
    company.contract = contract if new else company.contract + contract
    if new:
        csm = world.owner_of("Customer Success", now)
        company.renewal = end_of_term
        company.shows_renewal = world.chance(0.8)
        company.quiet_from = END - world.rng.randint(60, 330) * DAY if world.chance(0.38) else None
        first = {
            "lifecyclestage": "customer",
            "csm_owner_id": owner_id(csm),
            "hs_lifecyclestage_customer_date": iso(now),
            "churn_reason": "",
            "churn_date": "",
        }
        world.update(company, first, now, by="AUTOMATION_PLATFORM")
        go_live = {"go_live_at": iso(world.later(now, 30))}
        world.at(now + HOUR, lambda at: world.update(company, go_live, at, by=csm))
        world.at(world.later(now, 20), partial(_check_in, world, company, csm))
        _watch_term(world, company, now)
    world.at(now + 2 * HOUR, partial(_show_contract, world, company))


def _show_contract(world: World, company: Company, now: int) -> None:
    """Write end of term and value to the record, where somebody keeps these properties up to date."""
    if company.shows_renewal and company.renewal is not None:
        shown = {"renewal_date": day_text(company.renewal, world.zone), "contract_value": str(company.contract)}
        world.update(company, shown, now, by="INTEGRATION")


def _check_in(world: World, company: Company, csm: Owner | None, now: int) -> None:
    """Somebody from customer success keeps in touch, until nobody does."""
    if not company.exists or company.churned or company.is_quiet(now):
        return
    if csm is None or (csm.left is not None and csm.left < now):
        csm = world.owner_of("Customer Success", now)
        world.update(company, {"csm_owner_id": owner_id(csm)}, now, by="CRM_UI_BULK_ACTION")
    staff = [person for person in company.people if person.exists]
    people = tuple(world.rng.sample(staff, min(len(staff), 3)))
    bustle(world, Scene(owner=csm, people=people, company=company, kind="Onboarding"), now, mean=1.6, days=12)
    if world.chance(0.25):
        mood = world.rng.choice(("green", "green", "yellow", "red"))
        world.update(company, {"csm_sentiment": mood}, now, by=csm)
    world.at(world.later(now, 26), partial(_check_in, world, company, csm))


def _watch_term(world: World, company: Company, now: int) -> None:
    if company.renewal is not None:
        opens = world.moment(max(company.renewal - _AHEAD * DAY, now), after=now)
        world.at(opens, partial(_open_renewal, world, company))


def _open_renewal(world: World, company: Company, now: int) -> None:
    """Most renewals get a deal in time; one in ten is forgotten, and then signed late or never."""
    if not company.exists or company.churned or company.renewal is None:
        return
    if world.chance(0.1):
        world.at(
            world.moment(company.renewal + 25 * DAY, after=now), partial(_sign_late, world, company, company.renewal)
        )
        return
    rng = world.rng
    staff = [person for person in company.people if person.exists]
    year = day_text(company.renewal, world.zone)[:4]
    ids = [stage[0] for stage in RENEWAL_STAGES]
    deal = Deal(
        name=f"{company.name} – Renewal {year}",
        pipeline=RENEWALS,
        stages=ids[:3],
        won=ids[3],
        lost=ids[4],
        company=company,
        owner=world.owner_of("Customer Success", now),
        people=staff[:2],
        amount=int(company.contract * rng.choice((1, 1, 1.05, 1.1, 0.9))),
        close=company.renewal,
        term=company.renewal,
        pace=45.0,
        after=partial(_after_renewal, world),
    )
    decide(world, deal, 0.7, 0.08)
    open_deal(world, deal, rng.choice(("renewal", "renewal", "existingbusiness")), now)


def _sign_late(world: World, company: Company, missed: int, now: int) -> None:
    if company.exists and company.renewal == missed and not company.churned and world.chance(0.6):
        company.renewal = years_later(missed)
        _show_contract(world, company, now)
        _watch_term(world, company, now)


def _after_renewal(world: World, deal: Deal, now: int) -> None:
    company = deal.company
    if company is None or company.renewal is None or not company.exists:
        return
    if not deal.is_won:
        company.churned = True
        reason = world.rng.choice(("price", "usage", "merger", "silent"))
        date = day_text(now, world.zone) if world.chance(0.6) else ""
        world.update(company, {"churn_reason": reason, "churn_date": date}, now, by=deal.owner)
        return
    company.churned = False
    company.contract = deal.yearly or deal.amount or company.contract
    company.renewal = years_later(company.renewal)
    world.at(now + 2 * HOUR, partial(_show_contract, world, company))
    _watch_term(world, company, now)

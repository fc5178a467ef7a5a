"""Deals: how they open, move through the stages, change hands, slip, close and come back.

world + count -> events that create deals with line items and move them
"""

from collections.abc import Callable
from functools import partial

from hubspot_pipeline.sandbox import seed_names as names
from hubspot_pipeline.sandbox.seed_activity import Scene, bustle
from hubspot_pipeline.sandbox.seed_people import warm_up
from hubspot_pipeline.sandbox.seed_quotes import EUR_RATE, calculate, money, quote
from hubspot_pipeline.sandbox.seed_schema import SALES, SALES_STAGES
from hubspot_pipeline.sandbox.seed_world import DAY, HOUR, Deal, Owner, World, iso, owner_id

PRIMARY_COMPANY_OF_DEAL = ("HUBSPOT_DEFINED", 5)
COMPANY_OF_DEAL = ("HUBSPOT_DEFINED", 341)

_ROLE_LABELS = {"decision": "Decision maker", "champion": "Champion", "billing": "Billing contact"}
_WIN = 0.24
_STUCK = 0.08


def plan_sales(world: World, count: int, after: Callable[[Deal, int], None]) -> None:
    """Let `count` new sales open over the two years; `after` follows each closing."""
    for number in range(count):
        world.at(world.sometime(0.85), partial(_open_sale, world, number, after))
    for owner in world.owners:
        if owner.left is not None:
            world.at(owner.left, partial(_leave, world, owner))


def _open_sale(world: World, number: int, after: Callable[[Deal, int], None], now: int) -> None:
    rng = world.rng
    known = [
        company for company in world.companies if company.exists and not company.churned and not company.is_quiet(now)
    ]
    company = (
        rng.choices(known, [min(one.weight, 6.0) for one in known])[0] if known and not world.chance(0.06) else None
    )
    owner = company.owner if company is not None else None
    if owner is None or owner.left is not None:
        owner = world.owner_of("Sales", now)
    staff = [person for person in company.people if person.exists] if company else []
    product = rng.choice(
        ("Starter", "Growth", "Growth", "Enterprise", "Add-ons", "Pilot 🚀", 'Expansion; "phase 2"', f"<RFP> #{number}")
    )
    deal = Deal(
        name=f"{company.name if company else 'Inbound lead'} – {product}", pipeline=SALES, stages=SALES_STAGES,
        won="closedwon", lost="closedlost", company=company, owner=owner, after=after,
        people=rng.sample(staff, min(len(staff), rng.choice((0, 1, 1, 2, 2, 3)))),
        amount=None if world.chance(0.05) else rng.choice((9, 12, 12, 15, 18, 30, 30, 36, 45, 72)) * 1000,
        close=None if world.chance(0.08) else now + rng.choice((30, 45, 60, 60, 90)) * DAY,
    )  # fmt: skip
    decide(world, deal, _WIN * (owner.skill if owner else 1.0), _STUCK)
    open_deal(world, deal, "existingbusiness" if company is not None and company.customer else "newbusiness", now)


def decide(world: World, deal: Deal, win: float, stuck: float) -> None:
    """Choose the deal's fate, and the stage at which it meets it."""
    draw = world.rng.random()
    deal.fate = "won" if draw < win else "stuck" if draw > 1 - stuck else "lost"
    last = len(deal.stages) - 1
    deal.last_stage = last if deal.fate == "won" else max(deal.stage, world.rng.randint(0, last))


def open_deal(world: World, deal: Deal, dealtype: str, now: int) -> None:
    """Create the deal with its links and let it start to move."""
    if deal.company is not None and deal.company.country in ("Germany", "France"):
        deal.currency = "EUR"
    properties = {
        "dealname": deal.name, "pipeline": deal.pipeline, "dealstage": deal.stages[deal.stage], "dealtype": dealtype,
        "closedate": iso(deal.close) if deal.close else "", "hubspot_owner_id": owner_id(deal.owner),
        "deal_currency_code": deal.currency, "hs_exchange_rate": str(EUR_RATE) if deal.currency == "EUR" else "1",
        "hs_priority": world.rng.choice(("low", "medium", "high", "")),
        "hs_next_step": world.rng.choice(("Demo", "Quote", "")),
        "competitor": world.rng.choice(("none", "in_house;rival_a", "rival_b", "")), **money(deal),
    }  # fmt: skip
    deal.id, deal.created = world.create("deals", properties, now, by=deal.owner), now
    world.deals.append(deal)
    calculate(world, deal, now)
    portal = world.portal
    if deal.company is not None:
        portal.associate("deals", deal.id, "companies", deal.company.id, [PRIMARY_COMPANY_OF_DEAL], at=now)
    for person in deal.people:
        label = _ROLE_LABELS.get(person.role)
        types = [("USER_DEFINED", world.labels["deals", label])] if label and world.chance(0.7) else None
        portal.associate("deals", deal.id, "contacts", person.id, types, at=now)
        world.at(now + HOUR, partial(warm_up, world, person, "opportunity"))
    others = [company for company in world.companies if company.exists and company is not deal.company]
    if deal.company is not None and others and world.chance(0.06):
        portal.associate("deals", deal.id, "companies", world.rng.choice(others).id, [COMPANY_OF_DEAL], at=now)
    _talk(world, deal, now)
    _next_move(world, deal, now)


def _talk(world: World, deal: Deal, now: int) -> None:
    """What is written and said until the next move."""
    kind = "Demo" if deal.pipeline == SALES else "Renewal"
    scene = Scene(owner=deal.owner, people=tuple(deal.people), company=deal.company, deal=deal, kind=kind)
    bustle(world, scene, now, mean=1.9, days=deal.pace)


def _next_move(world: World, deal: Deal, now: int) -> None:
    world.at(world.later(now, world.rng.lognormvariate(0, 0.7) * deal.pace), partial(_move, world, deal))


def _move(world: World, deal: Deal, now: int) -> None:
    """One step of an open deal towards its fate, with the detours that happen on the way."""
    if deal.closed or not deal.exists:
        return
    if deal.fate == "stuck" and deal.stage >= deal.last_stage:
        if world.chance(0.35):
            _push(world, deal, now)
        return
    if deal.fate != "stuck" and deal.stage >= deal.last_stage:
        close_deal(world, deal, deal.fate == "won", now)
        return
    back = deal.stage > 0 and world.chance(0.07)
    deal.stage = max(0, deal.stage - 1) if back else min(deal.last_stage, deal.stage + (2 if world.chance(0.07) else 1))
    changes = {"dealstage": deal.stages[deal.stage]}
    if deal.stage >= 2 and world.chance(0.3):
        changes["hs_manual_forecast_category"] = world.rng.choice(("PIPELINE", "BEST_CASE", "COMMIT", "OMIT"))
    world.update(deal, changes, now, by=deal.owner)
    if deal.stage >= 2 and not deal.lines:
        quote(world, deal, now)
    if deal.close is not None and deal.close < now + 10 * DAY:
        _push(world, deal, now)
    calculate(world, deal, now)
    if world.chance(0.4):
        world.at(world.later(now, 4), partial(_think_again, world, deal))
    _talk(world, deal, now)
    _next_move(world, deal, now)


def _think_again(world: World, deal: Deal, now: int) -> None:
    """Between two stages: another amount, another date, another owner."""
    if deal.closed or not deal.exists:
        return
    if world.chance(0.2 if deal.lines else 0.6) and deal.amount:
        deal.amount = int(deal.amount * world.rng.choice((0.8, 0.9, 1.1, 1.25)))
        world.update(deal, money(deal), now, by=deal.owner)
        calculate(world, deal, now)
    elif world.chance(0.75):
        _push(world, deal, now)
    elif deal.owner is not None:
        hand_over(world, deal, world.owner_of(deal.owner.team, now), now)


def _push(world: World, deal: Deal, now: int) -> None:
    """Move the expected close; now and then it is pulled in."""
    if deal.close is not None:
        days = world.rng.choice((7, 14, 30, 30, 45)) if world.chance(0.85) else -world.rng.choice((5, 10))
        deal.close = max(deal.close + days * DAY, now + DAY)
        world.update(deal, {"closedate": iso(deal.close)}, now, by=deal.owner)


def hand_over(world: World, deal: Deal, owner: Owner | None, now: int) -> None:
    """Give the deal to another owner, if there is one."""
    if owner is not None and owner is not deal.owner:
        deal.owner = owner
        world.update(deal, {"hubspot_owner_id": owner.id}, now, by="CRM_UI_BULK_ACTION")


def _leave(world: World, owner: Owner, now: int) -> None:
    """An owner leaves; most of the open deals get a new one, some are forgotten."""
    world.portal.archive_owner(owner.id, at=now)
    for deal in world.deals:
        if deal.owner is owner and not deal.closed and deal.exists and world.chance(0.75):
            hand_over(world, deal, world.owner_of(owner.team, now), now)


def close_deal(world: World, deal: Deal, won: bool, now: int) -> None:
    """Won or lost: stage, close date and reason are written in the same instant."""
    if won and not deal.lines:
        quote(world, deal, now)
    deal.closed, deal.is_won, deal.close = True, won, now
    reasons = names.WIN_REASONS if won else names.LOSS_REASONS
    reason = "" if world.chance(0.15) else world.rng.choice(reasons)
    outcome = {
        "dealstage": deal.won if won else deal.lost,
        "closedate": iso(now),
        "closed_won_reason" if won else "closed_lost_reason": reason,
    }
    world.update(deal, outcome, now, by=deal.owner)
    calculate(world, deal, now)
    deal.after(deal, now)
    if world.chance(0.02 if won else 0.06):
        world.at(world.later(now, 40), partial(_reopen, world, deal))


def _reopen(world: World, deal: Deal, now: int) -> None:
    """A closed deal comes back to an open stage and gets a second chance."""
    if not deal.exists or not deal.closed or (deal.is_won and deal.company is not None and deal.company.churned):
        return
    again = deal.is_won
    deal.closed = deal.is_won = False
    deal.stage, deal.close = min(2, len(deal.stages) - 1), now + 30 * DAY
    reopened = {
        "dealstage": deal.stages[deal.stage],
        "closedate": iso(deal.close),
        "closed_lost_reason": "",
        "closed_won_reason": "",
    }
    world.update(deal, reopened, now, by=deal.owner)
    calculate(world, deal, now)
    decide(world, deal, 1.0 if again else 0.4, 0.1)
    _next_move(world, deal, now)

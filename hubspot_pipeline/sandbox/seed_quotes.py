"""What a deal is worth: its line items, and the figures HubSpot calculates from them, from amount and from stage.

world + deal -> line items with recurring terms, the deal's amount, calculated properties
"""

from hubspot_pipeline.sandbox.seed_schema import PROBABILITIES
from hubspot_pipeline.sandbox.seed_world import DAY, Deal, Record, World, day_text, years_later

EUR_RATE = 1.08
_MONTHS = {"P12M": 12, "P36M": 36, "": 0}


def money(deal: Deal) -> dict[str, str]:
    """The deal's `amount` property; empty where nobody has named one."""
    return {"amount": "" if deal.amount is None else str(deal.amount)}


def quote(world: World, deal: Deal, now: int) -> None:
    """Put line items on the deal; its amount becomes their sum, unless somebody gave another discount by hand."""
    rng = world.rng
    begin = deal.term or (deal.close or now) + 7 * DAY
    bought = [rng.choice(world.products[:3]), *rng.sample(world.products[3:], rng.choice((0, 1, 1, 2)))]
    deal.yearly = deal.total = total = 0
    for product, listed in bought:
        quantity, discount = rng.choice((1, 1, 1, 2)), rng.choice((0, 0, 0, 5, 10))
        payments = 12 if listed["recurringbillingfrequency"] == "monthly" else 1
        net = int(listed["price"]) * quantity * payments * (100 - discount) // 100
        years = _MONTHS[listed["hs_recurring_billing_period"]] // 12
        total += net
        deal.yearly += net if years else 0
        deal.total += net * max(years, 1)
        properties = {
            "name": listed["name"], "hs_sku": listed["hs_sku"], "price": listed["price"], "quantity": str(quantity),
            "amount": str(net), "hs_product_id": product, "hs_discount_percentage": str(discount) if discount else "",
            "recurringbillingfrequency": listed["recurringbillingfrequency"], "hs_tcv": str(net * max(years, 1)),
            **(_term(world, begin, years, net) if years else {}),
        }  # fmt: skip
        line = Record(object="line_items", id=world.create("line_items", properties, now, by=deal.owner), created=now)
        world.portal.associate("deals", deal.id, "line_items", line.id, at=now)
        deal.lines.append(line)
    deal.amount = total - rng.choice((0, 0, 0, 0, 250, 1000))
    world.update(deal, money(deal), now, by=deal.owner)


def _term(world: World, begin: int, years: int, net: int) -> dict[str, str]:
    """Properties of a line item that comes back every year."""
    return {
        "hs_recurring_billing_period": f"P{12 * years}M",
        "hs_recurring_billing_start_date": day_text(begin, world.zone),
        "hs_recurring_billing_end_date": day_text(years_later(begin, years), world.zone),
        "hs_term_in_months": str(12 * years),
        "hs_arr": str(net),
        "hs_acv": str(net),
        "hs_mrr": f"{net / 12:.2f}",
    }


def calculate(world: World, deal: Deal, now: int) -> None:
    """Write the calculated properties that have changed, as HubSpot does in the instant of the change itself."""
    stage = (deal.won if deal.is_won else deal.lost) if deal.closed else deal.stages[deal.stage]
    probability = PROBABILITIES[stage]
    home = None if deal.amount is None else deal.amount * (EUR_RATE if deal.currency == "EUR" else 1)
    figures = {
        "amount_in_home_currency": "" if home is None else f"{home:.2f}".removesuffix(".00"),
        "hs_projected_amount": "" if deal.amount is None else f"{deal.amount * float(probability):.2f}",
        "hs_deal_stage_probability": probability,
        "hs_is_closed": "true" if deal.closed else "false",
        "hs_is_closed_won": "true" if deal.closed and deal.is_won else "false",
        "hs_num_of_associated_line_items": str(len(deal.lines)),
    }
    if deal.lines:
        recurring = {"hs_arr": deal.yearly, "hs_acv": deal.yearly, "hs_tcv": deal.total}
        figures |= {name: str(value) for name, value in recurring.items()}
        figures["hs_mrr"] = f"{deal.yearly / 12:.2f}"
    changed = {name: value for name, value in figures.items() if deal.figures.get(name, "") != value}
    if changed:
        deal.figures |= changed
        world.update(deal, changed, now, by="CALCULATED")

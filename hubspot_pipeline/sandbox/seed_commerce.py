"""Quotes, orders, invoices, carts, subscriptions, payments, discounts, fees, taxes.

world as the story left it -> what was billed for its deals
"""

from hubspot_pipeline.sandbox.seed_shop import Shop, link_to
from hubspot_pipeline.sandbox.seed_world import DAY, END, Deal, World, iso

_ORDER_STAGES = (
    "4b27b500-f031-4927-9811-68a0b525cbae", "937ea84d-0a4f-4dcf-9028-3f9c2aafbf03",
    "aa99e8d0-c1d5-4071-b915-d240bbb1aed9",
)  # fmt: skip


def add_commerce(world: World, seed: int, size: float) -> None:
    """All of this module, in a fixed order."""
    shop = Shop(world, "commerce", seed, size)
    won = [one for one in shop.deals if one.is_won]
    if not shop.people or not shop.owners:
        return
    for number, deal in enumerate(won[: shop.count(40)]):
        _bill(shop, deal, number)
    for number, deal in enumerate([one for one in shop.deals if not one.closed][: shop.count(25)]):
        _quote(shop, deal, 1000 + number, "DRAFT" if number % 3 else "PENDING_APPROVAL")
    for number in range(shop.count(25)):
        _cart(shop, number)


def _company(shop: Shop, deal: Deal) -> list[tuple[str, str]]:
    return [("companies", deal.company.id)] if deal.company is not None and deal.company.exists else []


def _quote(shop: Shop, deal: Deal, number: int, status: str) -> str:
    return shop.make("quotes", {
        "hs_title": f"Quote for {deal.name}", "hs_expiration_date": "2026-12-31", "hs_status": status,
        "hs_quote_amount": str(deal.amount or 0), "hs_quote_number": f"2026-{number:05d}", "hs_currency": deal.currency,
        "hs_language": "en", "hs_template_type": "CPQ_QUOTE", "hs_sender_company_name": "Lumenfield",
    }, [link_to(deal), *_company(shop, deal)], at=shop.moment(deal.created))  # fmt: skip


def _bill(shop: Shop, deal: Deal, number: int) -> None:
    """Quote, order, invoice and payments of a won deal; a subscription where part of it comes back every year."""
    rng, amount, when = shop.rng, deal.amount or 0, shop.moment(deal.created)
    quote, company = _quote(shop, deal, number, "APPROVED"), _company(shop, deal)
    order = shop.make("orders", {
        "hs_order_name": f"Order {number}", "hs_currency_code": deal.currency, "hs_total_price": str(amount),
        "hs_pipeline": "14a2e10e-5471-408a-906e-c51f3b04369e", "hs_pipeline_stage": _ORDER_STAGES[0],
        "hs_fulfillment_status": "fulfilled", "hs_source_store": "Web", "hs_external_order_id": f"ext-{number}",
    }, [link_to(deal), *company], at=when, later={"hs_pipeline_stage": rng.choice(_ORDER_STAGES[1:])})  # fmt: skip
    paid = rng.random() < 0.7
    invoice = shop.make("invoices", {
        "hs_number": f"INV-{number:04d}", "hs_invoice_status": "open", "hs_currency": deal.currency,
        "hs_invoice_date": iso(when), "hs_due_date": iso(when + 30 * DAY), "hs_amount_billed": str(amount),
        "hs_balance_due": str(amount),
    }, [link_to(deal), *company, ("quotes", quote), ("orders", order)], at=when,
        later={"hs_invoice_status": "paid", "hs_balance_due": "0"} if paid else None)  # fmt: skip
    if paid:
        shop.make("commerce_payments", {
            "hs_initial_amount": str(amount), "hs_initiated_date": iso(when), "hs_latest_status": "succeeded",
            "hs_currency_code": deal.currency, "hs_payment_method_type": rng.choice(("card", "ach", "bank_transfer")),
            "hs_fees_amount": f"{amount * 0.029:.2f}",
        }, [link_to(deal), ("invoices", invoice)], at=when)  # fmt: skip
    if deal.yearly:
        shop.make("subscriptions", {
            "hs_name": f"Subscription {number}", "hs_status": "active", "hs_currency_code": deal.currency,
            "hs_recurring_billing_start_date": iso(when), "hs_recurring_billing_frequency": "annually",
            "hs_last_payment_amount": str(deal.yearly), "hs_next_payment_amount": str(deal.yearly),
            "hs_next_payment_due_date": iso(END + rng.randrange(1, 300) * DAY),
        }, [link_to(deal), *company], at=when)  # fmt: skip
    for at, (object_type, label, type_) in enumerate((
        ("discounts", "Loyalty", "PERCENT"), ("fees", "Set-up", "FIXED"), ("taxes", "VAT", "PERCENT"),
    )):  # fmt: skip
        if number % 4 == at:
            value = {"hs_label": label, "hs_type": type_, "hs_value": str(rng.randrange(1, 20))}
            shop.make(object_type, value, [("invoices", invoice), ("quotes", quote)], at=when)


def _cart(shop: Shop, number: int) -> None:
    person = shop.rng.choice(shop.people)
    status = shop.rng.choice(("abandoned", "completed", "pending"))
    shop.make("carts", {
        "hs_cart_name": f"Cart {number}", "hs_external_cart_id": f"cart-{number}", "hs_external_status": "pending",
        "hs_total_price": str(shop.rng.randrange(50, 5000)), "hs_currency_code": "USD", "hs_tags": "web, trial",
    }, [link_to(person)], later={"hs_external_status": status} if status != "pending" else None)  # fmt: skip

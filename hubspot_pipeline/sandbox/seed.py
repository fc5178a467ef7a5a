"""Fills a portal with two years of an invented software company: people, deals, renewals, tickets, and their dirt.

empty portal + seed + sizes -> the portal at noon (New York) of 2026-09-30; the same arguments give the same portal
"""

from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.seed_commerce import add_commerce
from hubspot_pipeline.sandbox.seed_custom import add_custom, add_lists
from hubspot_pipeline.sandbox.seed_customers import after_sale, sign_old_customers
from hubspot_pipeline.sandbox.seed_deals import plan_sales
from hubspot_pipeline.sandbox.seed_dirt import plan_dirt
from hubspot_pipeline.sandbox.seed_marketing import add_marketing
from hubspot_pipeline.sandbox.seed_objects import add_objects
from hubspot_pipeline.sandbox.seed_office import add_office
from hubspot_pipeline.sandbox.seed_people import plan_companies, plan_people
from hubspot_pipeline.sandbox.seed_schema import define, hire, stock
from hubspot_pipeline.sandbox.seed_tickets import plan_tickets
from hubspot_pipeline.sandbox.seed_web import add_files, add_web
from hubspot_pipeline.sandbox.seed_world import END, HOUR, START, World


def generate(
    portal: Portal,
    *,
    seed: int = 1,
    contacts: int = 300,
    companies: int | None = None,
    deals: int | None = None,
    tickets: int | None = None,
    activity: float = 1.0,
) -> None:
    """Tell the company's story from 2024-10-01 to 2026-09-30T16:00Z in an empty portal, and set its clock to the end.

    Sizes are numbers of records created, before merges and archiving: `companies` (default a quarter of the contacts),
    new-business `deals` (default three quarters; renewal deals come on top), `tickets` (default four in ten).
    `activity` scales e-mails, calls, meetings, notes and tasks; all else that a portal holds follows the contacts.
    Raises ValueError for a negative size.
    """
    sizes = {
        "contacts": contacts,
        "companies": contacts // 4 if companies is None else companies,
        "deals": contacts * 3 // 4 if deals is None else deals,
        "tickets": contacts * 2 // 5 if tickets is None else tickets,
    }
    for name, size in {**sizes, "activity": activity}.items():
        if size < 0:
            raise ValueError(f"{name} must not be negative, and is {size}.")
    running = not portal.clock.frozen
    portal.clock.freeze()
    portal.clock.set(START)
    world = World(portal, seed, activity)
    _tell(world, sizes)
    for part in (add_objects, add_commerce, add_custom, add_lists, add_marketing, add_web, add_files, add_office):
        part(world, seed, contacts / 300)
    portal.clock.set(END)
    if running:
        portal.clock.run()


def _tell(world: World, sizes: dict[str, int]) -> None:
    define(world)
    hire(world)
    stock(world)
    plan_companies(world, sizes["companies"])
    plan_people(world, sizes["contacts"])
    world.at(START + HOUR, lambda now: sign_old_customers(world, now))
    plan_sales(world, sizes["deals"], lambda deal, now: after_sale(world, deal, now))
    plan_tickets(world, sizes["tickets"])
    plan_dirt(world)
    world.play()

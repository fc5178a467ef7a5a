"""The invented company's own set-up of its portal: custom properties, the renewals pipeline, labels, staff, products.

world -> definitions in the portal; `world.owners`, `world.labels`, `world.products`
"""

from typing import Any

from hubspot_pipeline.sandbox.seed_world import DAY, END, START, Owner, World

SALES = "default"
SALES_STAGES = (
    "appointmentscheduled", "qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "contractsent",
)  # fmt: skip
RENEWALS = "733845910"
"""Pipelines and stages that users add have numbers for ids."""
RENEWAL_STAGES = (
    ("1045628331", "Upcoming", "0.5", "false"),
    ("1045628332", "In negotiation", "0.7", "false"),
    ("1045628333", "Verbal commitment", "0.9", "false"),
    ("1045628334", "Renewed", "1.0", "true"),
    ("1045628335", "Churned", "0.0", "true"),
)

PROBABILITIES = {
    **dict(zip(SALES_STAGES, ("0.2", "0.4", "0.6", "0.8", "0.9"), strict=True)),
    "closedwon": "1.0", "closedlost": "0.0",
    **{id_: probability for id_, _, probability, _ in RENEWAL_STAGES},
}  # fmt: skip
"""Stage -> probability; those of the sales pipeline are HubSpot's own."""

_LONG = "how_did_the_contact_first_hear_about_our_company_in_their_own_words_please_"
CUSTOM: dict[str, tuple[str, ...]] = {
    "contacts": (
        "Email_Alt string", "email_alt string", "foo___bar string", "foo__bar string",
        "customer-tier enumeration : gold silver bronze",
        "客户等级 string", "имя_клиента string", f"{_LONG}long string", f"{_LONG}text string/textarea", "order number",
        "select string", "region_ string", "2nd_phone phone_number", "updated_at string", "is_vip bool",
        "birthday date",
        "last_demo_at datetime", "interests enumeration/checkbox : api analytics security pricing events",
        "budget number",
        "direct_phone phone_number", "engagement_score number c", "legacy_score number", "profile_html string/html",
    ),
    "companies": (
        "renewal_date date", "contract_value number", "csm_owner_id enumeration o", "churn_date date",
        "csm_sentiment enumeration : green yellow red",
        "seat_count number", "churn_reason enumeration : price usage merger silent", "health_index number c",
        "erp_customer_no string", "go_live_at datetime", "key_account bool",
    ),
    "deals": (
        "discount_pct number", "competitor enumeration/checkbox : none in_house rival_a rival_b",
        "security_review_at datetime",
        "po_received bool", "kickoff_date date", "weighted_score number c", "procurement-contact string",
    ),
    "tickets": ("product_area enumeration : app api billing docs", "sla_minutes number", "root_cause string/textarea"),
}  # fmt: skip
"""Per object: `name type[/fieldType] [c: calculated] [o: an owner] [: options]`."""

_FIELD_TYPES = {"bool": "booleancheckbox", "enumeration": "select", "phone_number": "phonenumber", "string": "text"}
_ODD_LABELS = {
    "order": 'Order "priority" <1-9>', "select": "{{ env_var('SELECT') }}", "客户等级": "客户等级",
    "updated_at": "ERP: updated at",
    "foo___bar": "Foo   Bar; drop", "gold": "Gold 🥇",
}  # fmt: skip

LABELS = (
    ("deals", "contacts", "Decision maker"), ("deals", "contacts", "Champion"),
    ("deals", "contacts", "Billing contact"),
    ("companies", "contacts", "Decision maker"), ("companies", "contacts", "Billing contact"),
    ("companies", "contacts", "Champion"),
)  # fmt: skip

TEAMS = (("901", "Sales"), ("902", "Customer Success"), ("903", "Support"))
# first name, last name, team, skill, days before the end at which they left
_STAFF: tuple[tuple[str, str, str, float, int | None], ...] = (
    ("Priya", "Raman", "Sales", 1.35, None), ("Tomás", "Herrera", "Sales", 1.0, None),
    ("Zoë", "Lindqvist", "Sales", 0.8, None),
    ("Marcus", "O'Connell", "Sales", 1.1, None), ("Yuki", "Tanabe", "Sales", 0.95, 260),
    ("Dana", "Whitlock", "Sales", 0.7, 75),
    ("Ifeoma", "Eze", "Customer Success", 1.1, None), ("Łucja", "Nowak", "Customer Success", 1.0, None),
    ("Ben", "Archer", "Customer Success", 0.9, 140), ("Sofia", "Marchetti", "Support", 1.0, None),
    ("Amir", "Haddad", "Support", 1.0, None),
)  # fmt: skip

PRODUCTS = (
    ("Platform Starter", "LUM-100", "12000", "annually", "P12M", "3100"),
    ("Platform Growth", "LUM-200", "30000", "annually", "P12M", "7400"),
    ("Platform Enterprise", "LUM-300", "72000", "annually", "P36M", "15900"),
    ("Analytics add-on", "LUM-410", "6000", "annually", "P12M", "900"),
    ("API add-on", "LUM-420", "400", "monthly", "P12M", "40"),
    ("Premium support", "LUM-500", "9000", "annually", "P12M", "5200"),
    ("Onboarding", "LUM-900", "3500", "", "", "2100"), ("Training day (on site)", "LUM-910", "1900", "", "", "1250.50"),
)  # fmt: skip


def define(world: World) -> None:
    """Properties, pipeline and association labels."""
    for object_type, lines in CUSTOM.items():
        for line in lines:
            world.portal.define_property(object_type, _property(line))
    stages = [
        {"id": id_, "label": label, "displayOrder": order, "metadata": {"probability": probability, "isClosed": closed}}
        for order, (id_, label, probability, closed) in enumerate(RENEWAL_STAGES)
    ]
    world.portal.define_pipeline("deals", {"id": RENEWALS, "label": "Renewals", "displayOrder": 1, "stages": stages})
    for from_object, to_object, label in LABELS:
        world.labels[from_object, label] = world.portal.define_label(from_object, to_object, label)


def _property(line: str) -> dict[str, Any]:
    head, _, options = line.partition(" : ")
    name, kind, *flags = head.split()
    type_, _, field = kind.partition("/")
    definition: dict[str, Any] = {
        "name": name,
        "label": _ODD_LABELS.get(name, name.replace("_", " ").strip().capitalize()),
        "type": type_,
        "fieldType": field or ("calculation_equation" if "c" in flags else _FIELD_TYPES.get(type_, type_)),
        "calculated": "c" in flags,
        "options": [{"value": word, "label": _ODD_LABELS.get(word, word.capitalize())} for word in options.split()],
    }
    if type_ == "bool":
        definition["options"] = [{"value": "true", "label": "Yes"}, {"value": "false", "label": "No"}]
    if "o" in flags:
        definition |= {"referencedObjectType": "OWNER", "externalOptions": True}
    return definition


def hire(world: World) -> None:
    """Teams, owners with their users, and the day on which some of them leave."""
    ids = {name: id_ for id_, name in TEAMS}
    for id_, name in TEAMS:
        world.portal.add_team(id_, name)
    for first, last, team, skill, left_before in _STAFF:
        email = f"{first}.{last}@lumenfield.example".lower().replace("'", "").translate(_LATIN)
        title = {"hs_job_title": f"{team} specialist", "hs_standard_time_zone": "America/New_York"}
        user_id = world.portal.add_user(
            email=email, first_name=first, last_name=last, at=START, primary_team_id=ids[team], properties=title
        )
        owner_id = world.portal.add_owner(
            email=email, first_name=first, last_name=last, user_id=user_id, teams=(ids[team],), at=START
        )
        left = None if left_before is None else END - left_before * DAY
        world.owners.append(
            Owner(id=owner_id, user_id=user_id, first=first, last=last, email=email, team=team, skill=skill, left=left)
        )
    world.portal.add_user(
        email="admin@lumenfield.example", first_name="System", last_name="", at=START, super_admin=True
    )


_LATIN = str.maketrans("áëłö", "aelo")


def stock(world: World) -> None:
    """The product library."""
    for name, sku, price, frequency, term, cost in PRODUCTS:
        properties = {
            "name": name, "hs_sku": sku, "price": price, "recurringbillingfrequency": frequency,
            "hs_recurring_billing_period": term, "hs_cost_of_goods_sold": cost, "hs_product_type": "service",
            "description": f"{name}; list price {price} USD" + (" a month" if frequency == "monthly" else ""),
        }  # fmt: skip
        world.products.append((world.create("products", properties, START, by="IMPORT"), properties))

"""Words the seeded company is written with: people, places, companies, titles, subjects.

random source -> names, domains, e-mail addresses (all under reserved names)
"""

import unicodedata
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Place:
    """A country and the names people have there; `native|latin` where an address needs other letters."""

    country: str
    weight: int
    cities: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]


PLACES = (
    Place("United States", 34, ("Boston", "Austin", "Denver", "Chicago", "Portland", "New York"),
          ("Olivia", "Liam", "Emma", "Noah", "Ava", "Ethan", "Mia", "Lucas", "Grace", "Henry", "Caleb", "Jo-Ann"),
          ("Carter", "Nguyen", "Brooks", "Ramirez", "Hughes", "Foster", "O'Brien", "Patterson", "Kim", "Delgado")),
    Place("United Kingdom", 14, ("London", "Leeds", "Bristol", "Glasgow"),
          ("Amelia", "George", "Isla", "Harry", "Freya", "Oscar", "Poppy", "Siân"),
          ("Whitfield", "Ashworth", "MacLeod", "Pemberton", "Smith-Jones", "Okafor", "Hargreaves")),
    Place("Germany", 12, ("Berlin", "München", "Köln", "Hamburg"),
          ("Jürgen", "Anke", "Lukas", "Zoë", "Björn", "Heike", "Matthias"),
          ("Müller", "Schäfer", "Groß", "von der Heide", "Krüger", "Weiß", "Öztürk")),
    Place("France", 9, ("Paris", "Lyon", "Nîmes"),
          ("Élodie", "François", "Chloé", "Théo", "Maëlys", "Benoît"),
          ("Lefèvre", "D'Aubigné", "Gauthier", "Chrétien", "Béranger")),
    Place("Poland", 6, ("Łódź", "Kraków", "Gdańsk"),
          ("Łukasz", "Małgorzata", "Paweł", "Zofia"), ("Wójcik", "Dąbrowski", "Żak", "Szczęsny")),
    Place("Brazil", 7, ("São Paulo", "Brasília", "Recife"),
          ("João", "Conceição", "Thiago", "Letícia"), ("da Silva", "Araújo", "Gonçalves", "Brandão")),
    Place("Japan", 6, ("東京|Tokyo", "大阪|Osaka"),
          ("太郎|taro", "美咲|misaki", "健一|kenichi", "さくら|sakura"),
          ("佐藤|sato", "鈴木|suzuki", "髙橋|takahashi")),
    Place("Israel", 4, ("תל אביב|Tel Aviv", "Haifa"),
          ("נועה|noa", "יוסף|yosef", "תמר|tamar"), ("כהן|cohen", "לוי|levi", "מזרחי|mizrahi")),
    Place("United Arab Emirates", 3, ("دبي|Dubai",),
          ("محمد|mohammed", "فاطمة|fatima", "عمر|omar"), ("الهاشمي|alhashimi", "النجار|alnajjar")),
    Place("India", 5, ("Pune", "Bengaluru"), ("Ananya", "Arjun", "प्रिया|priya"), ("Iyer", "Patel", "शर्मा|sharma")),
)  # fmt: skip

ODD_COMPANIES = (
    'O\'Malley & "Sons"; Ltd', "<b>Bold</b> Systems", "{{ config.materialized }} Holdings", "=cmd|'/C calc'!A0",
    "株式会社さくら電機", "شركة النور للتقنية", "חברת אור בע״מ", "Смарт-Логистика", "🚀 Launchpad 👩🏽‍🚀 Labs",
    "Robert'); DROP TABLE deals;--",
    "  Padded Name Inc  ", "Ünïcödé Straße GmbH", "Line\nBreak Media", "Zero\u200bWidth Partners", "null",
    "Tab\tSeparated Co",
)  # fmt: skip

_FIRST_WORDS = (
    "Kestrel", "Bluewater", "Harbor", "Summit", "Larkspur", "Ironwood", "Copperleaf", "Meridian", "Foxglove", "Granite",
    "Juniper", "Tidewater", "Redpine", "Osprey", "Clearfield", "Halcyon", "Marigold", "Northgate", "Silverbirch",
    "Windmill", "Amberlake", "Brightmoor", "Cobalt", "Driftwood", "Evergreen", "Falcon Ridge", "Goldcrest",
    "Hollybrook",
)  # fmt: skip
_SECOND_WORDS = (
    "Robotics", "Logistics", "Foods", "Health", "Analytics", "Energy", "Insurance", "Learning", "Retail Group",
    "Biotech",
    "Mobility", "Components", "Freight", "Studios", "Payments",
)  # fmt: skip
_LEGAL = ("", "", "", " Inc.", " Ltd", " GmbH", " S.A.", " LLC")

INDUSTRIES = (
    "COMPUTER_SOFTWARE", "LOGISTICS_AND_SUPPLY_CHAIN", "HOSPITAL_HEALTH_CARE", "FINANCIAL_SERVICES", "MACHINERY",
    "RETAIL", "TELECOMMUNICATIONS", "EDUCATION_MANAGEMENT", "BIOTECHNOLOGY", "INSURANCE", "FOOD_PRODUCTION",
)  # fmt: skip

TITLES = {
    "decision": ("Chief Technology Officer", "VP Operations", "Chief Executive Officer", "CFO", "Head of IT", 
                 "Managing Director", "Director of Data", "Geschäftsführer"),
    "champion": ("IT Manager", "Product Manager", "Operations Lead", "Senior Data Analyst", "Programme Manager",
                 "Team Lead BI"),
    "billing": ("Accounts Payable", "Controller", "Finance Manager", "Procurement Specialist"),
    "user": ("Data Analyst", "Engineer", "Business Analyst", "Coordinator", "Planner", "Assistant", "Intern", ""),
}  # fmt: skip
ROLE_WEIGHTS = {"decision": 22, "champion": 24, "billing": 12, "user": 42}
SENIORITY = {"decision": "executive", "champion": "manager", "billing": "senior", "user": "entry"}
BUYING_ROLES = {"decision": "DECISION_MAKER", "champion": "CHAMPION", "billing": "BUDGET_HOLDER", "user": "END_USER"}

ROLE_MAILBOXES = ("info", "support", "sales", "billing", "office")

LOSS_REASONS = (
    "Price", "Chose a competitor", "No budget this year", "No decision", "Missing feature: SSO & SCIM", "Champion left",
    "Built it in-house", "Went dark; no answer since the demo",
)  # fmt: skip
WIN_REASONS = (
    "Time to value",
    "Best fit for their stack",
    "Price",
    "Reference from a partner",
    'Said: "it just works"',
)

TOPICS = (
    "Pricing for the growth plan", "Security questionnaire", "Follow-up on yesterday's demo", "Rollout plan",
    "API limits",
    "Contract redlines", "Quarterly review", "Renewal terms", "Onboarding next steps", "Introductions",
    "Data residency in the EU",
    "Re: invoice <INV-2041>", "🎉 Go-live!", "Fragen zur Datenschutz-Vereinbarung", "次回お打ち合わせの件",
)  # fmt: skip
TICKET_SUBJECTS = (
    "Export fails with error 500", "Cannot invite a colleague", "Invoice shows the wrong VAT id",
    "Dashboard loads slowly",
    "SSO login loop", "How do I merge two workspaces?", "Webhook delivered twice", "Feature request: dark mode",
    "Zahlung wurde doppelt abgebucht", "API returns 429 at night", 'Import drops rows with ";" in names',
    "Please delete my data",
)  # fmt: skip


def pick_place(rng: Random) -> Place:
    """A country, as often as its weight says."""
    return rng.choices(PLACES, [place.weight for place in PLACES])[0]


def split_name(word: str) -> tuple[str, str]:
    """(as written, in Latin letters) of a word of this module."""
    native, _, latin = word.partition("|")
    return native, latin or native


def slug(text: str) -> str:
    """Lower-case ASCII letters and digits of a text, for domains and addresses; empty where it has none."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("Ł", "L").replace("ł", "l")).encode(
        "ascii", "ignore"
    )
    return "".join(char for char in plain.decode().lower() if char.isalnum())


def company_names(rng: Random, count: int) -> list[str]:
    """`count` different names; every eleventh is an odd one until those are used up."""
    plain = [f"{first} {second}" for first in _FIRST_WORDS for second in _SECOND_WORDS]
    rng.shuffle(plain)
    names: list[str] = []
    odd = list(ODD_COMPANIES)
    for number in range(count):
        if number % 5 == 3 and odd:
            names.append(odd.pop(0))
        else:
            round_, index = divmod(number, len(plain))
            suffix = f" {round_ + 1}" if round_ else ""
            names.append(plain[index] + suffix + rng.choice(_LEGAL))
    return names

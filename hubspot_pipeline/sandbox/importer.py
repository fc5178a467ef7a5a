"""Loads a CSV export of a seller's CRM into the portal: accounts, products, sales teams, opportunities.

accounts.csv, products.csv, sales_teams.csv, sales_pipeline.csv -> companies, products, owners and teams, deals
any other CSV files -> taken as HubSpot's own exports, see `exports`

Values are kept as the files spell them, dirt included; only what HubSpot stores in another unit is converted
(revenue in millions -> `annualrevenue` in currency units, a date -> noon of that day in the portal's time zone).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from hubspot_pipeline.sandbox.csv_files import ImportRefused, Table, table
from hubspot_pipeline.sandbox.exports import load_exports
from hubspot_pipeline.sandbox.exports_read import is_export
from hubspot_pipeline.sandbox.portal import Portal

Row = dict[str, str]

COLUMNS: dict[str, tuple[str, ...]] = {
    "accounts.csv": (
        "account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of",
    ),
    "products.csv": ("product", "series", "sales_price"),
    "sales_teams.csv": ("sales_agent", "manager", "regional_office"),
    "sales_pipeline.csv": (
        "opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value",
    ),
}  # fmt: skip
"""The files that are read and the columns each must have; further columns are ignored."""

STAGES = (("Prospecting", "0.1", False), ("Engaging", "0.4", False), ("Won", "1.0", True), ("Lost", "0.0", True))
"""Label, win probability and whether it closes a deal; the stage id is the label in lower case."""

PIPELINE = "default"
PARENT_TO_CHILD = ("HUBSPOT_DEFINED", 13)
PRIMARY_COMPANY_OF_DEAL = ("HUBSPOT_DEFINED", 5)


@dataclass
class _Import:
    """What earlier files gave the later ones: the portal's ids by the names that the files use."""

    portal: Portal
    noon: Callable[[str], int]
    first_day: int
    last_day: int
    companies: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    products: dict[str, tuple[str, str]] = field(default_factory=dict)


def load(portal: Portal, directory: str | Path) -> list[str]:
    """Fill an empty portal from the CSV files in `directory` and set its clock to the end of the data's last day.

    Returns a line per file of what came of it. Raises `ImportRefused` before anything is written when the folder, a
    file or a column is missing, or when a cell cannot be understood.
    """
    exports = _exports(Path(directory))
    if exports:
        return load_exports(portal, exports)
    files = _read(Path(directory))
    opportunities = files["sales_pipeline.csv"]
    days = _days(opportunities)
    noon = cache(lambda day: _noon(day, ZoneInfo(portal.time_zone)))
    state = _Import(portal, noon, first_day=noon(days[0]), last_day=noon(days[-1]))
    running = not portal.clock.frozen
    portal.clock.freeze()
    portal.clock.set(state.first_day)
    _define(portal)
    _load_owners(state, files["sales_teams.csv"])
    _load_companies(state, files["accounts.csv"])
    _load_products(state, files["products.csv"])
    for row in opportunities:
        _load_deal(state, row)
    end = datetime.combine(date.fromisoformat(days[-1]), time(23), UTC)
    portal.clock.set(_ms(end))
    if running:
        portal.clock.run()
    return [f"{name}: {len(rows)} rows" for name, rows in files.items()]


def _exports(directory: Path) -> list[Table]:
    """HubSpot's own exports in the folder; none where it holds a file of the seller's. Raises ImportRefused."""
    paths = sorted(directory.glob("*.csv")) if directory.is_dir() else []
    if not paths or any(path.name in COLUMNS for path in paths):
        return []
    tables = [table(path) for path in paths]
    for one in tables:
        if not is_export(one):
            raise ImportRefused(
                f"{one.name} has no column `Record ID`, so it is no export of HubSpot's contacts, companies or deals; "
                f"it has {', '.join(one.header)}. Other data is read from {', '.join(COLUMNS)}."
            )
    return tables


def _read(directory: Path) -> dict[str, list[Row]]:
    """Every file's rows as text, each cell as written."""
    if not directory.is_dir():
        raise ImportRefused(f"There is no folder {directory}: give the folder that holds {', '.join(COLUMNS)}.")
    missing = [name for name in COLUMNS if not (directory / name).is_file()]
    if missing:
        raise ImportRefused(f"{directory} lacks {', '.join(missing)}: the import needs {', '.join(COLUMNS)}.")
    return {name: _rows(directory / name, columns) for name, columns in COLUMNS.items()}


def _rows(path: Path, columns: tuple[str, ...]) -> list[Row]:
    found = table(path)
    missing = [column for column in columns if column not in found.header]
    if missing:
        raise ImportRefused(f"{path} lacks the column {', '.join(missing)}; it has {', '.join(found.header)}.")
    places = [found.header.index(column) for column in columns]
    return [{column: cells[at] for column, at in zip(columns, places, strict=True)} for cells in found.rows]


def _days(opportunities: list[Row]) -> list[str]:
    """First and last day named by an opportunity, as `YYYY-MM-DD`; checks every date and stage on the way."""
    stages = {label for label, _, _ in STAGES}
    days: set[str] = set()
    for number, row in enumerate(opportunities, start=2):
        if row["deal_stage"] not in stages:
            raise ImportRefused(
                f"sales_pipeline.csv line {number}: deal_stage {row['deal_stage']!r} is none of "
                f"{', '.join(sorted(stages))}."
            )
        for column in ("engage_date", "close_date"):
            if row[column]:
                days.add(_checked_day(row[column], f"sales_pipeline.csv line {number}: {column}"))
    if not days:
        raise ImportRefused("sales_pipeline.csv holds no opportunity with a date, so the portal's time is unknown.")
    return [min(days), max(days)]


def _checked_day(text: str, place: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ImportRefused(f"{place} {text!r} is not a date like 2017-03-01.")
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise ImportRefused(f"{place} {text!r}: {error}.") from error
    return text


def _noon(day: str, zone: ZoneInfo) -> int:
    """Noon local time: the instant whose date is the same for every reader near the portal's time zone."""
    return _ms(datetime.combine(date.fromisoformat(day), time(12), zone))


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _define(portal: Portal) -> None:
    """The one pipeline of the data, and a property for each column that HubSpot has none for."""
    stages = [
        {"id": label.lower(), "label": label, "displayOrder": order,
         "metadata": {"probability": probability, "isClosed": str(closed).lower()}}
        for order, (label, probability, closed) in enumerate(STAGES)
    ]  # fmt: skip
    portal.define_pipeline(
        "deals", {"id": PIPELINE, "label": "Sales opportunities", "displayOrder": 0, "stages": stages}
    )
    portal.define_property(
        "products",
        {"name": "series", "label": "Series", "type": "string", "fieldType": "text", "groupName": "productinformation"},
    )


def _load_owners(state: _Import, rows: list[Row]) -> None:
    """Managers and agents become owners in the team of their regional office."""
    offices = sorted({row["regional_office"] for row in rows if row["regional_office"]})
    teams = {office: str(number) for number, office in enumerate(offices, start=1)}
    for office, team in teams.items():
        state.portal.add_team(team, office)
    for column in ("manager", "sales_agent"):
        for row in rows:
            _owner(state, row[column], (teams[row["regional_office"]],) if row["regional_office"] else ())


def _owner(state: _Import, name: str, teams: tuple[str, ...] = ()) -> str | None:
    """Id of the owner of that name, made when new; None where no name is given."""
    if name and name not in state.owners:
        first, _, last = name.partition(" ")
        address = re.sub(r"\s+", ".", name.strip().lower())
        state.owners[name] = state.portal.add_owner(
            email=f"{address}@example.com", first_name=first, last_name=last, teams=teams, at=state.first_day
        )
    return state.owners.get(name)


def _load_companies(state: _Import, rows: list[Row]) -> None:
    for row in rows:
        properties = {
            "name": row["account"],
            "industry": row["sector"],
            "annualrevenue": _from_millions(row["revenue"]),
            "numberofemployees": row["employees"],
            "founded_year": row["year_established"],
            "country": row["office_location"],
        }
        state.companies[row["account"]] = _create(state, "companies", properties, state.first_day)
    for row in rows:
        parent = _company(state, row["subsidiary_of"])
        if parent is not None:
            state.portal.associate(
                "companies", parent, "companies", state.companies[row["account"]], [PARENT_TO_CHILD], at=state.first_day
            )


def _company(state: _Import, name: str) -> str | None:
    """Id of the company of that name, made when only an opportunity or a subsidiary names it."""
    if name and name not in state.companies:
        state.companies[name] = _create(state, "companies", {"name": name}, state.first_day)
    return state.companies.get(name)


def _from_millions(text: str) -> str:
    """`1100.04` -> `1100040000`; what is not a number stays as it is."""
    try:
        return f"{(Decimal(text) * 1_000_000).normalize():f}"
    except InvalidOperation:
        return text


def _load_products(state: _Import, rows: list[Row]) -> None:
    for row in rows:
        properties = {"name": row["product"], "price": row["sales_price"], "series": row["series"]}
        product = _create(state, "products", properties, state.first_day)
        state.products[_product_key(row["product"])] = (product, row["sales_price"])


def _product_key(name: str) -> str:
    """The opportunities write `GTXPro` for the product `GTX Pro`."""
    return re.sub(r"\s+", "", name).lower()


def _load_deal(state: _Import, row: Row) -> None:
    """One opportunity: its deal with the stages it went through, its line item, its company."""
    opened = state.noon(row["engage_date"]) if row["engage_date"] else state.last_day
    closed = max(state.noon(row["close_date"]), opened + 1000) if row["close_date"] else None
    stage = row["deal_stage"].lower()
    first = ("engaging" if row["engage_date"] else "prospecting") if closed else stage
    deal = _create(
        state,
        "deals",
        {
            "dealname": row["opportunity_id"],
            "pipeline": PIPELINE,
            "dealstage": first,
            "hubspot_owner_id": _owner(state, row["sales_agent"]) or "",
            "amount": "" if closed else row["close_value"],
        },
        opened,
    )
    if closed is not None:
        outcome = {"dealstage": stage, "closedate": _iso(closed), "amount": row["close_value"]}
        state.portal.update("deals", deal, outcome, at=closed)
    _load_line_item(state, row, deal, opened)
    company = _company(state, row["account"])
    if company is not None:
        state.portal.associate("deals", deal, "companies", company, [PRIMARY_COMPANY_OF_DEAL], at=opened)


def _load_line_item(state: _Import, row: Row, deal: str, at: int) -> None:
    product, price = state.products.get(_product_key(row["product"]), ("", ""))
    properties = {
        "name": row["product"],
        "hs_product_id": product,
        "price": price,
        "quantity": "1",
        "amount": row["close_value"],
    }
    line_item = _create(state, "line_items", properties, at)
    state.portal.associate("deals", deal, "line_items", line_item, at=at)


def _create(state: _Import, object_type: str, properties: dict[str, str], at: int) -> str:
    """A record with the values that the files give; an empty cell is no value."""
    given = {name: value for name, value in properties.items() if value != ""}
    return state.portal.create(object_type, given, at=at, source="IMPORT")

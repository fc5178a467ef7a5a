"""The CSV import: nothing lost, nothing tidied up, the stage history as the files tell it."""

from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from statistics import mean, median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hubspot_pipeline.sandbox.importer import COLUMNS, ImportRefused, load
from hubspot_pipeline.sandbox.portal import Portal

REAL = Path(__file__).parents[2] / "shared" / "data" / "crm_sales_opportunities"
Line = dict[str, Any]

ACCOUNTS = '''account,sector,year_established,revenue,employees,office_location,subsidiary_of
Acme,technolgy,1996,1100.04,2822,United States,
"Bluth; ""& Sons""",retail,1993,n/a,,Philipines,Acme
NA,null,2001,0.5,7,,Nowhere Holding
'''
PRODUCTS = "product,series,sales_price\nGTX Pro,GTX,4821\nMG Special,MG,55\n"
TEAMS = """sales_agent,manager,regional_office
Mei-Mei Johns,Melvin Marxen,Central
José Núñez,Cara Losch,East
"""
PIPELINE = """opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
W1,Mei-Mei Johns,GTXPro,Acme,Won,2017-03-01,2017-03-15,4514
L1,José Núñez,MG Special,NA,Lost,2017-03-02,2017-03-02,0
E1,José Núñez,Gadget,,Engaging,2017-05-01,,
P1,Stranger From Afar,MG Special,Unheard Of Ltd,Prospecting,,,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in zip(COLUMNS, (ACCOUNTS, PRODUCTS, TEAMS, PIPELINE), strict=True):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def loaded(directory: Path, **options: Any) -> list[Line]:
    portal = Portal(**options)
    load(portal, directory)
    return list(portal.dump())


def of(dump: list[Line], object_type: str, key: str = "name") -> dict[str, Line]:
    """Records of an object by one of their properties."""
    return {
        line["properties"][key]: line for line in dump if line["kind"] == "record" and line["object"] == object_type
    }


def links(dump: list[Line], from_object: str, to_object: str, type_id: int) -> set[tuple[str, str]]:
    return {
        (line["from_id"], line["to_id"])
        for line in dump
        if line["kind"] == "association"
        and (line["from_object"], line["to_object"], line["type_id"]) == (from_object, to_object, type_id)
    }


def test_accounts_become_companies_with_their_dirt(folder: Path) -> None:
    companies = of(loaded(folder), "companies")
    acme = companies["Acme"]["properties"]
    assert acme["industry"] == "technolgy"
    assert acme["annualrevenue"] == "1100040000"
    assert (acme["numberofemployees"], acme["founded_year"], acme["country"]) == ("2822", "1996", "United States")
    bluth = companies['Bluth; "& Sons"']["properties"]
    assert bluth["annualrevenue"] == "n/a"
    assert "numberofemployees" not in bluth
    assert companies["NA"]["properties"]["industry"] == "null"
    assert companies["NA"]["properties"]["annualrevenue"] == "500000"
    assert set(companies) == {"Acme", 'Bluth; "& Sons"', "NA", "Nowhere Holding", "Unheard Of Ltd"}


def test_subsidiaries_hang_below_their_parents(folder: Path) -> None:
    dump = loaded(folder)
    ids = {name: line["id"] for name, line in of(dump, "companies").items()}
    expected = {(ids["Acme"], ids['Bluth; "& Sons"']), (ids["Nowhere Holding"], ids["NA"])}
    assert links(dump, "companies", "companies", 13) == expected
    assert links(dump, "companies", "companies", 14) == {(child, parent) for parent, child in expected}


def test_agents_and_managers_become_owners_in_the_team_of_their_office(folder: Path) -> None:
    owners = {line["email"]: line for line in loaded(folder) if line["kind"] == "owner"}
    assert set(owners) == {
        "mei-mei.johns@example.com", "melvin.marxen@example.com", "josé.núñez@example.com", "cara.losch@example.com",
        "stranger.from.afar@example.com",
    }  # fmt: skip
    johns = owners["mei-mei.johns@example.com"]
    assert (johns["firstName"], johns["lastName"]) == ("Mei-Mei", "Johns")
    assert [team["name"] for team in johns["teams"]] == ["Central"]
    assert [team["name"] for team in owners["cara.losch@example.com"]["teams"]] == ["East"]
    assert "teams" not in owners["stranger.from.afar@example.com"]


def test_a_line_item_keeps_the_name_as_written_and_finds_its_product(folder: Path) -> None:
    dump = loaded(folder)
    products = of(dump, "products")
    lines = {line["properties"]["name"]: line["properties"] for line in of(dump, "line_items", "hs_object_id").values()}
    assert lines["GTXPro"]["hs_product_id"] == products["GTX Pro"]["id"]
    assert (lines["GTXPro"]["price"], lines["GTXPro"]["amount"]) == ("4821", "4514")
    assert "hs_product_id" not in lines["Gadget"]
    assert products["GTX Pro"]["properties"]["series"] == "GTX"
    assert len(links(dump, "deals", "line_items", 19)) == 4


def test_deals_have_the_history_that_the_files_tell(folder: Path) -> None:
    dump = loaded(folder)
    deals = of(dump, "deals", "dealname")
    stages: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for line in dump:
        if line["kind"] == "history" and line["property"] == "dealstage":
            stages[line["id"]].append((line["value"], line["timestamp"]))
    # noon in New York, the second after daylight saving time began
    assert stages[deals["W1"]["id"]] == [
        ("engaging", "2017-03-01T17:00:00.000Z"),
        ("won", "2017-03-15T16:00:00.000Z"),
    ]
    assert stages[deals["L1"]["id"]] == [
        ("engaging", "2017-03-02T17:00:00.000Z"),
        ("lost", "2017-03-02T17:00:01.000Z"),
    ]
    assert stages[deals["E1"]["id"]] == [("engaging", "2017-05-01T16:00:00.000Z")]
    assert stages[deals["P1"]["id"]] == [("prospecting", "2017-05-01T16:00:00.000Z")]
    won = deals["W1"]["properties"]
    assert (won["amount"], won["closedate"]) == ("4514", "2017-03-15T16:00:00.000Z")
    assert won["createdate"] == deals["W1"]["createdAt"] == "2017-03-01T17:00:00.000Z"
    assert deals["L1"]["properties"]["amount"] == "0"
    assert "amount" not in deals["E1"]["properties"]
    assert "closedate" not in deals["E1"]["properties"]


def test_deals_are_linked_to_the_company_that_is_named(folder: Path) -> None:
    dump = loaded(folder)
    deals, companies = of(dump, "deals", "dealname"), of(dump, "companies")
    named = {"W1": "Acme", "L1": "NA", "P1": "Unheard Of Ltd"}
    assert links(dump, "deals", "companies", 5) == {
        (deals[deal]["id"], companies[company]["id"]) for deal, company in named.items()
    }


def test_the_one_pipeline_has_the_stages_of_the_data(folder: Path) -> None:
    pipelines = [line for line in loaded(folder) if line["kind"] == "pipeline" and line["object"] == "deals"]
    assert len(pipelines) == 1
    assert [(stage["label"], stage["metadata"]) for stage in pipelines[0]["stages"]] == [
        ("Prospecting", {"probability": "0.1", "isClosed": "false"}),
        ("Engaging", {"probability": "0.4", "isClosed": "false"}),
        ("Won", {"probability": "1.0", "isClosed": "true"}),
        ("Lost", {"probability": "0.0", "isClosed": "true"}),
    ]


def test_instants_are_noon_in_the_portals_time_zone(folder: Path) -> None:
    dump = loaded(folder, time_zone="Asia/Tokyo")
    assert of(dump, "deals", "dealname")["W1"]["createdAt"] == "2017-03-01T03:00:00.000Z"


def test_the_clock_ends_on_the_last_day_of_the_data(folder: Path) -> None:
    portal = Portal()
    portal.clock.freeze()
    load(portal, folder)
    assert datetime.fromtimestamp(portal.clock.now() / 1000, ZoneInfo("UTC")).isoformat() == "2017-05-01T23:00:00+00:00"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match=r"There is no folder .*nowhere"):
        load(Portal(), tmp_path / "nowhere")


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "products.csv").unlink()
    with pytest.raises(ImportRefused, match=r"lacks products\.csv"):
        load(Portal(), folder)


@pytest.mark.parametrize("name", list(COLUMNS))
def test_a_missing_column_is_named(folder: Path, name: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(text.replace(COLUMNS[name][1], "renamed", 1), encoding="utf-8")
    with pytest.raises(ImportRefused, match=rf"{name} lacks the column {COLUMNS[name][1]}; it has .*renamed"):
        load(Portal(), folder)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (",Won,", ",Signed,", "line 2: deal_stage 'Signed' is none of"),
        ("2017-05-01", "01.05.2017", "line 4: engage_date '01.05.2017' is not a date"),
        ("2017-05-01", "2017-02-30", "line 4: engage_date '2017-02-30'"),
    ],
)
def test_what_cannot_be_understood_is_refused_before_anything_is_written(
    folder: Path, before: str, after: str, message: str
) -> None:
    (folder / "sales_pipeline.csv").write_text(PIPELINE.replace(before, after), encoding="utf-8")
    portal = Portal()
    with pytest.raises(ImportRefused, match=message):
        load(portal, folder)
    assert not [line for line in portal.dump() if line["kind"] == "record"]


def test_an_empty_file_is_refused(folder: Path) -> None:
    (folder / "accounts.csv").write_text("", encoding="utf-8")
    with pytest.raises(ImportRefused, match=r"accounts\.csv is not a CSV file"):
        load(Portal(), folder)


class RealData:
    """The portal after the import of the public data set."""

    def __init__(self) -> None:
        portal = Portal()
        begin = perf_counter()
        load(portal, REAL)
        self.seconds = perf_counter() - begin
        self.dump = list(portal.dump())
        self.deals = of(self.dump, "deals", "dealname")


@pytest.fixture(scope="module")
def real() -> RealData:
    if not REAL.is_dir():
        pytest.skip(f"the public data set is not at {REAL}")
    return RealData()


def test_the_whole_data_set_arrives_in_seconds(real: RealData) -> None:
    count = Counter(line["object"] for line in real.dump if line["kind"] == "record")
    assert count == {"deals": 8800, "line_items": 8800, "companies": 85, "products": 7}
    assert len([line for line in real.dump if line["kind"] == "owner"]) == 41
    assert real.seconds < 10


def test_its_published_figures_come_out(real: RealData) -> None:
    properties = [line["properties"] for line in real.deals.values()]
    stages = Counter(deal["dealstage"] for deal in properties)
    assert stages == {"won": 4238, "lost": 2473, "engaging": 1589, "prospecting": 500}
    won = [deal for deal in properties if deal["dealstage"] == "won"]
    assert sum(int(deal["amount"]) for deal in won) == 10_005_534
    assert round(sum(int(deal["amount"]) for deal in won) / len(won)) == 2361
    cycles = [(local_day(deal["closedate"]) - local_day(deal["createdate"])).days for deal in won]
    assert round(mean(cycles), 1) == 51.8
    assert median(cycles) == 57


def test_its_best_agent_and_product_come_out(real: RealData) -> None:
    owners = {line["id"]: f"{line['firstName']} {line['lastName']}" for line in real.dump if line["kind"] == "owner"}
    won = {line["id"]: line["properties"] for line in real.deals.values() if line["properties"]["dealstage"] == "won"}
    by_agent: Counter[str] = Counter()
    for deal in won.values():
        by_agent[owners[deal["hubspot_owner_id"]]] += int(deal["amount"])
    assert by_agent.most_common(1) == [("Darcel Schlecht", 1_153_214)]
    products = {line["id"]: name for name, line in of(real.dump, "products").items()}
    lines = of(real.dump, "line_items", "hs_object_id")
    by_product: Counter[str] = Counter()
    for deal_id, line_id in links(real.dump, "deals", "line_items", 19):
        if deal_id in won:
            line = lines[line_id]["properties"]
            by_product[products[line["hs_product_id"]]] += int(line["amount"])
    assert by_product.most_common(1) == [("GTX Pro", 3_510_578)]
    assert Counter(line["properties"]["name"] for line in lines.values())["GTXPro"] == 1480


def test_its_links_and_open_ends_are_kept(real: RealData) -> None:
    assert len(links(real.dump, "deals", "companies", 5)) == 7375
    assert len(links(real.dump, "companies", "companies", 13)) == 15
    properties = [line["properties"] for line in real.deals.values()]
    assert sum("closedate" not in deal for deal in properties) == 2089
    assert sum("amount" not in deal for deal in properties) == 2089
    industries = Counter(line["properties"]["industry"] for line in of(real.dump, "companies").values())
    assert industries["technolgy"] == 12


def test_its_history_ends_at_the_current_values(real: RealData) -> None:
    versions: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in real.dump:
        if line["kind"] == "history":
            versions[line["object"], line["id"], line["property"]].append(line)
    current = {(line["object"], line["id"]): line["properties"] for line in real.dump if line["kind"] == "record"}
    for (object_type, id, name), found in versions.items():
        assert found[-1]["value"] == current[object_type, id].get(name, "")
    assert sum(len(found) for (_, _, name), found in versions.items() if name == "dealstage") == 8800 + 4238 + 2473


def local_day(instant: str) -> date:
    return datetime.fromisoformat(instant).astimezone(ZoneInfo("America/New_York")).date()

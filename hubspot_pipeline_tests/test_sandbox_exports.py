"""HubSpot's own CSV exports become a portal: ids, times, stages, owners, links and custom properties as they were."""

from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.sandbox.__main__ import made, main, parser
from hubspot_pipeline.sandbox.csv_files import ImportRefused
from hubspot_pipeline.sandbox.importer import load
from hubspot_pipeline.sandbox.portal import Portal

Line = dict[str, Any]
CONTACTS = '''\ufeff"Record ID","First Name","Last Name","Email","Phone Number","Lifecycle Stage","Contact owner",\
"Create Date","Last Modified Date","Associated Company","Associated Company IDs","T-Shirt Größe","Seats","VIP",\
"Onboarded on","Role","Associated Note IDs"
"2001","Ada","Løvelace","Ada@example.com","+1 202 555 0101","Marketing Qualified Lead","Mei Johns","2024-05-01 13:45",\
"2024-06-01 09:00","Acme, ""Inc""","1001","L","3","true","2024-05-02","","77"
"2002","Bob","","bob@example.com","","Customer","Gone Person (Deactivated User)","2024-05-03 00:00",\
"2024-05-03 00:00","Acme, ""Inc"";Unheard Of","1001;1009","","007","","","Champion",""
'''
COMPANIES = '''Record ID,Company name,Company Domain Name,Company owner,Create Date,Industry,Seats
1001,"Acme, ""Inc""",acme.example,Mei Johns,2024-04-01 08:00,SOFTWARE,12.5
'''
DEALS = '''Record ID,Deal Name,Deal Stage,Pipeline,Close Date,Amount,Deal owner,Create Date,\
Associated Company IDs (Primary),Associated Company (Primary),Associated Contact,Associated Contact IDs (Champion)
9001,Big one,Closed Won,Sales Pipeline,2024-07-15 17:30,1200.50,Mei Johns,2024-05-01 13:45,1001,"Acme, ""Inc""",\
"Ada Løvelace (Ada@example.com);New Face (new@example.com)",2002
9002,Small one,Talking (Partner sales),Partner sales,,,,2024-05-02 10:00,,,,
9003,No stage known,Lost to rival,Partner sales,2024-05-09 10:00,0,,2024-05-02 10:00,,,,
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of exports as HubSpot names them."""
    for name, text in (("contacts-2026-01-05", CONTACTS), ("companies-2026-01-05", COMPANIES),
                       ("deals-2026-01-05-1", DEALS)):  # fmt: skip
        (tmp_path / f"hubspot-crm-exports-all-{name}.csv").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def portal(folder: Path) -> Portal:
    made = Portal()
    load(made, folder)
    return made


def record(portal: Portal, object_type: str, id: str) -> Line:
    return next(line for line in portal.dump()
                if line["kind"] == "record" and (line["object"], line["id"]) == (object_type, id))  # fmt: skip


def links(portal: Portal, from_object: str, to_object: str) -> set[tuple[str, str, str | None]]:
    return {
        (line["from_id"], line["to_id"], line["label"]) for line in portal.dump()
        if line["kind"] == "association" and (line["from_object"], line["to_object"]) == (from_object, to_object)
    }  # fmt: skip


def test_records_keep_their_ids_times_and_values(portal: Portal) -> None:
    ada = record(portal, "contacts", "2001")
    # New York is four hours behind UTC in May
    assert (ada["createdAt"], ada["updatedAt"]) == ("2024-05-01T17:45:00.000Z", "2024-06-01T13:00:00.000Z")
    values = ada["properties"]
    assert (values["lastname"], values["email"], values["phone"]) == ("Løvelace", "Ada@example.com", "+1 202 555 0101")
    assert values["lifecyclestage"] == "marketingqualifiedlead"
    assert record(portal, "companies", "1001")["properties"]["name"] == 'Acme, "Inc"'
    assert portal.create("contacts", {}) > "9003"


def test_unknown_columns_become_custom_properties_of_the_type_their_cells_have(portal: Portal) -> None:
    custom = {(line["object"], line["label"]): line for line in portal.dump()
              if line["kind"] == "property" and not line.get("hubspotDefined")}  # fmt: skip
    assert {key: one["type"] for key, one in custom.items()} == {
        ("contacts", "T-Shirt Größe"): "string", ("contacts", "Seats"): "string", ("contacts", "VIP"): "bool",
        ("contacts", "Onboarded on"): "date", ("companies", "Seats"): "number",
    }  # fmt: skip
    ada = record(portal, "contacts", "2001")["properties"]
    assert (ada[custom["contacts", "T-Shirt Größe"]["name"]], ada["onboarded_on"], ada["vip"]) == (
        "L", "2024-05-02", "true",
    )  # fmt: skip
    assert record(portal, "contacts", "2002")["properties"]["seats"] == "007"


def test_stages_and_pipelines_are_found_by_label_or_made(portal: Portal) -> None:
    won = record(portal, "deals", "9001")["properties"]
    assert (won["pipeline"], won["dealstage"], won["amount"]) == ("default", "closedwon", "1200.50")
    assert won["closedate"] == "2024-07-15T21:30:00.000Z"
    pipelines = {one["label"]: one for one in portal.pipelines["deals"].values()}
    assert [(one["label"], one["metadata"]) for one in pipelines["Partner sales"]["stages"]] == [
        ("Talking", {"isClosed": "false", "probability": "0.5"}),
        ("Lost to rival", {"isClosed": "true", "probability": "0.0"}),
    ]
    small = record(portal, "deals", "9002")["properties"]
    assert portal.stage("deals", small["dealstage"])["label"] == "Talking"  # type: ignore[index]
    assert "amount" not in small


def test_owners_are_found_by_name_or_made(portal: Portal) -> None:
    owners = {f"{one['firstName']} {one['lastName']}": one for one in portal.owners.values()}
    assert owners.keys() == {"Mei Johns", "Gone Person"}
    assert owners["Gone Person"]["archived"]
    for object_type, id in (("contacts", "2001"), ("companies", "1001"), ("deals", "9001")):
        assert record(portal, object_type, id)["properties"]["hubspot_owner_id"] == owners["Mei Johns"]["id"]


def test_links_come_by_id_by_name_and_with_their_labels(portal: Portal) -> None:
    contacts = links(portal, "contacts", "companies")
    assert {("2001", "1001", "Primary"), ("2001", "1001", None), ("2002", "1001", None)} <= contacts
    assert ("2002", "1009", None) in contacts
    assert ("2002", "1001", "Primary") not in contacts
    assert ("9001", "1001", "Primary") in links(portal, "deals", "companies")
    people = links(portal, "deals", "contacts")
    assert {("9001", "2001", None), ("9001", "2002", "Champion")} <= people
    (new,) = {to for _, to, _ in people} - {"2001", "2002"}
    assert record(portal, "contacts", new)["properties"]["email"] == "new@example.com"
    assert record(portal, "companies", "1009")["properties"]["name"] == "Unheard Of"


def test_a_line_per_file_tells_what_came_of_it(folder: Path) -> None:
    told = "\n".join(load(Portal(), folder))
    for words in (
        "hubspot-crm-exports-all-contacts-2026-01-05.csv: 2 contacts; 3 links; new properties t_shirt_grosse (string)",
        "not taken: columns Associated Note IDs", "deals-2026-01-05-1.csv: 3 deals; 4 links",
        "new choices hs_role: Champion", "1 companies", "1 contacts", "2 owners", "1 pipelines", "2 stages",
    ):  # fmt: skip
        assert words in told, (words, told)


def test_the_clock_ends_on_the_last_day_of_the_data(portal: Portal) -> None:
    assert portal.details()["timeZone"] == "America/New_York"
    assert record(portal, "contacts", "2001")["updatedAt"] < "2024-06-02"
    portal.clock.freeze()
    assert abs(portal.clock.now() - 1_717_286_399_999) < 60_000


def test_a_file_of_any_name_is_told_by_its_columns(tmp_path: Path) -> None:
    (tmp_path / "todos-negocios.csv").write_text(DEALS, encoding="utf-8")
    (tmp_path / "companies in view.csv").write_text("Record ID,Seats\n5,1\n", encoding="utf-8")
    portal = Portal()
    load(portal, tmp_path)
    assert portal.shelves["deals"].live == [9001, 9002, 9003]
    assert {5, 1001} <= set(portal.shelves["companies"].live)


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("contacts", '"2024-05-01 13:45"', '"May 1st"', r"contacts.* row 2, column 'Create Date': 'May 1st'"),
        ("contacts", '"2024-05-01 13:45"', '"2024-02-30 13:45"', r"row 2, column 'Create Date': .*day"),
        ("contacts", '"2002"', '"2001"', r"row 3: record id 2001 is that of .*row 2 already"),
        ("contacts", '"2002"', '""', r"row 3: it has no record id"),
        ("contacts", '"2002"', '"x7"', r"row 3, column 'Record ID': 'x7' is no record id"),
        ("contacts", '"1001;1009"', '"1001;zz"', r"row 3: 'zz' is no id of one of the companies"),
        ("deals", "1200.50", "lots", r"deals.* row 2, column 'Amount': 'lots' is not a number"),
        ("companies", "Record ID", "Nr", r"companies.* has no column `Record ID`"),
        ("companies", "2024-04-01 08:00,SOFTWARE,12.5", "2024-04-01 08:00", r"row 2 has fewer cells"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_named_before_anything_is_written(
    folder: Path, name: str, before: str, after: str, message: str
) -> None:
    (path,) = folder.glob(f"*{name}*.csv")
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    portal = Portal()
    with pytest.raises(ImportRefused, match=message):
        load(portal, folder)
    assert [line for line in portal.dump() if line["kind"] in ("record", "owner")] == []


def test_a_file_that_tells_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("Record ID,Seats\n5,1\n", encoding="utf-8")
    with pytest.raises(ImportRefused, match=r"neither its columns nor its name"):
        load(Portal(), tmp_path)


def test_the_command_loads_exports_and_tells_of_them(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sandbox = made(parser().parse_args(["--load", str(folder)]))
    assert sandbox.portal.shelves["deals"].live == [9001, 9002, 9003]
    assert "3 deals" in capsys.readouterr().err
    (folder / "more.csv").write_text("a,b\n1,2\n")
    assert main(["--load", str(folder), "--port", "0"]) == 2
    assert "more.csv has no column `Record ID`" in capsys.readouterr().err


def exports(folder: Path, **files: str) -> Portal:
    for name, text in files.items():
        (folder / f"hubspot-crm-exports-all-{name}-2026-01-05.csv").write_text(text, encoding="utf-8")
    portal = Portal()
    load(portal, folder)
    return portal


def test_one_owner_stands_for_every_way_an_export_writes_them(tmp_path: Path) -> None:
    cells = ("Ann Lee", "Ann Lee (ann.lee@example.com)", "ann.lee@example.com", "Ann Lee (ann.lee@example.com)")
    text = "".join(f"{id},C{id},{cell}\n" for id, cell in enumerate(cells, 1))
    portal = exports(tmp_path, companies=f"Record ID,Company name,Company owner\n{text}")
    owners = {record(portal, "companies", str(id))["properties"]["hubspot_owner_id"] for id in range(1, 5)}
    assert len(owners) == 1
    assert [line["email"] for line in portal.dump() if line["kind"] == "owner"].count("ann.lee@example.com") == 1


def test_a_company_of_a_company_has_no_primary_label(tmp_path: Path) -> None:
    portal = exports(tmp_path, companies="Record ID,Company name,Associated Company IDs\n1,Child,2\n2,Parent,\n")
    assert {label for *_, label in links(portal, "companies", "companies")} == {None}


def test_a_name_means_the_record_of_the_export_and_not_one_known_by_its_id_alone(tmp_path: Path) -> None:
    portal = exports(
        tmp_path, companies="Record ID,Company name\n1,Acme\n",
        contacts="Record ID,Email,Associated Company IDs,Associated Company\n5,a@example.com,99,Acme\n",
        deals="Record ID,Deal Name,Associated Company\n7,Big,Acme\n",
    )  # fmt: skip
    assert {other for _, other, _ in links(portal, "deals", "companies")} == {"1"}

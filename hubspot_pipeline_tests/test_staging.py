"""Typed views: the portal's own properties under safe names, as chosen; and the text that writes them itself."""

import json
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from hubspot_pipeline.generate import GENERATED, STAGING, TABLE, generate, staging
from hubspot_pipeline.streams import DECLARED, STREAMS
from hubspot_pipeline_tests.marts_fixture import dbt, instant
from hubspot_pipeline_tests.marts_portal import HOSTILE, WISHED, Built

pytest_plugins = ("hubspot_pipeline_tests.marts_portal",)
ROOT = Path(__file__).resolve().parent.parent


def test_typed_views_have_every_live_property_under_a_safe_name(full: Built) -> None:
    contact = full.one("select * from staging.stg_hubspot__contacts where id = '1'")
    assert contact[HOSTILE] == Decimal(7)
    assert (contact["score"], contact["nickname"]) == (None, None)
    assert contact["created_at"] == instant("2026-01-01T12:00:00Z")
    assert contact["created_at_property"] == "text"
    assert contact["created_at_property_property"] == date(2020, 2, 29)
    assert contact["null"] == "n"
    assert "left" not in contact
    assert full.one("select amount_note from staging.stg_hubspot__deals where id = '11'") == {"amount_note": HOSTILE}


def test_a_renamed_property_has_its_new_name_and_what_the_marts_read_keeps_the_old_one(full: Built) -> None:
    company = full.one("select * from staging.stg_hubspot__companies where id = '120'")
    assert (company[WISHED], company["2024"], company["Size_property"]) == (
        date(2026, 2, 3), "x;y", instant("2026-02-03T01:00:00Z"),
    )  # fmt: skip
    assert company["size"] == Decimal("1.5")
    assert not {"since", "seen", "note"} & set(company)
    named = full.one("select name, firm, contract_value, arr from staging.stg_hubspot__companies where id = '108'")
    assert list(named.values()) == ["Stated", "Stated", Decimal(5000), Decimal(5000)]
    assert full.by_id("customers", "customer_id", "108")["contract_value"] == Decimal(5000)


def test_a_deselected_property_has_no_column(full: Built) -> None:
    company = full.one("select * from staging.stg_hubspot__companies where id = '120'")
    assert "unwanted" not in company
    assert "quiet" in company


def test_deals_list_their_contacts_and_companies(full: Built) -> None:
    deals = full.all("select id, contacts, companies from staging.stg_hubspot__deals where id in ('1', '2') order by 1")
    assert [tuple(deal.values()) for deal in deals] == [
        ("1", ["1", "2"], ["100", "101", "102"]), ("2", ["2", "10"], []),
    ]  # fmt: skip
    assert full.all("select id, companies from staging.stg_hubspot__deals_archived") == [
        {"id": "3", "companies": ["100"]}
    ]


def test_a_portals_property_called_like_a_column_of_ours_changes_nothing(full: Built) -> None:
    assert full.one("select contacts, contacts_property as own from staging.stg_hubspot__deals where id = '20'") == {
        "contacts": [], "own": "c",
    }  # fmt: skip
    deal = full.by_id("deals", "deal_id", "20")
    assert (deal["stage_label"], deal["is_won"], deal["closed_at"]) == ("Won", True, None)


def test_custom_properties_are_columns_of_their_type(full: Built) -> None:
    found = full.all("select * from marts.company_custom_properties order by company_id")
    assert [row["company_id"] for row in found] == ["100", "101", "102", "106", "107", "108", "120", "121"]
    company = found[-2]
    assert {name for name in company if name.startswith("cp_")} >= {"cp_tier", "cp_vip", "cp_size", f"cp_{WISHED}"}
    assert (company["cp_vip"], company["cp_size"], company[f"cp_{WISHED}"]) == (True, Decimal("1.5"), date(2026, 2, 3))
    assert (company["cp_Size_property"], company["cp_2024"]) == (instant("2026-02-03T01:00:00Z"), "x;y")
    bad = found[-1]
    assert (bad["cp_vip"], bad["cp_size"], bad[f"cp_{WISHED}"], bad["cp_Size_property"]) == (None,) * 4
    assert not {"cp_later", "cp_unwanted", "cp_quiet", "cp_made_by_hubspot", "cp_note", "cp_since"} & set(company)
    contacts = full.all("select * from marts.contact_custom_properties order by contact_id")
    assert [(row["contact_id"], row[f"cp_{HOSTILE}"]) for row in contacts][:2] == [("1", Decimal(7)), ("10", None)]
    assert "6" not in [row["contact_id"] for row in contacts]
    # nothing is no zero, and an instant is no day
    (odd,) = [row for row in contacts if row["contact_id"] == "10"]
    assert (odd["cp_score"], odd["cp_born"]) == (None, None)
    assert full.one("select cp_contacts_property as own from marts.deal_custom_properties where deal_id = '20'") == {
        "own": "c"
    }


def test_custom_property_values_has_a_row_for_each_value_with_its_label(full: Built) -> None:
    found = full.all(
        "select object_id, property, position, value_text, option_label, value_number, value_boolean, value_date, "
        "value_at from marts.custom_property_values where object_type = 'companies' and object_id in ('120', '121') "
        "and property <> 'name' order by all"
    )
    assert [tuple(row.values()) for row in found] == [
        ("120", "note", 1, "x;y", None, None, None, None, None),
        ("120", "seen", 1, "2026-02-03T01:00:00Z", None, None, None, date(2026, 2, 2), instant("2026-02-03T01:00:00Z")),
        ("120", "since", 1, "2026-02-03", None, None, None, date(2026, 2, 3), None),
        ("120", "size", 1, "1.5", None, Decimal("1.5"), None, None, None),
        ("120", "tier", 1, "b", "Twice", None, None, None, None),
        ("120", "tier", 3, "a", "Gold", None, None, None, None),
        ("120", "tier", 4, "z", None, None, None, None, None),
        ("120", "vip", 1, "true", None, None, True, None, None),
        ("121", "seen", 1, "?", None, None, None, None, None),
        ("121", "since", 1, "soon", None, None, None, None, None),
        ("121", "size", 1, "12,5", None, None, None, None, None),
        ("121", "vip", 1, "yes", None, None, None, None, None),
    ]
    doubled = full.all(
        "select property from marts.custom_property_values group by object_type, object_id, property, position "
        "having count(*) > 1"
    )
    assert doubled == []
    assert full.one(f"select value_number from marts.custom_property_values where property = '{HOSTILE}'") == {
        "value_number": Decimal(7)
    }


def test_what_is_exposed_changes_without_reading_anything_again(without_tickets: Built, full: Built) -> None:
    company = without_tickets.one("select * from marts.company_custom_properties where company_id = '120'")
    assert "cp_quiet" in company
    assert "cp_tier" not in company
    shown = "select count(*) as n from marts.custom_property_values where property = 'tier'"
    assert (full.one(shown), without_tickets.one(shown)) == ({"n": 3}, {"n": 0})


def test_the_catalogue_tells_what_a_property_is_and_what_was_chosen(full: Built) -> None:
    found = full.all(
        "select property, raw_column, alias, n_options, is_custom, is_selected, is_exposed from marts.property_catalog "
        "where object_type = 'companies' and property in ('tier', 'quiet', 'unwanted', 'made_by_hubspot', 'since') "
        "order by 1"
    )
    assert [tuple(row.values()) for row in found] == [
        ("made_by_hubspot", "properties_made_by_hubspot", None, 0, False, True, False),
        ("quiet", "properties_quiet", None, 0, True, True, False),
        ("since", "properties_since", WISHED, 0, True, True, True),
        ("tier", "properties_tier", None, 2, True, True, True),
        ("unwanted", "properties_unwanted", None, 0, True, False, False),
    ]


def test_a_custom_object_has_a_typed_view_where_a_model_asks_for_it(full: Built, tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    shutil.copy(full.path, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table hubspot.cars as select * from hubspot.companies where id = '120'")
        connection.execute("update hubspot.properties set object = 'cars' where name = 'vip'")
    model = """
        with cars as ({{ typed_custom_object('cars', 'cars') }}),
        boats as ({{ typed_custom_object('boats', 'boats') }})
        select cars.*, (select count(*) from boats where not archived) as n_boats from cars"""
    done = dbt(path, tmp_path / "target", "--quiet", "show", "--inline", model, "--output", "json")
    (car,) = json.loads(done.stdout[done.stdout.index("{") :])["show"]

    assert (car["id"], car["vip"], car["n_boats"]) == ("120", True, 0)
    assert "tier" not in car


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the generator reads and writes."""
    (tmp_path / STAGING).mkdir(parents=True)
    (tmp_path / TABLE).parent.mkdir()
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copy(ROOT / TABLE, tmp_path / TABLE)
    shutil.copytree(ROOT / STAGING, tmp_path / STAGING, dirs_exist_ok=True)
    return tmp_path


def test_a_stream_has_its_typed_view_by_its_row_alone() -> None:
    boats = replace(DECLARED.by_name["tickets"], name="boats", object="ships", about='Boats, "big" ones.')
    ports = replace(
        DECLARED.by_name["owners"],
        name="ports",
        columns=(("at", "timestamp", "at"), ("n", "bigint", "n"), ("id", "text", "id")),
    )
    found = {path.name: text for path, text in staging((boats, ports), set()).items()}

    assert found["stg_hubspot__boats.sql"].endswith("{{ typed_object('boats', 'ships') }}\n")
    columns = "('id', 'string'), ('n', 'bigint'), ('at', 'datetime'), ('_synced_at', 'datetime'),"
    assert columns in " ".join(found["stg_hubspot__ports.sql"].split())
    assert 'description: "Boats, \\"big\\" ones. One column' in found["_generated__models.yml"]
    assert set(found) == {"stg_hubspot__boats.sql", "stg_hubspot__ports.sql", "_generated__models.yml"}


def test_every_stream_with_a_table_has_a_typed_view() -> None:
    models = {path.stem for path in (ROOT / STAGING).rglob("stg_hubspot__*.sql")}
    tables = {stream.name for stream in STREAMS if stream.shape == "object" or stream.columns or stream.is_history}
    assert {f"stg_hubspot__{name}" for name in tables} <= models


def test_a_view_written_by_hand_takes_the_place_of_the_generated_one(project: Path) -> None:
    assert generate(project, check=True) == []
    by_hand = project / STAGING / "stg_hubspot__users.sql"
    by_hand.write_text("select 1 as id")
    stale = {GENERATED / "_generated__models.yml", GENERATED / "stg_hubspot__users.sql"}

    assert set(generate(project, check=True)) == stale
    assert (project / GENERATED / "stg_hubspot__users.sql").exists()
    assert set(generate(project)) == stale
    assert not (project / GENERATED / "stg_hubspot__users.sql").exists()
    assert by_hand.read_text() == "select 1 as id"
    assert generate(project, check=True) == []


def test_what_was_changed_by_hand_or_has_no_stream_is_put_right(project: Path) -> None:
    (project / GENERATED / "stg_hubspot__users.sql").write_text("select 1 as id")
    (project / GENERATED / "stg_hubspot__gone.sql").write_text("select 1 as id")

    assert {path.name for path in generate(project, check=True)} == {"stg_hubspot__users.sql", "stg_hubspot__gone.sql"}
    generate(project)
    assert generate(project, check=True) == []
    assert not (project / GENERATED / "stg_hubspot__gone.sql").exists()

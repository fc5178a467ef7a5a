"""Whatever a portal's people call things: it lands as it is, and is text to SQL, Jinja, Dagster and file systems."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from hubspot_pipeline import custom_objects
from hubspot_pipeline.assets import raw
from hubspot_pipeline.extract.read import objects_path
from hubspot_pipeline_tests.hostile import LABEL, NAMES, OBJECT
from hubspot_pipeline_tests.test_dagster_runs import Story, story

__all__ = ["story"]


def rows(told: Story, sql: str, *parameters: Any) -> list[Any]:
    with duckdb.connect(str(told.data / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql, list(parameters)).fetchall()


@pytest.fixture
def custom(story: Story) -> str:
    """The table of the custom object."""
    (name,) = {stream.name for stream in custom_objects.read(story.data)}
    return name


def test_hostile_names_stop_neither_sync_nor_models(story: Story) -> None:
    assert story.runs["first"]["exit_code"] == 0, story.runs["first"]["message"]
    assert rows(story, "SELECT count(*) FROM hubspot.contacts") == [(1,)]
    assert {"marts/customers", "marts/company_custom_properties"} <= set(story.landed("first"))


@pytest.mark.parametrize("name", NAMES)
def test_a_property_lands_under_its_name_with_its_value(story: Story, custom: str, name: str) -> None:
    for object_, table in (("companies", "companies"), (custom, custom)):
        sql = "SELECT label, column_name FROM hubspot.properties WHERE object = ? AND name = ?"
        ((label, column),) = rows(story, sql, object_, name)
        assert label.startswith(name)
        assert column.isidentifier()
        ((value, properties),) = rows(
            story, f"SELECT {column}, properties FROM hubspot.{table} WHERE {column} IS NOT NULL"
        )  # fmt: skip
        assert value == json.loads(properties)[name] == name


@pytest.mark.parametrize("name", NAMES)
def test_a_property_is_text_to_the_models(story: Story, name: str) -> None:
    sql = "SELECT value_text FROM marts.custom_property_values WHERE object_type = 'companies' AND property = ?"
    assert rows(story, sql, name) == [(name,)]
    sql = "SELECT label FROM marts.property_catalog WHERE object_type = 'companies' AND property = ?"
    assert rows(story, sql, name) == [(f"{name} as label",)]


def test_a_custom_object_has_a_plain_table_and_its_own_name_where_names_are_values(story: Story, custom: str) -> None:
    assert custom.isidentifier()
    assert rows(story, "SELECT name FROM hubspot.object_schemas") == [(OBJECT,)]
    assert rows(story, "SELECT DISTINCT from_object FROM hubspot.associations WHERE from_object LIKE 'custom%'") == [
        (custom,)
    ]
    (stream,) = custom_objects.read(story.data)
    assert objects_path(stream).replace("-", "").replace("/", "").isalnum(), "the path has the number of its type"


def test_dagster_shows_names_as_text_and_runs_none(story: Story) -> None:
    metadata = [entry for run in story.runs if run != "sensor" for each in story.landed(run).values()
                for entry in each.values()]  # fmt: skip
    markdown = [entry.value for entry in metadata if isinstance(entry, dg.MarkdownMetadataValue)]
    assert markdown
    assert any("script" in text for text in markdown)
    for text in markdown:
        for sign in ("<", "](", "![", "`", "\x1b"):
            assert sign not in text
    # a table's columns are shown as they are: text, never markup
    schema = story.landed("first")["hubspot/companies"]["dagster/column_schema"]
    assert isinstance(schema, dg.TableSchemaMetadataValue)
    assert f"{NAMES[5]} as label (string)" in {column.description for column in schema.value.columns}


def test_a_label_in_an_assets_description_is_no_markup(story: Story) -> None:
    (stream,) = custom_objects.read(story.data)
    assert stream.label == LABEL
    (spec,) = raw.specs([stream])
    assert spec.description is not None
    for sign in ("<", "](", "![", "`", "*", "\x1b", "\n"):
        assert sign not in spec.description


def test_no_name_becomes_a_path(story: Story) -> None:
    names = {path.name for path in story.data.rglob("*")}
    assert not [name for name in names if "script" in name or "passwd" in name or "owned" in name or "\x1b" in name]
    assert not Path("owned").exists()

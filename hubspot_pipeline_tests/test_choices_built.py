"""What is chosen and what changes, through whole runs: Dagster, dbt and publishing, and all that they leave on disk."""

from pathlib import Path

import pytest

from hubspot_pipeline import query
from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.needles import places
from hubspot_pipeline_tests.runs import chosen, settings

NEEDLES = ("needle.person@example.com", "needle street 9")
HIDDEN = "hash: {contacts: [email]}\nblock: {contacts: [address]}\nhistory: {contacts: [email]}"
SHOWN = "history: {contacts: [email, address]}"


def built(given: Settings) -> str:
    done = execute(given)
    assert done.success, done.message
    return done.run_id


@pytest.mark.parametrize("text", [HIDDEN, SHOWN])
def test_a_needle_in_hidden_properties_is_nowhere_after_a_whole_run(
    sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    email, address = NEEDLES
    contact = {"op": "create", "object": "contacts", "properties": {"email": email, "address": address}}
    (made,) = sandbox.mutate(contact)
    given = chosen(settings(tmp_path / "data", sandbox.url), text)
    built(given)
    if text == HIDDEN:
        sandbox.mutate({"op": "update", "object": "contacts", "id": made, "properties": {"firstname": "Ida"}})
        built(given)
    found = places(given.data_dir, NEEDLES)
    printed = "".join(capfd.readouterr())
    if text == HIDDEN:
        assert (found, [one for one in NEEDLES if one in printed]) == (set(), [])
    else:
        assert any("hubspot.contacts" in place for place in found), "the search sees what is not hidden"


def test_a_property_whose_type_changes_three_times_keeps_every_build_green(sandbox: Sandbox, tmp_path: Path) -> None:
    generate(sandbox.portal, contacts=20)
    given = settings(tmp_path, sandbox.url)
    seen = []
    for kind, field in (("string", "text"), ("number", "number"), ("bool", "booleancheckbox"), ("string", "text")):
        definition = {"name": "seats_2", "label": "Seats", "type": kind, "fieldType": field}
        sandbox.mutate({"op": "define_property", "object_type": "companies", "definition": definition})
        if not seen:
            sandbox.mutate({"op": "create", "object": "companies", "properties": {"name": "A", "seats_2": "12"}})
        built(given)
        types = query("DESCRIBE staging.stg_hubspot__companies", given).set_index("column_name")["column_type"]
        read = query("SELECT count(*) AS n FROM hubspot.companies WHERE properties_seats_2 = '12'", given)["n"][0]
        seen.append((types["seats_2"], read, query("SELECT count(*) AS n FROM marts.customers", given)["n"][0]))
    assert [column for column, *_ in seen] == ["VARCHAR", "DECIMAL(38,9)", "BOOLEAN", "VARCHAR"]
    assert {read for _, read, _ in seen} == {1}
    assert len({customers for *_, customers in seen}) == 1

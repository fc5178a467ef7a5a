"""What is chosen, through whole runs: Dagster, dbt and publishing, and all that they leave on disk."""

from pathlib import Path

import pytest

from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.needles import places
from hubspot_pipeline_tests.runs import chosen, landed, settings

NEEDLES = ("needle.person@example.com", "needle street 9")
HIDDEN = "hash: {contacts: [email]}\nblock: {contacts: [address]}\nhistory: {contacts: [email]}"
SHOWN = "history: {contacts: [email, address]}"


def built(given: Settings) -> str:
    done = execute(given)
    assert done.success, done.message
    return done.run_id


@pytest.mark.parametrize("text", [HIDDEN, pytest.param(SHOWN, marks=pytest.mark.slow)])
def test_a_needle_in_hidden_properties_is_nowhere_after_a_whole_run(
    sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    email, address = NEEDLES
    contact = {"op": "create", "object": "contacts", "properties": {"email": email, "address": address}}
    (made,) = sandbox.mutate(contact)
    given = chosen(settings(tmp_path / "data", sandbox.url), text)
    landed(run(given))
    sandbox.mutate({"op": "update", "object": "contacts", "id": made, "properties": {"firstname": "Ida"}})
    built(given)
    found = places(given.data_dir, NEEDLES)
    printed = "".join(capfd.readouterr())
    if text == HIDDEN:
        assert (found, [one for one in NEEDLES if one in printed]) == (set(), [])
    else:
        assert any("hubspot.contacts" in place for place in found), "the search sees what is not hidden"

"""What HubSpot's API does not show: archived meetings, links of what is archived, types and texts it does not know."""

from dataclasses import replace
from pathlib import Path

import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import chosen, landed, rows, settings

LINKS = "SELECT DISTINCT from_id, to_id FROM hubspot.associations ORDER BY ALL"


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    return settings(tmp_path / "data", sandbox.url)


def made(sandbox: Sandbox, object_type: str, to_object: str) -> tuple[str, str]:
    """Ids of a new record and a new one that it is linked to."""
    one, other = sandbox.mutate(
        *({"op": "create", "object": kind, "properties": {}} for kind in (object_type, to_object))
    )
    ends = {"from_object": object_type, "from_id": one, "to_object": to_object, "to_id": other}
    sandbox.mutate({"op": "associate", **ends})
    sandbox.post("clock", {"advance_ms": 60_000})  # what a run finds missing was there before it began
    return str(one), str(other)


def deletions(given: Settings, table: str) -> dict[str, str | None]:
    return dict(rows(given, f"SELECT id, deletion FROM hubspot.{table}"))


@pytest.mark.parametrize(("by_id", "deletion"), [(False, "missing"), (True, "archived")])
def test_meetings_whose_bin_is_not_listed_are_asked_for_by_id(
    sandbox: Sandbox, given: Settings, by_id: bool, deletion: str
) -> None:
    sandbox.config(unlisted_by_id=by_id)
    kept, _ = made(sandbox, "meetings", "contacts")
    gone, _ = made(sandbox, "meetings", "contacts")
    landed(run(given, streams=["engagements_meetings"]))
    assert len(rows(given, LINKS)) == 2
    sandbox.mutate({"op": "archive", "object": "meetings", "id": gone})
    landed(run(given, streams=["engagements_meetings"], mode="reconcile"))
    assert deletions(given, "engagements_meetings") == {kept: None, gone: deletion}
    assert len(rows(given, LINKS)) == 1 + by_id
    sandbox.mutate({"op": "restore", "object": "meetings", "id": gone})
    landed(run(given, streams=["engagements_meetings"], mode="reconcile"))
    assert deletions(given, "engagements_meetings") == {kept: None, gone: None}
    assert len(rows(given, LINKS)) == 2


def test_a_list_that_fails_for_live_records_too_is_no_missing_bin(sandbox: Sandbox, given: Settings) -> None:
    made(sandbox, "meetings", "contacts")
    # the first is the list of live records, which is read before
    sandbox.post("faults", {"faults": [{"match": "GET .*/meetings", "nth": 2, "times": -1, "status": 400}]})
    (failed,) = run(given, streams=["engagements_meetings"]).failed
    assert "400" in failed.message


@pytest.mark.parametrize("shown", ["hide", "show"])
def test_links_that_the_bin_does_not_show_stay_as_they_were(sandbox: Sandbox, given: Settings, shown: str) -> None:
    sandbox.config(archived_associations=shown)
    first, company = made(sandbox, "deals", "companies")
    second, other = made(sandbox, "deals", "companies")
    landed(run(given, streams=["deals"]))
    ends = {"from_object": "deals", "from_id": first, "to_object": "companies", "to_id": company}
    sandbox.mutate({"op": "disassociate", **ends}, *({"op": "archive", "object": "deals", "id": one}
                                                     for one in (first, second)))  # fmt: skip
    landed(run(given, streams=["deals"], mode="reconcile"))
    assert deletions(given, "deals") == {first: "archived", second: "archived"}
    assert rows(given, LINKS) == [(first, company)] * (shown == "hide") + [(second, other)]


def test_a_bin_that_has_shown_links_shows_also_that_there_is_none_left(sandbox: Sandbox, given: Settings) -> None:
    sandbox.config(archived_associations="show")
    deal, company = made(sandbox, "deals", "companies")
    sandbox.mutate({"op": "archive", "object": "deals", "id": deal})
    landed(run(given, streams=["deals"], mode="reconcile"))
    assert rows(given, LINKS) == [(deal, company)]
    sandbox.mutate({"op": "archive", "object": "companies", "id": company})
    landed(run(given, streams=["deals"], mode="reconcile"))
    assert rows(given, LINKS) == []


def test_an_object_type_that_is_not_activated_is_skipped(sandbox: Sandbox, given: Settings) -> None:
    given = chosen(given, "streams: {services: true}")
    refusal = {"status": "error", "message": "Unable to infer object type from: services"}
    sandbox.post("faults", {"faults": [{"match": "GET .*/0-162", "status": 400, "times": -1, "body": refusal}]})
    outcome = run(given, streams=["services"]).outcomes["services"]
    assert outcome.status == "skipped"
    assert "object library" in outcome.message


def test_a_text_that_no_search_knows_is_filled_by_the_list(sandbox: Sandbox, given: Settings) -> None:
    given = chosen(replace(given, small_portal=0), "properties: {engagements_emails: [hs_email_subject]}")
    (id_,) = sandbox.mutate({"op": "create", "object": "emails", "properties": {"hs_email_html": "<b>hi</b>"}})
    landed(run(given, streams=["engagements_emails"]))
    given = chosen(
        given,
        """
        properties: {engagements_emails: [hs_email_subject, hs_email_html]}
        filters: {engagements_emails: [{field: hs_email_html, condition: is not empty}]}
    """,
    )
    landed(run(given, streams=["engagements_emails"]))
    assert rows(given, "SELECT id, properties_hs_email_html FROM hubspot.engagements_emails") == [(id_, "<b>hi</b>")]

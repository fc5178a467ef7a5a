"""E-mails that HubSpot shows without what they say, because the token lost its scope: what is stored stays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import chosen, landed, rows, settings

SCOPES = ["crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.read", "tickets",
          "crm.objects.owners.read"]  # fmt: skip
SCOPE = "sales-email-read"
EMAILS = "engagements_emails"
CONTENT = "SELECT properties_hs_email_subject, properties_hs_email_text FROM hubspot.engagements_emails ORDER BY id"


@pytest.fixture
def given(sandbox: Sandbox, tmp_path: Path) -> Settings:
    sandbox.post("clock", {"now": "2026-09-30T12:00:00Z", "frozen": True})
    return settings(tmp_path, sandbox.url)


def write(sandbox: Sandbox, *subjects: str) -> list[Any]:
    return sandbox.mutate(*[
        {"op": "create", "object": "emails", "properties": {"hs_email_subject": one, "hs_email_text": f"{one}!"}}
        for one in subjects
    ])  # fmt: skip


def tell_no_scopes(sandbox: Sandbox) -> None:
    """HubSpot does not say which scopes the token has, as for a service key."""
    sandbox.post("faults", {"faults": [{"match": "access-token-info", "status": 404, "times": -1}]})


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(("mode", "small_portal"), [("sync", 50_000), ("sync", 0), ("reconcile", 0)])
def test_emails_keep_what_they_say_when_the_token_loses_its_scope(
    sandbox: Sandbox, given: Settings, told: bool, mode: str, small_portal: int
) -> None:
    given = replace(given, small_portal=small_portal)
    if not told:
        tell_no_scopes(sandbox)
    sandbox.grant(*SCOPES, SCOPE)
    one, two, _ = write(sandbox, "Changed", "Archived", "Kept")
    landed(run(given, streams=[EMAILS]))
    before = rows(given, CONTENT)
    assert before == [("Changed", "Changed!"), ("Archived", "Archived!"), ("Kept", "Kept!")]

    sandbox.post("clock", {"advance_ms": 3_600_000})
    sandbox.grant(*SCOPES)
    sandbox.mutate(
        {"op": "archive", "object": "emails", "id": two},
        {"op": "update", "object": "emails", "id": one, "properties": {"hs_email_status": "SENT"}},
    )
    write(sandbox, "New")
    outcome = run(given, streams=[EMAILS], mode=mode).outcomes[EMAILS]
    assert (outcome.status, outcome.previously_landed, outcome.missing_scopes) == ("skipped", True, (SCOPE,))
    assert rows(given, CONTENT) == before

    sandbox.grant(*SCOPES, SCOPE)
    landed(run(given, streams=[EMAILS], mode=mode))
    assert rows(given, CONTENT) == [*before, ("New", "New!")]


def test_emails_that_were_never_readable_are_skipped_unless_what_they_say_is_not_chosen(
    sandbox: Sandbox, given: Settings
) -> None:
    sandbox.grant(*SCOPES)
    write(sandbox, "Offer")
    outcome = run(given, streams=[EMAILS]).outcomes[EMAILS]
    assert (outcome.status, outcome.previously_landed, outcome.missing_scopes) == ("skipped", False, (SCOPE,))
    parts = ", ".join(DECLARED.by_name[EMAILS].withheld)
    bare = chosen(given, f"block: {{{EMAILS}: [{parts}]}}")
    landed(run(bare, streams=[EMAILS]))
    assert len(rows(given, f"SELECT id FROM hubspot.{EMAILS}")) == 1


def test_an_email_that_somebody_emptied_is_empty_here_too(sandbox: Sandbox, given: Settings) -> None:
    tell_no_scopes(sandbox)
    one, two = write(sandbox, "Offer", "Kept")
    landed(run(given, streams=[EMAILS]))
    sandbox.post("clock", {"advance_ms": 3_600_000})
    emptied = {"hs_email_subject": "", "hs_email_text": ""}
    sandbox.mutate({"op": "update", "object": "emails", "id": one, "properties": emptied})
    landed(run(given, streams=[EMAILS]))
    assert rows(given, CONTENT) == [(None, None), ("Kept", "Kept!")]
    sandbox.mutate({"op": "update", "object": "emails", "id": two, "properties": emptied})
    landed(run(given, streams=[EMAILS]))
    assert rows(given, CONTENT) == [(None, None), (None, None)]

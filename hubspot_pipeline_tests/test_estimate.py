"""The calls that `check` expects against those that syncs really make; which budget decides how long they take."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.choice.conditions import criteria
from hubspot_pipeline.choice.wanted import Wanted
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Streams
from hubspot_pipeline.warehouse.check import Report, check
from hubspot_pipeline.warehouse.estimate import Cost, Portal, Size, estimate
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import T0, fill
from hubspot_pipeline_tests.runs import calls_of, landed, only, settings

HOUR = 3_600_000


def _made(sandbox: Sandbox, given: Settings, **how: Any) -> int:
    """Calls of one sync."""
    sandbox.delete("calls")
    landed(run(given, **how))
    return calls_of(sandbox).total()


def _is_about(expected: int, made: int) -> bool:
    return abs(expected - made) <= 0.1 * made


@pytest.fixture
def generated(sandbox: Sandbox) -> Sandbox:
    """The invented company, small; its clock stands still, so nothing else changes."""
    generate(sandbox.portal, seed=5, contacts=20)
    sandbox.post("clock", {"frozen": True})
    return sandbox


def test_a_generated_portal_takes_the_calls_that_were_expected(generated: Sandbox, tmp_path: Path) -> None:
    names = ("contacts", "deals", "workspace", "associations", "properties", "deals_property_history",
             "contact_lists", "list_memberships", "campaigns", "deal_splits")  # fmt: skip
    small = only(settings(tmp_path, generated.url), *names)
    large = replace(small, small_portal=0)
    before = check(small)
    assert _is_about(before.first.calls, made := _made(generated, small)), (before.first, made)
    assert before.unknown == []
    assert (before.learned, before.small) == (False, True)
    _change(generated)
    _made(generated, small)
    for given in (small, large):
        told = check(given)
        assert (told.learned, told.small) == (True, given is small)
        _change(generated)
        assert _is_about(told.hourly.calls, made := _made(generated, given)), (told.hourly, made)


def _change(sandbox: Sandbox) -> None:
    """An hour passes, in which some records change."""
    sandbox.post("clock", {"advance_ms": HOUR})
    for name, number in (("contacts", 3), ("deals", 2)):
        live = sorted(sandbox.portal.shelves[name].live)[:number]
        for id_ in live:
            sandbox.mutate({"op": "update", "object": name, "id": str(id_),
                            "properties": {"hubspot_owner_id": str(sandbox.portal.now() % 97)}})  # fmt: skip


def test_a_portal_made_by_hand_takes_the_calls_that_were_expected(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, list(range(1_001, 2_151)))
    fill(sandbox, list(range(5_001, 5_181)), object_type="deals", properties={"dealname": "d"})
    for id_ in range(5_001, 5_061):
        sandbox.mutate({"op": "associate", "from_object": "deals", "from_id": id_, "to_object": "contacts",
                        "to_id": id_ - 4_000})  # fmt: skip
        sandbox.mutate({"op": "archive", "object": "deals", "id": id_})
    sandbox.config(archived_associations="show")
    names = ("contacts", "companies", "deals", "associations", "deals_property_history")
    given = only(settings(tmp_path, sandbox.url), *names)
    report = check(given)
    # 1,150 contacts: 12 pages and their companies in 2 calls; 120 deals: 3 pages with history, 60 archived ones in 2
    # more, 3 kinds of links; each object: 2 definitions, 2 counts, 1 page of the bin; the account, custom objects
    assert report.first.calls == 12 + 2 + (3 + 2 + 3 + 1) + 1 + 3 * (2 + 2 + 1) + 2
    assert _made(sandbox, given) == report.first.calls
    rows = {row.stream: row for row in report.streams}
    assert [(rows[n].visible, rows[n].kept) for n in ("contacts", "companies", "deals")] == [
        (1_150, None), (0, None), (120, None),
    ]  # fmt: skip


def test_what_a_filter_keeps_is_counted_and_changes_the_calls(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, list(range(1_001, 1_901)), properties={"lifecyclestage": "lead"})
    fill(sandbox, list(range(2_001, 2_151)), properties={"lifecyclestage": "customer"})
    filters = criteria([{"field": "lifecyclestage", "condition": "equals", "value": "customer"}], "filters.contacts")
    given = only(settings(tmp_path, sandbox.url), "contacts", "companies", "associations",
                  contacts=Wanted(filters=filters))  # fmt: skip
    report = check(given)
    row = next(row for row in report.streams if row.stream == "contacts")
    assert (row.visible, row.kept) == (1_050, 150)
    assert _made(sandbox, given) == report.first.calls
    assert _is_about(report.hourly.calls, _made(sandbox, given))


def test_more_properties_than_a_url_holds_cost_a_second_call_for_each_page(sandbox: Sandbox, tmp_path: Path) -> None:
    for number in range(400):
        definition = {"name": f"a_rather_long_name_of_a_property_{number:03}", "type": "string", "fieldType": "text"}
        sandbox.portal.define_property("companies", definition)
    fill(sandbox, list(range(1_001, 1_251)), object_type="companies")
    given = only(settings(tmp_path, sandbox.url), "companies")
    report = check(given)
    row = next(row for row in report.streams if row.stream == "companies")
    assert (row.properties, row.custom) == (len(sandbox.portal.definitions["companies"]), 400)
    assert _made(sandbox, given) == report.first.calls


def test_what_nobody_tells_is_at_least(generated: Sandbox, tmp_path: Path) -> None:
    names = ("forms", "form_submissions", "email_events", "subscription_changes", "deals", "deals_web_analytics")
    given = only(settings(tmp_path, generated.url), *names)
    report = check(given)
    outcomes = landed(run(given)).outcomes
    rows = {row.stream: row for row in report.streams}
    assert report.unknown == ["deals_web_analytics", "email_events", "form_submissions", "subscription_changes"]
    for name in report.unknown:
        cost = rows[name].first
        assert cost is not None
        assert 0 < cost.calls <= outcomes[name].calls, name
    assert rows["forms"].first == Cost(burst=outcomes["forms"].calls)


def test_the_slowest_budget_decides_how_long_calls_take() -> None:
    rates: Any = {"burst": 19.0, "search": 5.0, "associations": 15.0}
    assert Cost(burst=190, search=10, associations=15).seconds(rates) == 10
    assert Cost(burst=19, search=100, associations=15).seconds(rates) == 20
    assert Cost(burst=19, search=10, associations=450).seconds(rates) == 30


def test_a_large_portal_reads_only_what_changed_and_a_small_one_reads_all() -> None:
    known = Streams()
    deals = known.by_name["deals"]
    size = Size(items=120_000, history=True)

    def hourly(small_portal: int) -> Cost:
        portal = Portal(known, frozenset({"deals"}), (deals,), {"deals": size}, small_portal, {"deals": 230.0})
        return estimate(portal).hourly["deals"]

    # definitions, 2 pages of changes and a count, records by id with their versions, 3 kinds of links
    assert hourly(100_000) == Cost(burst=1 + 5, search=2 + 1, associations=3)
    whole = hourly(200_000)
    assert (whole.search, whole.associations) == (1, 3 * 120)
    assert 1_201 <= whole.burst - 2 - 1 - 5 <= 1_210


def test_times_are_of_the_portals_own_limits(sandbox: Sandbox, tmp_path: Path) -> None:
    fill(sandbox, [1_001], at=T0)
    sandbox.config(tier="professional")
    report: Report = check(only(settings(tmp_path, sandbox.url, searches=5), "contacts"))
    assert report.first_seconds == max(report.first.burst / 19, report.first.search / 5, report.first.associations / 15)

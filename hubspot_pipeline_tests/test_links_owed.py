"""Links of records that change while a read breaks off, repeats itself or gains a pair: each is stored, and once."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import duckdb
import pytest

from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse import links, objects
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import chosen, landed, rows
from hubspot_pipeline_tests.test_catalogue import states
from hubspot_pipeline_tests.test_cursor import NOON, at
from hubspot_pipeline_tests.test_gaps import LINKS, LIST, PLAIN, broken, contacts, count, employ, given

__all__ = ["given"]

CHANGE = {"op": "update", "object": "contacts", "properties": {"firstname": "changed"}}
GROUP = 8
"""Calls that read the links of one group of records."""


def stored(given: Settings) -> tuple[int, int]:
    """(rows of links, links)."""
    sql = "SELECT count(*), count(DISTINCT (from_object, from_id, to_object, to_id, category, type_id)) FROM {}"
    (found,) = rows(given, sql.format("hubspot.associations"))
    return int(found[0]), int(found[1])


def test_links_that_a_run_reads_twice_are_stored_once_where_a_scan_follows_a_search(
    sandbox: Sandbox, given: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "Search", partial(objects.Search, cap=400))
    given, ids = chosen(given, PLAIN), contacts(sandbox, 900)
    employ(sandbox, ids[:1])
    landed(run(given, streams=["contacts"]))
    at(sandbox, 60)
    sandbox.mutate(*(CHANGE | {"id": id_} for id_ in ids))
    employ(sandbox, ids)
    sandbox.config(sort_noise=1000, result_cap=400)
    result = landed(run(given, streams=["contacts"]))
    assert "the whole list is read instead" in result.outcomes["contacts"].message
    assert stored(given) == (901, 901)


def test_links_that_a_run_reads_twice_are_stored_once_where_a_named_span_precedes_a_scan(
    sandbox: Sandbox, given: Settings
) -> None:
    given = _broken_scan(sandbox, given)
    landed(run(given, streams=["contacts"], since=NOON, until=NOON + timedelta(days=1)))
    assert stored(given) == (6, 6)


def _broken_scan(sandbox: Sandbox, given: Settings) -> Settings:
    """A scan that broke off at once; then five of the contacts change and get a company, one had it before."""
    given = chosen(given, f"{PLAIN}\nmode: {{contacts: incremental_client_side}}")
    ids = contacts(sandbox, 250)
    employ(sandbox, ids[5:6])
    landed(run(given, streams=["contacts"]))
    at(sandbox, 60)
    with broken(sandbox, LIST, 1):
        assert run(given, streams=["contacts"]).failed
    sandbox.mutate(*(CHANGE | {"id": id_} for id_ in ids[:5]))
    employ(sandbox, ids[:5])
    return given


def test_links_that_are_stored_twice_from_before_are_put_right_when_they_are_read(
    sandbox: Sandbox, given: Settings
) -> None:
    given = chosen(given, PLAIN)
    employ(sandbox, contacts(sandbox, 2))
    landed(run(given, streams=["contacts"]))
    with duckdb.connect(str(given.working)) as con:
        con.execute("INSERT INTO hubspot.associations FROM hubspot.associations LIMIT 1")
    assert stored(given) == (3, 2)
    landed(run(given, streams=["contacts"], mode="reconcile"))
    assert stored(given) == (2, 2)


def _interrupted(sandbox: Sandbox, given: Settings) -> None:
    """A reading of all links that broke off behind its first group; then its first record changes and is linked."""
    ids = contacts(sandbox, 9_500)
    landed(run(given, streams=["contacts"]))
    at(sandbox, 60)
    with broken(sandbox, LINKS, GROUP + 1):
        assert run(given, streams=["contacts"], mode="reconcile").failed
    at(sandbox, 120)
    sandbox.mutate(CHANGE | {"id": ids[0]})
    employ(sandbox, ids[:1])


@pytest.mark.parametrize("most", [links.MOST_OWED, 0], ids=["known by id", "too many: all are read"])
def test_a_record_that_changed_behind_an_interrupted_reading_of_links_is_owed_also_when_it_breaks_off_again(
    sandbox: Sandbox, given: Settings, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(links, "MOST_OWED", most)
    given = chosen(given, PLAIN)
    _interrupted(sandbox, given)
    with broken(sandbox, LINKS, 1):
        assert run(given, streams=["contacts"]).failed
    at(sandbox, 180)
    landed(run(given, streams=["contacts"]))
    assert count(given, "associations") == 1


def test_a_record_that_an_earlier_package_of_a_run_brings_is_owed_too(sandbox: Sandbox, given: Settings) -> None:
    given = chosen(given, f"{PLAIN}\nmode: {{contacts: incremental_client_side}}")
    _interrupted(sandbox, given)
    landed(run(replace(given, page_window=40), streams=["contacts"]))
    assert count(given, "associations") == 1


def test_a_first_read_owes_nothing_that_its_reading_of_all_links_brings(sandbox: Sandbox, given: Settings) -> None:
    given = replace(chosen(given, PLAIN), page_window=1)
    contacts(sandbox, 2_000)
    with broken(sandbox, LIST, 12):
        assert run(given, streams=["contacts"]).failed
    assert "links_owed" not in states(given)["contacts"]


def test_a_record_that_is_new_in_the_run_that_may_read_a_pair_again_gets_its_links(
    sandbox: Sandbox, given: Settings
) -> None:
    given = chosen(given, PLAIN)
    scopes = ("crm.objects.contacts.read", "crm.objects.deals.read", "tickets")
    contacts(sandbox, 3)
    sandbox.grant(*scopes)
    landed(run(given, streams=["contacts"]))
    at(sandbox, 60)
    employ(sandbox, contacts(sandbox, 1))
    sandbox.grant(*scopes, "crm.objects.companies.read")
    landed(run(given, streams=["contacts"]))
    assert count(given, "associations") == 1


def test_versions_of_a_survivor_that_two_ids_answer_with_are_stored_once(sandbox: Sandbox, given: Settings) -> None:
    given, streams = (
        chosen(given, "streams: {contacts_property_history: true}"),
        ["contacts", "contacts_property_history"],
    )
    ids = contacts(sandbox, 5)
    landed(run(given, streams=streams))
    at(sandbox, 60)
    sandbox.mutate(CHANGE | {"id": ids[0]})
    merge = {"op": "merge", "object_type": "contacts", "primary_id": ids[0], "merged_id": ids[4]}
    sandbox.config(page_shapes=[1])
    sandbox.post("hooks", {"hooks": [{"match": LIST, "nth": 3, "ops": [merge]}]})
    landed(run(given, streams=streams, mode="reconcile"))
    keys = "SELECT count(*), count(DISTINCT (id, property, changed_at, seq)) FROM hubspot.contacts_property_history"
    ((found, distinct),) = rows(given, keys)
    assert found == distinct > 0

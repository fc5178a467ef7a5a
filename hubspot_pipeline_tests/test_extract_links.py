"""Batch reads of records and links: paging inside an input, gaps, and answers that say less than was asked."""

from typing import Any

import pytest

from hubspot_pipeline.errors import HubSpotError
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import asked, fill, ids_of, reader

LINKS = "/associations/"


def linked(sandbox: Sandbox, counts: dict[int, int]) -> None:
    """Companies by id, each linked to so many contacts from 100,000 on."""
    most = max(counts.values())
    fill(sandbox, list(range(100_000, 100_000 + most)))
    fill(sandbox, list(counts), object_type="deals")
    for deal, count in counts.items():
        for contact in range(100_000, 100_000 + count):
            sandbox.portal.associate("deals", str(deal), "contacts", str(contact))


def read(one: Reader, ids: list[int], to: str = "contacts") -> tuple[set[str], list[dict[str, Any]]]:
    found = list(one.links(to, map(str, ids)))
    rows = [row for _, part in found for row in part]
    keys = {(row["from_id"], row["to_id"], row["category"], row["type_id"]) for row in rows}
    assert len(keys) == len(rows)
    return {id_ for known, _ in found for id_ in known}, rows


@pytest.mark.parametrize("page", [500, 100, 40])
def test_links_beyond_a_page_are_followed_for_each_record(sandbox: Sandbox, page: int) -> None:
    counts = {1: 1203, 2: 500, 3: 501, 4: 1, 5: 0}
    linked(sandbox, counts)
    sandbox.config(association_page=page)
    with reader(sandbox, "deals") as one:
        known, rows = read(one, list(counts))
    assert known == {"1", "2", "3", "4", "5"}
    assert {id_: sum(row["from_id"] == str(id_) for row in rows) for id_ in counts} == counts
    assert asked(sandbox, LINKS) == -(-1203 // page)
    assert rows[0].items() >= {
        "from_object": "deals", "to_object": "contacts", "category": "HUBSPOT_DEFINED", "type_id": 3, "label": None,
    }.items()  # fmt: skip


def test_a_thousand_records_cost_one_call(sandbox: Sandbox) -> None:
    linked(sandbox, dict.fromkeys(range(1, 1002), 1))
    with reader(sandbox, "deals") as one:
        known, rows = read(one, list(range(1, 1002)))
    assert (len(known), len(rows), asked(sandbox, LINKS)) == (1001, 1001, 2)


def test_several_types_and_labels_of_one_link(sandbox: Sandbox) -> None:
    fill(sandbox, [1, 2])
    fill(sandbox, [8, 9], object_type="companies")
    label = sandbox.portal.define_label("contacts", "companies", "Décideur", inverse_label="Decided by")
    sandbox.portal.associate("contacts", "1", "companies", "9", [("HUBSPOT_DEFINED", 1), ("USER_DEFINED", label)])
    sandbox.portal.associate("contacts", "1", "companies", "8")
    with reader(sandbox) as one:
        known, rows = read(one, [1, 2], "companies")
        named = {found["label"] for found in one.labels("companies")}
    found = {(row["to_id"], row["category"], row["type_id"], row["label"]) for row in rows}
    assert known == {"1", "2"}
    assert found == {
        ("9", "HUBSPOT_DEFINED", 1, "Primary"), ("9", "HUBSPOT_DEFINED", 279, None),
        ("9", "USER_DEFINED", label, "Décideur"), ("8", "HUBSPOT_DEFINED", 279, None),
    }  # fmt: skip
    assert "Décideur" in named


def test_links_of_a_record_that_is_gone_are_unknown_not_none(sandbox: Sandbox) -> None:
    linked(sandbox, {1: 3, 2: 0, 3: 2})
    sandbox.portal.archive("deals", "3")
    with reader(sandbox, "deals") as one:
        known, rows = read(one, [1, 2, 3, 777])
    assert known == {"1", "2"}
    assert {row["from_id"] for row in rows} == {"1"}


def test_a_record_that_vanishes_between_its_pages_is_unknown(sandbox: Sandbox) -> None:
    linked(sandbox, {1: 600, 2: 600})
    forget = {"op": "forget", "object": "deals", "id": "1"}
    sandbox.post("hooks", {"hooks": [{"match": LINKS, "nth": 1, "ops": [forget]}]})
    with reader(sandbox, "deals") as one:
        known, rows = read(one, [1, 2])
    assert known == {"2"}
    assert len(rows) == 600


def test_links_made_and_cut_between_pages_leave_no_double(sandbox: Sandbox) -> None:
    linked(sandbox, {1: 900})
    ends = {"from_object": "deals", "from_id": "1", "to_object": "contacts"}
    cut = [{"op": "disassociate", **ends, "to_id": str(id_)} for id_ in (100_001, 100_499, 100_500, 100_800)]
    sandbox.post("hooks", {"hooks": [{"match": LINKS, "nth": 1, "ops": cut}]})
    with reader(sandbox, "deals") as one:
        known, rows = read(one, [1])
    assert known == {"1"}
    assert len(rows) == 898


@pytest.mark.parametrize("name", ["paging", "to"])
def test_links_under_another_name_are_refused_never_none(sandbox: Sandbox, name: str) -> None:
    linked(sandbox, {1: 501, 2: 3})
    path = "/crm/associations/2026-03/deals/contacts/batch/read"
    body = sandbox.api("POST", path, {"inputs": [{"id": "1"}, {"id": "2"}]}).json()
    for result in body["results"]:
        result["other"] = result.pop(name, None)
    sandbox.post("faults", {"faults": [{"match": LINKS, "times": None, "status": 200, "body": body}]})
    with reader(sandbox, "deals") as one, pytest.raises(HubSpotError, match=r"cursor under an unknown|promises"):
        read(one, [1, 2])


@pytest.mark.parametrize("kind", ["drop_results", "an error without ids"])
def test_what_an_answer_does_not_mention_is_asked_again_before_it_counts_as_none(sandbox: Sandbox, kind: str) -> None:
    linked(sandbox, {1: 3, 2: 2})
    if kind == "drop_results":
        fault: dict[str, Any] = {"kind": kind}
    else:
        body = {"status": "COMPLETE", "results": [], "errors": [{"category": "OBJECT_NOT_FOUND", "message": "oops"}]}
        fault = {"status": 207, "body": body}
    sandbox.post("faults", {"faults": [{"match": LINKS, "times": 1, **fault}]})
    with reader(sandbox, "deals") as one:
        known, rows = read(one, [1, 2])
    if kind == "drop_results":
        assert (known, len(rows)) == ({"1", "2"}, 5)
    else:
        assert known == set()  # what is stored of them stays
        assert rows == []


@pytest.mark.parametrize("context", [{}, {"fromObjectId": ["1"]}])
def test_a_part_that_failed_for_another_reason_is_no_record_that_is_gone(
    sandbox: Sandbox, context: dict[str, Any]
) -> None:
    linked(sandbox, {1: 3, 2: 2})
    path = "/crm/associations/2026-03/deals/contacts/batch/read"
    body = sandbox.api("POST", path, {"inputs": [{"id": "2"}]}).json()
    body["errors"] = [{"category": "INTERNAL_ERROR", "message": "Timed out", "context": context}]
    sandbox.post("faults", {"faults": [{"match": LINKS, "times": 1, "status": 207, "body": body}]})
    with (
        reader(sandbox, "deals") as one,
        pytest.raises(HubSpotError, match="part of the batch failed"),
    ):
        read(one, [1, 2])


def test_links_that_never_end_are_an_error(sandbox: Sandbox) -> None:
    kind = {"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None}
    body = {"results": [{
        "from": {"id": "1"}, "to": [{"toObjectId": 9, "associationTypes": [kind]}], "paging": {"next": {"after": "9"}},
    }]}  # fmt: skip
    sandbox.post("faults", {"faults": [{"match": LINKS, "times": None, "status": 200, "body": body}]})
    with reader(sandbox, "deals") as one, pytest.raises(HubSpotError, match="do not move on"):
        read(one, [1])
    assert asked(sandbox, LINKS) == 2


def test_a_link_shown_twice_is_one_link(sandbox: Sandbox) -> None:
    to = {"toObjectId": 9, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None}] * 2}
    body = {"results": [{"from": {"id": "1"}, "to": [to, to | {"toObjectId": "9"}]}]}
    sandbox.post("faults", {"faults": [{"match": LINKS, "status": 200, "body": body}]})
    with reader(sandbox, "deals") as one:
        assert len(read(one, [1])[1]) == 1


def test_a_batch_has_each_record_once_and_leaves_out_those_that_are_gone(sandbox: Sandbox) -> None:
    fill(sandbox, list(range(1, 351)))
    sandbox.portal.archive("contacts", "5")
    survivor = int(sandbox.portal.merge("contacts", "7", "8"))
    with reader(sandbox) as one:
        found = ids_of(one.batch(map(str, range(1, 352))))
        (binned,) = one.batch(["5"], archived=True)
    assert set(found) == {*range(1, 351), survivor} - {5, 7, 8}
    assert [str(record.id) for record in binned] == ["5"]


def test_a_batch_with_history_is_cut_smaller(sandbox: Sandbox) -> None:
    fill(sandbox, list(range(1, 121)), properties={"email": ""})
    with reader(sandbox) as one:
        records = [record for page in one.batch(map(str, range(1, 121)), history=["email"]) for record in page]
    assert len(records) == 120
    assert all(record.propertiesWithHistory is not None for record in records)
    assert asked(sandbox, "/batch/read") == 3


def test_a_batch_that_forgets_records_is_asked_for_the_rest(sandbox: Sandbox) -> None:
    fill(sandbox, list(range(1, 11)))
    whole = sandbox.api("POST", "/crm/objects/2026-03/contacts/batch/read", {"inputs": [{"id": "3"}]}).json()
    sandbox.post("faults", {"faults": [{"match": "/batch/read", "times": 1, "status": 200, "body": whole}]})
    with reader(sandbox) as one:
        assert sorted(ids_of(one.batch(map(str, range(1, 11))))) == list(range(1, 11))


@pytest.mark.parametrize("fault", [
    {"kind": "drop_results"},
    {"status": 207, "body": {"results": [], "numErrors": 1, "errors": [
        {"status": "error", "category": "INTERNAL_ERROR", "message": "oops", "context": {"ids": ["1", "2"]}}]}},
    {"status": 207, "body": {"results": [{"id": "1", "properties": {}}], "numErrors": 1, "errors": [
        {"status": "error", "category": "INTERNAL_ERROR", "message": "oops", "context": {"ids": ["2"]}}]}},
], ids=["nothing", "an error inside", "an error of one record"])  # fmt: skip
def test_a_batch_that_fails_inside_never_makes_records_look_gone(sandbox: Sandbox, fault: dict[str, Any]) -> None:
    fill(sandbox, [1, 2])
    sandbox.post("faults", {"faults": [{"match": "/batch/read", "times": 1, **fault}]})
    with reader(sandbox) as one:
        assert sorted(ids_of(one.batch(["1", "2"]))) == [1, 2]
        sandbox.post("faults", {"faults": [{"match": "/batch/read", "times": None, **fault}]})
        with pytest.raises(HubSpotError, match="batch"):
            ids_of(one.batch(["1", "2"]))

"""Lists, children and logs as they are read: what is no list, how a page says that it is the last, values."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubspot_pipeline.api.client import Meter
from hubspot_pipeline.errors import HubSpotError
from hubspot_pipeline.extract import collections, events
from hubspot_pipeline.extract.children import Children, Parent
from hubspot_pipeline.extract.events import Log
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import asked, client, fill

NOON = datetime(2026, 9, 30, 12, tzinfo=UTC)


def read(sandbox: Sandbox, stream: str) -> list[dict[str, Any]]:
    return collections.read(client(sandbox), DECLARED.by_name[stream], Meter())


def answer(sandbox: Sandbox, match: str, body: Any) -> None:
    sandbox.post("faults", {"faults": [{"match": match, "times": -1, "status": 200, "body": body}]})


@pytest.mark.parametrize("body", [{}, {"status": "ok"}, {"results": None}, {"results": {}}, {"results": [1]}])
def test_an_answer_without_its_list_is_no_empty_list(sandbox: Sandbox, body: Any) -> None:
    answer(sandbox, "GET /crm/owners", body)
    with pytest.raises(HubSpotError, match="results"):
        read(sandbox, "owners")


def test_a_page_that_does_not_say_whether_there_are_more_is_not_the_last(sandbox: Sandbox) -> None:
    answer(sandbox, "GET /email/public/v1/campaigns", {"campaigns": [], "has-more": True, "offset": "x"})
    with pytest.raises(HubSpotError, match="more"):
        read(sandbox, "campaigns")


def test_a_value_that_does_not_fit_its_column_is_null_and_never_another_value() -> None:
    owners, lists = DECLARED.by_name["owners"], DECLARED.by_name["contact_lists"]
    sent: list[Any] = [True, False, "false", "true", 0, 1, "", None]
    archived = collections.table(owners, [{"id": "1", "archived": value} for value in sent], NOON)["archived"]
    assert archived.to_pylist() == [True, False, *[None] * 6]
    sizes = [12, "12", "-1", "1.5", "12x", "", str(2**63), None]
    items = [{"listId": "1", "additionalProperties": {"hs_list_size": value}} for value in sizes]
    assert collections.table(lists, items, NOON)["size"].to_pylist() == [12, 12, -1, *[None] * 5]


@pytest.fixture
def splits(sandbox: Sandbox) -> Iterator[Children]:
    """Reads the splits of deals."""
    fill(sandbox, [1, 2], object_type="deals")
    with ThreadPoolExecutor(2) as pool:
        yield Children(client(sandbox), DECLARED.by_name["deal_splits"], pool, Meter())


def test_parents_that_a_batch_says_nothing_of_are_not_gone(sandbox: Sandbox, splits: Children) -> None:
    deals = [Parent("1"), Parent("2")]
    whole = list(splits.read(deals))
    sandbox.post("faults", {"faults": [{"match": "/deal-splits/", "kind": "drop_results", "times": 1}]})
    assert list(splits.read(deals)) == whole
    # asked twice, what an answer leaves out has none: it is not gone
    answer(sandbox, "/deal-splits/", {"results": [{"id": "1", "splits": []}]})
    assert list(splits.read(deals)) == [(deals[0], []), (deals[1], [])]
    gone = {"category": "OBJECT_NOT_FOUND", "context": {"ids": ["2"]}}
    sandbox.delete("faults")
    answer(sandbox, "/deal-splits/", {"results": [{"id": "1", "splits": []}], "errors": [gone]})
    assert list(splits.read(deals)) == [(deals[0], []), (deals[1], None)]


def test_events_of_one_instant_are_read_though_a_query_is_asked_anew(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PAGES_PER_QUERY", 1)
    sandbox.config(page_shapes=[2])
    for number in range(9):
        moment = int((NOON + timedelta(minutes=number // 3)).timestamp() * 1000)
        event = {"op": "put", "kind": "email_event", "id": f"e-{number}"}
        sandbox.mutate(event | {"item": {"recipient": "a@example.com", "created": moment}})
    log = Log(client(sandbox), DECLARED.by_name["email_events"], Meter())
    read = [row["id"] for rows, _ in log.read(NOON, NOON + timedelta(hours=1)) for row in rows]
    assert set(read) == {f"e-{number}" for number in range(9)}
    assert asked(sandbox, "/email/public/") > 5

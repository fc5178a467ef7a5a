"""Lists that are no CRM objects: every item once, whatever the pages, and never a part that passes for the whole."""

from typing import Any

import pytest

from hubspot_pipeline.api.client import Meter
from hubspot_pipeline.errors import HubSpotError, MalformedAnswer
from hubspot_pipeline.extract import collections
from hubspot_pipeline.extract.properties import definitions
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import client

OWNERS = "/crm/owners/2026-03"
PIPELINES = "/crm/pipelines/2026-03/deals"


def owners(sandbox: Sandbox, count: int) -> list[str]:
    made = [{"op": "add_owner", "email": f"o{at}@example.com", "first_name": "O", "last_name": f"{at}"}
            for at in range(count)]  # fmt: skip
    return [str(id_) for id_ in sandbox.mutate(*made)]


def read(sandbox: Sandbox, stream: str) -> list[dict[str, Any]]:
    return collections.read(client(sandbox), DECLARED.by_name[stream], Meter())


@pytest.mark.parametrize("shapes", [[7], [0, 100], [100, 1, 0, 0], {"sizes": [33], "after": "int"}])
def test_every_item_is_read_whatever_the_pages(sandbox: Sandbox, shapes: Any) -> None:
    ids = [f"form-{number:03d}" for number in range(230)]
    sandbox.mutate(*({"op": "put", "kind": "form", "id": id_, "item": {"name": id_}} for id_ in ids))
    sandbox.config(page_shapes=shapes)
    assert sorted(form["id"] for form in read(sandbox, "forms")) == ids


def test_a_list_that_stands_still_is_an_error(sandbox: Sandbox) -> None:
    sandbox.mutate({"op": "put", "kind": "form", "id": "one", "item": {"name": "One"}})
    for shapes, body in (([0], None), (None, {"results": [{"id": "one"}], "paging": {"next": {"after": "x"}}})):
        sandbox.config(page_shapes=shapes)
        if body:
            sandbox.post("faults", {"faults": [{"match": "/forms", "times": None, "status": 200, "body": body}]})
        sandbox.delete("calls")
        with pytest.raises(MalformedAnswer, match="does not move on"):
            read(sandbox, "forms")
        assert len(sandbox.calls()) < 9


def test_an_archived_listing_that_holds_live_owners_too_doubles_none(sandbox: Sandbox) -> None:
    stays, leaves = owners(sandbox, 2)
    sandbox.mutate({"op": "archive_owner", "id": leaves})
    listed = [sandbox.api("GET", f"{OWNERS}?archived={archived}").json() for archived in ("false", "true")]
    both = {"results": [owner for answer in listed for owner in answer["results"]]}
    sandbox.post("faults", {"faults": [{"match": f"GET {OWNERS}", "nth": 2, "times": 1, "status": 200, "body": both}]})
    assert [(owner["id"], owner["archived"]) for owner in read(sandbox, "owners")] == [(stays, False), (leaves, True)]


def test_a_list_whose_cursor_is_renamed_is_refused_not_cut(sandbox: Sandbox) -> None:
    owners(sandbox, 150)
    first = sandbox.api("GET", f"{OWNERS}?limit=100").json()
    first["page"] = first.pop("paging")
    sandbox.post("faults", {"faults": [{"match": f"GET {OWNERS}", "times": None, "status": 200, "body": first}]})
    with pytest.raises(HubSpotError, match="pages by `page`"):
        read(sandbox, "owners")


def test_a_list_that_begins_to_come_in_pages_is_followed(sandbox: Sandbox) -> None:
    pipeline = sandbox.api("GET", PIPELINES).json()["results"][0]
    first, second = ({"results": [pipeline | {"id": id_}]} for id_ in ("1", "2"))
    bodies = [first | {"paging": {"next": {"after": "x"}}}, second]
    sandbox.post("faults", {"faults": [
        {"match": f"GET {PIPELINES}", "times": 1, "status": 200, "body": body} for body in bodies
    ]})  # fmt: skip
    assert [found["id"] for found in read(sandbox, "deal_pipelines")] == ["1", "2"]
    assert [call["query"] for call in sandbox.calls()][-1] == "after=x"


@pytest.mark.parametrize("name", ["paging", "page"])
def test_a_property_catalogue_that_is_cut_is_refused(sandbox: Sandbox, name: str) -> None:
    """A property that it lacks would count as gone, and its values with it."""
    body = {"results": [{"name": "email", "type": "string"}], name: {"next": {"after": "email"}}}
    sandbox.post("faults", {"faults": [{"match": "/crm/properties/", "times": None, "status": 200, "body": body}]})
    with pytest.raises(HubSpotError, match="comes in pages"):
        definitions(client(sandbox), DECLARED.by_name["contacts"], Meter())

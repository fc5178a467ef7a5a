"""Changes through search: all of them, whatever their number, their instants and the order HubSpot gives them in."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hubspot_pipeline.api.client import encoded
from hubspot_pipeline.extract.changes import BODY_LIMIT, Search
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.unnest import Record
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import T0, asked, fill, ids_of, reader

START = datetime.fromtimestamp(T0 / 1000, UTC)
SEARCH = "/contacts/search"


def search(one: Reader, *, cap: int = 400, **given: Any) -> Search:
    return Search(one, cap=cap, **given)


def changed(one: Reader, since: datetime = START, **given: Any) -> tuple[list[int], bool]:
    """(ids found, whether the search says that some may be missing)."""
    made = search(one, **given)
    return ids_of(made.since(since)), made.incomplete


@pytest.mark.parametrize("count", [0, 1, 199, 200, 201, 399, 400, 401, 1000, 2500])
@pytest.mark.parametrize("spread", ["one instant", "a few instants", "a burst in a long span"])
def test_any_number_of_changes_is_read_at_the_fewest_calls(sandbox: Sandbox, count: int, spread: str) -> None:
    sandbox.config(result_cap=400)
    moments = {
        "one instant": lambda place: T0, "a few instants": lambda place: T0 + place % 3,
        "a burst in a long span": lambda place: T0 + (5_000_000 if place % 10 else place * 3_600_000),
    }  # fmt: skip
    ids = random.Random(count).sample(range(1, 10**10), count)
    fill(sandbox, ids, at=moments[spread])
    fill(sandbox, [10**10 + step for step in range(50)], at=T0 - 1)  # not changed since
    with reader(sandbox) as one:
        found, incomplete = changed(one)
    assert Counter(found) == Counter(ids)
    assert not incomplete
    assert asked(sandbox, SEARCH) == max(1, -(-count // 200))


def test_one_change_more_than_a_query_can_give_is_read_without_a_refusal(sandbox: Sandbox) -> None:
    ids = list(range(1, 10_002))
    fill(sandbox, ids, at=lambda place: T0 + 17 * place)
    with reader(sandbox) as one:
        made = Search(one)
        assert Counter(ids_of(made.since(START))) == Counter(ids)
    assert not made.incomplete
    assert {call["status"] for call in sandbox.calls()} == {200}
    assert asked(sandbox, SEARCH) == 51


@pytest.mark.parametrize("compare", ["numeric", "text"])
@pytest.mark.parametrize("count", [400, 401, 1300])
def test_a_dense_instant_is_drained_whatever_the_order_of_ids(sandbox: Sandbox, compare: str, count: int) -> None:
    sandbox.config(result_cap=400, id_compare=compare)
    ids = random.Random(count).sample(range(1, 10**6), count)
    fill(sandbox, ids)
    with reader(sandbox) as one:
        assert (sorted(changed(one)[0]), changed(one)[1]) == (sorted(ids), False)
    assert asked(sandbox, SEARCH) == 2 * -(-count // 200)


@pytest.mark.parametrize("noise", [1, 5, 40, 1000])
@pytest.mark.parametrize("compare", ["numeric", "text"])
@pytest.mark.parametrize("count", [150, 380, 1100])
def test_disorder_loses_nothing_or_is_told(sandbox: Sandbox, noise: int, compare: str, count: int) -> None:
    sandbox.config(result_cap=400, sort_noise=noise, id_compare=compare)
    ids = random.Random(noise + count).sample(range(1, 10**6), count)
    fill(sandbox, ids, at=lambda place: T0 + place % 7)
    with reader(sandbox) as one:
        found, incomplete = changed(one)
    assert len(found) == len(set(found))
    if noise < 1000 or count <= 400:
        # rows that moved by less than a page, or all within the cap: everything is found
        assert not incomplete
    assert incomplete or sorted(found) == sorted(ids)
    assert asked(sandbox, SEARCH) <= 3 * -(-count // 200)


@pytest.mark.parametrize("sizes", [[1, 200], [0, 200], [0, 0, 3, 200], [7], [199, 0, 1]])
@pytest.mark.parametrize("noise", [0, 4])
def test_short_and_empty_pages_end_nothing(sandbox: Sandbox, sizes: list[int], noise: int) -> None:
    sandbox.config(result_cap=400, page_shapes={"sizes": sizes, "after": "int"}, sort_noise=noise)
    fill(sandbox, list(range(900, 1500)), at=lambda place: T0 + place)
    with reader(sandbox) as one:
        found, incomplete = changed(one)
    assert (sorted(found), incomplete) == (list(range(900, 1500)), False)


def test_pages_that_stay_empty_are_told(sandbox: Sandbox) -> None:
    sandbox.config(page_shapes=[0])
    fill(sandbox, [1, 2])
    with reader(sandbox) as one:
        assert changed(one) == ([], True)
    assert asked(sandbox, SEARCH) < 10


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("what", ["archive", "update", "merge", "create", "all"])
@pytest.mark.parametrize("closed", [False, True])
def test_changes_in_mid_paging_hide_no_other_change(sandbox: Sandbox, what: str, nth: int, closed: bool) -> None:
    """Records that leave shift all later ones forward: by offset one would be skipped for each."""
    sandbox.config(result_cap=400)
    ids = list(range(100, 900))
    fill(sandbox, ids, at=lambda place: T0 + place)
    touched = [100, 150, 299, 300, 301, 450, 500, 700, 898, 899]
    archive = [{"op": "archive", "object": "contacts", "id": str(id_)} for id_ in touched[::2]]
    values = {"properties": {"firstname": "x"}}
    update = [{"op": "update", "object": "contacts", "id": str(id_), **values} for id_ in touched[1::2]]
    merge = [{"op": "merge", "object": "contacts", "primary_id": "120", "merged_id": "520"}]
    new = {"op": "create", "object": "contacts", "properties": {}, "at": T0 + 5}
    create = [new | {"id": "50"}, new | {"id": "999"}]
    ops = {"archive": archive, "update": update, "merge": merge, "create": create}
    chosen = ops.get(what) or [*archive, *update, *merge]
    sandbox.post("hooks", {"hooks": [{"match": SEARCH, "nth": nth, "ops": chosen}]})
    with reader(sandbox) as one:
        until = START + timedelta(hours=1) if closed else None
        found, incomplete = changed(one, until=until)
    unsure = {*touched, 120, 520}
    assert {id_ for id_ in ids if id_ not in unsure} <= set(found)
    assert not incomplete
    assert asked(sandbox, SEARCH) <= 4 + 4  # a step that passed over a record that left is looked at once more


def test_a_window_has_both_its_ends(sandbox: Sandbox) -> None:
    fill(sandbox, [1, 2, 3, 4, 5], at=lambda place: T0 + place - 1)
    with reader(sandbox) as one:
        assert changed(one, until=START + timedelta(milliseconds=2))[0] == [2, 3]
        assert changed(one)[0] == [2, 3, 4, 5]
        assert changed(one, since=START + timedelta(milliseconds=4))[0] == []


def test_three_records_at_the_cursors_own_millisecond(sandbox: Sandbox) -> None:
    fill(sandbox, [1, 2, 3], at=lambda place: T0 + 123 + (place == 2))
    with reader(sandbox) as one:
        assert changed(one, since=START + timedelta(milliseconds=123, microseconds=900))[0] == [1, 2, 3]


def test_a_record_that_search_shows_late_is_found_when_it_shows(sandbox: Sandbox) -> None:
    sandbox.post("clock", {"now": T0, "frozen": True})
    sandbox.config(index_lag_ms=90_000)
    sandbox.mutate({"op": "create", "object": "contacts", "properties": {}, "id": "1"})
    with reader(sandbox) as one:
        sandbox.post("clock", {"advance_ms": 60_000})
        assert changed(one) == ([], False)
        sandbox.post("clock", {"advance_ms": 30_001})
        assert changed(one) == ([1], False)


def test_every_object_is_searched_by_the_property_that_moves(sandbox: Sandbox) -> None:
    for number, stream in enumerate(DECLARED.objects, 1):
        fill(sandbox, [number], object_type=stream.object)
        with reader(sandbox, stream.name) as one:
            assert changed(one)[0] == [number], stream.name


def test_matching_finds_any_of_several_groups_beyond_the_cap(sandbox: Sandbox) -> None:
    sandbox.config(result_cap=400)
    fill(sandbox, list(range(1, 601)), properties={"firstname": "A"})
    fill(sandbox, list(range(601, 901)), properties={"lastname": "B"})
    fill(sandbox, list(range(901, 1001)))
    with reader(sandbox) as one:
        made = search(one)
        groups = [[{"propertyName": name, "operator": "HAS_PROPERTY"}] for name in ("firstname", "lastname", "phone")]
        assert sorted(ids_of(made.matching(groups))) == list(range(1, 901))
        assert not made.incomplete
        assert made.count() == (1000, 1000)
        assert made.count([{"propertyName": "firstname", "operator": "HAS_PROPERTY"}]) == (600, 600)
    assert asked(sandbox, SEARCH) == 5 + 2


def properties_of(count: int) -> tuple[str, ...]:
    return tuple(f"custom_property_number_{number:04d}" for number in range(count))


@pytest.mark.parametrize("until", [None, datetime(2030, 1, 1, tzinfo=UTC)])
def test_a_list_of_sixty_properties_comes_with_the_search(sandbox: Sandbox, until: datetime | None) -> None:
    names = properties_of(60)
    for name in names:
        sandbox.portal.define_property("contacts", {"name": name, "type": "string"})
    fill(sandbox, list(range(1, 451)), properties={names[59]: "last"})
    sandbox.config(sort_noise=9)  # so that bodies have all the filters they can have
    with reader(sandbox, properties=names) as one:
        made = search(one, until=until)
        records = [record for page in made.since(START) for record in page]
    assert made.wide
    assert len(records) == 450
    assert all(b'"last"' in bytes(record.properties) for record in records)
    assert {call["status"] for call in sandbox.calls()} == {200}


def test_no_search_body_is_too_long_and_none_is_cut_too_early(sandbox: Sandbox) -> None:
    """As many properties as are sent along fit; the first list that is not sent along would not have fitted by much."""
    widths = []
    for count in range(60, 130):
        with reader(sandbox, properties=properties_of(count)) as one:
            widths.append(search(one).wide)
    first = widths.index(False)
    most = 60 + first - 1
    assert not any(widths[first:])
    names = properties_of(most)
    for name in names:
        sandbox.portal.define_property("contacts", {"name": name, "type": "string"})
    fill(sandbox, [10**15 + step for step in range(500)])
    sandbox.config(sort_noise=30)
    with reader(sandbox, properties=names) as one:
        found, incomplete = changed(one, until=datetime(2040, 1, 1, tzinfo=UTC))
    assert (len(found), incomplete) == (500, False)
    assert {call["status"] for call in sandbox.calls()} == {200}
    body = {"properties": [*names, *properties_of(1)]}
    assert len(encoded(body)) + 420 > BODY_LIMIT


def test_a_longer_list_leaves_search_to_find_ids_only(sandbox: Sandbox) -> None:
    fill(sandbox, [1, 2, 3], properties={"firstname": "Ada"})
    with reader(sandbox, properties=("firstname", *properties_of(300))) as one:
        made = search(one)
        records: list[Record] = [record for page in made.since(START) for record in page]
        assert not made.wide
        (batch,) = one.batch([str(record.id) for record in records])
    assert b'"Ada"' not in bytes(records[0].properties)
    assert all(b'"Ada"' in bytes(record.properties) for record in batch)


def test_a_search_answer_without_a_total_is_tried_again(sandbox: Sandbox) -> None:
    fill(sandbox, [1])
    sandbox.post("faults", {"faults": [{"match": SEARCH, "status": 200, "body": {"results": []}}]})
    with reader(sandbox) as one:
        assert changed(one) == ([1], False)
    assert asked(sandbox, SEARCH) == 2


def test_a_search_whose_paging_is_renamed_still_gives_all(sandbox: Sandbox) -> None:
    fill(sandbox, list(range(1, 501)))
    with reader(sandbox) as one:
        body = {"limit": 200, "filterGroups": [{"filters": [search(one)._between(T0, T0)]}]}
        first = sandbox.api("POST", "/crm/objects/2026-03/contacts/search", body).json()
        first["page"] = first.pop("paging")
        sandbox.post("faults", {"faults": [{"match": SEARCH, "status": 200, "body": first}]})
        assert changed(one) == (list(range(1, 501)), False)


def test_the_newest_change_is_told_in_one_call(sandbox: Sandbox) -> None:
    with reader(sandbox) as one:
        assert search(one).newest() is None
        fill(sandbox, [1, 2, 3], at=lambda place: T0 + 1000 * (place == 1))
        assert search(one).newest() == START + timedelta(seconds=1)
    assert asked(sandbox, SEARCH) == 2

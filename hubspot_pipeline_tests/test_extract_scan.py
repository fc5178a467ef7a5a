"""A list scan in several chains reads every record once, at about the fewest calls, whatever the ids and pages."""

import random
from typing import Any

import pytest

from hubspot_pipeline.errors import HubSpotError, MalformedAnswer
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.windows import Chains
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.reading import asked, fill, ids_of, reader

LIST = "GET /crm/objects/[^/]*/contacts$"


def scan(one: Reader, ids: list[int], *, width: int = 8, **given: Any) -> list[int]:
    chains = Chains([(0, None)], top=max(ids, default=0), total=len(ids), width=width)
    found = ids_of(one.scan(chains, **given))
    assert chains.done
    return found


def shapes() -> dict[str, list[int]]:
    """Ids as portals have them: dense, sparse, old ones small and new ones huge, in clusters."""
    chance = random.Random(5)
    return {
        "dense": list(range(1, 2501)),
        "offset": list(range(10**11, 10**11 + 2500)),
        "sparse": sorted(chance.sample(range(1, 10**11), 2500)),
        "skewed": sorted({*range(1, 2001), *chance.sample(range(10**10, 10**11), 500)}),
        "powers": sorted({int(2 ** (chance.random() * 36)) for _ in range(3500)})[:2500],
        "clusters": sorted({base + step for base in chance.sample(range(10**9), 25) for step in range(100)}),
    }


@pytest.mark.parametrize("kind", shapes())
def test_every_record_once_at_about_the_fewest_calls(sandbox: Sandbox, kind: str) -> None:
    ids = shapes()[kind]
    fill(sandbox, ids)
    with reader(sandbox) as one:
        found = scan(one, ids)
    assert sorted(set(found)) == ids
    fewest = -(-len(ids) // 100)
    assert asked(sandbox) <= fewest * 1.1 + 1


@pytest.mark.parametrize("seed", range(12))
def test_any_ids_are_read_whatever_the_pages(sandbox: Sandbox, seed: int) -> None:
    chance = random.Random(seed)
    spread = 10 ** chance.randint(3, 12)
    ids = sorted(chance.sample(range(1, spread), min(spread // 2, chance.choice([0, 1, 99, 100, 101, 400, 1700]))))
    fill(sandbox, ids)
    sizes = [chance.choice([0, 1, 3, 7, 50, 99, 100]) for _ in range(4)] + [100, 60]
    sandbox.config(page_shapes={"sizes": sizes, "after": chance.choice(["int", "str"])})
    with reader(sandbox) as one:
        total = chance.choice([len(ids), 1, 5 * len(ids)])  # what was counted before need not be true any more
        chains = Chains([(0, None)], top=chance.choice([1, max(ids, default=0), spread * 3]), total=total, width=8)
        found = ids_of(one.scan(chains))
    assert sorted(set(found)) == ids


def test_chains_are_read_side_by_side(sandbox: Sandbox) -> None:
    fill(sandbox, list(range(1, 6401)))
    with reader(sandbox) as one:
        chains = Chains([(0, None)], top=6400, total=6400, width=8)
        ids_of(one.scan(chains, max_pages=8))
    assert len(chains.unread()) == 8
    queries = [call["query"] for call in sandbox.calls()]
    starts = sorted(int(query.rpartition("after=")[2]) for query in queries if "after=" in query)
    assert starts == [800 * number for number in range(1, 8)]


def test_a_scan_goes_on_where_it_was_left(sandbox: Sandbox) -> None:
    ids = list(range(1, 3001))
    fill(sandbox, ids)
    found: list[int] = []
    ranges: list[tuple[int, int | None]] = [(0, None)]
    with reader(sandbox) as one:
        for _ in range(40):
            chains = Chains(ranges, top=3000, total=3000, width=8)
            found += ids_of(one.scan(chains, max_pages=3))
            ranges = chains.unread()
            if chains.done:
                break
    assert sorted(set(found)) == ids
    assert asked(sandbox) <= 36


def test_what_was_read_before_an_error_is_not_read_again(sandbox: Sandbox) -> None:
    ids = list(range(1, 2001))
    fill(sandbox, ids)
    sandbox.post("faults", {"faults": [{"match": LIST, "nth": 9, "times": None, "status": 400}]})
    found: list[int] = []
    chains = Chains([(0, None)], top=2000, total=2000, width=8)
    with reader(sandbox) as one:
        pages = one.scan(chains)
        with pytest.raises(HubSpotError):
            found.extend(int(record.id) for page in pages for record in page)
        sandbox.delete("faults")
        found += ids_of(one.scan(Chains(chains.unread(), top=2000, total=2000, width=8)))
    assert sorted(set(found)) == ids


def test_records_made_and_archived_during_a_scan_disturb_no_other(sandbox: Sandbox) -> None:
    ids = list(range(10, 20_010, 10))
    fill(sandbox, ids)
    leaving, coming = (10, 9990, 10_000, 10_010, 15_000, 20_000), (20_005, 20_500, 30_000)
    ops = [{"op": "archive", "object": "contacts", "id": str(id_)} for id_ in leaving]
    new = [{"op": "create", "object": "contacts", "properties": {}, "id": str(id_)} for id_ in coming]
    sandbox.post("hooks", {"hooks": [
        {"match": LIST, "nth": 3, "ops": ops[:3]}, {"match": LIST, "nth": 8, "ops": ops[3:] + new},
    ]})  # fmt: skip
    with reader(sandbox) as one:
        found = scan(one, ids)
    assert set(ids) - set(leaving) <= set(found)
    assert {20_500, 30_000} <= set(found)
    assert len(found) - len(set(found)) <= 100


@pytest.mark.parametrize("seed", range(6))
def test_a_cursor_that_names_the_last_record_instead_of_the_next_loses_none(seed: int) -> None:
    """Chains against a list whose `after` is exclusive: what a chain starts at is left to the chain before it."""
    chance = random.Random(seed)
    ids = list(range(1, 3201)) if seed % 2 else sorted(chance.sample(range(1, 9000), 3200))
    chains = Chains([(0, None)], top=max(ids), total=len(ids), width=8)
    flying, found = [], []
    while not chains.done:
        while (chain := chains.start()) is not None:
            flying.append(chain)
        chain = flying.pop(chance.randrange(len(flying)))
        page = [id_ for id_ in ids if id_ > chain.lo][:100]
        found += page
        chains.read(chain, page, page[-1] if page and page[-1] != ids[-1] else None)
    assert sorted(set(found)) == ids


def test_a_missing_cursor_behind_a_full_page_is_no_end(sandbox: Sandbox) -> None:
    """What a renamed field would look like (n8n-io/n8n#1780: 250 rows only)."""
    fill(sandbox, list(range(1, 351)))
    first = sandbox.api("GET", "/crm/objects/2026-03/contacts?limit=100").json()
    first["page"] = first.pop("paging")
    sandbox.post("faults", {"faults": [{"match": LIST, "status": 200, "body": first}]})
    with reader(sandbox) as one:
        assert scan(one, list(range(1, 351))) == list(range(1, 351))


@pytest.mark.parametrize("count", [100, 250])
def test_a_missing_cursor_behind_a_full_page_of_the_bin_is_no_end(sandbox: Sandbox, count: int) -> None:
    fill(sandbox, list(range(1, count + 1)))
    for id_ in range(1, count + 1):
        sandbox.portal.archive("contacts", str(id_))
    body = sandbox.api("GET", "/crm/objects/2026-03/contacts?limit=100&archived=true").json()
    body["page"] = body.pop("paging", None)
    sandbox.post("faults", {"faults": [{"match": LIST, "status": 200, "body": body}]})
    with reader(sandbox) as one:
        assert ids_of(one.archived()) == list(range(1, count + 1))


def test_a_bin_whose_full_page_comes_again_and_again_is_an_error(sandbox: Sandbox) -> None:
    body = {"results": [{"id": str(id_), "properties": {}, "archived": True} for id_ in range(100)]}
    sandbox.post("faults", {"faults": [{"match": LIST, "times": None, "status": 200, "body": body}]})
    with reader(sandbox) as one, pytest.raises(MalformedAnswer, match="move on"):
        ids_of(one.archived())


@pytest.mark.parametrize("archived", [False, True])
def test_a_list_that_stands_still_is_an_error(sandbox: Sandbox, archived: bool) -> None:
    fill(sandbox, [5, 6])
    sandbox.portal.archive("contacts", "6")
    sandbox.config(page_shapes=[0])
    with reader(sandbox) as one, pytest.raises(MalformedAnswer, match=r"move on|brings no record"):
        ids_of(one.archived() if archived else one.scan(Chains([(5, None)], top=6, total=2, width=1)))
    assert asked(sandbox) < 12


@pytest.mark.parametrize("body", [{"results": None}, {"status": "ok"}, [], {"results": [{"id": "1"}]}])
def test_a_page_without_records_where_they_belong_is_never_an_empty_page(sandbox: Sandbox, body: Any) -> None:
    sandbox.post("faults", {"faults": [{"match": "/contacts", "times": None, "status": 200, "body": body}]})
    with reader(sandbox) as one, pytest.raises(HubSpotError, match="promises"):
        scan(one, [])


@pytest.mark.parametrize("by_batch", [False, True])
def test_records_without_the_versions_that_were_asked_for_are_malformed(sandbox: Sandbox, by_batch: bool) -> None:
    record = {"id": "1", "properties": {"email": "ann@x.example"}, "createdAt": "2026-01-05T08:00:00Z",
              "updatedAt": "2026-01-05T08:00:00Z", "archived": False, "versionsOfProperties": {}}  # fmt: skip
    fault = {"match": "/contacts", "times": None, "status": 200, "body": {"results": [record]}}
    sandbox.post("faults", {"faults": [fault]})
    with reader(sandbox) as one:
        chains = Chains([(0, None)], top=1, total=1, width=1)
        pages = one.batch(["1"], history=("email",)) if by_batch else one.scan(chains, history=("email",))
        with pytest.raises(HubSpotError, match="propertiesWithHistory"):
            next(pages)


@pytest.mark.parametrize("history", [(), ("email",)])
@pytest.mark.parametrize("status", [0, 413, 414, 431])
def test_properties_that_fit_no_url_come_by_batch_read(sandbox: Sandbox, status: int, history: tuple[str, ...]) -> None:
    names = [f"custom_{number:05d}_{'x' * 88}" for number in range(300 if not status else 20)]
    for name in names:
        sandbox.portal.define_property("contacts", {"name": name, "type": "string"})
    fill(sandbox, list(range(1, 251)), properties={names[-1]: "last", names[0]: "first"})
    fill(sandbox, [900], object_type="companies")
    sandbox.portal.associate("contacts", "7", "companies", "900")
    sandbox.portal.archive("contacts", "7")
    sandbox.config(archived_associations="show")
    if status:
        sandbox.post("faults", {"faults": [{"match": LIST, "nth": 2, "times": 1, "status": status}]})
    with reader(sandbox, properties=("email", *names)) as one:
        chains = Chains([(0, None)], top=250, total=250, width=1)
        records = [record for page in one.scan(chains, history=history) for record in page]
        (bin_page,) = one.archived()
    assert [int(record.id) for record in records] == [id_ for id_ in range(1, 251) if id_ != 7]
    assert [(str(record.id), list(record.associations or {})) for record in bin_page] == [("7", ["companies"])]
    for record in [*records, *bin_page]:
        assert b'"first"' in bytes(record.properties)
        assert b'"last"' in bytes(record.properties)
    assert all((record.propertiesWithHistory is not None) == bool(history) for record in records)
    lists, batches = asked(sandbox, "/contacts") - asked(sandbox, "/batch/read"), asked(sandbox, "/batch/read")
    if not status:
        assert (lists, batches) == (4, (5 if history else 3) + 1)
    assert "414" not in {str(call["status"]) for call in sandbox.calls()} or status == 414


def test_three_thousand_properties_of_a_hundred_characters(sandbox: Sandbox) -> None:
    names = tuple(f"p{number:04d}_{'y' * 94}" for number in range(3000))
    for name in names:
        sandbox.portal.define_property("contacts", {"name": name, "type": "string"})
    fill(sandbox, list(range(1, 151)), properties=dict.fromkeys(names[::1000], "v"))
    with reader(sandbox, properties=names) as one:
        records = [record for page in one.scan(Chains([(0, None)], top=150, total=150, width=1)) for record in page]
    table, _ = unnest.table(records, {name: name[:60] for name in names}, None)
    assert (table.num_rows, table.num_columns) == (150, 3000 + 10)
    assert table[names[2000][:60]].to_pylist() == ["v"] * 150
    assert asked(sandbox) == 4

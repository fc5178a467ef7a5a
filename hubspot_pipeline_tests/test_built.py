"""Four whole runs, marts included, over a portal in which names collide, types change, records merge and people leave.

The runs are made once for all tests and test processes. The portal's time zone has daylight saving south of the
equator, so that none of its days is a day of UTC.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from hubspot_pipeline import custom_objects, query
from hubspot_pipeline.assets.execute import execute
from hubspot_pipeline.sandbox import Portal, serve
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Streams
from hubspot_pipeline_tests.conftest import Sandbox, TellOnce
from hubspot_pipeline_tests.runs import settings

pytestmark = pytest.mark.slow
ZONE = "Pacific/Auckland"
HOUR = 3_600_000
KINDS = (("string", "text"), ("number", "number"), ("bool", "booleancheckbox"), ("string", "text"))
"""Types that one property has, a build each."""
COLLIDING = (
    "Rank", "rank", "r-a-n-k", "r_a_n_k", "rank_", "層", "階", "select", "deal_id", "is_won", "stage_label", "contacts",
    "properties_rank", "_dlt_load_id", "x" * 90 + "1", "x" * 90 + "2", 'say "so"; --', "{{ 1 / 0 }}",
)  # fmt: skip
"""Properties of deals: the same but for case or signs, too long, of another script, named as columns of ours."""
CUSTOM = ("contacts", "customers", "Customers", "sync_runs", "order_items")
CLOSED = ("2026-03-31T10:59:59Z", "2026-03-31T11:00:00Z", "2026-04-05T13:30:00Z", "2026-06-30T12:00:00Z",
          "2025-12-31T11:30:00Z", "2025-09-27T13:59:00Z")  # fmt: skip
"""When deals close: the last and the first second of a local month, and around both changes of the clock."""
STAGES = (("2026-01-05", "qualifiedtobuy"), ("2026-01-10", "presentationscheduled"), ("2026-01-20", "qualifiedtobuy"),
          ("2026-02-01", "contractsent"))  # fmt: skip
MERGING = ("contacts", "companies", "deals")
COUNTS = "SELECT (SELECT count(*) FROM hubspot.deals) AS raw, (SELECT count(*) FROM marts.deals) AS mart"
READER = f"""
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
for _ in range(2):
    print(*con.execute("{COUNTS}").fetchone(), flush=True)
    sys.stdin.readline()
"""


def _ms(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC).timestamp() * 1000)


@dataclass
class Built:
    """The warehouse after the last build, the portal's dump, and what was made and seen on the way."""

    given: Settings
    told: dict[str, Any]

    @property
    def types(self) -> list[Any]:
        return list(self.told["types"])

    def all(self, sql: str) -> list[Any]:
        with duckdb.connect(str(self.given.published), read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            return con.execute(sql).fetchall()

    def dump(self, kind: str, object_type: str) -> list[dict[str, Any]]:
        return [e for e in self.told["dump"] if e["kind"] == kind and object_type in (e["object"], e["from_object"])]


@pytest.fixture(scope="module")
def built(told_once: TellOnce) -> Built:
    told, folder = told_once("built", tell)
    return Built(settings(folder, "http://127.0.0.1"), told)


def tell(folder: Path) -> dict[str, Any]:
    portal = Portal(time_zone=ZONE)
    with serve(portal, rate_limit=0) as server:
        sandbox, chance = Sandbox(server), Random(11)
        generate(portal, contacts=20, companies=16)
        sandbox.post("clock", {"frozen": True})
        given = settings(folder, server.url)
        told: dict[str, Any] = {"types": [], "seen": []}
        for number, (kind, field) in enumerate(KINDS):
            definition = {"name": "seats_2", "label": "Seats", "type": kind, "fieldType": field}
            portal.define_property("companies", definition)
            if not number:
                before = {name: set(portal.shelves[name].live) for name in MERGING}
                told |= arrange(portal)
                spared = {name: set(portal.shelves[name].live) - before[name] for name in MERGING}
            else:
                sandbox.post("clock", {"advance_ms": HOUR})
                merge(portal, chance, spared)
            if number == 2:
                change(portal, told)
            known = Streams(custom_objects.read(folder))
            with reading(given, told["seen"]) if number == 2 else nullcontext():
                done = execute(replace(given, streams=known))
            assert done.success, done.message
            told["types"].append(seats(given))
        wanted = ("record", "association")
        told["dump"] = [{"object": "", "from_object": ""} | e for e in sandbox.dump() if e["kind"] in wanted]
        return told


def arrange(portal: Portal) -> dict[str, Any]:
    """What the first build finds; ids by name."""
    portal.create("companies", {"name": "A", "seats_2": "12"})
    for name in COLLIDING:
        portal.define_property("deals", {"name": name, "label": name, "type": "string"})
    options = [{"value": value, "label": value.upper()} for value in "abc"]
    colours = {"name": "colours", "label": "Colours", "type": "enumeration", "fieldType": "checkbox"}
    portal.define_property("deals", colours | {"options": options})
    for name in CUSTOM:
        own = portal.kind(portal.define_schema({"name": name})).name
        portal.define_property(own, {"name": "word", "label": "Word", "type": "string"})
        portal.create(own, {"word": f"of {name}"})
    leaver = portal.add_owner(email="lea@example.com", first_name="Lea", last_name="Ver")
    named = portal.create("deals", {name: f"value of {name}" for name in COLLIDING} | {"colours": "a;b;;c"})
    closed = [portal.create("deals", {"closedate": at, "amount": "0.1", "hubspot_owner_id": leaver}) for at in CLOSED]
    begun = [_ms(day) for day, _ in STAGES]
    moved = portal.create("deals", {"pipeline": "default", "dealstage": STAGES[0][1]}, at=begun[0])
    for at, (_, stage) in zip(begun[1:], STAGES[1:], strict=True):
        portal.update("deals", moved, {"dealstage": stage}, at=at)
    companies = [portal.create("companies", {"name": f"C{number}"}) for number in range(3)]
    fanned = portal.create("deals", {"dealname": "Fan", "amount": "1000.1"})
    for place, company in enumerate(companies):
        portal.associate("deals", fanned, "companies", company, [("HUBSPOT_DEFINED", 341 if place else 5)])
    for _ in range(2):
        contact = portal.create("contacts", {"email": "same@example.com"})
        portal.associate("deals", fanned, "contacts", contact)
        portal.associate("contacts", contact, "companies", companies[0])
    return {"owner": leaver, "named": named, "closed": closed, "moved": moved, "fanned": fanned, "first": companies[0]}


def change(portal: Portal, told: dict[str, Any]) -> None:
    """What the third build finds changed, beside merges and a type: a label, an option that is gone, one who left."""
    options = [{"value": "a", "label": "Amber"}, {"value": "b", "label": "B"}]
    colours = {"name": "colours", "label": "Colours", "type": "enumeration", "fieldType": "checkbox"}
    portal.define_property("deals", colours | {"options": options})
    portal.archive_owner(told["owner"])
    portal.create("deals", {"dealname": "new"})


def merge(portal: Portal, chance: Random, spared: dict[str, set[int]]) -> None:
    """Three merges of each object, mostly of what was merged before; what other tests ask for is spared."""
    for object_type in MERGING:
        for _ in range(3):
            live = [id_ for id_ in portal.shelves[object_type].live if id_ not in spared[object_type]]
            first, second = chance.sample(live[-4:] if chance.random() < 0.6 else live, 2)
            portal.merge(object_type, str(first), str(second))


@contextmanager
def reading(given: Settings, seen: list[str]) -> Iterator[None]:
    """Somebody else has the published file open meanwhile; what they saw before and after."""
    command = [sys.executable, "-c", READER, str(given.published)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        seen.append(reader.stdout.readline())
        yield
        reader.stdin.write("\n")
        reader.stdin.flush()
        seen.append(reader.stdout.readline())
        reader.stdin.write("\n")
    seen.append(" ".join(str(count) for count in query(COUNTS, given).iloc[0]) + "\n")


def seats(given: Settings) -> list[Any]:
    """(type of the property's column, rows that hold its value as sent, customers) after a build."""
    types = query("DESCRIBE staging.stg_hubspot__companies", given).set_index("column_name")["column_type"]
    read = query("SELECT count(*) AS n FROM hubspot.companies WHERE properties_seats_2 = '12'", given)["n"][0]
    return [types["seats_2"], int(read), int(query("SELECT count(*) AS n FROM marts.customers", given)["n"][0])]


def test_a_property_whose_type_changes_three_times_keeps_every_build_green(built: Built) -> None:
    assert [column for column, *_ in built.types] == ["VARCHAR", "DECIMAL(38,9)", "BOOLEAN", "VARCHAR"]
    assert {read for _, read, _ in built.types} == {1}
    assert min(customers for *_, customers in built.types) > 0


def test_every_value_is_found_once_whatever_properties_are_called(built: Built) -> None:
    columns = dict(built.all("SELECT name, column_name FROM hubspot.properties WHERE object = 'deals'"))
    assert len({column.lower() for column in columns.values()}) == len(columns)
    for table, key in (("hubspot.deals", "id"), ("staging.stg_hubspot__deals", "id"),
                       ("marts.deal_custom_properties", "deal_id")):  # fmt: skip
        where = f"{table} WHERE {key} = '{built.told['named']}'"
        cells = dict(
            zip((row[0] for row in built.all(f"DESCRIBE {table}")), built.all(f"FROM {where}")[0], strict=True)
        )
        for name in COLLIDING:
            found = [column for column, value in cells.items() if value == f"value of {name}"]
            assert len(found) == 1, (table, name)
            assert table != "hubspot.deals" or found == [columns[name]]


def test_every_record_is_found_once_whatever_custom_objects_are_called(built: Built) -> None:
    known = custom_objects.read(built.given.data_dir)
    words = [row for stream in known if stream.singular in CUSTOM
             for row in built.all(f'SELECT properties_word FROM hubspot."{stream.name}"')]  # fmt: skip
    assert sorted(words) == sorted((f"of {name}",) for name in CUSTOM)


def test_after_any_merges_each_survivor_is_there_once_with_all_that_hung_on_its_predecessors(built: Built) -> None:
    for object_type, mart, key in (("deals", "deals", "deal_id"), ("companies", "customers", "customer_id"),
                                   ("contacts", "people", "contact_id")):  # fmt: skip
        records = built.dump("record", object_type)
        merged = {(e["id"], e["mergedInto"]) for e in records if e["mergedInto"]}
        assert len(merged) >= 18
        assert max(Counter(new for _, new in merged).values()) > 2, "chains of merges were drawn"
        shown = built.all(f"SELECT {key} FROM marts.{mart} WHERE {key} IS NOT NULL")
        assert len(shown) == len(set(shown))
        assert {row[0] for row in shown} == {e["id"] for e in records if not e["mergedInto"]}
        flagged = set(built.all(f"SELECT id, merged_into_id FROM hubspot.{object_type} WHERE deletion = 'merged'"))
        assert flagged <= merged
        assert len(flagged) >= 9
    alive = {e["id"] for e in built.dump("record", "deals") if not e["mergedInto"] and not e["archived"]}
    linked = [(e["from_id"], e["to_object"], e["to_id"]) for e in built.dump("association", "deals")]
    for other in ("companies", "contacts"):
        counted = Counter(id_ for id_, to_object, _ in set(linked) if to_object == other)
        shown = dict(built.all(f"SELECT deal_id, n_{other} FROM marts.deals"))
        assert {id_: shown[id_] for id_ in alive} == {id_: counted[id_] for id_ in alive}


def test_a_deal_counts_once_whatever_hangs_on_it(built: Built) -> None:
    (fanned,) = built.all(f"SELECT primary_company_id, n_companies, n_contacts, amount FROM marts.deals "
                          f"WHERE deal_id = '{built.told['fanned']}'")  # fmt: skip
    assert fanned == (built.told["first"], 3, 2, Decimal("1000.1"))
    totals = "SELECT count(*), count(DISTINCT {id}), sum({amount}) FROM {table}"
    mart = built.all(totals.format(id="deal_id", amount="amount", table="marts.deals"))
    raw = built.all(totals.format(id="id", amount="hubspot.as_number(properties_amount)", table="hubspot.deals")
                    + " WHERE deletion IS DISTINCT FROM 'merged'")  # fmt: skip
    assert mart == raw
    people = built.all("SELECT count(*), count(DISTINCT person_id) FROM marts.people JOIN hubspot.contacts "
                       "ON contact_id = id WHERE properties_email = 'same@example.com'")  # fmt: skip
    assert people == [(2, 2)]


def test_a_close_date_is_the_day_that_hubspot_shows(built: Built) -> None:
    ids = ", ".join(f"'{id_}'" for id_ in built.told["closed"])
    sql = f"SELECT deal_id, CAST(close_date AS VARCHAR) FROM marts.deals WHERE deal_id IN ({ids})"
    days = [datetime.fromisoformat(at).astimezone(ZoneInfo(ZONE)).date().isoformat() for at in CLOSED]
    assert days == ["2026-03-31", "2026-04-01", "2026-04-06", "2026-07-01", "2026-01-01", "2025-09-28"]
    assert dict(built.all(sql)) == dict(zip(built.told["closed"], days, strict=True))


def test_a_stage_that_is_visited_twice_is_two_intervals(built: Built) -> None:
    sql = f"""
        SELECT stage_id, CAST(CAST(entered_at AS DATE) AS VARCHAR), CAST(CAST(exited_at AS DATE) AS VARCHAR)
        FROM staging.int_hubspot__deal_stage_history WHERE deal_id = '{built.told["moved"]}' ORDER BY entered_at
    """
    days = [day for day, _ in STAGES]
    left = [*days[1:], None]
    assert built.all(sql) == [(stage, day, end) for (day, stage), end in zip(STAGES, left, strict=True)]


def test_an_owner_who_left_keeps_the_name_on_the_deals(built: Built) -> None:
    ids = ", ".join(f"'{id_}'" for id_ in built.told["closed"])
    sql = f"SELECT DISTINCT owner_name, is_owner_active FROM marts.deals WHERE deal_id IN ({ids})"
    assert built.all(sql) == [("Lea Ver", False)]
    assert built.all("SELECT count(*) - count(DISTINCT id) FROM hubspot.owners") == [(0,)]


def test_several_options_are_a_row_each_with_the_label_of_today(built: Built) -> None:
    sql = f"""
        SELECT value_text, option_label FROM marts.custom_property_values
        WHERE object_type = 'deals' AND object_id = '{built.told["named"]}' AND property = 'colours' ORDER BY position
    """
    assert built.all(sql) == [("a", "Amber"), ("b", "B"), ("c", None)]


def test_a_reader_of_a_whole_run_sees_the_old_file_and_the_next_one_the_new(built: Built) -> None:
    before, after, fresh = built.told["seen"]
    assert before == after
    assert fresh.split()[0] != before.split()[0]

"""The seeded portal: always the same, consistent in itself, and alive enough for marts and plots to look real."""

import hashlib
import itertools
from collections import Counter, defaultdict
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from hubspot_pipeline.sandbox.encoding import encode
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.seed import generate
from hubspot_pipeline_tests.seeded import Picture, seeded

END = "2026-09-30T16:00:00.000Z"
START = "2024-10-01T12:00:00.000Z"
RENEWALS = "733845910"
WON, LOST = ("closedwon", "1045628334"), ("closedlost", "1045628335")


def told(portal: Portal) -> list[bytes]:
    """The dump without HubSpot's own definitions, which carry the instant at which the portal was opened."""
    return [
        encode(line)
        for line in portal.dump()
        if not (line["kind"] == "property" and line.get("hubspotDefined"))
        and not (line["kind"] == "pipeline" and line["id"] in ("default", "0"))
    ]


@pytest.fixture(scope="module")
def portal() -> Portal:
    return seeded()


@pytest.fixture(scope="module")
def picture(portal: Portal) -> Picture:
    return Picture(portal.dump())


def test_the_same_arguments_give_the_same_portal_and_another_seed_another(portal: Portal) -> None:
    assert told(seeded()) == told(portal)
    assert told(seeded(seed=2)) != told(portal)


@pytest.mark.parametrize("running", [True, False])
def test_the_clock_is_set_to_the_end_and_runs_on_if_it_ran_before(running: bool) -> None:
    portal = Portal()
    if not running:
        portal.clock.freeze()
    generate(portal, contacts=2)
    assert portal.clock.frozen is not running
    assert 0 <= portal.clock.now() - 1_790_784_000_000 < 60_000
    assert portal.details()["utcOffset"] == "-04:00"


def test_a_default_portal_has_a_few_thousand_records_of_every_kind(picture: Picture) -> None:
    count = Counter(line["object"] for line in picture.records)
    assert 3000 < sum(count.values()) < 5500
    assert set(count) == set(Portal().kinds) | {"workspace", "campaigns", "engagements"}
    assert min(count[name] for name in set(count) - {"contracts", "partner_clients", "partner_services"}) >= 4


def test_a_default_portal_has_some_of_everything_else(picture: Picture) -> None:
    count = {kind: len(lines) for kind, lines in picture.kinds.items()}
    least = {
        "list": 7, "list_membership": 300, "form": 9, "form_submission": 200, "marketing_email": 20,
        "email_campaign": 20, "email_event": 500, "subscription_definition": 5, "subscription_change": 60,
        "workflow": 6, "flow": 8, "campaign": 12, "web_event": 300, "file": 150, "role": 3, "team": 3,
        "schema": 3, "association_type": 300,
    }  # fmt: skip
    assert {kind: count.get(kind, 0) for kind, size in least.items() if count.get(kind, 0) < size} == {}
    assert len({line["object"] for line in picture.kinds["web_event"]}) == 15
    types = {line["type"] for line in picture.kinds["email_event"]}
    assert {"SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE", "DROPPED", "STATUSCHANGE"} <= types
    for kind, field in (
        ("email_event", "created"),
        ("form_submission", "submittedAt"),
        ("subscription_change", "timestamp"),
    ):
        moments = [line[field] for line in picture.kinds[kind]]
        assert 1_727_784_000_000 < min(moments) <= max(moments) < 1_790_784_000_000


def test_what_came_later_left_the_story_as_it_was(picture: Picture) -> None:
    first = {"contacts", "companies", "deals", "tickets", "products", "line_items", "calls", "emails", "meetings",
             "notes", "tasks", "users"}  # fmt: skip
    told = [line for line in picture.kinds["record"] if line["object"] in first]
    assert max(int(line["id"]) for line in told) < min(
        int(line["id"]) for line in picture.records if line["object"] not in first
    )
    digest = hashlib.sha256(b"".join(encode(line) for line in told)).hexdigest()
    assert digest[:16] == "88b0b9fffd01861a"


@pytest.mark.parametrize("contacts", [0, 1, 3, 10, 45])
@pytest.mark.parametrize("companies", [None, 0, 4])
def test_any_size_can_be_told(contacts: int, companies: int | None) -> None:
    picture = Picture(seeded(contacts=contacts, companies=companies, deals=5, tickets=4).dump())
    assert_consistent(picture)


def test_sizes_are_numbers_of_records_created() -> None:
    portal = seeded(contacts=60, companies=11, deals=30, tickets=17, activity=0)
    everything = list(portal.dump())
    count = Counter(line["object"] for line in everything if line["kind"] == "record")
    merges = Counter(line["object"] for line in everything if line["kind"] == "record" and line["mergedInto"])
    # a merge of two records leaves three ids: both old ones and the survivor's
    assert count["contacts"] - merges["contacts"] // 2 == 60
    assert count["companies"] - merges["companies"] // 2 == 11
    assert count["tickets"] == 17
    sales = [line for line in everything if line["kind"] == "history" and line["property"] == "pipeline"]
    renewals = {line["id"] for line in sales if line["value"] == RENEWALS}
    assert count["deals"] - merges["deals"] // 2 - len(renewals) == 30


@pytest.mark.parametrize("size", ["contacts", "companies", "deals", "tickets", "activity"])
def test_a_negative_size_is_refused(size: str) -> None:
    portal = Portal()
    with pytest.raises(ValueError, match=f"{size} must not be negative"):
        generate(portal, **{size: -1})
    assert all(line["kind"] != "record" for line in portal.dump())


def assert_consistent(picture: Picture) -> None:
    known = {(line["object"], line["name"]) for line in picture.kinds["property"] if not line["archived"]}
    merged = {key for key, line in picture.by_id.items() if "hs_merged_object_ids" in line["properties"]}
    for (object_type, id, name), found in picture.versions.items():
        stamps = [version["timestamp"] for version in found]
        assert stamps == sorted(stamps)
        # what a merge makes of two histories is the portal's business, not the story's
        if (object_type, name) in known and (object_type, id) not in merged:
            current = picture.by_id[object_type, id]["properties"].get(name, "")
            assert found[-1]["value"] == current, (object_type, id, name)
    for link in picture.kinds["association"]:
        assert (link["from_object"], link["from_id"]) in picture.by_id
        assert (link["to_object"], link["to_id"]) in picture.by_id
    for line in picture.records:
        assert START <= line["createdAt"] <= line["updatedAt"] <= END
        assert line["archivedAt"] is None or line["createdAt"] <= line["archivedAt"] <= END


def test_history_ends_at_the_current_value_and_no_link_dangles(picture: Picture) -> None:
    assert_consistent(picture)


def test_every_stage_and_owner_exists(picture: Picture) -> None:
    stages = {
        (line["object"], line["id"], stage["id"]) for line in picture.kinds["pipeline"] for stage in line["stages"]
    }
    owners = {line["id"] for line in picture.kinds["owner"]}
    for line in picture.of("deals"):
        properties = line["properties"]
        assert ("deals", properties["pipeline"], properties["dealstage"]) in stages
    for line in picture.of("tickets"):
        assert ("tickets", line["properties"]["hs_pipeline"], line["properties"]["hs_pipeline_stage"]) in stages
    for line in picture.records:
        assert line["properties"].get("hubspot_owner_id", "") in {*owners, ""}
    for line in picture.of("line_items"):
        assert ("products", line["properties"]["hs_product_id"]) in picture.by_id


def test_a_third_of_the_closed_deals_is_won(picture: Picture) -> None:
    stages = Counter(picture.values("deals", "dealstage"))
    won, lost = sum(stages[one] for one in WON), sum(stages[one] for one in LOST)
    assert 0.25 <= won / (won + lost) <= 0.40
    assert sum(stages.values()) - won - lost >= 20


def test_deals_move_as_deals_do(picture: Picture) -> None:
    """Pushed and pulled in, up and down in amount, handed over, set back, reopened."""
    order = {
        stage["id"]: stage["displayOrder"]
        for line in picture.kinds["pipeline"]
        if line["object"] == "deals"
        for stage in line["stages"]
    }
    closed = {*WON, *LOST}
    steps = [pair for stages in picture.moves("dealstage") for pair in itertools.pairwise(stages)]
    assert sum(order[after] > order[before] for before, after in steps) > 300
    assert sum(order[after] < order[before] and not {before, after} & closed for before, after in steps) >= 5
    assert sum(before in closed and after not in closed for before, after in steps) >= 3
    dates = [pair for found in picture.moves("closedate") for pair in itertools.pairwise(found)]
    assert sum(before < after for before, after in dates if before) > 100
    assert sum(before > after for before, after in dates if before) > 20
    amounts = [
        (float(before), float(after))
        for found in picture.moves("amount")
        for before, after in itertools.pairwise(found)
        if before and after
    ]
    assert sum(before < after for before, after in amounts) > 30
    assert sum(before > after for before, after in amounts) > 30
    assert sum(len(set(found)) > 1 for found in picture.moves("hubspot_owner_id")) >= 5


def test_open_deals_slip_and_lost_ones_have_reasons(picture: Picture) -> None:
    deals = [line["properties"] for line in picture.of("deals")]
    open_ = [deal for deal in deals if deal["dealstage"] not in {*WON, *LOST}]
    assert sum(deal.get("closedate", END) < END for deal in open_) >= 5
    assert sum(deal.get("closedate", "") > END for deal in open_) >= 5
    assert sum("closed_lost_reason" in deal for deal in deals) > 50
    assert any("amount" not in deal for deal in deals)
    assert any("closedate" not in deal for deal in deals)
    assert all(deal["hs_is_closed_won"] == str(deal["dealstage"] in WON).lower() for deal in deals)


def test_line_items_have_terms_and_add_up_to_about_the_amount(picture: Picture) -> None:
    sums: dict[str, float] = defaultdict(float)
    for link in picture.links("deals", "line_items"):
        sums[link["from_id"]] += float(picture.by_id["line_items", link["to_id"]]["properties"]["amount"])
    assert len(sums) > 80
    amounts = {line["id"]: float(line["properties"].get("amount", 0)) for line in picture.of("deals")}
    equal = sum(amounts.get(id) == total for id, total in sums.items())
    assert 0.4 * len(sums) < equal < len(sums)
    terms = Counter(line["properties"].get("hs_recurring_billing_period", "") for line in picture.of("line_items"))
    assert set(terms) == {"P12M", "P36M", ""}
    for line in picture.of("line_items"):
        if "hs_recurring_billing_period" in line["properties"]:
            begin, end = (line["properties"][f"hs_recurring_billing_{one}_date"] for one in ("start", "end"))
            assert begin < end


def test_customers_have_renewals_ahead_and_behind(picture: Picture) -> None:
    dates = [date for date in picture.values("companies", "renewal_date") if date.startswith("20")]
    assert sum(date < END[:10] for date in dates) >= 4
    assert sum(date >= END[:10] for date in dates) >= 8
    assert sum(value == RENEWALS for value in picture.values("deals", "pipeline")) >= 15
    customers = [line for line in picture.of("companies") if line["properties"].get("lifecyclestage") == "customer"]
    assert len(customers) >= 25
    assert any("renewal_date" not in line["properties"] for line in customers)


def test_some_customers_heard_from_us_this_month_and_some_not_for_months(picture: Picture) -> None:
    touched: dict[str, str] = {}
    for object_type in ("calls", "emails", "meetings"):
        for link in picture.links(object_type, "companies"):
            at = picture.by_id[object_type, link["from_id"]]["properties"]["hs_timestamp"]
            if at <= END:
                touched[link["to_id"]] = max(at, touched.get(link["to_id"], ""))
    customers = [
        line["id"] for line in picture.of("companies") if line["properties"].get("lifecyclestage") == "customer"
    ]
    last = [touched.get(id, "") for id in customers]
    assert sum(at > "2026-09-01" for at in last) >= 8
    assert sum(at < "2026-07-01" for at in last) >= 4


def test_meetings_and_tasks_lie_before_and_after_now(picture: Picture) -> None:
    meetings = [line["properties"] for line in picture.of("meetings")]
    ahead = [meeting for meeting in meetings if meeting["hs_meeting_start_time"] > END]
    assert len(ahead) >= 3
    assert {meeting["hs_meeting_outcome"] for meeting in ahead} == {"SCHEDULED"}
    outcomes = {meeting["hs_meeting_outcome"] for meeting in meetings}
    assert outcomes == {"COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED", "SCHEDULED"}
    assert all(meeting["hs_meeting_start_time"] < meeting["hs_meeting_end_time"] for meeting in meetings)
    tasks = [line["properties"] for line in picture.of("tasks")]
    open_ = [task["hs_timestamp"] for task in tasks if task["hs_task_status"] == "NOT_STARTED"]
    assert min(open_) < END < max(open_)


def test_tickets_open_get_an_answer_and_close(picture: Picture) -> None:
    tickets = [line["properties"] for line in picture.of("tickets")]
    closed = [ticket for ticket in tickets if ticket["hs_pipeline_stage"] == "4"]
    assert len(closed) > 60
    assert all("closed_date" in ticket and int(ticket["time_to_close"]) > 0 for ticket in closed)
    assert 5 <= len(tickets) - len(closed) <= 40
    assert all("closed_date" not in ticket for ticket in tickets if ticket["hs_pipeline_stage"] != "4")
    assert 0 < sum("first_agent_reply_date" not in ticket for ticket in tickets) < 15
    assert {"LOW", "MEDIUM", "HIGH", "URGENT"} <= {ticket.get("hs_ticket_priority") for ticket in tickets}


def test_work_is_done_on_working_days(picture: Picture) -> None:
    zone = ZoneInfo("America/New_York")
    days = Counter(
        datetime.fromisoformat(line["properties"]["hs_timestamp"]).astimezone(zone).weekday()
        for line in picture.of("emails")
    )
    assert 0 < (days[5] + days[6]) / days.total() < 0.06
    assert max(days.values()) < 2.2 * min(days[day] for day in range(5))


def test_owners_left_and_still_own_something(picture: Picture) -> None:
    gone = {line["id"] for line in picture.kinds["owner"] if line["archived"]}
    assert len(gone) == 3
    assert gone & set(picture.values("deals", "hubspot_owner_id"))
    assert all(line["teams"] for line in picture.kinds["owner"])
    assert len(picture.of("users")) == len(picture.kinds["owner"]) + 1


def test_records_were_merged_more_than_once(picture: Picture) -> None:
    away = Counter(line["object"] for line in picture.kinds["record"] if line["mergedInto"])
    assert away["contacts"] >= 6
    assert away["companies"] >= 4
    assert away["deals"] >= 2
    for object_type in ("contacts", "companies"):
        known = [value.split(";") for value in picture.values(object_type, "hs_merged_object_ids")]
        assert max(map(len, known)) >= 4, f"no chain of merges among {object_type}"


def test_archived_records_are_still_in_the_bin(picture: Picture) -> None:
    bin_ = Counter(line["object"] for line in picture.records if line["archived"])
    assert {"contacts", "companies", "deals", "tickets", "calls", "emails", "meetings", "notes", "tasks"} <= set(bin_)
    assert all(line["archivedAt"] > "2026-07-02" for line in picture.records if line["archived"])


def test_custom_properties_of_every_type_and_odd_names_are_filled(picture: Picture) -> None:
    custom = [line for line in picture.kinds["property"] if not line.get("hubspotDefined")]
    assert {line["type"] for line in custom} == {
        "string", "number", "date", "datetime", "bool", "enumeration", "phone_number",
    }  # fmt: skip
    assert {line["fieldType"] for line in custom} >= {"checkbox", "html", "textarea", "calculation_equation"}
    names = {line["name"] for line in custom if line["object"] == "contacts"}
    assert {
        "Email_Alt",
        "email_alt",
        "foo___bar",
        "customer-tier",
        "客户等级",
        "order",
        "region_",
        "2nd_phone",
    } <= names
    long = sorted(name for name in names if len(name) > 75)
    assert len(long) == 2
    assert long[0][:70] == long[1][:70]
    assert [line["name"] for line in custom if line["archived"]] == ["legacy_score"]
    filled = {(line["object"], name) for line in picture.records for name in line["properties"]}
    assert {(line["object"], line["name"]) for line in custom if not line["archived"]} <= filled


def test_dirty_values_are_there(picture: Picture) -> None:
    assert {"1,234.56", "n/a", "12345678901234567890", "NaN"} <= set(picture.values("contacts", "budget")) | set(
        picture.values("companies", "seat_count")
    )
    assert "1546300800000" in picture.values("contacts", "birthday")
    assert any(version["value"] == "" for found in picture.versions.values() for version in found)
    assert "120,000.00" in picture.values("companies", "contract_value")


def test_names_and_texts_are_of_this_world(picture: Picture) -> None:
    names = " ".join(picture.values("companies", "name"))
    for piece in (
        "{{ config.materialized }}",
        "株式会社",
        "شركة",
        "חברת",
        "🚀",
        '"Sons";',
        "<b>",
        "=cmd|",
        "\n",
        "\u200b",
    ):
        assert piece in names
    assert any("{{" in value for value in picture.values("notes", "hs_note_body"))


def test_addresses_are_as_dirty_as_in_real_life(picture: Picture) -> None:
    emails = picture.values("contacts", "email")
    assert len({email.lower() for email in emails}) == len(emails)
    assert any(email != email.lower() for email in emails)
    assert any(email.startswith("info@") for email in emails)
    more = picture.values("contacts", "hs_additional_emails")
    assert any(";" in value for value in more)
    assert set(more) & set(emails)
    assert len(emails) < len(picture.of("contacts"))
    assert all(email.lower().endswith(".example") for email in emails)


def test_links_carry_labels_and_at_most_one_primary_company(picture: Picture) -> None:
    for from_object in ("deals", "companies"):
        for label in ("Decision maker", "Champion", "Billing contact"):
            found = picture.links(from_object, "contacts", label)
            assert any(link["category"] == "USER_DEFINED" for link in found), (from_object, label)
    for from_object in ("contacts", "deals", "tickets"):
        primary = Counter(link["from_id"] for link in picture.links(from_object, "companies", "Primary"))
        assert len(primary) > 50
        assert max(primary.values()) == 1
    assert len(picture.links("companies", "companies", "Child Company")) >= 5
    per_contact = Counter(link["from_id"] for link in picture.links("contacts", "companies", "Primary"))
    assert len(per_contact) < len(picture.of("contacts"))

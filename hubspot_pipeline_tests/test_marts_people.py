"""Messages as touches, colleagues who are contacts, addresses that identify nobody, titles."""

from hubspot_pipeline_tests.marts_fixture import instant
from hubspot_pipeline_tests.marts_portal import Built

pytest_plugins = ("hubspot_pipeline_tests.marts_portal", "hubspot_pipeline_tests.marts_figures")


def test_messages_are_touches_without_a_direction(figures: Built) -> None:
    customer = figures.by_id("customers", "customer_id", "230")
    assert (customer["last_touch_type"], customer["last_touch_direction"]) == ("communication", None)
    assert (customer["last_touch_at"], customer["touches_90d"]) == (instant("2026-06-14T12:00:00Z"), 1)
    assert (customer["next_activity_at"], customer["active_contacts_90d"]) == (instant("2026-06-20T12:00:00Z"), 1)
    found = figures.all("select channel, is_two_way from staging.int_hubspot__engagements where channel is not null")
    assert [tuple(row.values()) for row in found] == [("whats_app", False)] * 2


def test_colleagues_in_a_meeting_are_no_contacts_of_the_customer(figures: Built) -> None:
    customer = figures.by_id("customers", "customer_id", "260")
    assert (customer["active_contacts_90d"], customer["exec_contacts_90d"]) == (1, 1)
    assert figures.by_id("deals", "deal_id", "260")["contacts_engaged_90d"] == 1


def test_a_meeting_of_ones_own_in_which_one_is_a_contact_counts_once(figures: Built) -> None:
    assert figures.by_id("people", "person_id", "contact:60")["interactions_90d"] == 2


def test_a_colleagues_address_that_others_use_identifies_nobody(figures: Built) -> None:
    found = figures.all("select identity_type, identity_value, person_id from marts.person_identities")
    identities = {(row["identity_type"], row["identity_value"]): row["person_id"] for row in found}
    assert {value for _, value in identities if "@us.example" in value} == {"ann@us.example", "bob@us.example"}
    assert identities["email_primary", "ann@us.example"] == "contact:60"
    colleagues = {"33": "sales@us.example", "44": "twice@us.example"}
    for user, email in colleagues.items():
        assert identities["user_id", user] == f"user:{user}"
        assert figures.by_id("people", "person_id", f"user:{user}")["primary_email"] == email


def test_a_business_partner_is_no_executive(figures: Built) -> None:
    seniority = [figures.by_id("people", "person_id", f"contact:{number}")["seniority"] for number in ("90", "91")]
    assert seniority == ["individual", "executive"]

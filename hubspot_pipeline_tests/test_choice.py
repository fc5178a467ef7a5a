"""hubspot.yaml: what it can say, and what each mistake is answered with."""

import re
from pathlib import Path
from typing import Any

import pytest

from hubspot_pipeline.choice import ALL, NONE, Choice, Files, ObjectChoice
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import STREAMS

ROOT = Path(__file__).resolve().parent.parent


def load(folder: Path, text: str) -> Choice:
    (folder / "hubspot.yaml").write_text(text, encoding="utf-8")
    return Choice.load(folder)


def message(folder: Path, text: str, **given: Any) -> str:
    """What the file is refused with, by itself or with the definitions of deals."""
    with pytest.raises(ConfigError) as error:
        deals(folder, text, **given)
    return str(error.value)


def definition(name: str, label: str = "", type_: str = "string", field: str = "text", **more: Any) -> dict[str, Any]:
    options = [{"value": value, "label": shown} for value, shown in more.pop("options", {}).items()]
    own = {"hubspotDefined": True} if not name.endswith("__c") else {}
    return {"name": name, "label": label or name, "type": type_, "fieldType": field, "options": options, **own, **more}


DEALS = [
    definition("hs_object_id", "Record ID", "number"),
    definition("hs_lastmodifieddate", "Last modified", "datetime"),
    definition("createdate", "Create date", "datetime"),
    definition("hs_merged_object_ids", "Merged", "enumeration", "checkbox"),
    definition("amount", "Amount", "number"),
    definition("dealname", "Deal name"),
    definition("dealstage", "Deal stage", "enumeration", "select",
               options={"appointmentscheduled": "Appointment Scheduled", "closedwon": "Closed Won", "x1": "Twin",
                        "x2": "Twin"}),
    definition("hubspot_owner_id", "Owner", "enumeration", "select", externalOptions=True),
    definition("closedate", "Close date", "datetime"),
    definition("hs_is_closed", "Is closed", "bool", "booleancheckbox", options={"true": "Yes", "false": "No"},
               calculated=True),
    definition("hs_analytics_source", "Original source"),
    definition("hs_forecast", "Forecast", "number", calculated=True),
    definition("phone", "Phone number", "string", "phonenumber"),
    definition("hs_searchable_calculated_phone_number", "Phone", calculated=True),
    definition("due__c", "Due day", "date"),
    definition("tier__c", "Tier"),
    definition("tags__c", "Tags", "enumeration", "checkbox", options={"a": "First", "b": "Second"}),
    definition("odd[1]", "Odd"),
    definition("twin_a", "Same"),
    definition("twin_b", "Same"),
    definition("former", "Former", archived=True),
]  # fmt: skip
NEEDED = {
    "hs_object_id": "cursor", "hs_lastmodifieddate": "cursor", "createdate": "cursor", "amount": "marts",
    "dealname": "marts", "not_in_this_portal": "marts",
}  # fmt: skip
LIVE = {str(one["name"]) for one in DEALS} - {"former"}


def deals(folder: Path, text: str, definitions: list[dict[str, Any]] | None = None) -> ObjectChoice:
    return load(folder, text).of("deals", definitions or DEALS, needed=NEEDED, history_default=("amount", "dealstage"))


def conditions(folder: Path, text: str) -> list[tuple[str, str, tuple[str, ...], str]]:
    found = deals(folder, f"filters: {{deals: {text}}}").conditions
    return [(one.property, one.operator, one.values, one.type) for one in found]


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "---\n", "streams:\nproperties: {}\n"])
def test_a_file_that_says_nothing_is_the_default(tmp_path: Path, text: str | None) -> None:
    choice = Choice.load(tmp_path) if text is None else load(tmp_path, text)
    assert choice == Choice()
    found = choice.of("deals", DEALS, needed=NEEDED, history_default=("dealstage", "amount", "gone"))
    assert found == ObjectChoice(
        tuple(sorted(LIVE)), history=("amount", "dealstage"), exposed=frozenset({"due__c", "tier__c", "tags__c"})
    )


def test_a_name_wins_over_its_group_and_both_over_the_default(tmp_path: Path) -> None:
    choice = load(tmp_path, "streams: {tickets: false, crm: on, web_analytics: yes, owners: Off}")
    assert not choice.is_on("tickets", "crm", default_on=True, everything=True)
    assert choice.is_on("leads", "crm", default_on=False, everything=False)
    assert choice.is_on("deals_web_analytics", "web_analytics", default_on=False, everything=False)
    assert not choice.is_on("owners", "people", default_on=True, everything=True)
    assert choice.is_on("users", "people", default_on=True, everything=False)
    assert not choice.is_on("forms", "marketing", default_on=False, everything=False)
    assert choice.is_on("forms", "marketing", default_on=False, everything=True)


def test_every_section_is_understood(tmp_path: Path) -> None:
    choice = load(tmp_path, """
        mode: {deals: full_refresh}
        properties: {deals: {include: [amount, "hs_*", tier__c, closedate], exclude: ["hs_analytics_*"]}}
        history: {deals: [closedate]}
        block: {deals: phone, email_events: [recipient]}
        hash: {deals: [tier__c]}
        expose: {deals: [tier__c]}
        columns: {deals: {closedate: closed_on}}
        filters: {deals: [{field: amount, condition: greater, value: 1000}]}
        files: {download: true, folder: notes/files}
    """)  # fmt: skip
    found = choice.of("deals", DEALS, needed=NEEDED, history_default=["amount"])
    assert choice.mode("deals") == "full_refresh"
    assert choice.mode("contacts") is None
    assert choice.hashes
    assert choice.files == Files(True, "notes/files")
    assert choice.stream("email_events").block == ("recipient",)
    assert found.selected == (
        "amount", "closedate", "createdate", "dealname", "hs_forecast", "hs_is_closed", "hs_lastmodifieddate",
        "hs_merged_object_ids", "hs_object_id", "tier__c",
    )  # fmt: skip
    assert found.blocked == {"phone", "hs_searchable_calculated_phone_number"}
    assert found.hashed == {"tier__c"}
    assert found.history == ("amount", "closedate")
    assert found.exposed == {"tier__c"}
    assert found.aliases == {"closedate": "closed_on"}
    assert [(one.property, one.operator, one.values) for one in found.conditions] == [("amount", "greater", ("1000",))]


@pytest.mark.parametrize(
    ("text", "name", "kept"),
    [
        ("history: {deals: all}", "history",
         LIVE - {"hs_is_closed", "hs_forecast", "hs_searchable_calculated_phone_number"}),
        ("history: {deals: [hs_forecast]}", "history", {"amount", "dealstage", "hs_forecast"}),
        ("history: {deals: ['hs_*']}", "history",
         {"amount", "dealstage", "hs_object_id", "hs_lastmodifieddate", "hs_merged_object_ids", "hs_analytics_source"}),
        ("expose: {deals: none}", "exposed", set()),
        ("expose: {deals: all}", "exposed", {"due__c", "tier__c", "tags__c"}),
        ("expose: {deals: ['t*']}", "exposed", {"tier__c", "tags__c"}),
        ("properties: {deals: []}", "selected", {*NEEDED, "hs_merged_object_ids"} - {"not_in_this_portal"}),
        ("properties: {deals: all}", "selected", LIVE),
        ("properties: {deals: 'odd[1]'}", "selected",
         {*NEEDED, "hs_merged_object_ids", "odd[1]"} - {"not_in_this_portal"}),
        ("block: {deals: [amount, dealstage]}", "history", set()),
        ("block: {deals: [dealname]}", "selected", LIVE - {"dealname"}),
        ("hash: {deals: [phone]}", "blocked", {"hs_searchable_calculated_phone_number"}),
        ("{hash: {deals: ['*phone*']}, block: {deals: [phone]}}", "hashed", {"hs_searchable_calculated_phone_number"}),
    ],
)  # fmt: skip
def test_names_and_patterns_mean_these_properties(tmp_path: Path, text: str, name: str, kept: set[str]) -> None:
    assert set(getattr(deals(tmp_path, text), name)) == kept


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ("[{field: dealname, condition: equals, value: 007}]", ("dealname", "equals", ("007",), "text")),
        ("[{field: dealname, condition: IN, value: [no, 2026-01-31]}]",
         ("dealname", "in list", ("no", "2026-01-31"), "text")),
        ("[{field: amount, condition: between, value: [1000, 5e3]}]",
         ("amount", "between", ("1000", "5000"), "number")),
        ("[{field: amount, condition: '<>', value: 12.50}]", ("amount", "not equals", ("12.50",), "number")),
        ("[{field: due__c, condition: after, value: 2026-01-31}]", ("due__c", "greater", ("2026-01-31",), "date")),
        ("[{field: closedate, condition: less than, value: 2026-01-31T08:00:00+01:00}]",
         ("closedate", "less", ("2026-01-31T07:00:00.000Z",), "datetime")),
        ("[{field: closedate, condition: lt, value: 1767571200000}]",
         ("closedate", "less", ("2026-01-05T00:00:00.000Z",), "datetime")),
        ("[{field: hs_is_closed, condition: is, value: true}]", ("hs_is_closed", "equals", ("true",), "bool")),
        ("[{field: hubspot_owner_id, condition: equals, value: 77}]",
         ("hubspot_owner_id", "equals", ("77",), "enumeration")),
        ("[{field: tags__c, condition: equals, value: b;a}]", ("tags__c", "equals", ("b", "a"), "checkbox")),
        ("[{field: tags__c, condition: contains, value: a}]", ("tags__c", "contains", ("a",), "checkbox")),
        ("""'[{"condition":"EQUALS","field":"dealstage","value":"closedwon"}]'""",
         ("dealstage", "equals", ("closedwon",), "enumeration")),
        ("""'{"condition":"BETWEEN","field":"amount","value":[1, 2.50]}'""",
         ("amount", "between", ("1", "2.50"), "number")),
        ("""[{"condition":"IS_NOT_NULL","field":"amount","value":null}]""", ("amount", "is not empty", (), "number")),
        ("""[{"condition":"DOES_NOT_CONTAIN","field":"dealname","value":"Test"}]""",
         ("dealname", "does not contain", ("Test",), "text")),
    ],
)  # fmt: skip
def test_conditions_are_understood_in_both_styles(tmp_path: Path, given: str, understood: tuple[Any, ...]) -> None:
    assert conditions(tmp_path, given) == [understood]


@pytest.mark.parametrize("style", [str.upper, str.lower, lambda text: text.replace("_", " "), str.title])
def test_each_condition_of_integration_managers_has_a_meaning(tmp_path: Path, style: Any) -> None:
    meant = {
        "EQUALS": "equals", "NOT_EQUALS": "not equals", "CONTAINS": "contains", "DOES_NOT_CONTAIN": "does not contain",
        "GREATER_THAN": "greater", "LESS_THAN": "less", "BETWEEN": "between", "IS_EMPTY": "is empty",
        "IS_NULL": "is empty", "IS_NOT_EMPTY": "is not empty", "IS_NOT_NULL": "is not empty",
        "STARTS_WITH": "starts with", "ENDS_WITH": "ends with", "IN": "in list", "NOT_IN": "not in list",
    }  # fmt: skip
    values = {"BETWEEN": "[1, 2]", "IN": "[1]", "NOT_IN": "[1]"}
    for condition, operator in meant.items():
        field = "amount" if operator in ("greater", "less", "between") else "dealname"
        value = "" if operator.endswith("empty") else f", value: {values.get(condition, '1')}"
        given = f'[{{field: {field}, condition: "{style(condition)}"{value}}}]'
        assert [one[1] for one in conditions(tmp_path, given)] == [operator]


BAD: list[tuple[str, tuple[str, ...]]] = [
    ("streams: [", ("hubspot.yaml, line 1", "valid YAML")),
    ("streams:\n  a: true\n  a: false", ("line 3", "`a` is there twice")),
    ("streams: !!python/object:os.system {}", ("line 1", "the tag", "leave it out")),
    ("mode: {a: !!binary aGk=}", ("line 1", "tag")),
    ("a: &a [*a]", ("may not contain itself",)),
    ("? [a]\n: b", ("a key must be a name",)),
    ("[a, b]", ("hubspot.yaml: must be keys with values",)),
    ("stream: {}", ("there is no key 'stream'", "Did you mean streams?")),
    ("streams: {tickets: maybe}", ("streams.tickets: must be true or false",)),
    ("streams: tickets", ("streams: must be keys with values", "{tickets: false}")),
    ("mode: {deals: incremental}", ("mode.deals", "'incremental'", "Did you mean incremental_", "full_refresh")),
    ("properties: {deals: {only: [a]}}", ("properties.deals", "no key 'only'", "include, exclude")),
    ("properties: {deals: [[a]]}", ("properties.deals", "list of names")),
    ("block: {deals: {phone: true}}", ("block.deals", "list of names")),
    ("columns: {deals: [a]}", ("columns.deals", "keys with values")),
    ("columns: {deals: {amount: [a]}}", ("columns.deals.amount", "new name")),
    ("files: {download: perhaps}", ("files.download", "true or false")),
    ("files: {folder: ../out}", ("files.folder", "'../out'", "inside the data folder")),
    ("files: {folder: /tmp}", ("files.folder",)),
    ("files: {folder: .load}", ("files.folder",)),
    *((f"files: {{folder: {name}}}", ("files.folder", "the pipeline's own", "files"))
      for name in ("sandbox", "Dagster_Home", "warehouse.duckdb", "credentials.json/x", "custom_objects.json")),
    ("files: {folder: 'C:\\x'}", ("files.folder",)),
    ("files: {folders: x}", ("Did you mean folder?",)),
    ("properties: {deals: [amuont]}", ("properties.deals", "no property of deals 'amuont'", "Did you mean amount?")),
    ("properties: {deals: [former]}", ("no property of deals 'former'",)),
    ("properties: {deals: [Deal Stage]}", ("'Deal Stage' is the label of `dealstage`: write dealstage.",)),
    ("properties: {deals: [Same]}", ("label of several: twin_a, twin_b",)),
    ("properties: {deals: ['x_*']}", ("the pattern x_* matches no property of deals",)),
    ("properties: {deals: {exclude: [hs_object_id, amount]}}",
     ("properties.deals.exclude", "amount (marts), hs_object_id (cursor)", "block")),
    ("properties: {deals: {exclude: ['hs_*']}}",
     ("hs_lastmodifieddate (cursor), hs_merged_object_ids (cursor), hs_object_id (cursor)", "Narrow the patterns")),
    ("block: {deals: ['*date']}", ("block.deals", "createdate, hs_lastmodifieddate", "changes cannot be found")),
    ("hash: {deals: [hs_object_id]}", ("hash.deals", "hs_object_id", "leave it out")),
    ("{block: {deals: [phone]}, hash: {deals: [phone]}}", ("hash.deals", "phone is blocked as well")),
    ("block: {deals: [Phone number]}", ("block.deals", "label of `phone`")),
    ("history: {deals: [stage]}", ("history.deals", "'stage'", "Did you mean dealstage?")),
    ("{properties: {deals: [amount]}, history: {deals: [tier__c]}}", ("tier__c is not selected", "properties.deals")),
    ("{block: {deals: [tier__c]}, history: {deals: [tier__c]}}", ("tier__c is blocked or hashed",)),
    ("history: {deals: ['hs_fore*']}", ("matches no selected property that is not calculated",)),
    ("expose: {deals: [amount]}", ("expose.deals", "amount is HubSpot's own", "due__c, tags__c, tier__c")),
    ("expose: {deals: ['hs_*']}", ("matches no selected custom property",)),
    ("columns: {deals: {teir__c: level}}", ("columns.deals.teir__c", "Did you mean tier__c?")),
    ("columns: {deals: {'hs_*': level}}", ("a pattern like hs_*", "write the property's name")),
    ("columns: {deals: {tier__c: Level}}", ("'Level' is no plain column name",)),
    ("columns: {deals: {tier__c: 1st}}", ("no plain column name",)),
    (f"columns: {{deals: {{tier__c: {'x' * 64}}}}}", ("63 characters at most",)),
    ("columns: {deals: {tier__c: created_at}}", ("created_at is a column that every record has",)),
    ("columns: {deals: {tier__c: contacts}}", ("contacts is a column of deals",)),
    ("columns: {deals: {tier__c: amount}}", ("amount is a property of deals",)),
    ("columns: {deals: {tier__c: level, tags__c: level}}", ("tags__c: level is the new name of tier__c already",)),
    ("{block: {deals: [tier__c]}, columns: {deals: {tier__c: level}}}", ("tier__c is blocked",)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), BAD)
def test_a_mistake_is_named_with_what_would_be_right(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    said = message(tmp_path, text)
    assert said.startswith("hubspot.yaml")
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("{field: amount}", ("filters.deals[0]", "`condition` is missing", "starts with")),
        ("{condition: equals, value: 1}", ("`field` is missing",)),
        ("{field: amount, condition: equals, values: [1]}", ("no key 'values'", "Did you mean value?")),
        ("{field: amount, condition: equal too, value: 1}", ("'equal too'", "Did you mean equals?", "not in list")),
        ("{field: amount, condition: greater_than_or_equal, value: 1}", ("no condition", "between")),
        ("{field: Amount, condition: equals, value: 1}", ("[0].field", "label of `amount`")),
        ("{field: phone, condition: equals, value: null}", ("{field: phone, condition: is empty}",)),
        ("{field: phone, condition: in list, value: [a, '']}", ("null", "is empty")),
        ("{field: phone, condition: is empty, value: a}", ("takes no value",)),
        ("{field: amount, condition: between, value: 1}", ("list of two values",)),
        ("{field: amount, condition: between, value: [5, 1]}", ("5 is above 1",)),
        ("{field: amount, condition: between, value: [10, 9.5]}", ("10 is above 9.5",)),
        ("{field: dealname, condition: in list, value: a}", ("takes a list of values: [a, b]",)),
        ("{field: dealname, condition: in list, value: []}", ("takes a list of values",)),
        ("{field: dealname, condition: equals, value: [a]}", ("takes one value", "in list")),
        ("{field: dealname, condition: equals, value: {a: b}}", ("must be a text",)),
        ("{field: dealname, condition: equals, value: true}", ('put it in quotes: "true"',)),
        ("{field: dealname, condition: between, value: [a, b]}", ("dealname, a text property", "contains")),
        ("{field: hs_is_closed, condition: greater, value: true}", ("a bool property", "equals, not equals, is empty")),
        ("{field: tags__c, condition: starts with, value: a}", ("a multiple-choice property", "in list")),
        ("{field: dealstage, condition: contains, value: closed}", ("an enumeration property", "in list")),
        ("{field: amount, condition: equals, value: '1.000,50'}", ("'1.000,50' is no number", "12.5")),
        ("{field: due__c, condition: equals, value: 31.01.2026}", ("'31.01.2026' is no date", "2026-01-31")),
        ("{field: due__c, condition: equals, value: 2026-01-31T08:00:00Z}", ("is no date",)),
        ("{field: due__c, condition: equals, value: 2026-02-30}", ("is no date",)),
        ("{field: closedate, condition: greater, value: yesterday}", ("is no datetime", "2026-01-31T08:00:00Z")),
        ("{field: closedate, condition: greater, value: 999999999999999}", ("is no datetime",)),
        ("{field: dealstage, condition: equals, value: closed_won}",
         ("option of dealstage", "Did you mean closedwon?")),
        ("{field: dealstage, condition: equals, value: Closed Won}", ("is the label of `closedwon`: write closedwon",)),
        ("{field: dealstage, condition: equals, value: Twin}", ("label of several: x1, x2",)),
        ("{field: tags__c, condition: equals, value: a;c}", ("no option of tags__c 'c'",)),
        ("{field: hs_is_closed, condition: equals, value: yes}", ("is the label of `true`: write true",)),
        ("[{field: amount, condition: is empty}]", ("a list inside the list", "AND only", "in list")),
        ("{or: [{field: amount, condition: is empty}]}", ("`or`", "AND only", "dbt_project/models/custom")),
        ("{OR: []}", ("`OR`",)),
        ("{logic: AND, field: amount, condition: is empty}", ("`logic`", "needs no `logic`")),
        ("amount", ("must be a condition", "condition: greater")),
    ],
)  # fmt: skip
def test_a_mistake_in_a_filter_is_named_with_what_would_be_right(tmp_path: Path, given: str, words: Any) -> None:
    said = message(tmp_path, f"filters: {{deals: [{given}]}}")
    assert said.startswith("hubspot.yaml: filters.deals[0]")
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("filters: {deals: '[{'}", ("filters.deals", "no valid JSON")),
        ("filters: {deals: 7}", ("filters.deals", "list of conditions")),
        ("filters: {deals: {or: []}}", ("filters.deals: `or`", "AND only")),
        ("{hash: {deals: [phone]}, filters: {deals: [{field: phone, condition: is empty}]}}",
         ("filters.deals[0].field", "phone is blocked or hashed")),
        ("{properties: {deals: [amount]}, filters: {deals: [{field: phone, condition: is empty}]}}",
         ("filters.deals[0].field", "phone is not selected; add it to properties.deals")),
    ],
)  # fmt: skip
def test_a_filter_is_a_list_of_conditions_on_what_is_read(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    said = message(tmp_path, text)
    assert [word for word in words if word not in said] == [], said


def checked(folder: Path, text: str, *, discovered: bool = True) -> str:
    """What the streams of the file are refused with; nothing if they are not."""
    try:
        load(folder, text).check_streams(STREAMS, discovered=discovered)
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("streams: {tickts: false}", ("streams.tickts", "Did you mean tickets?")),
        ("streams: {engagement: false}", ("streams.engagement", "Did you mean engagements?")),
        ("properties: {contact: all}", ("properties.contact", "Did you mean contacts?")),
        ("block: {contcts: []}", ("block.contcts", "Did you mean contacts?")),
        ("mode: {engagements: full_refresh}", ("engagements is made from other streams",)),
        ("mode: {commerce: full_refresh}", ("mode.commerce", "is a group", "quotes")),
        ("filters: {owners: [{field: email, condition: is empty}]}", ("owners has no properties", "contacts")),
        ("history: {deals_property_history: all}", ("has no properties",)),
        ("block: {owners_archived: [email]}", ("owners_archived is made from other streams",)),
        ("mode: {associations: full_refresh}", ("associations is made from other streams",)),
    ],
)
def test_a_stream_that_a_section_cannot_be_about_is_named(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    said = checked(tmp_path, text)
    assert [word for word in words if word not in said] == [], said


def test_what_streams_and_groups_can_say_is_accepted(tmp_path: Path) -> None:
    text = "{streams: {engagements: false, owners: true}, mode: {owners: full_refresh}, block: {owners: [email]}}"
    assert checked(tmp_path, text) == ""


@pytest.mark.parametrize("name", ["contracts", "p1_vessel", "2-1234", "vessels_web_analytics"])
def test_an_unknown_stream_may_be_a_custom_object_until_they_are_discovered(tmp_path: Path, name: str) -> None:
    for section in ("streams: {%s: true}", "properties: {%s: all}"):
        assert checked(tmp_path, section % name, discovered=False) == ""
        assert f"no stream '{name}'" in checked(tmp_path, section % name)


@pytest.mark.parametrize("name", ["Contact", "line-items", "company", "lineitems", "deal_property_history", "a b"])
def test_another_spelling_of_a_known_stream_is_no_custom_object(tmp_path: Path, name: str) -> None:
    assert f"no stream '{name}'" in checked(tmp_path, f"hash: {{{name}: [email]}}", discovered=False)


def test_hashing_needs_a_key_and_says_how_to_make_one(tmp_path: Path) -> None:
    load(tmp_path, "hash: {contacts: [email]}")
    with pytest.raises(ConfigError, match=r"HUBSPOT_HASH_KEY is not set.*secrets\.token_urlsafe"):
        Settings.load(tmp_path, {})
    with pytest.raises(ConfigError, match="shorter than 16") as error:
        Settings.load(tmp_path, {"HUBSPOT_HASH_KEY": "short-needle"})
    assert "needle" not in str(error.value)
    settings = Settings.load(tmp_path, {"HUBSPOT_HASH_KEY": "0123456789abcdef"})
    assert settings.hash_key.reveal() == "0123456789abcdef"
    assert "0123" not in repr(settings)
    assert settings.choice.stream("contacts").hash == ("email",)
    (tmp_path / "hubspot.yaml").unlink()
    assert Settings.load(tmp_path, {}).choice == Choice()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "hubspot.yaml").write_bytes(b"a: \xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        Choice.load(tmp_path)
    (tmp_path / "hubspot.yaml").unlink()
    (tmp_path / "hubspot.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        Choice.load(tmp_path)


def test_the_projects_file_chooses_nothing_and_its_examples_are_valid(tmp_path: Path) -> None:
    text = (ROOT / "hubspot.yaml").read_text(encoding="utf-8")
    assert Choice.load(ROOT) == Choice()
    examples = "\n".join(found[1] for found in re.finditer(r"^#((?:  )*\S.*)$", text, re.MULTILINE))
    choice = load(tmp_path, examples)
    assert choice.streams
    assert choice.files.download
    said = {section for one in choice.wanted.values() for section in one.sections}
    assert said == {"mode", "properties", "history", "block", "hash", "expose", "columns", "filters"}
    assert choice.stream("contacts").history != ALL
    assert choice.stream("deals").expose == NONE


def test_no_group_turns_on_more_than_the_stream_of_its_name() -> None:
    groups: dict[str, set[str]] = {}
    for stream in STREAMS:
        groups.setdefault(stream.group, set()).add(stream.name)
    names = {stream.name for stream in STREAMS}
    assert {group: streams for group, streams in groups.items() if group in names and streams != {group}} == {}

"""Every stream: empty, read with one of its scopes, read again, refused, and changed when it is granted again.

Each line of the contract is one parameter; the runs behind it are those of its family (see `stories`), told once.
"""

from collections.abc import Iterator

import pytest

from hubspot_pipeline.streams import STREAMS
from hubspot_pipeline_tests.contract import ANY_SCOPE, BY_NAME, Line
from hubspot_pipeline_tests.stories import FAMILIES, LATE, LINES, NIGHTLY, Stage, Step, Story, stage

FULL_REFRESH = {stream.name for stream in STREAMS if stream.modes[:1] == ("full_refresh",)}
NEVER_EMPTY = ("deal_pipelines", "ticket_pipelines", "pipelines", "properties", "property_groups", "object_schemas",
               "association_types", "account_details")  # fmt: skip
"""What every account has from the start, or the little portal for the sake of its custom objects."""
UNREFUSED = ("account_details",)
"""What HubSpot gives to every token."""
SHOWS = {
    "owners": "added changed", "properties": "added changed", "account_details": "changed",
    "form_submissions": "added", "list_memberships": "added removed",
    "associations": "added removed", "marketing_emails": "added changed",
}  # fmt: skip
"""What a sync sees of a change, where not all of: added, changed, removed. Logs, visits and versions only come."""

ordered = [LINES[name] for family in FAMILIES for name in family]
every_stream = pytest.mark.parametrize("line", ordered, ids=lambda line: line.name, scope="module")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stories")) as found:
        yield found


@pytest.fixture
def story(told: Stage, line: Line) -> Story:
    return told.tell(line.name)


def test_every_stream_is_in_a_family() -> None:
    assert sorted(line.name for line in ordered) == sorted(LINES)


@every_stream
def test_an_empty_portal_gives_the_table_with_its_columns(story: Story, line: Line) -> None:
    outcome, table = story.empty.outcome(line.name), story.empty.tables[line.name]
    assert (outcome.status, _of(line, story.empty)) == ("succeeded", [])
    assert set(line.key) <= set(table.columns)
    if line.shape == "object":
        assert {"created_at", "deletion", "properties", "properties_memo", "_synced_at"} <= set(table.columns)
    else:
        assert table.columns == story.filled.tables[line.name].columns
    assert bool(table.rows) is (line.name in NEVER_EMPTY)


@every_stream
def test_a_stream_is_read_with_one_of_its_scopes(story: Story, line: Line) -> None:
    outcome = story.filled.outcome(line.name)
    assert (outcome.status, _of(line, story.filled)) == ("succeeded", []), outcome.message
    assert story.filled.tables[line.name].rows
    assert outcome.rows_inserted == len(story.filled.tables[line.name].rows.keys() - story.empty.tables[line.name].rows)


@every_stream
def test_reading_twice_changes_nothing(story: Story, line: Line) -> None:
    outcome = story.again.outcome(line.name)
    assert outcome.status == "succeeded"
    assert (outcome.rows_inserted, outcome.rows_updated, outcome.rows_archived) == (0, 0, 0)
    assert story.again.tables[line.name].hash == story.filled.tables[line.name].hash
    assert not story.again.result.changed


@every_stream
def test_without_a_scope_a_stream_is_skipped_by_name_and_keeps_its_rows(story: Story, line: Line) -> None:
    if line.name in UNREFUSED:
        pytest.skip("every token may read it")
    outcome = story.refused.outcome(line.name)
    assert outcome.status == "skipped", outcome.message
    opening = {*(line.scopes or ANY_SCOPE), *(scope for name in line.of for scope in BY_NAME[name].scopes)}
    opening |= {"crm.objects.custom.read"} if line.name == "custom_objects_web_analytics" else set()
    assert any(scope in outcome.message for scope in opening), outcome.message
    assert set(outcome.missing_scopes) & opening
    assert (outcome.rows_inserted, outcome.rows_updated, outcome.rows_archived) == (0, 0, 0)
    assert story.refused.result.exit_code == 0
    assert story.refused.tables[line.name].hash == story.again.tables[line.name].hash
    assert outcome.cursor_after == outcome.cursor_before


@every_stream
def test_granted_again_a_stream_brings_exactly_what_changed(story: Story, line: Line) -> None:
    before, after = (story.again, story.refused) if line.name in UNREFUSED else (story.refused, story.granted)
    outcome = after.outcome(line.name)
    seen = _seen(line, before, after)
    assert (outcome.status, seen) == ("succeeded", set() if line.name in NIGHTLY else _shown(line)), outcome.message
    if not _late(line) and line.name not in UNREFUSED:
        assert _of(line, after) == []
    _counts_are_right(line, before, after)
    if line.name not in FULL_REFRESH:
        same = {
            key for key, row in after.tables[line.name].rows.items() if before.tables[line.name].rows.get(key) == row
        }
        loads = before.tables[line.name].loads
        moved = [key for key in same if after.tables[line.name].loads[key] != loads[key]]
        assert line.name == "associations" or moved == []  # all links of a record that differs are written again


@pytest.mark.parametrize("line", [line for line in ordered if line.name in LATE], ids=lambda line: line.name,
                         scope="module")  # fmt: skip
def test_a_reconcile_brings_what_a_sync_cannot_see_and_nothing_else(story: Story, line: Line) -> None:
    assert story.late is not None
    outcome = story.late.outcome(line.name)
    assert (outcome.status, _of(line, story.late)) == ("succeeded", []), outcome.message
    assert _seen(line, story.granted, story.late) == _late(line)
    _counts_are_right(line, story.granted, story.late)


def _of(line: Line, step: Step) -> list[str]:
    """What differs from the portal in this stream's table."""
    return [one for one in step.differences if one.startswith((f"{line.name} ", f"{line.name}:"))]


def _shown(line: Line) -> set[str]:
    only_come = line.shape in ("events", "history") or line.kind == "web_event"
    return {"added"} if only_come else set(SHOWS.get(line.name, "added changed removed").split())


def _late(line: Line) -> set[str]:
    return set(LATE.get(line.name, "").split())


def _parts(line: Line, before: Step, after: Step) -> dict[str, set[tuple[str, ...]]]:
    """Keys of the rows that came, changed and went; of an object, that were archived."""
    old, new = before.tables[line.name], after.tables[line.name]
    changed = {key for key in old.rows.keys() & new.rows.keys() if old.rows[key] != new.rows[key]}
    archived = set(new.archived - old.archived)
    removed = archived if line.shape == "object" else old.rows.keys() - new.rows.keys()
    return {"added": new.rows.keys() - old.rows.keys(), "changed": changed - archived, "removed": set(removed)}


def _seen(line: Line, before: Step, after: Step) -> set[str]:
    return {what for what, keys in _parts(line, before, after).items() if keys}


def _counts_are_right(line: Line, before: Step, after: Step) -> None:
    parts, outcome = _parts(line, before, after), after.outcome(line.name)
    updated = len(parts["changed"]) + (len(parts["removed"]) if line.shape == "object" else 0)
    counted = (outcome.rows_inserted, outcome.rows_updated, outcome.rows_archived)
    assert counted == (len(parts["added"]), updated, len(parts["removed"]))

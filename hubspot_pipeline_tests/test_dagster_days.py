"""Logs by day: a backfill of many days is one run that can be repeated and moves no cursor; a sync marks its days."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from hubspot_pipeline.assets import raw
from hubspot_pipeline.assets.assembly import assemble
from hubspot_pipeline.assets.jobs import EVENTS, SYNC
from hubspot_pipeline.assets.resource import HubSpotResource
from hubspot_pipeline.choice import Choice
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.warehouse.run import run
from hubspot_pipeline_tests.conftest import Sandbox
from hubspot_pipeline_tests.runs import landed, rows, settings

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
LOGS = ("email_events", "subscription_changes")
CHOSEN = Choice(streams={**dict.fromkeys(("crm", "activities", "people", "settings", "history"), False),
                         **dict.fromkeys((*LOGS, "contacts"), True)})  # fmt: skip


class Given(HubSpotResource):
    """The project's resource over settings of a test."""

    folder: str
    url: str
    start: str = "2006-06-01"

    def settings(self) -> Settings:
        start = datetime.fromisoformat(self.start).replace(tzinfo=UTC)
        return settings(Path(self.folder), self.url, choice=CHOSEN, start=start)


def _portal(sandbox: Sandbox, days: int) -> None:
    sandbox.post("clock", {"now": NOW.isoformat(), "frozen": True})
    sandbox.mutate({"op": "create", "object": "contacts", "properties": {"email": "a@example.com"}})
    sandbox.mutate(*(
        {"op": "put", "kind": "email_event", "item": {
            "type": "OPEN", "recipient": "a@example.com", "created": _ms(NOW - timedelta(days=day, minutes=1)),
        }}
        for day in range(days)
    ))  # fmt: skip


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _range(first: datetime, last: datetime) -> dict[str, str]:
    """The tags that the backfill page gives to a run of several partitions."""
    names = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
    return dict(zip(names, (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"), strict=True))


def _cursors(given: Settings) -> dict[str, Any]:
    with duckdb.connect(str(given.working), read_only=True) as con:
        sql = "SELECT stream, arg_max(cursor_after, started_at) FROM hubspot.sync_runs GROUP BY ALL"
        return dict(con.execute(sql).fetchall())


def _execute(given: Settings, hubspot: Given, job: str, instance: dg.DagsterInstance, keys: list[str],
             tags: dict[str, str] | None = None) -> dg.ExecuteInProcessResult:  # fmt: skip
    definition = assemble(given, hubspot).resolve_job_def(job)
    return definition.execute_in_process(
        instance=instance, tags=tags, asset_selection=[raw.key(key) for key in keys], raise_on_error=False
    )  # fmt: skip


def test_ninety_days_of_a_log_are_one_run_that_can_be_repeated_and_moves_no_cursor(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    _portal(sandbox, 100)
    hubspot = Given(folder=str(tmp_path), url=sandbox.url)
    given = hubspot.settings()
    landed(run(given))
    before = _cursors(given)
    with duckdb.connect(str(given.working)) as con:
        con.execute("DELETE FROM hubspot.email_events")
    days = _range(NOW - timedelta(days=89), NOW)
    with dg.DagsterInstance.ephemeral() as instance:
        for inserted in (90, 0):
            done = _execute(given, hubspot, EVENTS, instance, ["email_events"], days)
            assert done.success
            (landing,) = [event for event in done.all_events if event.is_step_materialization][:1]
            assert landing.step_materialization_data.materialization.metadata["rows_inserted"].value == inserted
            assert rows(given, "SELECT count(*) FROM hubspot.email_events") == [(90,)]
        filled = instance.get_materialized_partitions(raw.key("email_events"))
    assert len(filled) == 90
    after = _cursors(given)
    assert {name: after[name] for name in ("contacts", "subscription_changes")} == {
        name: before[name] for name in ("contacts", "subscription_changes")
    }
    # the log's own place is where it was: what was deleted outside the days stays away, what is new comes
    sandbox.post("clock", {"advance_ms": 60_000})
    result = landed(run(given))
    assert result.outcomes["email_events"].rows_inserted == 0


def test_a_sync_marks_the_days_in_which_rows_landed(sandbox: Sandbox, tmp_path: Path) -> None:
    _portal(sandbox, 3)
    hubspot = Given(folder=str(tmp_path), url=sandbox.url)
    given = hubspot.settings()
    with dg.DagsterInstance.ephemeral() as instance:
        assert _execute(given, hubspot, SYNC, instance, ["email_events", "contacts"]).success
        filled = instance.get_materialized_partitions(raw.key("email_events"))
    assert filled == {f"{NOW - timedelta(days=day):%Y-%m-%d}" for day in range(3)}


def test_days_are_for_logs_and_the_other_streams_of_a_run_are_read_as_always(sandbox: Sandbox, tmp_path: Path) -> None:
    _portal(sandbox, 3)
    hubspot = Given(folder=str(tmp_path), url=sandbox.url)
    given = hubspot.settings()
    with dg.DagsterInstance.ephemeral() as instance:
        done = _execute(given, hubspot, SYNC, instance, ["email_events", "contacts"], _range(NOW, NOW))
    assert done.success
    assert rows(given, "SELECT count(*) FROM hubspot.email_events") == [(1,)]
    assert rows(given, "SELECT count(*) FROM hubspot.contacts") == [(1,)]


def test_days_of_which_nothing_is_loaded_are_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    _portal(sandbox, 3)
    hubspot = Given(folder=str(tmp_path), url=sandbox.url, start="2026-06-13T20:00")
    given = hubspot.settings()
    before, first = datetime(2026, 6, 12, tzinfo=UTC), datetime(2026, 6, 13, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        for last in (before, NOW):
            refused = _execute(given, hubspot, EVENTS, instance, ["email_events"], _range(before, last))
            (failed,) = [event.step_failure_data for event in refused.all_events if event.is_step_failure]
            assert failed.user_failure_data is not None
            message = failed.user_failure_data.description or ""
            assert message.startswith("2026-06-12 is before HUBSPOT_START_DATE (2026-06-13)")
            assert "HUBSPOT_START_DATE=2026-06-12" in message
        assert instance.get_materialized_partitions(raw.key("email_events")) == set()
        assert _execute(given, hubspot, EVENTS, instance, ["email_events"], _range(first, NOW)).success

"""Events of a finished run -> what is red after it, and what is well again.

An incident is a stream or model that did not land (`hubspot/contacts`), a red check of one (`hubspot/contacts:
completeness`), dbt as a whole, the daily limit, or, where nothing of that explains a failure, the run of its job; what
happened to partitions names them (`hubspot/email_events (2026-06-01)`). What it says are names, counts and our own
texts; a foreign exception says its class alone. A run that somebody canceled is none.

Only what a run read or built ends an incident, and only where it read what was missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from hubspot_pipeline.assets.build import DBT
from hubspot_pipeline.assets.failure import LIMIT, UNTOLD
from hubspot_pipeline.assets.jobs import MARTS, RECONCILE, SYNC
from hubspot_pipeline.assets.raw import EVENTS, SCHEMA
from hubspot_pipeline.assets.spans import WINDOWS, Span, named, parted, span_of
from hubspot_pipeline.assets.warehouse import OP

LONGEST = 600
"""Characters of what happened."""
KINDS = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_OBSERVATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED,
    dg.DagsterEventType.STEP_FAILURE,
    dg.DagsterEventType.ENGINE_EVENT,
    dg.DagsterEventType.RUN_SUCCESS,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_CANCELED,
}
"""What of a run's events is looked at."""
_CHECKS = {
    "completeness": "hubspot-pipeline reconcile {stream}",
    "scopes": "Add the scope in HubSpot; the next sync reads the stream.",
    "unique_ids": "hubspot-pipeline sync {stream} --full",
}


@dataclass(slots=True)
class Verdict:
    """What a run says. `red`: incident -> what happened; `well`: names that are no incident any more."""

    red: dict[str, str] = field(default_factory=dict)
    well: set[str] = field(default_factory=set)
    span: Span | None = None
    """The partitions that the run is of."""
    well_there: set[str] = field(default_factory=set)
    """Names that are no incident any more in these partitions."""
    whole: bool = False
    """All that is new of everything that is chosen was read and built, and the run succeeded."""
    planned: set[str] = field(default_factory=set)
    """Names that the run could have told of."""

    def ends(self, incident: str) -> bool:
        """Whether an incident that was open before is over."""
        name, span = parted(incident)
        if incident in self.red:
            return False
        if name in (self.well if span is None else self.well_there):
            return span is None or (self.span is not None and self.span.covers(span))
        return self.whole and self._is_past(name, span)

    def _is_past(self, name: str, span: Span | None) -> bool:
        """What a whole run ends without naming it: what is no longer there, and what goes on with the next sync."""
        if name.startswith(_RUN):
            return span is None and name.removeprefix(_RUN) not in (SYNC, RECONCILE)
        asset, _, check = name.partition(": ")
        return name not in self.planned or (bool(check) and asset in self.well)


_RUN = "run of "


def judge(run: dg.DagsterRun, events: Sequence[dg.DagsterEvent]) -> Verdict:
    """The verdict of a finished run, from its events of the `KINDS`."""
    verdict = Verdict(span=span_of(run))
    windowed = _is_windowed(run)
    for event in events:
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            _check(verdict, event.asset_check_evaluation_data)
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            plan = event.asset_check_planned_data
            verdict.planned.add(f"{plan.asset_key.to_user_string()}: {plan.check_name}")
        elif event.asset_key is not None:
            _asset(verdict, event, event.asset_key.to_user_string(), run.job_name, windowed=windowed)
    # the run's status is written behind the event of its end
    succeeded = any(event.event_type is dg.DagsterEventType.RUN_SUCCESS for event in events)
    verdict.whole = (
        succeeded and not run.asset_selection and run.job_name in (SYNC, RECONCILE) and verdict.span is None
        and run.parent_run_id is None and not windowed
    )  # fmt: skip
    _end(verdict, run, events, succeeded=succeeded)
    verdict.well -= verdict.red.keys()
    return verdict


def _is_windowed(run: dg.DagsterRun) -> bool:
    """Whether the run read a span that somebody named, wherever the cursors were."""
    config: Any = run.run_config
    given = config.get("ops", {}).get(OP, {}).get("config", {})
    return bool(given.get("since") or given.get("until"))


def _asset(verdict: Verdict, event: dg.DagsterEvent, name: str, job: str, *, windowed: bool) -> None:
    """What an event says of a stream or model: that it is planned, or that it landed."""
    if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
        verdict.planned.add(name)
    elif event.event_type is dg.DagsterEventType.ASSET_OBSERVATION:
        if job == WINDOWS:  # elsewhere it says what may not be read
            verdict.well_there.add(name)
    elif event.is_step_materialization:
        if name.startswith(f"{SCHEMA}/"):
            verdict.well.add(LIMIT)
        if event.step_materialization_data.materialization.partition is not None:
            verdict.well_there.add(name)
        elif not (windowed and name.startswith(f"{SCHEMA}/")):
            verdict.well.add(name)


def _end(verdict: Verdict, run: dg.DagsterRun, events: Sequence[dg.DagsterEvent], *, succeeded: bool) -> None:
    """What the end of a run says of it and of what no event names."""
    job, named_by_step = _RUN + run.job_name, untold(events)
    verdict.red |= named_by_step or {}
    if succeeded or (named_by_step is not None and verdict.red):
        (verdict.well if verdict.span is None else verdict.well_there).add(job)
    elif not any(event.event_type is dg.DagsterEventType.RUN_CANCELED for event in events):
        verdict.red[named(job, verdict.span)] = _reason(events)
    if DBT not in verdict.red and (verdict.whole or (succeeded and run.job_name == MARTS)):
        verdict.well.add(DBT)
    if verdict.whole:
        verdict.well.add(LIMIT)


def remedy(incident: str) -> str:
    """What to do about it."""
    if incident == LIMIT:
        return "Nothing, it goes on by itself; or raise HUBSPOT_DAILY_CALL_SHARE."
    name, span = parted(incident)
    if span is not None:
        return f"In the UI: job {WINDOWS if span.of_months else EVENTS}, Partitions, launch {span} again."
    if name.startswith(_RUN):
        return "See the message and the run; the next one goes on from what has landed."
    name, _, check = name.partition(": ")
    if not name.startswith(f"{SCHEMA}/"):
        return "The run's log and .load/dbt/dbt.log have the reason; repeat with: make marts"
    return _CHECKS.get(check, "hubspot-pipeline sync {stream}").format(stream=stream_of(incident))


def stream_of(incident: str) -> str:
    """The stream that an incident is about, or an empty string."""
    schema, _, name = parted(incident)[0].partition(": ")[0].partition("/")
    return name if schema == SCHEMA else ""


def _check(verdict: Verdict, result: dg.AssetCheckEvaluation) -> None:
    asset = result.asset_key.to_user_string()
    name = f"{asset}: {result.check_name}"
    if result.passed or result.severity is not dg.AssetCheckSeverity.ERROR:
        verdict.well.add(name)
        return
    own = result.metadata.get("message") if asset.startswith(f"{SCHEMA}/") else None
    if own is not None:
        verdict.red[name] = _short(str(own.value))
    else:
        verdict.red[name] = f"The check {result.check_name} fails: {', '.join(_figures(result.metadata))}".rstrip(": ")


def _figures(metadata: Mapping[str, dg.MetadataValue[Any]]) -> Iterator[str]:
    """Counts alone: a text may show a row."""
    for name, value in metadata.items():
        if isinstance(value, dg.IntMetadataValue) and value.value is not None:
            yield f"{name.rpartition('/')[2].replace('_', ' ')} {value.value:,}"


def untold(events: Sequence[dg.DagsterEvent]) -> dict[str, str] | None:
    """The incidents that the failed step itself names; None if it was stopped before it could."""
    for event in events:
        given = event.step_failure_data.user_failure_data if event.is_step_failure else None
        found = given.metadata.get(UNTOLD) if given is not None else None
        if isinstance(found, dg.JsonMetadataValue) and isinstance(found.data, dict):
            return {name: _short(str(text)) for name, text in found.data.items()}
    return None


def _reason(events: Sequence[dg.DagsterEvent]) -> str:
    """Why a run ended that names no incidents."""
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None and data.user_failure_data.description:
                return _short(data.user_failure_data.description)
            error = data.error.cause or data.error if data.error is not None else None
            return f"It stopped with {error.cls_name if error is not None else 'an error'}."
    told = [event.message or "" for event in events if _tells_the_end(event)]
    return _short(" ".join(told)) or "It failed."


def _tells_the_end(event: dg.DagsterEvent) -> bool:
    """The end itself, and what Dagster's server says before it of a process that crashed."""
    if event.event_type is dg.DagsterEventType.ENGINE_EVENT:
        return (event.message or "").startswith("Run execution process")
    return event.event_type is dg.DagsterEventType.RUN_FAILURE


def _short(text: str) -> str:
    """On one line, without control characters, cut."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."

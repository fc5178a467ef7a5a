"""Events of a finished run -> what is red after it, and what is well again.

An incident is a stream or model that did not land (`hubspot/contacts`), a red check of one (`hubspot/contacts:
completeness`), dbt as a whole, the daily limit, or, where nothing of that explains a failure, the run of its job. What
it says are names, counts and our own texts; a foreign exception says its class alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from hubspot_pipeline.assets.build import DBT
from hubspot_pipeline.assets.failure import LIMIT, UNTOLD
from hubspot_pipeline.assets.jobs import MARTS, RECONCILE, SYNC
from hubspot_pipeline.assets.raw import SCHEMA

LONGEST = 600
"""Characters of what happened."""
KINDS = {
    dg.DagsterEventType.ASSET_MATERIALIZATION,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
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
    whole: bool = False
    """Everything that is chosen was read and built, and succeeded."""

    def ends(self, incident: str) -> bool:
        """Whether an incident that was open before is over. What is no longer there ends with a whole run."""
        return incident in self.well or (self.whole and not incident.startswith(_RUN) and incident not in self.red)


_RUN = "run of "


def judge(run: dg.DagsterRun, events: Sequence[dg.DagsterEvent]) -> Verdict:
    """The verdict of a finished run, from its events of the `KINDS`."""
    verdict = Verdict()
    for event in events:
        if event.is_step_materialization and event.asset_key is not None:
            verdict.well.add(event.asset_key.to_user_string())
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            _check(verdict, event.asset_check_evaluation_data)
    # the run's status is written behind the event of its end
    succeeded = any(event.event_type is dg.DagsterEventType.RUN_SUCCESS for event in events)
    untold = _untold(events)
    verdict.red |= untold or {}
    if succeeded or (untold is not None and verdict.red):
        verdict.well.add(_RUN + run.job_name)
    else:
        verdict.red[_RUN + run.job_name] = _reason(events)
    verdict.whole = succeeded and not run.asset_selection and run.job_name in (SYNC, RECONCILE)
    if succeeded and run.job_name == MARTS:
        verdict.well.add(DBT)
    if any(name.startswith(f"{SCHEMA}/") for name in verdict.well):
        verdict.well.add(LIMIT)
    verdict.well -= verdict.red.keys()
    return verdict


def remedy(incident: str) -> str:
    """What to do about it."""
    if incident == LIMIT:
        return "Nothing, it goes on by itself; or raise HUBSPOT_DAILY_CALL_SHARE."
    if incident.startswith(_RUN):
        return "See the message and the run; the next one goes on from what has landed."
    name, _, check = incident.partition(": ")
    if not name.startswith(f"{SCHEMA}/"):
        return "The run's log and .load/dbt/dbt.log have the reason; repeat with: make marts"
    return _CHECKS.get(check, "hubspot-pipeline sync {stream}").format(stream=stream_of(incident))


def stream_of(incident: str) -> str:
    """The stream that an incident is about, or an empty string."""
    schema, _, name = incident.partition(": ")[0].partition("/")
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


def _untold(events: Sequence[dg.DagsterEvent]) -> dict[str, str] | None:
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
    return event.event_type in (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_CANCELED)


def _short(text: str) -> str:
    """On one line, without control characters, cut."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]} ..."

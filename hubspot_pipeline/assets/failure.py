"""What a run left red -> one Failure for people, whose metadata names the incidents for the alerts."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import dagster as dg

from hubspot_pipeline.assets import raw
from hubspot_pipeline.assets.build import Built
from hubspot_pipeline.assets.instance import own_tag
from hubspot_pipeline.assets.raw import EVENTS
from hubspot_pipeline.assets.spans import Span, named, span_of

if TYPE_CHECKING:
    from hubspot_pipeline.warehouse.run import RunResult

RESUMES_AT = "hubspot/resumes_at"
"""Tag of a run that waits for the daily limit, of its own: an ISO instant."""
UNTOLD = "incidents"
"""Metadata of a failure: incident -> what happened, for everything that no check tells."""
LIMIT = "daily limit"
"""The incident of a run that waits for it."""


def fail_for(
    context: dg.AssetExecutionContext, result: "RunResult | None", built: Built | None, of_days: Collection[str] = ()
) -> None:
    """Raise one Failure that lists everything red and the command that repeats it; its metadata names the incidents.

    `of_days`: the logs of which the run read days alone.
    """
    parts: list[str] = []
    untold: dict[str, str] = {}
    if result is not None and result.resumes_at is not None:
        tag = own_tag(context.run_id, RESUMES_AT, result.resumes_at.isoformat())
        context.instance.add_run_tags(context.run_id, tag)
        untold[LIMIT] = (
            f"Today's share of HubSpot's daily calls is used up; what was read is kept. The schedule goes on after "
            f"{result.resumes_at:%Y-%m-%d %H:%M} UTC, or run `hubspot-pipeline sync` then."
        )
        parts.append(untold[LIMIT])
    if result is not None and result.failed:
        span = span_of(context.run)
        untold |= {
            named(raw.key(one.stream).to_user_string(), span if one.stream in of_days else None): one.message
            for one in result.failed
        }
        parts.append(_streams(result, span, of_days))
    if built is not None and not built.ok:
        untold |= built.untold
        listed = "\n".join(f"  {line}" for line in built.failed) or built.error
        parts.append(
            f"dbt failed; what it could not build keeps its previous rows:\n{listed}\n"
            f"The reasons are in {built.log}. Repeat with: make marts"
        )
    if parts:
        metadata = {UNTOLD: dg.MetadataValue.json(untold)}
        raise dg.Failure(description="\n\n".join(parts), metadata=metadata, allow_retries=False)


def _streams(result: "RunResult", span: Span | None, of_days: Collection[str]) -> str:
    """The streams that failed, and what reads them again."""
    listed = "\n".join(f"  {outcome.stream}: {outcome.message}" for outcome in result.failed)
    text = f"{len(result.failed)} of {len(result.outcomes)} streams failed, the others landed:\n{listed}"
    names = [outcome.stream for outcome in result.failed if outcome.stream not in of_days]
    if len(names) < len(result.failed):
        text += f"\nRepeat the days in the UI: job {EVENTS}, Partitions, launch {span} again."
    return f"{text}\nRepeat them with: hubspot-pipeline sync {' '.join(names)}" if names else text

"""Selection of a run and what its parents landed -> what is left to do: streams, models, tests and checks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import dagster as dg

from hubspot_pipeline.assets import raw
from hubspot_pipeline.assets.models import Models
from hubspot_pipeline.streams import Stream


@dataclass(frozen=True)
class Plan:
    """What one run does; `note` says what a re-execution leaves out."""

    streams: list[str]
    models: set[dg.AssetKey]
    checks: set[dg.AssetCheckKey]
    """Checks of streams, cheap enough to be answered in every run."""
    tests: set[dg.AssetCheckKey]
    """dbt tests of the models to build."""
    kept: set[dg.AssetCheckKey]
    """dbt tests of models that landed before: their last answer stands."""
    note: str = ""


def plan(context: dg.AssetExecutionContext, models: Models, streams: Sequence[Stream]) -> Plan:
    """Everything selected; of a re-execution what has not landed in the runs it repeats, and what is below that."""
    wanted = set(context.selected_asset_keys)
    landed = landed_before(context) & wanted
    left = wanted
    if landed and landed != wanted:
        specs = [*raw.specs(streams), *models.specs]
        left = below(wanted - landed, {spec.key: {dep.asset_key for dep in spec.deps} for spec in specs}) & wanted
    note = f"re-execution: {len(wanted - left)} assets landed before and are left alone" if left != wanted else ""
    chosen = set(context.selected_asset_check_keys)
    ours = {check for check in chosen if check.asset_key.path[0] == raw.SCHEMA}
    tests = {check for check in chosen - ours if check.asset_key in left or not wanted}
    below_streams = {asset for asset in left if asset in models.node_of}
    return Plan(raw.selected(left, streams), below_streams, ours, tests, chosen - ours - tests, note)


def landed_before(context: dg.AssetExecutionContext) -> set[dg.AssetKey]:
    """Assets materialized by the runs that this one re-executes."""
    landed: set[dg.AssetKey] = set()
    parent = context.run.parent_run_id
    while parent is not None:
        for entry in context.instance.all_logs(parent, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
            if entry.dagster_event is not None and entry.dagster_event.asset_key is not None:
                landed.add(entry.dagster_event.asset_key)
        run = context.instance.get_run_by_id(parent)
        parent = run.parent_run_id if run is not None else None
    return landed


def below(keys: Iterable[dg.AssetKey], parents: dict[dg.AssetKey, set[dg.AssetKey]]) -> set[dg.AssetKey]:
    """The keys and everything downstream of them."""
    found = set(keys)
    while True:
        more = {key for key, above in parents.items() if key not in found and above & found}
        if not more:
            return found
        found |= more

"""(settings) -> what the credential can reach in its portal, and what reading it takes. Nothing is written."""

from dataclasses import dataclass, field
from typing import Any

from hubspot_pipeline.api.client import Client
from hubspot_pipeline.api.scopes import granted_scopes
from hubspot_pipeline.errors import MissingScope
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream, with_sources
from hubspot_pipeline.warehouse import ledger, store
from hubspot_pipeline.warehouse.discover import Discovery, discover
from hubspot_pipeline.warehouse.estimate import NOTHING, Cost, Estimate, Size, estimate
from hubspot_pipeline.warehouse.measure import Found, Measure, Measured, measuring
from hubspot_pipeline.warehouse.rights import spare_writes
from hubspot_pipeline.warehouse.run import check_credential
from hubspot_pipeline.warehouse.withheld import withheld

PLANS = {250_000: "Free or Starter", 625_000: "Professional", 650_000: "Professional", 1_000_000: "Enterprise"}
"""Calls of a day that HubSpot gives to private apps, by plan."""


@dataclass(slots=True)
class Row:
    """One chosen stream. Figures are None where a stream has none."""

    stream: str
    readable: bool
    why: str = ""
    """Why it cannot be read, or not completely."""
    scopes: tuple[str, ...] = ()
    """Any one of them opens it."""
    granted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """What to grant, any one of it; empty where scopes are not what is missing."""
    plan: str = ""
    """What the portal's plan lacks."""
    properties: int | None = None
    custom: int | None = None
    visible: int | None = None
    """Records that the token sees."""
    kept: int | None = None
    """Of those what the filter and the start date keep; None where nothing is left out or search cannot tell."""
    first: Cost | None = None
    hourly: Cost | None = None


@dataclass(slots=True)
class Report:
    """What `hubspot-pipeline check` tells."""

    portal_id: str
    time_zone: str
    account_type: str = ""
    credential: str = ""
    plan: str = ""
    """The plan as far as the daily limit tells."""
    streams: list[Row] = field(default_factory=list)
    refused_links: list[tuple[str, str, str]] = field(default_factory=list)
    """(from object, to object, why)."""
    granted: frozenset[str] | None = None
    spare_writes: list[str] = field(default_factory=list)
    off_readable: list[str] = field(default_factory=list)
    first: Cost = NOTHING
    hourly: Cost = NOTHING
    first_seconds: float = 0.0
    hourly_seconds: float = 0.0
    unknown: list[str] = field(default_factory=list)
    """Streams of which nobody tells how much there is."""
    learned: bool = False
    """What changes between two syncs is known from earlier ones."""
    small: bool = False
    daily_limit: int | None = None
    daily_remaining: int | None = None
    share_left: int | None = None
    discovery: str = ""
    """Why custom objects could not be asked for."""
    calls: int = 0
    """What this check took."""


def check(settings: Settings) -> Report:
    """Try the credential and every stream. Raises ConfigError (a name in hubspot.yaml that the portal lacks, a
    refused credential, another portal than the warehouse's)."""
    client = Client(settings)
    account = check_credential(client)
    report = _begun(settings, account)
    store.require_portal(settings, report.portal_id)
    changes = _changes(settings)
    report.learned = bool(changes)
    report.granted = granted_scopes(client)
    found = discover(settings, client)
    report.discovery = "" if found.schemas is not None else found.why_not
    settings = found.settings
    chosen = settings.chosen
    settings.choice.check_streams(settings.streams.all, discovered=found.schemas is not None)
    with measuring(settings, client) as measure:
        names = with_sources(chosen, chosen)
        measured = measure.streams(names)
        _lists_of_custom_objects(measured, found)
        _leave_out_withheld(measured, report.granted)
        report.refused_links = _refused_links(measure, measured)
        report.off_readable = _off_readable(measure, measured, report.granted)
    figures = estimate(measured.portal(changes))
    report.streams = [_row(stream, measured, report.granted, figures) for stream in chosen]
    report.spare_writes = spare_writes(report.granted or (), [s for s in settings.streams if s.name in names])
    _totals(report, client, measured, changes, figures)
    report.calls = client.pacer.sent
    return report


def _begun(settings: Settings, account: dict[str, Any]) -> Report:
    kind = "OAuth app" if settings.credential.is_oauth else "private app token or service key"
    zone = str(account.get("timeZone") or "UTC")
    return Report(str(account["portalId"]), zone, str(account.get("accountType") or ""), kind)


def _changes(settings: Settings) -> dict[str, float]:
    """What earlier syncs of the warehouse tell."""
    if not settings.working.exists():
        return {}
    with store.open_store(settings, read_only=True) as con:
        return ledger.changes(con) if store.has_table(con, "sync_runs") else {}


def _lists_of_custom_objects(measured: Measured, found: Discovery) -> None:
    if "object_schemas" in measured.found and found.error is not None:
        measured.found["object_schemas"].error = found.error


def _leave_out_withheld(measured: Measured, granted: frozenset[str] | None) -> None:
    """What a run leaves out because HubSpot would answer it with parts left out."""
    for one in measured.found.values():
        if one.withheld and granted and granted.isdisjoint(one.stream.scopes):
            one.error, one.size = withheld(one.stream), Size(readable=False)


def _refused_links(measure: Measure, measured: Measured) -> list[tuple[str, str, str]]:
    linked = [one for one in measured.found.values() if one.readable and one.stream.shape == "object"]
    told = measure.walkers.map(lambda one: list(measure.links(one)), linked)
    return [(one.stream.object, to, why) for one, pairs in zip(linked, told, strict=True) for to, why in pairs]


def _off_readable(measure: Measure, measured: Measured, granted: frozenset[str] | None) -> list[str]:
    """Streams that are not chosen and that the token could read: one call each, none where the scopes say no."""
    streams = measure.settings.streams
    off = [one for one in streams if one.name not in measured.names and (one.shape != "derived" or one.is_history)]

    def closed(stream: Stream) -> bool:
        return bool(granted and stream.scopes and "oauth" not in stream.scopes and not granted & set(stream.scopes))

    def look(stream: Stream) -> Found:
        if stream.shape == "object":
            return measure.look(stream)
        if stream.shape == "collection":
            return measure.pages(stream, measured.described, 1)
        return measure.log(stream) if stream.shape == "events" else measure.child(stream, measured.found)

    # one endpoint serves the web analytics of every object type
    asked = {
        (one.endpoint.path if one.endpoint else one.name): one for one in off if not closed(one) and not one.is_history
    }
    tried = measure.walkers.map(lambda one: measure.tried(one, look), asked.values())
    opened = {path for path, one in zip(asked, tried, strict=True) if one.readable}
    return [
        one.name for one in off
        if (one.endpoint.path if one.endpoint else one.name) in opened
        or (one.is_history and one.source[0] in measured.found and measured.found[one.source[0]].readable)
    ]  # fmt: skip


def _row(stream: Stream, measured: Measured, granted: frozenset[str] | None, figures: Estimate) -> Row:
    row = Row(stream.name, True, scopes=stream.scopes, granted=tuple(s for s in stream.scopes if s in (granted or ())))
    sources = [measured.found[name] for name in stream.source if name in measured.found]
    one = measured.found.get(stream.name)
    if one is None:  # derived: as readable as one of what it is made from
        one = next((source for source in sources if source.readable), next(iter(sources), Found(stream)))
        row.readable = one.readable
    else:
        row.first, row.hourly = figures.first.get(stream.name), figures.hourly.get(stream.name)
        row.readable, row.properties, row.custom = one.readable, one.properties, one.custom
        if one.readable and stream.shape == "object":
            row.visible, row.kept = one.size.items, one.size.kept
    if isinstance(one.error, MissingScope):
        asked = one.error.scopes
        row.missing = (*(s for s in stream.scopes if s in asked), *(s for s in asked if s not in stream.scopes))
        row.plan = "" if asked else stream.plan or "the plan, or a right of the token's user"
    elif one.error is None and granted and not row.granted and one.stream.shape == "object" and stream.scopes:
        row.missing = stream.scopes
        row.why = "It answers, but HubSpot withholds parts of it from a token without this scope."
    row.why = row.why if one.error is None else str(one.error)
    return row


def _totals(report: Report, client: Client, measured: Measured, changes: dict[str, float], figures: Estimate) -> None:
    rates, pacer = client.pacer.rates, client.pacer
    report.first, report.hourly = Estimate.total(figures.first), Estimate.total(figures.hourly)
    report.first_seconds, report.hourly_seconds = report.first.seconds(rates), report.hourly.seconds(rates)
    report.unknown = sorted(name for name, cost in figures.first.items() if cost.at_least)
    report.small = measured.portal(changes).small
    report.daily_limit, report.daily_remaining = pacer.daily_limit, pacer.daily_remaining
    report.share_left = pacer.share_left
    report.plan = PLANS.get(pacer.daily_limit or 0, "")

"""(settings) -> what the credential can reach: the portal, and every stream with one cheap call each."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import DailyLimit, HubSpotError, MissingScope
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.collections import read
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import Stream, objects_path
from hubspot_pipeline.warehouse import store
from hubspot_pipeline.warehouse.load import CALLS_IN_FLIGHT
from hubspot_pipeline.warehouse.run import check_credential


@dataclass(slots=True)
class Report:
    """`streams`: (name, can be read, why not)."""

    portal_id: str
    time_zone: str
    streams: list[tuple[str, bool, str]] = field(default_factory=list)
    daily_remaining: int | None = None
    daily_limit: int | None = None


def check(settings: Settings) -> Report:
    """Try the credential and every stream; writes nothing. Raises CredentialError or WrongPortal."""
    client = Client(settings)
    account = check_credential(client)
    report = Report(str(account["portalId"]), str(account.get("timeZone") or "UTC"))
    if settings.working.exists():
        with store.open_store(settings, read_only=True) as con:
            known = store.stored_portal(con)
        if known and known[0] != report.portal_id:
            raise store.wrong_portal(known[0], report.portal_id)
    with ThreadPoolExecutor(CALLS_IN_FLIGHT) as pool:
        readable = [
            stream for stream in settings.chosen
            if stream.shape in ("object", "collection") and not (stream.endpoint and stream.endpoint.each)
        ]  # fmt: skip
        report.streams = list(pool.map(lambda stream: _try(client, stream), readable))
    report.daily_remaining, report.daily_limit = client.pacer.daily_remaining, client.pacer.daily_limit
    return report


def _try(client: Client, stream: Stream) -> tuple[str, bool, str]:
    try:
        if stream.shape == "object":
            client.get(objects_path(stream), {"limit": 1}, parse=unnest.page, meter=Meter())
        else:
            read(client, stream, Meter())
    except (MissingScope, HubSpotError, DailyLimit) as error:
        return stream.name, False, str(error)
    return stream.name, True, ""

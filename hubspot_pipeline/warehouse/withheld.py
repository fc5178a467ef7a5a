"""A stream that HubSpot answers with parts left out, where the token lacks its scope -> whether this token does.

What was left out looks like what somebody emptied: to read on would empty what is stored.
"""

from collections.abc import Mapping

from hubspot_pipeline.api.scopes import granted_scopes
from hubspot_pipeline.errors import HubSpotError, MissingScope
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.read import Reader
from hubspot_pipeline.extract.windows import BATCH_INPUTS
from hubspot_pipeline.streams import Stream
from hubspot_pipeline.warehouse.changes import Stored
from hubspot_pipeline.warehouse.store import quoted


def withheld(stream: Stream) -> MissingScope:
    """The error of a stream whose parts HubSpot leaves out."""
    return MissingScope(
        f"The token lacks the scope {' or '.join(stream.scopes)}; without it HubSpot answers with {stream.label} that "
        "say nothing. Add it to the app in HubSpot. The rows read so far stay.", stream.scopes,
    )  # fmt: skip


def require_content(reader: Reader, columns: Mapping[str, str], stored: Stored) -> None:
    """Raises MissingScope where HubSpot would leave out these properties (-> columns) for this token. One call or two.

    HubSpot is asked for the token's scopes. Where it does not tell, stored records are read again: what is empty now
    in all of them, and was not when they last changed, is withheld.
    """
    try:
        granted = granted_scopes(reader.client, reader.meter)
    except HubSpotError:
        granted = None
    lacks = granted.isdisjoint(reader.stream.scopes) if granted else _are_emptied(reader, columns, stored)
    if lacks:
        raise withheld(reader.stream)


def _are_emptied(reader: Reader, columns: Mapping[str, str], stored: Stored) -> bool:
    table = reader.stream.name
    if stored.is_empty(table):
        return False
    filled = [f"coalesce({quoted(column)}, '') <> ''" for column in columns.values()]
    sql = (
        f"SELECT id, updated_at, {', '.join(filled)} FROM hubspot.{quoted(table)} "
        f"WHERE deletion IS NULL AND ({' OR '.join(filled)}) ORDER BY hash(id) LIMIT {BATCH_INPUTS}"
    )
    before = {row[0]: row[1:] for row in stored.select(sql)}
    was, now = set[str](), set[str]()
    for record in (one for page in reader.batch(before) for one in page):
        (moment,) = unnest.instants([record.updatedAt]).to_pylist()
        updated_at, *had = before.get(str(record.id), (None,))
        if moment == updated_at:
            was |= {name for name, is_filled in zip(columns, had, strict=True) if is_filled}
            now |= {name for name, value in unnest.values_of(record).items() if value}
    return bool(was - now)

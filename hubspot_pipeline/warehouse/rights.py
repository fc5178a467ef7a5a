"""Scopes of a token against what streams need: which could write for nothing, which are the fewest that do."""

import re
from collections.abc import Iterable

from hubspot_pipeline.streams import Stream, smallest_scopes, with_sources

_WRITES = re.compile(r"\.write\b|\bread_write\b|\.(send|delete|publish|import)\b|\bwrite\b|-manage(ment)?$")
BROAD = frozenset({
    "actions", "automation", "business-intelligence", "content", "crm.import", "e-commerce", "files", "forms",
    "hubdb", "integration-sync", "marketing-email", "social", "tickets", "timeline", "transactional-email",
})  # fmt: skip
"""Scopes of HubSpot's older kind: one for reading and writing."""


def can_write(scope: str) -> bool:
    """Whether a token with this scope could change something in the portal."""
    return scope in BROAD or bool(_WRITES.search(scope))


def spare_writes(granted: Iterable[str], streams: Iterable[Stream]) -> list[str]:
    """Granted scopes that can write and that no stream needs for being read."""
    have, needed = set(granted), set[str]()
    for stream in streams:
        opening = have & set(stream.scopes)
        if all(can_write(scope) for scope in opening):
            needed |= opening
    return sorted(scope for scope in have - needed if can_write(scope))


def scopes_to_paste(known: Iterable[Stream], chosen: Iterable[Stream]) -> list[str]:
    """The fewest scopes that read the chosen streams and what they are made from."""
    names = with_sources(list(chosen), chosen)
    return list(smallest_scopes(stream for stream in known if stream.name in names))

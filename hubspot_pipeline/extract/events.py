"""(stream, span of time) -> the events in it, newest first, page by page; told how far back it has come."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.collections import Item, pages, rows_of, stamp, value_at
from hubspot_pipeline.extract.conceal import NOTHING, Concealer
from hubspot_pipeline.streams import Stream

STEP = timedelta(milliseconds=1)
PAGES_PER_QUERY = 100
"""Pages after which a query is asked anew from where it has come: how deep an offset may go is not documented."""


@dataclass(slots=True)
class Log:
    """Reads one log of events. `pages` counts them."""

    client: Client
    stream: Stream
    meter: Meter
    conceal: Concealer = NOTHING
    pages: int = 0

    def read(self, low: datetime, high: datetime) -> Iterator[tuple[list[Item], datetime]]:
        """(rows, the instant down to which all has been read) for each page; events at `low` <= t < `high`.

        Whether HubSpot's bounds belong to a window is not documented, so a millisecond more is asked for on both
        sides and cut here.
        """
        endpoint = self.stream.endpoint
        assert endpoint is not None
        top = high
        while top > low:
            params: dict[str, Any] = dict(endpoint.params) | {
                endpoint.since: stamp(endpoint, low - STEP), endpoint.until: stamp(endpoint, top + STEP),
            }  # fmt: skip
            reached, ended = top, False
            for number, (items, following) in enumerate(pages(self.client, self.stream, self.meter, params), 1):
                self.pages += 1
                timed = list(zip(items, self._moments(items), strict=True))
                # one without an instant is kept: where it belongs is not known
                kept = [item for item, at in timed if at is None or low <= at < high]
                rows = [row for item in kept for row in rows_of(self.stream, item, self.conceal)]
                # events of the oldest instant can go on on the next page
                reached = min([reached, *(at for _, at in timed if at is not None)])
                ended = following is None
                yield rows, low if ended else min(reached + STEP, top)
                if number >= PAGES_PER_QUERY and reached + STEP < top:
                    break
            if ended:
                return
            top = reached + STEP

    def _moments(self, items: list[Item]) -> list[datetime | None]:
        field = next(field for column, _, field in self.stream.columns if column == self.stream.cursor)
        found: list[datetime | None] = unnest.instants([value_at(item, field) for item in items]).to_pylist()
        return found

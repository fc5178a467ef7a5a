"""Where the next page of a list scan starts: pure decisions, no I/O.

(id ranges, pages read so far) -> chains of pages that are read side by side, and what is left unread
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hubspot_pipeline.errors import MalformedAnswer

T = TypeVar("T")

LIST_PAGE = 100
HISTORY_PAGE = 50
SEARCH_PAGE = 200
SEARCH_CAP = 10_000
BATCH_INPUTS = 100
LINK_INPUTS = 1_000

PAGES_PER_CHAIN = 8
"""A range is worth a chain of its own from this many pages on: each chain may end in one page that is not full."""
PATIENCE = 5
"""Pages in a row that may bring neither a record nor a step forward."""


@dataclass(slots=True, eq=False)
class Chain:
    """Ids from `lo` (inclusive) up to `hi` (exclusive; None: to the end)."""

    lo: int
    hi: int | None
    busy: bool = False
    fresh: bool = True
    idle: int = 0


class Chains:
    """The unread id ranges of a list scan, divided among at most `width` chains.

    A list's `after` is the id of the next record (inclusive), so any id can start a chain. Pages may overlap at
    a seam; the caller drops doubles.
    """

    def __init__(self, ranges: Iterable[tuple[int, int | None]], *, top: int, total: int, width: int,
                 page_size: int = LIST_PAGE) -> None:  # fmt: skip
        self._open = [Chain(lo, hi) for lo, hi in ranges]
        self._top = max(top, 1)
        self._total = max(total, 1)
        self._page_size = page_size
        self._sparse = 0
        """Ids of ranges that turned out to hold a page at most: the records lie in the others."""
        pages = -(-total // page_size)
        self._width = max(1, min(width, pages // PAGES_PER_CHAIN))
        self._misses_left = max(2, pages // 20)

    @property
    def done(self) -> bool:
        return not self._open

    def unread(self) -> list[tuple[int, int | None]]:
        """What is left, for the state that a later run goes on from."""
        return [(chain.lo, chain.hi) for chain in self._open]

    def start(self) -> Chain | None:
        """A chain whose next page may be requested now, or None while all are busy."""
        chain = next((chain for chain in self._open if not chain.busy), None)
        if chain is None and len(self._open) < self._width:
            chain = self._split()
        if chain is not None:
            chain.busy = True
        return chain

    def read(self, chain: Chain, ids: Sequence[int], after: int | None) -> None:
        """A page of `ids` arrived. `after`: where the next one starts (None: that was the last).

        Raises MalformedAnswer where the list does not move on.
        """
        chain.busy = False
        if ids and (len(ids) >= self._page_size if after is None else after <= chain.lo):
            # a full page need not be the last one, and a cursor that stands still is none
            after = max(ids) + 1
        # a page that ends just below `hi` does not show that `hi` itself is read by the next chain
        ended = after is None or (chain.hi is not None and after > chain.hi)
        if chain.fresh and ended:
            self._sparse += self._span(chain)
            self._misses_left -= bool(chain.hi is not None and (not ids or min(ids) >= chain.hi))
        chain.fresh = False
        chain.idle = 0 if ids or after is None or after > chain.lo else chain.idle + 1
        if chain.idle > PATIENCE:
            raise MalformedAnswer(f"the list brings no record from id {chain.lo} on and says there are more")
        if after is None or ended:
            self._open.remove(chain)
        else:
            chain.lo = max(chain.lo, after)

    def _span(self, chain: Chain) -> int:
        return (self._top + 1 if chain.hi is None else chain.hi) - chain.lo

    def _split(self) -> Chain | None:
        widest = max(self._open, key=self._span, default=None)
        ids_per_page = max(1.0, (self._top - self._sparse) / self._total) * self._page_size
        if widest is None or self._misses_left <= 0 or self._span(widest) < 2 * PAGES_PER_CHAIN * ids_per_page:
            return None
        middle = widest.lo + self._span(widest) // 2
        upper = Chain(middle, widest.hi)
        widest.hi = middle
        self._open.append(upper)
        return upper


def chunks(items: list[T], size: int) -> list[list[T]]:
    """Cut a list into lists of at most `size`."""
    return [items[i : i + size] for i in range(0, len(items), size)]

"""Where the next page of a walk starts: pure decisions, no I/O.

`Chains` cuts a list scan into id ranges that are read side by side; `Span.parts` cuts a span of time until
each part is under the search endpoint's cap.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

LIST_PAGE = 100
HISTORY_PAGE = 50
SEARCH_PAGE = 200
SEARCH_CAP = 10_000
BATCH_INPUTS = 100
LINK_INPUTS = 1_000

PAGES_PER_CHAIN = 8
"""A range is worth a chain of its own from this many pages on: each chain may end in one page that is not full."""


@dataclass(slots=True, eq=False)
class Chain:
    """Ids from `lo` (inclusive) up to `hi` (exclusive; None: to the end)."""

    lo: int
    hi: int | None
    busy: bool = False
    fresh: bool = True


class Chains:
    """The unread id ranges of a list scan, divided among at most `width` chains.

    A list's `after` is the id of the next record (inclusive), so any id can start a chain. Pages may overlap at
    a seam; the caller drops doubles.
    """

    def __init__(self, ranges: Iterable[tuple[int, int | None]], *, top: int, total: int, width: int,
                 page_size: int = LIST_PAGE) -> None:  # fmt: skip
        self._open = [Chain(lo, hi) for lo, hi in ranges]
        self._top = max(top, 1)
        self._ids_per_page = max(1.0, self._top / max(1, total)) * page_size
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

    def read(self, chain: Chain, first: int | None, after: int | None) -> None:
        """A page arrived. `first`: its first id; `after`: where the next one starts (None: that was the last)."""
        chain.busy = False
        if chain.fresh and first is not None and chain.hi is not None and first >= chain.hi:
            self._misses_left -= 1
        chain.fresh = False
        if after is not None and after <= chain.lo and first is not None:
            after = max(after, first + 1)
        # a page that ends just below `hi` does not show that `hi` itself is read by the next chain
        if after is None or (chain.hi is not None and after > chain.hi):
            self._open.remove(chain)
        else:
            chain.lo = max(chain.lo, after)

    def _split(self) -> Chain | None:
        def span(chain: Chain) -> int:
            return (self._top + 1 if chain.hi is None else chain.hi) - chain.lo

        widest = max(self._open, key=span, default=None)
        if widest is None or self._misses_left <= 0 or span(widest) < 2 * PAGES_PER_CHAIN * self._ids_per_page:
            return None
        middle = widest.lo + span(widest) // 2
        upper = Chain(middle, widest.hi)
        widest.hi = middle
        self._open.append(upper)
        return upper


@dataclass(frozen=True, slots=True)
class Span:
    """Milliseconds since the epoch, both ends included; `hi` None: open."""

    lo: int
    hi: int | None = None

    def parts(self, total: int, now: int, cap: int = SEARCH_CAP) -> list["Span"]:
        """Equal parts that would hold less than the cap each if the changes were spread evenly; ascending."""
        hi = max(now if self.hi is None else self.hi, self.lo + 1)
        count = min(max(2, -(-total * 5 // (cap * 4))), hi - self.lo + 1)
        edges = [self.lo + (hi - self.lo + 1) * i // count for i in range(count)] + [hi + 1]
        spans = [Span(lo, up - 1) for lo, up in zip(edges, edges[1:], strict=False) if up > lo]
        return [*spans[:-1], Span(spans[-1].lo, self.hi)] if spans else [self]

    @property
    def is_instant(self) -> bool:
        return self.hi is not None and self.hi <= self.lo


def chunks(items: list[T], size: int) -> list[list[T]]:
    """Cut a list into lists of at most `size`."""
    return [items[i : i + size] for i in range(0, len(items), size)]

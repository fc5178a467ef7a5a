"""Pages of the APIs that are not CRM objects: opaque cursors over rows in a fixed order.

rows in ascending order of a key + limit + cursor -> one page

A cursor names the last row that was given, not a position, so that rows added or removed between two pages move
nothing.
"""

import base64
import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from hubspot_pipeline.sandbox.answers import invalid
from hubspot_pipeline.sandbox.encoding import Json, encode
from hubspot_pipeline.sandbox.sandbox import Call

Key = Callable[[Json], tuple[Any, ...]]


def _shown(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(encode(list(key))).decode().rstrip("=")


def _read(text: str) -> tuple[Any, ...]:
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        raise invalid(f"Invalid paging cursor {text!r}") from None
    if not isinstance(found, list):
        raise invalid(f"Invalid paging cursor {text!r}")
    return tuple(found)


def cut(call: Call, rows: Sequence[Json], key: Key, limit: int, cursor: str) -> tuple[list[Json], str | None]:
    """The rows after the cursor, in ascending order of `key`, and the cursor of the next page. Raises 400."""
    ordered = sorted(rows, key=key)
    last = _read(cursor) if cursor else ()
    try:
        start = bisect_right(ordered, last, key=key)
    except TypeError:
        raise invalid(f"Invalid paging cursor {cursor!r}") from None
    size = call.sandbox.shape(limit)[0] if call.forced_size is None else min(call.forced_size, limit)
    chosen = ordered[start : start + size]
    if start + len(chosen) >= len(ordered):
        return chosen, None
    return chosen, _shown(key(chosen[-1]) if chosen else last)


def paged(call: Call, rows: Sequence[Json], key: Key, limit: int) -> Json:
    """`{"results", "paging"?}` with `after`, as the newer APIs give it."""
    chosen, after = cut(call, rows, key, limit, call.text("after"))
    body: Json = {"results": chosen}
    if after is not None:
        body["paging"] = {"next": {"after": after, "link": call.link(after=after)}}
    return body


def offset_paged(call: Call, name: str, rows: Sequence[Json], key: Key, limit: int) -> Json:
    """`{"hasMore", "offset", name: rows}` with an opaque `offset`, as the first e-mail APIs give it."""
    chosen, after = cut(call, rows, key, limit, call.text("offset"))
    return {"hasMore": after is not None, "offset": after or call.text("offset"), name: chosen}


def by_id(row: Json) -> tuple[Any, ...]:
    """Ascending numeric id; ids that are no numbers come last, in order of text."""
    id = str(row["id"])
    return (0, int(id), "") if id.isdigit() else (1, 0, id)

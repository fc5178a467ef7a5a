"""A stream that is one list -> its items, read to the end before anything is handed on; items -> an Arrow table."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import HubSpotError, MalformedAnswer, Retired
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.extract.conceal import NOTHING, Concealer
from hubspot_pipeline.extract.windows import PATIENCE
from hubspot_pipeline.streams import API_VERSION, Endpoint, Stream

Item = dict[str, Any]
Page = tuple[list[Item], dict[str, Any] | None]
"""Items, and the parameters of the page behind them."""

GONE = (404, 410)

_ARROW = {
    "text": pa.string(), "json": pa.string(), "bigint": pa.int64(), "bool": pa.bool_(), "timestamp": unnest.INSTANT,
}  # fmt: skip


def read(client: Client, stream: Stream, meter: Meter, *, since: datetime | None = None,
         place: Mapping[str, Stream] | None = None) -> list[Item]:  # fmt: skip
    """All items of a collection, as HubSpot sends them, in HubSpot's order; each once.

    `since`: only what changed at or after it, where the endpoint can say so. `place`: the object types that `{object}`
    and `{to}` in its path stand for; their names become fields of the items.
    """
    names = {name: one.object for name, one in (place or {}).items()}
    spelled = {name: one.path_name for name, one in (place or {}).items()}
    endpoint = stream.endpoint
    assert endpoint is not None
    key, found = fields_of_key(stream), dict[tuple[Any, ...], Item]()
    for extra in endpoint.passes:
        params: dict[str, Any] = dict(endpoint.params) | dict(extra)
        if since is not None and endpoint.since:
            params[endpoint.since] = stamp(endpoint, since)
        for items, _ in pages(client, stream, meter, params, spelled):
            for item in items:
                shown = {**item, **names}
                archived = {"archived": True} if dict(extra).get("archived") == "true" else {}
                # an archived listing has been seen to hold live ones too
                found.setdefault(tuple(str(value_at(shown, field)) for field in key), shown | archived)
    return list(found.values())


def pages(client: Client, stream: Stream, meter: Meter, params: Mapping[str, Any],
          names: Mapping[str, str] | None = None) -> Iterator[Page]:  # fmt: skip
    """The pages of one walk. Raises Retired where HubSpot has switched the endpoint off."""
    endpoint = stream.endpoint
    assert endpoint is not None
    path = endpoint.path.format(v=API_VERSION, **(names or {}))
    size = {} if not endpoint.size else {"count" if endpoint.paging == "body_offset" else "limit": endpoint.size}
    given: dict[str, Any] = {**params, **size, **({"offset": 0} if endpoint.paging == "body_offset" else {})}
    asked, idle = [given], 0
    while True:
        try:
            items, following = _page(client, endpoint, path, given, meter)
        except HubSpotError as error:
            if error.status in GONE and stream.replaced_by and "{id}" not in endpoint.path:
                raise Retired(stream.label, stream.replaced_by) from None
            raise
        yield items, following
        if following is None:
            return
        given = given | following
        # an empty page can show the cursor that led to it
        idle = idle + 1 if not items and given == asked[-1] else 0
        if idle > PATIENCE or (not idle and given in asked[-PATIENCE:]):
            raise MalformedAnswer(f"{path}: the list does not move on")
        asked.append(given)


def _page(client: Client, endpoint: Endpoint, path: str, given: dict[str, Any], meter: Meter) -> Page:
    if endpoint.paging == "body_offset":
        body = given | {"additionalProperties": list(LIST_FIGURES)}
        answer = client.post(path, body, parse=unnest.rows, meter=meter)
    else:
        answer = client.get(path, given, parse=unnest.rows, meter=meter)
    return items_of(answer, endpoint), _following(answer, endpoint)


LIST_FIGURES = ("hs_list_size", "hs_last_record_added_at", "hs_last_record_removed_at", "hs_list_reference_count")
"""What a list's row tells of its members only if asked: the row moves when they do."""


def items_of(answer: dict[str, Any], endpoint: Endpoint) -> list[Item]:
    """The items of an answer. Raises MalformedAnswer where there is no list of objects."""
    if not endpoint.items:
        return [answer]
    items = answer.get(endpoint.items)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise MalformedAnswer(f"the answer has no list `{endpoint.items}`")
    return items


def _following(answer: dict[str, Any], endpoint: Endpoint) -> dict[str, Any] | None:
    if endpoint.paging in ("offset", "body_offset"):
        if "hasMore" not in answer:
            raise MalformedAnswer("a page that does not say whether there are more")
        return {"offset": answer.get("offset")} if answer["hasMore"] else None
    following = (answer.get("paging") or {}).get("next")
    if not following:
        if other := unnest.cursors(answer):
            raise MalformedAnswer(f"the list pages by `{other[0]}` and not by `paging`")
        return None
    after = str(following.get("after", ""))
    if not after:
        raise MalformedAnswer("the list has a next page and no cursor to it")
    return {"after": after}


def stamp(endpoint: Endpoint, instant: datetime) -> str:
    """An instant as the endpoint's parameters take it."""
    if endpoint.stamp == "ms":
        return str(int(instant.timestamp() * 1000))
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def rows_of(stream: Stream, item: Item, conceal: Concealer = NOTHING) -> list[Item]:
    """What one item of an answer becomes: itself, or one row for each entry of its nested list, concealed.

    An event without an id gets one from its (concealed) content, so that reading it again finds it again.
    """
    endpoint = stream.endpoint
    assert endpoint is not None
    if not endpoint.nested:
        rows = [item]
    else:
        around = {name: value for name, value in item.items() if name != endpoint.nested}
        if endpoint.parent_field:
            around = {endpoint.parent_field: str(item["id"])}
        rows = [{**around, **entry} for entry in item.get(endpoint.nested) or []]
    rows = [conceal.row(row) for row in rows]
    own = own_field(stream)
    return [row if row.get(own) is not None or "." in own else row | {own: digest(row, own)} for row in rows]


def own_field(stream: Stream) -> str:
    """The field that tells a log's or a parent's items apart."""
    return fields_of_key(stream)[-1 if stream.shape == "children" else 0]


def digest(row: Item, own: str) -> str:
    """The id that a (concealed) row gets which comes without one: of all of it but the field `own`, where it goes."""
    content = json.dumps({name: value for name, value in row.items() if name != own}, sort_keys=True)
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def fields_of_key(stream: Stream) -> list[str]:
    """The fields of HubSpot's answer that make the stream's key."""
    fields = {column: field for column, _, field in stream.columns}
    return [fields[column] for column in stream.key]


def value_at(item: Mapping[str, Any], path: str) -> Any:
    """A field, or one further down: `properties.hs_name`."""
    value: Any = item
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def table(stream: Stream, items: Iterable[Item], synced_at: datetime) -> pa.Table:
    """The declared columns of a collection, `raw` (the item as JSON text) and `_synced_at`.

    A value that does not fit its column is NULL there and stays in `raw`.
    """
    rows = list(items)
    columns = {column: _column([value_at(row, field) for row in rows], kind) for column, kind, field in stream.columns}
    raw = pa.array([json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows], pa.string())
    return pa.table(columns | {"raw": raw, "_synced_at": pa.array([synced_at] * len(rows), unnest.INSTANT)})


def _column(values: list[Any], kind: str) -> pa.Array:
    if kind == "timestamp":
        return unnest.instants([value if isinstance(value, str | int) else None for value in values])
    fitted = [None if value is None else _fit(value, kind) for value in values]
    return pa.array(fitted, _ARROW[kind])


def _fit(value: Any, kind: str) -> Any:
    if kind == "json":
        return json.dumps(value, ensure_ascii=False)
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "bigint":
        return int(value) if str(value).lstrip("-").isdigit() and abs(int(value)) < 2**63 else None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def detailed(client: Client, stream: Stream, items: Sequence[Item], meter: Meter,
             known: Callable[[Item], Item | None], submit: Callable[..., Any],
             conceal: Concealer = NOTHING) -> list[Item]:  # fmt: skip
    """Items with the fields of their own detail call; `known` gives the stored item of one that did not change.

    An item whose detail is gone meanwhile keeps what its list shows.
    """
    endpoint = stream.endpoint
    assert endpoint is not None

    def one(item: Item) -> Item:
        path = endpoint.detail.format(v=API_VERSION, id=item["id"])
        params = {"appId": item["appId"]} if "appId" in item else None
        try:
            return conceal.row(item | client.get(path, params, parse=unnest.rows, meter=meter))
        except HubSpotError as error:
            if error.status in GONE:
                return conceal.row(item)
            raise

    flying = [(known(item), item) for item in items]
    started = [stored if stored is not None else submit(one, item) for stored, item in flying]
    return [entry if isinstance(entry, dict) else entry.result() for entry in started]

"""A stream that is one list -> its complete table, read to the end before anything is handed on."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pyarrow as pa

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import MalformedAnswer
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.streams import API_VERSION, Stream

OWNERS_PAGE = 100

_ARROW = {
    "text": pa.string(), "json": pa.string(), "bigint": pa.int64(), "bool": pa.bool_(), "timestamp": unnest.INSTANT,
}  # fmt: skip


def read(client: Client, stream: Stream, meter: Meter) -> list[dict[str, Any]]:
    """All items of a collection, as HubSpot sends them, in HubSpot's order."""
    path = stream.path.replace("{v}", API_VERSION)
    if stream.name == "account_details":
        return [client.get(path, parse=unnest.rows, meter=meter)]
    if stream.name == "owners":
        live = _pages(client, path, {"archived": "false"}, meter)
        ids = {item["id"] for item in live}
        # the archived listing has been seen to hold both kinds
        gone = [item for item in _pages(client, path, {"archived": "true"}, meter) if item["id"] not in ids]
        return live + [item | {"archived": True} for item in gone]
    return client.get(path, parse=unnest.results, meter=meter)


def _pages(client: Client, path: str, params: dict[str, str], meter: Meter) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        start = {"limit": str(OWNERS_PAGE)} | ({"after": after} if after else {})
        answer = client.get(path, params | start, parse=unnest.listing, meter=meter)
        items += answer["results"]
        following = (answer.get("paging") or {}).get("next")
        if not following:
            return items
        if str(following.get("after", "")) in ("", after):
            raise MalformedAnswer(f"{path}: the list does not move on")
        after = str(following["after"])


def table(stream: Stream, items: Iterable[dict[str, Any]], synced_at: datetime) -> pa.Table:
    """The declared columns of a collection, `raw` (the item as JSON text) and `_synced_at`.

    A value that does not fit its column is NULL there and stays in `raw`.
    """
    rows = list(items)
    columns = {column: _column([row.get(field) for row in rows], kind) for column, kind, field in stream.columns}
    raw = pa.array([json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows], pa.string())
    return pa.table(columns | {"raw": raw, "_synced_at": pa.array([synced_at] * len(rows), unnest.INSTANT)})


def _column(values: list[Any], kind: str) -> pa.Array:
    if kind == "timestamp":
        return unnest.instants(values)
    fitted = [None if value is None else _fit(value, kind) for value in values]
    return pa.array(fitted, _ARROW[kind])


def _fit(value: Any, kind: str) -> Any:
    if kind == "json":
        return json.dumps(value, ensure_ascii=False)
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if kind == "bigint":
        return int(value) if str(value).lstrip("-").isdigit() else None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

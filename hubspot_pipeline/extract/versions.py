"""Records read with `propertiesWithHistory` -> one row per version of a property."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from hubspot_pipeline.extract.unnest import INSTANT, Record, instants

SCHEMA = pa.schema([
    ("id", pa.string()), ("property", pa.string()), ("changed_at", INSTANT), ("seq", pa.int64()),
    ("value", pa.string()), ("source_type", pa.string()), ("source_id", pa.string()),
    ("source_label", pa.string()), ("updated_by_user_id", pa.string()), ("_synced_at", INSTANT),
])  # fmt: skip


def history_table(records: Sequence[Record], synced_at: datetime) -> pa.Table:
    """Versions of all records, unique by (id, property, changed_at, seq).

    `seq` counts the versions of one property at one instant, oldest 0: HubSpot lists them newest first, and two can
    share a millisecond.
    """
    rows: list[dict[str, Any]] = []
    for record in records:
        for name, versions in (record.propertiesWithHistory or {}).items():
            at_once: Counter[str] = Counter()
            for version in reversed(versions):
                moment = str(version.timestamp)
                rows.append({
                    "id": str(record.id), "property": name, "changed_at": moment, "seq": at_once[moment],
                    "value": _text(version.value), "source_type": _text(version.sourceType),
                    "source_id": _text(version.sourceId), "source_label": _text(version.sourceLabel),
                    "updated_by_user_id": _text(version.updatedByUserId),
                })  # fmt: skip
                at_once[moment] += 1
    columns: dict[str, pa.Array] = {
        "changed_at": instants([row["changed_at"] for row in rows]),
        "_synced_at": pa.array([synced_at] * len(rows), INSTANT),
    }
    for field in SCHEMA:
        if field.name not in columns:
            columns[field.name] = pa.array([row[field.name] for row in rows], field.type)
    return pa.table(columns).select(SCHEMA.names)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)

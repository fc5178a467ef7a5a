"""Property names of HubSpot -> column names, injective and stable.

A column is at most 63 bytes (PostgreSQL's limit), lower case, unchanged by dlt's snake_case and unique ignoring
case. A name that already is one keeps its spelling; every other one gets a readable stem and a hash of the original,
so the mapping depends on nothing but the name itself. What was once assigned is kept in `hubspot.properties`.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache

from dlt.common.normalizers.naming.snake_case import NamingConvention

PREFIX = "properties_"
MAX_BYTES = 63
_HASH = 8


def assign(names: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Columns of `names`, in their order; `known` ones keep theirs."""
    taken = {column: name for name, column in known.items()}
    columns: dict[str, str] = {}
    for name in names:
        column = known.get(name) or _free(name, taken)
        taken[column] = name
        columns[name] = column
    return columns


def _free(name: str, taken: Mapping[str, str]) -> str:
    plain = PREFIX + name
    if _is_column(plain) and taken.get(plain, name) == name:
        return plain
    for attempt in range(1000):
        salted = name if attempt == 0 else f"{name}\0{attempt}"
        digest = hashlib.sha256(salted.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
        stem = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        stem = stem[: MAX_BYTES - len(PREFIX) - _HASH - 1].strip("_")
        column = PREFIX + (f"{stem}_{digest}" if stem else digest)
        if taken.get(column, name) == name:
            return column
    raise AssertionError("a thousand hashes of one name are taken")


@cache
def _is_column(column: str) -> bool:
    lower_ascii = re.fullmatch(r"[a-z0-9_]+", column) is not None
    return lower_ascii and len(column) <= MAX_BYTES and _naming().normalize_path(column) == column


@cache
def _naming() -> NamingConvention:
    return NamingConvention()

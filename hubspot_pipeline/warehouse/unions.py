"""(columns with types, branches) -> one SELECT that always has these columns, however much of its sources is there.

A view made of it exists on an empty portal, keeps its columns when a table is missing or lacks some, and is not
altered by columns that a table gets later.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hubspot_pipeline.warehouse.store import literal, quoted


@dataclass(frozen=True, slots=True)
class Branch:
    """Rows of one source: what follows FROM, and an expression for each column that it can fill."""

    source: str
    expressions: Mapping[str, str]


def union(columns: Mapping[str, str], branches: Iterable[Branch]) -> str:
    """A SELECT of `columns` (name -> SQL type) over all branches; NULL where a branch has no expression for one."""
    return "\nUNION ALL\n".join([_nothing(columns), *(_select(columns, branch) for branch in branches)])


def _nothing(columns: Mapping[str, str]) -> str:
    return f"SELECT {_cast(columns, {})} WHERE false"


def _select(columns: Mapping[str, str], branch: Branch) -> str:
    return f"SELECT {_cast(columns, branch.expressions)} FROM {branch.source}"


def _cast(columns: Mapping[str, str], expressions: Mapping[str, str]) -> str:
    return ", ".join(
        f"CAST({expressions.get(name, 'NULL')} AS {kind}) AS {quoted(name)}" for name, kind in columns.items()
    )


def named(names: Iterable[str], present: Iterable[str]) -> dict[str, str]:
    """An expression for each of `names` that the source has a column of: the column itself."""
    there = set(present)
    return {name: quoted(name) for name in names if name in there}


def values_of(properties: Sequence[str]) -> str:
    """SQL of the list of these properties' texts in the JSON column `properties`, parsed once; see `value`."""
    paths = ", ".join(literal(f'$."{name}"') for name in properties)
    return f"json_extract_string(TRY_CAST(properties AS JSON), [{paths}])"


def value(properties: Sequence[str], name: str, values: str = "p") -> str:
    """SQL of one property's text in the list that `values_of` makes; an empty text is NULL."""
    return f"nullif({values}[{properties.index(name) + 1}], '')"


def ids(text: str) -> str:
    """SQL of the list of ids in a text such as `12;34`; an empty list where there are none."""
    bare = f"nullif(trim(regexp_replace({text}, '[;\\s]+', ';', 'g'), ';'), '')"
    return f"coalesce(string_split({bare}, ';'), [])"


def linked(object_types: Sequence[str], lists: Mapping[str, str], *, present: bool) -> str:
    """A SELECT of (object, id, one list of ids for each of `lists`: column -> other object), smallest id first.

    Associations are read from whichever end they are stored. `present`: whether `hubspot.associations` is there.
    """
    columns = {"object": "VARCHAR", "id": "VARCHAR", **dict.fromkeys(lists, "VARCHAR[]")}
    if not present:
        return union(columns, [])
    ours, theirs = (", ".join(map(literal, dict.fromkeys(names))) for names in (object_types, lists.values()))
    grouped = ", ".join(
        f"list(other_id ORDER BY length(other_id), other_id) FILTER (WHERE other = {literal(other)}) AS {quoted(name)}"
        for name, other in lists.items()
    )
    return f"""
        SELECT object, id, {grouped} FROM (
            SELECT from_object AS object, from_id AS id, to_object AS other, to_id AS other_id
            FROM hubspot.associations WHERE from_object IN ({ours}) AND to_object IN ({theirs})
            UNION
            SELECT to_object, to_id, from_object, from_id
            FROM hubspot.associations WHERE to_object IN ({ours}) AND from_object IN ({theirs})
        ) GROUP BY object, id"""

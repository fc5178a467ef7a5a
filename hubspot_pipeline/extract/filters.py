"""Conditions of a filter -> the records that hold them: tested here, or asked for in HubSpot's search.

Both sides give the same records, by these rules:

- A record is kept where all conditions hold. No value is null, a missing property, or an empty text.
- `is empty` is no value, `is not empty` any value, blanks and values that do not fit their type included.
- The positive conditions (`equals`, `contains`, `greater`, `less`, `between`, `starts with`, `ends with`, `in list`)
  never hold without a value; the negative ones (`not equals`, `does not contain`, `not in list`) are their exact
  opposite, so they keep records without a value, as HubSpot does.
- Texts compare without regard to case, whole and with their blanks; `contains` looks for a part of the text.
- Enumerations compare by the internal value of the option, with regard to case.
- Checkboxes are the set of their options, in any order (`a;b`): `equals` all and no other, `contains` that one,
  `in list` at least one of the list.
- Booleans are `true` or `false` in any case. Numbers compare as numbers, exactly (`10` equals `10.0`).
- Dates and datetimes are instants of milliseconds in UTC; a day is its midnight, on both sides of the comparison.
- `greater` and `less` are strict, `between` includes both ends.
- A value that does not fit its type (`n/a` in a number) equals nothing, is in no list, not greater, less or between.

Search is used where it is documented to answer just so. It is not asked about parts of texts (its own "contains" is
about words), nor about checkboxes, phone numbers, long texts or ids, nor where values that do not fit their type would
count (`is empty` or a negative condition of a number, date or boolean). The index is behind by moments: what a search
brings can be tested again with `matches`, which costs next to nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from hubspot_pipeline.api.client import encoded
from hubspot_pipeline.choice import Condition
from hubspot_pipeline.choice.values import instant, number

__all__ = ["Condition", "matches", "search_filters"]

Test = Callable[[str], bool]
Filter = dict[str, Any]

_OPPOSITE = {"not equals": "equals", "does not contain": "contains", "not in list": "in list"}


def matches(conditions: Sequence[Condition], properties: Mapping[str, Any]) -> bool:
    """Whether a record with these property values, as HubSpot sends them, holds all conditions."""
    return all(_holds(one, properties.get(one.property)) for one in conditions)


def _holds(one: Condition, value: Any) -> bool:
    text = value if isinstance(value, str) or value is None else encoded(value).decode()
    if one.operator == "is empty":
        return not text
    if one.operator == "is not empty":
        return bool(text)
    holds = bool(text) and _test(one)(text or "")
    return not holds if one.operator in _OPPOSITE else holds


@lru_cache(maxsize=1024)
def _test(one: Condition) -> Test:
    """A test of a text that is not empty: the condition, or what it is the opposite of."""
    operator = _OPPOSITE.get(one.operator, one.operator)
    if one.type == "checkbox":
        return _chosen(operator, frozenset(one.values))
    key = _KEYS[one.type]
    given = [key(value) for value in one.values]
    if operator in ("equals", "in list"):
        return lambda text: (found := key(text)) is not None and found in given
    first, last = given[0], given[-1]
    tests: dict[str, Test] = {
        "greater": lambda text: (found := key(text)) is not None and found > first,
        "less": lambda text: (found := key(text)) is not None and found < first,
        "between": lambda text: (found := key(text)) is not None and first <= found <= last,
        "contains": lambda text: first in text.lower(),
        "starts with": lambda text: text.lower().startswith(first),
        "ends with": lambda text: text.lower().endswith(first),
    }
    return tests[operator]


def _chosen(operator: str, given: frozenset[str]) -> Test:
    if operator == "equals":
        return lambda text: _options(text) == given
    return lambda text: not given.isdisjoint(_options(text))


def _options(text: str) -> frozenset[str]:
    return frozenset(one for one in text.split(";") if one)


def _boolean(text: str) -> str | None:
    lower = text.lower()
    return lower if lower in ("true", "false") else None


_KEYS: dict[str, Callable[[str], Any]] = {
    "text": str.lower, "number": number, "date": instant, "datetime": instant, "bool": _boolean,
    "enumeration": lambda text: text,
}  # fmt: skip

_POSITIVE = {"equals": "EQ", "greater": "GT", "less": "LT", "between": "BETWEEN"}
_OF_TEXTS = {
    "equals": "EQ", "not equals": "NEQ", "in list": "IN", "not in list": "NOT_IN",
    "is empty": "NOT_HAS_PROPERTY", "is not empty": "HAS_PROPERTY",
}  # fmt: skip
_SEARCHED: dict[str, dict[str, str]] = {
    "text": _OF_TEXTS, "enumeration": _OF_TEXTS, "number": _POSITIVE, "date": _POSITIVE, "datetime": _POSITIVE,
    "bool": {"equals": "EQ"},
    "checkbox": {"is empty": "NOT_HAS_PROPERTY", "is not empty": "HAS_PROPERTY"},
}  # fmt: skip
"""HubSpot's operators by type and condition; where there is none, search is not known to answer alike."""
MAX_DIGITS = 15
"""Of a number; whether search compares longer ones exactly is not documented."""
MAX_TEXT = 200


def search_filters(conditions: Sequence[Condition], *, room: int, characters: int) -> list[Filter] | None:
    """Filters of a search group that select exactly the records that `matches` keeps; None where there are none.

    `room`: filters that may be added to the group (HubSpot takes 6 a group, 18 in all); `characters`: what they may
    add to the body (HubSpot takes 3,000). No conditions are no filters: [].
    """
    found = [_filter(one) for one in conditions]
    filters = [one for one in found if one is not None]
    if len(filters) < len(found) or len(filters) > room or len(encoded(filters)) > characters:
        return None
    return filters


def _filter(one: Condition) -> Filter | None:
    operator = _SEARCHED[one.type].get(one.operator)
    values = [_value(one.type, value) for value in one.values]
    if operator is None or not one.searchable or None in values:
        return None
    base: Filter = {"propertyName": one.property, "operator": operator}
    if operator in ("IN", "NOT_IN"):
        # HubSpot compares these two with texts in lower case, without lowering what it is given
        return base | {"values": [value.lower() if one.type == "text" else value for value in values if value]}
    if operator == "BETWEEN":
        return base | {"value": values[0], "highValue": values[1]}
    return base | ({"value": values[0]} if values else {})


def _value(kind: str, text: str) -> str | None:
    """A value as search takes it; None where it may read it in another way than we do."""
    if kind in ("date", "datetime"):
        moment = instant(text)
        # instants at or before 1970 have been seen to fail
        return str(moment) if moment is not None and moment > 0 else None
    if kind == "number":
        return text if sum(sign.isdigit() for sign in text) <= MAX_DIGITS else None
    plain = text.isascii() and text.isprintable() and text == text.strip() and len(text) <= MAX_TEXT
    return text if plain or kind == "enumeration" else None

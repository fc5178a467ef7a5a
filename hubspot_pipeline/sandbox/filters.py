"""Filters of a search: HubSpot's operators with their case rules.

one filter of a request body -> `Filter`, a test on a stored value's key

Text compares without regard to case, enumerations with it; `IN` and `NOT_IN` take their text values as they come, so
only lower-case ones find anything; dates compare as instants. A stored value that is none of its property's type, which
only a change of type can leave, is in the index as no value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hubspot_pipeline.sandbox.answers import invalid
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import instant

_OPERATORS = {
    "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "BETWEEN", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN",
}  # fmt: skip
_TOKEN = re.compile(r"[\w@.+-]+", re.UNICODE)
_NUMBER = re.compile(r"[+-]?(\d{1,400}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_INSTANT = re.compile(r"-?\d{1,15}|\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?", re.ASCII)
"""Stored dates and datetimes: as HubSpot writes them, or in milliseconds."""
Key = Any
Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    type: str
    operator: str
    low: Key
    high: Key
    test: Test


def _number(text: str) -> int | Decimal | None:
    if not _NUMBER.fullmatch(text):
        return None
    return int(text) if text.lstrip("+-").isdigit() else Decimal(text)


def key_of(type_: str, value: Any) -> Key:
    """What a stored value compares as; None where it has none of that type."""
    if value is None or value == "":
        return None
    if type_ == "number":
        return _number(str(value))
    if type_ in ("date", "datetime"):
        return instant(str(value)) if _INSTANT.fullmatch(str(value)) else None
    if type_ == "enumeration":
        return str(value)
    return str(value).lower()


def _given(name: str, type_: str, value: Any) -> Key:
    """What a filter's value compares as. Raises 400."""
    # a filter may give an instant in any form of ISO-8601, or as a JSON number
    dated = type_ in ("date", "datetime")
    key = instant(value if isinstance(value, int) else str(value)) if dated else key_of(type_, value)
    if key is None:
        raise invalid(f"Invalid value {value!r} for property {name} of type {type_}")
    return key


def _tokens(text: Any) -> list[str]:
    return _TOKEN.findall(str(text).lower())


def _contains(pattern: str) -> Test:
    wanted = [re.compile(".*".join(map(re.escape, word.split("*")))) for word in pattern.lower().split()]

    def test(value: Any) -> bool:
        if value is None:
            return False
        words = [*_tokens(value), *re.findall(r"\w+", str(value).lower())]
        return all(any(one.fullmatch(word) for word in words) for one in wanted)

    return test


def compiled(name: str, type_: str, given: Json) -> Filter:
    """One filter of a request body. Raises 400 on what HubSpot refuses."""
    operator = given.get("operator")
    if operator not in _OPERATORS:
        raise invalid(f"Invalid input JSON: operator {operator!r} is not a valid operator")
    low: Key = None
    high: Key = None
    test: Test
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        wanted = operator == "HAS_PROPERTY"
        return Filter(name, type_, operator, None, None, lambda key: (key is not None) is wanted)
    if operator in ("IN", "NOT_IN"):
        values = given.get("values")
        if not isinstance(values, list) or not values:
            raise invalid(f"operator {operator} requires values for property {name}")
        # Text is indexed in lower case and these two operators take their values as they come.
        keys = {str(value) if type_ in ("string", "phone_number") else _given(name, type_, value) for value in values}
        inside = operator == "IN"
        return Filter(name, type_, operator, None, None, lambda key: (key in keys) is inside)
    if given.get("value") is None:
        raise invalid(f"operator {operator} requires a value for property {name}")
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        found = _contains(str(given["value"]))
        test = found if operator == "CONTAINS_TOKEN" else lambda key: not found(key)
        return Filter(name, type_, operator, None, None, test)
    value = _given(name, type_, given["value"])
    if operator == "BETWEEN":
        if given.get("highValue") is None:
            raise invalid(f"operator BETWEEN requires highValue for property {name}")
        high = _given(name, type_, given["highValue"])
        return Filter(name, type_, operator, value, high, lambda key: key is not None and value <= key <= high)
    tests: dict[str, Test] = {
        "EQ": lambda key: key == value, "NEQ": lambda key: key != value,
        "LT": lambda key: key is not None and key < value, "LTE": lambda key: key is not None and key <= value,
        "GT": lambda key: key is not None and key > value, "GTE": lambda key: key is not None and key >= value,
    }  # fmt: skip
    low = value if operator in ("GT", "GTE", "EQ") else None
    high = value if operator in ("LT", "LTE", "EQ") else None
    return Filter(name, type_, operator, low, high, tests[operator])

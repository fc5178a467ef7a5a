"""One condition of a filter, as written -> `Criterion` -> `Condition` with the property's type.

`{field: amount, condition: between, value: [1, 5]}` or integration managers' `{"condition": "BETWEEN", ...}`
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from hubspot_pipeline.choice import values
from hubspot_pipeline.choice.names import nearest, only_keys, unknown, wrong

Operator = Literal[
    "equals", "not equals", "contains", "does not contain", "greater", "less", "between", "is empty", "is not empty",
    "starts with", "ends with", "in list", "not in list",
]  # fmt: skip
Type = Literal["text", "number", "date", "datetime", "bool", "enumeration", "checkbox"]
"""What a property's values compare as; `checkbox` is HubSpot's enumeration of several options, `a;b`."""

OPERATORS: tuple[Operator, ...] = get_args(Operator)
WITHOUT_VALUE: tuple[Operator, ...] = ("is empty", "is not empty")
WITH_LIST: tuple[Operator, ...] = ("in list", "not in list", "between")

_ANY: tuple[Operator, ...] = ("equals", "not equals", "is empty", "is not empty")
_LISTS: tuple[Operator, ...] = ("in list", "not in list")
_ORDER: tuple[Operator, ...] = ("greater", "less", "between")
ALLOWED: dict[Type, tuple[Operator, ...]] = {
    "text": (*_ANY, "contains", "does not contain", "starts with", "ends with", *_LISTS),
    "number": (*_ANY, *_ORDER, *_LISTS),
    "date": (*_ANY, *_ORDER, *_LISTS),
    "datetime": (*_ANY, *_ORDER, *_LISTS),
    "bool": _ANY,
    "enumeration": (*_ANY, *_LISTS),
    "checkbox": (*_ANY, "contains", "does not contain", *_LISTS),
}

_SPELLINGS: dict[Operator, str] = {
    "equals": "equals equal equal_to is_equal_to is eq = ==",
    "not equals": "not_equals not_equal not_equal_to is_not_equal_to does_not_equal is_not neq ne != <>",
    "contains": "contains contain",
    "does not contain": "does_not_contain not_contains not_contain doesn't_contain",
    "greater": "greater greater_than is_greater_than gt > after is_after",
    "less": "less less_than is_less_than lt < before is_before",
    "between": "between is_between",
    "is empty": "is_empty empty is_null null is_unknown not_has_property",
    "is not empty": "is_not_empty not_empty is_not_null not_null is_known has_property",
    "starts with": "starts_with begins_with",
    "ends with": "ends_with",
    "in list": "in_list in is_in is_any_of any_of",
    "not in list": "not_in_list not_in is_not_in is_none_of none_of",
}
_BY_SPELLING = {spelling: operator for operator, all_ in _SPELLINGS.items() for spelling in all_.split()}
_GROUPS = (
    "or",
    "and",
    "any",
    "all",
    "logic",
    "operator_logic",
    "filtergroups",
    "filter_groups",
    "groups",
    "conjunction",
)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A condition as written, its condition understood; what its property allows is not known yet."""

    path: str
    """Key path in hubspot.yaml, for messages."""
    field: str
    operator: Operator
    given: tuple[str | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition. `values` are texts of the type: numbers in plain decimals, dates `2026-01-31`, instants
    `2026-01-31T08:00:00.000Z`, booleans `true` and `false`, options by their internal value. Of a checkbox that
    `equals`: the options that are all chosen."""

    property: str
    operator: Operator
    values: tuple[str, ...]
    type: Type
    searchable: bool = True
    """Whether HubSpot's search is known to see this property's values as they are read."""


def criteria(given: Any, path: str) -> tuple[Criterion, ...]:
    """The conditions of one object: a list of mappings, or the same as JSON text. Raises ConfigError."""
    if isinstance(given, str):
        try:
            given = json.loads(given, parse_int=str, parse_float=str, parse_constant=str)
        except ValueError as error:
            raise wrong(path, f"is no valid JSON ({error}); write a list of conditions.") from None
    if isinstance(given, dict):
        _refuse_groups(given, path)
        given = [given]
    if not isinstance(given, list):
        raise wrong(path, f"must be a list of conditions, e.g. {_EXAMPLE}.")
    return tuple(_criterion(one, f"{path}[{at}]") for at, one in enumerate(given))


_EXAMPLE = "- {field: amount, condition: greater, value: 1000}"
_NO_OR = (
    "conditions are combined with AND only, and OR is not understood. For one property write one condition "
    "`in list` with all values; for several, load without this filter and choose in a model of your own"
)


def _refuse_groups(given: Mapping[str, Any], path: str) -> None:
    for key in given:
        if re.sub(r"[\s-]+", "_", key.strip().lower()) in _GROUPS:
            raise wrong(path, f"`{key}`: {_NO_OR} (dbt_project/models/custom). A list of conditions needs no `{key}`.")


def _criterion(given: Any, path: str) -> Criterion:
    if isinstance(given, list):
        raise wrong(path, f"a list inside the list: {_NO_OR} (dbt_project/models/custom).")
    if not isinstance(given, dict):
        raise wrong(path, f"must be a condition, e.g. {_EXAMPLE}.")
    _refuse_groups(given, path)
    only_keys(given, ("field", "condition", "value"), path)
    field = given.get("field")
    if not isinstance(field, str) or not field.strip():
        raise wrong(path, "`field` is missing: the name of the property.")
    operator = _operator(given.get("condition"), path)
    return Criterion(path, field, operator, _given(operator, given.get("value"), field, path))


def _operator(text: Any, path: str) -> Operator:
    if not isinstance(text, str) or not text.strip():
        raise wrong(path, f"`condition` is missing: one of {', '.join(OPERATORS)}.")
    key = re.sub(r"[\s_-]+", "_", text.strip().lower())
    if key not in _BY_SPELLING:
        hint = nearest(text, OPERATORS)
        raise wrong(f"{path}.condition", f"there is no condition {text!r}.{hint} There are {', '.join(OPERATORS)}.")
    return _BY_SPELLING[key]


def _given(operator: Operator, value: Any, field: str, path: str) -> tuple[str | bool, ...]:
    """The values of a condition, as many as it takes."""
    path = f"{path}.value"
    if operator in WITHOUT_VALUE:
        if value not in (None, "", []):
            raise wrong(path, f"`{operator}` takes no value; leave it out.")
        return ()
    items = value if isinstance(value, list) else [value]
    if any(item is None or item == "" for item in items):
        raise wrong(
            path,
            f"a value is empty or null, which `{operator}` cannot compare with. For records without a value write "
            f"{{field: {field}, condition: is empty}}, for those with one condition: is not empty.",
        )
    if not all(isinstance(item, str | bool) for item in items):
        raise wrong(path, "must be a text, a number, true, false or a list of such.")
    if operator == "between" and (not isinstance(value, list) or len(items) != 2):
        raise wrong(path, "`between` takes a list of two values, both included: [1000, 5000].")
    if operator in _LISTS and (not isinstance(value, list) or not items):
        raise wrong(path, f"`{operator}` takes a list of values: [a, b].")
    if operator not in WITH_LIST and isinstance(value, list):
        raise wrong(path, f"`{operator}` takes one value; for several write condition: in list.")
    return tuple(items)


_TYPES: dict[str, Type] = {"number": "number", "date": "date", "datetime": "datetime", "bool": "bool"}


def type_of(definition: Mapping[str, Any]) -> Type:
    """What values of a property compare as."""
    kind = str(definition.get("type"))
    if kind == "enumeration":
        return "checkbox" if definition.get("fieldType") == "checkbox" else "enumeration"
    return _TYPES.get(kind, "text")


_UNLIKE_TEXT = ("phonenumber", "html", "textarea", "file")
"""Fields whose text HubSpot's search normalizes, cuts or splits into words in ways it does not document."""
UNSEARCHED = ("hs_email_html", "hs_body_preview", "hs_body_preview_html")
"""Properties that HubSpot documents as unknown to search."""
_NOT_AS_SHOWN = ("hs_object_id", "hs_lastmodifieddate", "lastmodifieddate")
"""Search compares ids in an undocumented order, and the modified date is behind while the index is."""


def condition(one: Criterion, definition: Mapping[str, Any]) -> Condition:
    """A criterion with its property's definition -> `Condition`. Raises ConfigError."""
    name, kind = str(definition["name"]), type_of(definition)
    if one.operator not in ALLOWED[kind]:
        shown = {"checkbox": "a multiple-choice", "enumeration": "an enumeration"}.get(kind, f"a {kind}")
        raise wrong(
            f"{one.path}.condition",
            f"`{one.operator}` makes no sense for {name}, {shown} property. Write {', '.join(ALLOWED[kind])}.",
        )
    found = _values(one, kind, definition)
    if one.operator == "between":
        read = values.number if kind == "number" else values.instant
        low, high = (read(text) for text in found)
        if low is not None and high is not None and low > high:
            raise wrong(f"{one.path}.value", f"{found[0]} is above {found[1]}; write the smaller one first.")
    odd_text = kind == "text" and (definition.get("type") != "string" or definition.get("fieldType") in _UNLIKE_TEXT)
    hidden = (
        odd_text or definition.get("dataSensitivity") == "highly_sensitive" or name in (*_NOT_AS_SHOWN, *UNSEARCHED)
    )
    return Condition(name, one.operator, found, kind, not hidden)


def _values(one: Criterion, kind: Type, definition: Mapping[str, Any]) -> tuple[str, ...]:
    path, name = f"{one.path}.value", str(definition["name"])
    if kind == "checkbox" and one.operator in ("equals", "not equals"):
        chosen = [part.strip() for part in _text(one.given[0], path).split(";") if part.strip()]
        return tuple(_option(part, definition, path) for part in chosen)
    made = []
    for item in one.given:
        text = _text(item, path, quoted=kind == "text")
        if kind == "number":
            made.append(_number(text, name, path))
        elif kind in ("date", "datetime"):
            made.append(_instant(text, name, kind, path))
        elif kind in ("bool", "enumeration", "checkbox"):
            made.append(_option(text.lower() if kind == "bool" else text, definition, path))
        else:
            made.append(text)
    return tuple(made)


def _text(item: str | bool, path: str, *, quoted: bool = False) -> str:
    if isinstance(item, bool):
        if quoted:
            raise wrong(path, f'{str(item).lower()} is no text; put it in quotes: "{str(item).lower()}".')
        return str(item).lower()
    return item


def _number(text: str, name: str, path: str) -> str:
    found = values.number(text.strip())
    if found is None:
        raise wrong(path, f"{text!r} is no number, and {name} is one; write it like 1000 or 12.5.")
    return f"{found:f}" if not isinstance(found, int) else str(found)


def _instant(text: str, name: str, kind: Type, path: str) -> str:
    found = values.given_instant(text)
    example = "2026-01-31" if kind == "date" else "2026-01-31 or 2026-01-31T08:00:00Z"
    try:
        if found is None or (kind == "date" and found % values.DAY):
            raise ValueError(text)
        return values.iso(found)[:10] if kind == "date" else values.iso(found)
    except ValueError:
        raise wrong(path, f"{text!r} is no {kind}, and {name} is one; write it like {example}.") from None


def _option(text: str, definition: Mapping[str, Any], path: str) -> str:
    """The internal value of an option; any text where HubSpot keeps the options elsewhere (owners, teams)."""
    options: Sequence[Mapping[str, Any]] = definition.get("options") or ()
    labels = {str(option.get("value")): str(option.get("label") or "") for option in options}
    if definition.get("type") == "bool":
        labels = {"true": labels.get("true", ""), "false": labels.get("false", "")}
    if text in labels or not labels or definition.get("externalOptions"):
        return text
    raise unknown(text, labels, path, f"option of {definition['name']}")

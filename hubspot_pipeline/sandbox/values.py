"""Values of API writes: what HubSpot stores for them, and what it refuses.

(definition, JSON value) -> text stored, or a problem's code and message
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import DAY, instant, iso
from hubspot_pipeline.sandbox.portal import Portal

MAX_TEXT = 65_536
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
Problem = tuple[str, str] | None


def stored(portal: Portal, kind: Kind, definition: Json, value: Any) -> tuple[str, Problem]:
    """Text to store and, where the value is refused, (code, message). None and "" clear."""
    name, type_ = definition["name"], definition["type"]
    if value is None or value == "":
        return "", None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if type_ == "number":
        return text, _number(name, text)
    if type_ in ("date", "datetime"):
        return _instant(name, type_, text)
    if type_ == "bool":
        text = text.lower()
        return text, None if text in ("true", "false") else _option(name, text, ["true", "false"])
    if type_ == "enumeration":
        return _enumeration(portal, kind, definition, text)
    if len(text) > MAX_TEXT:
        return text, ("INVALID_LENGTH", f"{name} may have at most {MAX_TEXT} characters")
    if kind.name == "contacts" and name == "email":
        text = text.strip().lower()
        return text, None if _EMAIL.fullmatch(text) else ("INVALID_EMAIL", f"Email address {text} is invalid")
    return text, None


def _number(name: str, text: str) -> Problem:
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    return None if finite else ("INVALID_INTEGER", f"{text} was not a valid number for {name}.")


def _instant(name: str, type_: str, text: str) -> tuple[str, Problem]:
    ms = instant(text)
    if ms is None or abs(ms) > 250_000_000_000_000 or (type_ == "date" and ms % DAY):
        return text, ("INVALID_DATE", f"{text} was not a valid {type_} for {name}.")
    return iso(ms)[:10] if type_ == "date" else iso(ms), None


def _option(name: str, text: str, allowed: list[str]) -> Problem:
    return ("INVALID_OPTION", f"{text} was not one of the allowed options for {name}: [{', '.join(allowed)}]")


def _enumeration(portal: Portal, kind: Kind, definition: Json, text: str) -> tuple[str, Problem]:
    name = definition["name"]
    if name in ("pipeline", "hs_pipeline") and kind.name in portal.pipelines:
        allowed = list(portal.pipelines[kind.name])
        return text, None if text in allowed else _option(name, text, allowed)
    if name in ("dealstage", "hs_pipeline_stage") and kind.name in portal.pipelines:
        known = [stage["id"] for pipeline in portal.pipelines[kind.name].values() for stage in pipeline["stages"]]
        return text, None if text in known else _option(name, text, known)
    if definition.get("referencedObjectType") == "OWNER":
        return text, None if text in portal.owners else _option(name, text, [])
    allowed = [option["value"] for option in definition["options"]]
    if not allowed:
        return text, None
    chosen = [one for one in text.split(";") if one] if definition["fieldType"] == "checkbox" else [text]
    wrong = [one for one in chosen if one not in allowed]
    return text, _option(name, wrong[0], allowed) if wrong else None

"""The sections of hubspot.yaml about one stream, as written -> `Wanted`; names are not looked up here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hubspot_pipeline.choice.conditions import Criterion, criteria
from hubspot_pipeline.choice.names import mapping, nearest, only_keys, texts, wrong
from hubspot_pipeline.stream import MODES, Mode

ALL: Final = "all"
NONE: Final = "none"
Names = tuple[str, ...]
"""Names or shell patterns."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of one stream. None: nothing was said, the default holds."""

    sections: Names = ()
    """The sections that mention the stream."""
    mode: Mode | None = None
    include: Names | None = None
    """None: all properties."""
    exclude: Names = ()
    history: Names | Literal["all"] | None = None
    block: Names = ()
    hash: Names = ()
    expose: Names | Literal["all", "none"] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[Criterion, ...] = ()


PER_STREAM = ("mode", "properties", "history", "block", "hash", "expose", "columns", "filters")
"""Sections whose keys are streams."""


def parsed(section: str, given: Any, path: str) -> dict[str, Any]:
    """One stream's value in a section -> fields of `Wanted`. Raises ConfigError."""
    if section == "mode":
        return {"mode": _mode(given, path)}
    if section == "properties":
        return _selection(given, path)
    if section == "filters":
        return {"filters": criteria(given, path)}
    if section == "columns":
        return {"columns": _renames(given, path)}
    words = {"history": (ALL,), "expose": (ALL, NONE)}.get(section, ())
    return {section: texts(given, path, words=words)}


def _mode(given: Any, path: str) -> Mode:
    for mode in MODES:
        if given == mode:
            return mode
    hint = nearest(str(given), MODES)
    raise wrong(path, f"there is no mode {given!r}.{hint} The modes are {', '.join(MODES)}.")


def _selection(given: Any, path: str) -> dict[str, Any]:
    if isinstance(given, dict):
        only_keys(given, ("include", "exclude"), path)
        include = texts(given.get("include", ALL), f"{path}.include", words=(ALL,))
        exclude = texts(given.get("exclude", []), f"{path}.exclude")
    else:
        include, exclude = texts(given, path, words=(ALL,)), ()
    return {"include": None if include == ALL else include, "exclude": exclude}


def _renames(given: Any, path: str) -> dict[str, str]:
    found = mapping(given, path, "{hubspot_owner_id: owner_id}")
    for name, column in found.items():
        if not isinstance(column, str):
            raise wrong(f"{path}.{name}", "must be the new name of the column, e.g. owner_id.")
    return found

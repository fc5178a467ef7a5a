"""Names as people write them -> names that exist, or an error with the nearest right one."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from hubspot_pipeline.choice.document import NAME
from hubspot_pipeline.errors import ConfigError

_PATTERN = re.compile(r"[*?\[]")
_SHOWN = 12
"""Names that a message lists at most."""


def wrong(path: str, problem: str) -> ConfigError:
    """An error about the value at a key path of hubspot.yaml, e.g. `filters.deals[0].condition`."""
    return ConfigError(f"{NAME}: {path}: {problem}" if path else f"{NAME}: {problem}")


def nearest(text: str, known: Iterable[str]) -> str:
    """` Did you mean ...?` with the known name that is most like `text`, or nothing."""
    by_fold = {_folded(name): name for name in known}
    close = get_close_matches(_folded(text), by_fold, n=1, cutoff=0.6)
    return f" Did you mean {by_fold[close[0]]}?" if close else ""


def listed(names: Iterable[str]) -> str:
    """Names for a message: sorted, cut where they are many."""
    all_ = sorted(names)
    return ", ".join(all_[:_SHOWN]) + (f" and {len(all_) - _SHOWN} more" if len(all_) > _SHOWN else "")


def is_pattern(text: str) -> bool:
    return _PATTERN.search(text) is not None


def matched(text: str, names: Iterable[str]) -> list[str]:
    """Names that a shell pattern matches; upper and lower case differ."""
    return [name for name in names if fnmatchcase(name, text)]


def resolved(text: str, known: Mapping[str, Mapping[str, Any]], path: str, what: str) -> list[str]:
    """The known names that a name or shell pattern stands for, at least one.

    `known`: name -> definition with a `label`. Raises ConfigError: a pattern without a match, a label instead of a
    name, an unknown name.
    """
    if text in known:
        return [text]
    if is_pattern(text):
        found = matched(text, known)
        if not found:
            raise wrong(path, f"the pattern {text} matches no {what}.")
        return found
    raise unknown(text, {name: str(one.get("label") or "") for name, one in known.items()}, path, what)


def unknown(text: str, labels: Mapping[str, str], path: str, what: str) -> ConfigError:
    """The error for a text that is no known name; HubSpot shows labels, so a label is answered with its name."""
    named = [name for name, label in labels.items() if label and _shown(label) == _shown(text)]
    if len(named) == 1:
        return wrong(path, f"{text!r} is the label of `{named[0]}`: write {named[0]}.")
    if named:
        return wrong(path, f"{text!r} is the label of several: {listed(named)}. Write the one you mean.")
    hint = nearest(text, labels) or _by_label(text, labels)
    return wrong(path, f"there is no {what} {text!r}.{hint}")


def _by_label(text: str, labels: Mapping[str, str]) -> str:
    """The name whose label is most like `text`."""
    names = {_folded(label): name for name, label in labels.items()}
    close = get_close_matches(_folded(text), names, n=1, cutoff=0.75)
    return f" Did you mean {names[close[0]]}?" if close else ""


def only_keys(given: Mapping[str, Any], allowed: Sequence[str], path: str) -> None:
    """Raises ConfigError for a key that is not among the allowed ones."""
    for key in given:
        if key not in allowed:
            raise wrong(path, f"there is no key {key!r}.{nearest(key, allowed)} The keys are {', '.join(allowed)}.")


def mapping(value: Any, path: str, example: str) -> dict[str, Any]:
    """A mapping, {} for null. Raises ConfigError with an example."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(path, f"must be keys with values, e.g. {example}.")
    return value


def texts(value: Any, path: str, *, words: Collection[str] = ()) -> tuple[str, ...] | str:
    """A list of names, a single one standing for a list of one; or one of the given words."""
    if isinstance(value, str) and value in words:
        return value
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) and item.strip() for item in items):
        choices = "".join(f" or {word}" for word in words)
        raise wrong(path, f"must be a list of names, e.g. [email, phone]{choices}.")
    return tuple(items)


def _shown(label: str) -> str:
    """A label as people copy it: without regard to case and to the number of blanks."""
    return " ".join(label.split()).casefold()


def _folded(text: str) -> str:
    """For comparison: without regard to case, blanks and hyphens."""
    return re.sub(r"[\s_-]+", "_", text.strip().casefold())

"""(settings, object streams) -> the portal's property definitions and what hubspot.yaml chooses of them.

Done before the first write: a choice that does not fit the portal ends the run with nothing changed.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.choice import ObjectChoice
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.extract.properties import Definition, definitions
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import DECLARED, Mode, Stream

MART_PROPERTIES = Path("dbt_project", "seeds", "mart_properties.csv")


@dataclass(slots=True)
class Described:
    """Of each object stream its live definitions and the choice among them, or why they could not be read."""

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    choices: dict[str, ObjectChoice] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    histories: frozenset[str] = frozenset()
    """Object streams whose property history is kept."""
    meter: Meter = field(default_factory=Meter)


def describe(settings: Settings, client: Client, pool: Executor, streams: Sequence[Stream],
             selected: Iterable[str] = ()) -> Described:  # fmt: skip
    """Read the definitions of these objects. Raises ConfigError where hubspot.yaml names what the portal lacks.

    `selected`: names of the streams of this run; the property history of an object is followed if it is among them, or
    chosen in general.
    """
    names = {*selected, *(stream.name for stream in settings.chosen)}
    found = Described(histories=frozenset(one.source[0] for one in DECLARED if one.is_history and one.name in names))
    flying = [(stream, pool.submit(definitions, client, stream, found.meter)) for stream in streams]
    needs = mart_needs(settings.root)
    for stream, future in flying:
        try:
            known = future.result()
        except Exception as error:  # its outcome; the other streams go on
            found.errors[stream.name] = error
            continue
        found.definitions[stream.name] = known
        found.choices[stream.name] = choose(settings, stream, known, needs, follow=stream.name in found.histories)
    return found


def choose(settings: Settings, stream: Stream, known: Iterable[Mapping[str, Any]], needs: Mapping[str, Sequence[str]],
           *, follow: bool = False) -> ObjectChoice:  # fmt: skip
    """What hubspot.yaml chooses of one object; `follow`: its property history is kept. Raises ConfigError."""
    needed = dict.fromkeys(needs.get(stream.object, ()), "marts") | {
        stream.modified: "cursor", stream.created: "cursor", "hs_object_id": "cursor"
    }  # fmt: skip
    history = stream.history if follow else ()
    choice = settings.choice.of(stream.name, known, needed=needed, history_default=history)
    return choice if follow else replace(choice, history=())


def mart_needs(root: Path) -> dict[str, list[str]]:
    """Object -> properties that the marts rely on, from the models' own list; empty where there are no models."""
    path = root / MART_PROPERTIES
    needs: dict[str, list[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                needs.setdefault(row["object"], []).append(row["name"])
    return needs


def concealer(settings: Settings, stream: Stream, choice: ObjectChoice | None = None) -> Concealer:
    """Blocks and hashes what hubspot.yaml says of a stream."""
    key = settings.hash_key.reveal().encode()
    if choice is not None:
        return Concealer(key, choice.blocked, choice.hashed)
    wanted = settings.choice.stream(stream.name)
    return Concealer(key, wanted.block, wanted.hash)


def mode_of(settings: Settings, stream: Stream) -> Mode:
    """How a stream is read. Raises ConfigError for a mode that it does not have."""
    wanted = settings.choice.mode(stream.name)
    if wanted is None:
        return stream.modes[0] if stream.modes else "full_refresh"
    if wanted not in stream.modes:
        can = " or ".join(stream.modes) or "no mode: it is derived from other streams"
        raise ConfigError(f"hubspot.yaml: mode.{stream.name} is {wanted}; this stream has {can}.")
    return wanted

"""Names of streams in hubspot.yaml against the streams there are, and each section against the stream's shape."""

import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from hubspot_pipeline.choice.names import listed, matched, nearest, wrong
from hubspot_pipeline.choice.wanted import Wanted


class StreamLike(Protocol):
    """A row of the stream table."""

    @property
    def name(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def shape(self) -> str: ...
    @property
    def fields_needed(self) -> tuple[str, ...]: ...


_OF_PROPERTIES = ("properties", "history", "expose", "columns", "filters")
_CUSTOM = re.compile(r"[A-Za-z]\w*|\d+-\d+", re.ASCII)
"""What HubSpot allows as name or type id of a custom object."""


def check(
    switches: Mapping[str, bool], wanted: Mapping[str, Wanted], known: Sequence[StreamLike], *, discovered: bool
) -> None:
    """See `Choice.check_streams`."""
    by_name = {stream.name: stream for stream in known}
    groups = {stream.group for stream in known} | {"custom_objects"}  # a portal may have none
    for name in switches:
        if name not in groups:
            _exists(name, by_name, f"streams.{name}", {*by_name, *groups}, discovered=discovered)
    for name, one in wanted.items():
        for section in one.sections:
            path = f"{section}.{name}"
            if name in groups and name not in by_name:
                raise wrong(path, f"{name} is a group; name a stream of it: {listed(_of(name, known))}.")
            _exists(name, by_name, path, set(by_name), discovered=discovered)
            if name in by_name:
                _fits(section, by_name[name], known)
                if section in ("block", "hash") and by_name[name].shape != "object":
                    _hides_nothing_needed(path, by_name[name], one.block if section == "block" else one.hash)


def _of(group: str, known: Sequence[StreamLike]) -> list[str]:
    return [stream.name for stream in known if stream.group == group]


def _exists(name: str, by_name: Mapping[str, StreamLike], path: str, all_: set[str], *, discovered: bool) -> None:
    if name in by_name:
        return
    same = [one for one in all_ if _stem(one) == _stem(name)]
    if discovered or same or not _CUSTOM.fullmatch(name):
        hint = f" Did you mean {same[0]}?" if same else nearest(name, all_)
        raise wrong(path, f"there is no stream {name!r}.{hint}")


def _hides_nothing_needed(path: str, stream: StreamLike, hidden: Sequence[str]) -> None:
    needed = [name for name in stream.fields_needed if any(name == one or matched(one, [name]) for one in hidden)]
    if needed:
        raise wrong(path, f"{listed(needed)} cannot be hidden: without it rows of {stream.name} are not told apart or "
                          "changes are not found. Name the other fields.")  # fmt: skip


def _stem(name: str) -> str:
    """A name without case, punctuation and the endings of the plural."""
    words = [re.sub(r"ies$", "y", word).rstrip("s") for word in re.split(r"[\W_]+", name.lower())]
    return "".join(words)


def _fits(section: str, stream: StreamLike, known: Sequence[StreamLike]) -> None:
    path = f"{section}.{stream.name}"
    if section in _OF_PROPERTIES and stream.shape != "object":
        objects = [one.name for one in known if one.shape == "object"]
        raise wrong(path, f"{stream.name} has no properties; this section is for CRM objects: {listed(objects)}.")
    if stream.shape == "derived":
        raise wrong(
            path, f"{stream.name} is made from other streams and not read itself; name the stream that it comes from."
        )

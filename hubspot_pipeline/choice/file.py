"""hubspot.yaml -> `Choice`, checked as far as it can be without a portal.

A missing or empty file is a choice, too: all defaults.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from hubspot_pipeline.choice import document, wanted
from hubspot_pipeline.choice.names import mapping, only_keys, wrong
from hubspot_pipeline.choice.objects import ObjectChoice, chosen
from hubspot_pipeline.choice.streams import StreamLike, check
from hubspot_pipeline.choice.wanted import PER_STREAM, Wanted
from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.stream import Mode

_OWN = ("warehouse", "sandbox", "dagster_home", "credentials.json", "custom_objects.json")
"""How the pipeline's own files and folders in the data folder begin; those with a dot are not allowed anyway."""
_ON, _OFF = (True, "on", "yes"), (False, "off", "no")


@dataclass(frozen=True, slots=True)
class Files:
    """The content of attached files: whether it is downloaded, and into which folder of the data folder."""

    download: bool = False
    folder: str = "files"


@dataclass(frozen=True, slots=True)
class Choice:
    """What to load, as hubspot.yaml says it."""

    streams: Mapping[str, bool] = field(default_factory=dict)
    """On or off, by name of a stream or of a group."""
    wanted: Mapping[str, Wanted] = field(default_factory=dict)
    """By name of the stream; only streams that a section mentions."""
    files: Files = field(default_factory=Files)

    @classmethod
    def load(cls, root: Path) -> "Choice":
        """Read hubspot.yaml in `root`. Raises ConfigError naming the key, what is wrong and what is right."""
        try:
            content = (root / document.NAME).read_bytes()
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise ConfigError(f"{document.NAME} cannot be read: {error.strerror}.") from None
        given = mapping(document.parsed(content), "", "`streams: {tickets: false}`")
        only_keys(given, ("streams", *PER_STREAM, "files"), "")
        return cls(_switches(given.get("streams")), _wanted(given), _files(given.get("files")))

    def is_on(self, stream_name: str, group: str, default_on: bool, everything: bool) -> bool:
        """Whether a stream is loaded. Its own name wins over its group, the group over the default.

        `everything`: the default is on for all streams, as in the demo.
        """
        return self.streams.get(stream_name, self.streams.get(group, everything or default_on))

    def stream(self, name: str) -> Wanted:
        """What the file says about one stream."""
        return self.wanted.get(name, Wanted())

    def mode(self, stream_name: str) -> Mode | None:
        """The mode that the file names; None: the stream's own."""
        return self.stream(stream_name).mode

    @property
    def hashes(self) -> bool:
        """Something is hashed, so a key is needed."""
        return any(one.hash for one in self.wanted.values())

    def check_streams(self, known: Sequence[StreamLike], *, discovered: bool = True) -> None:
        """Whether each stream that a section names exists, and the section makes sense for its shape.

        `known`: all streams, those of custom objects included once they are `discovered`. Before, an unknown name may
        be a custom object's and passes, unless it is only another spelling of a known one (`Contact`, `line-items`).
        Raises ConfigError.
        """
        check(self.streams, self.wanted, known, discovered=discovered)

    def of(self, stream_name: str, definitions: Iterable[Mapping[str, Any]], *, needed: Mapping[str, str],
           history_default: Sequence[str]) -> ObjectChoice:  # fmt: skip
        """What is read, hidden, kept, filtered and shown of one object, by its property definitions.

        `needed`: property -> why it cannot be left out, e.g. "cursor" or "marts"; `history_default`: properties whose
        history is kept in any case. Raises ConfigError.
        """
        return chosen(stream_name, self.stream(stream_name), definitions, needed, history_default)


def _switches(given: Any) -> dict[str, bool]:
    switches = {}
    for name, value in mapping(given, "streams", "{tickets: false}").items():
        state = value.lower() if isinstance(value, str) else value
        if state not in (*_ON, *_OFF):
            raise wrong(f"streams.{name}", "must be true or false.")
        switches[name] = state in _ON
    return switches


def _wanted(given: Mapping[str, Any]) -> dict[str, Wanted]:
    fields: dict[str, dict[str, Any]] = {}
    for section in PER_STREAM:
        for name, value in mapping(given.get(section), section, _EXAMPLES[section]).items():
            one = fields.setdefault(name, {"sections": ()})
            one |= wanted.parsed(section, value, f"{section}.{name}")
            one["sections"] += (section,)
    return {name: Wanted(**values) for name, values in fields.items()}


_EXAMPLES = {
    "mode": "{marketing_emails: full_refresh}", "properties": "{companies: [name, domain]}",
    "history": "{contacts: [lifecyclestage]}", "block": "{contacts: [phone]}", "hash": "{contacts: [email]}",
    "expose": "{companies: none}", "columns": "{contacts: {hubspot_owner_id: owner_id}}",
    "filters": "{deals: [{field: amount, condition: greater, value: 1000}]}",
}  # fmt: skip


def _files(given: Any) -> Files:
    found = mapping(given, "files", "{download: true}")
    only_keys(found, ("download", "folder"), "files")
    download, folder = found.get("download", False), found.get("folder", "files")
    if download not in (True, False):
        raise wrong("files.download", "must be true or false.")
    if not isinstance(folder, str) or not _inside(folder):
        raise wrong("files.folder", f"{folder!r} must be a folder inside the data folder, e.g. files.")
    if PurePosixPath(folder.replace("\\", "/")).parts[0].casefold().startswith(_OWN):
        raise wrong("files.folder", f"{folder!r} is the pipeline's own; choose another name, e.g. files.")
    return Files(download, folder)


def _inside(folder: str) -> bool:
    """A relative path without steps upwards, whatever the platform, and not into the pipeline's own folders."""
    parts = PurePosixPath(folder.replace("\\", "/")).parts
    return bool(parts) and not any(part.startswith((".", "/")) or ":" in part for part in parts)

"""Records and items as read -> the same without blocked values, and with hashes in place of hashed ones.

It works on what the API answered, before anything is handed on. Where an answer is odd (a name twice, a value that is
no text, bytes that are no UTF-8) it is taken apart the slow way; nothing passes because it could not be read.
"""

import hmac
import json
import re
from collections.abc import Collection
from copy import copy
from hashlib import sha256
from typing import Any, Literal

import msgspec

from hubspot_pipeline.choice.names import is_pattern, matched
from hubspot_pipeline.errors import MalformedAnswer
from hubspot_pipeline.extract.unnest import Record

DIGITS = 32
"""Hex digits of a hash: 128 bits, so that no two values of any portal meet by chance."""

_properties = msgspec.json.Decoder(dict[str, msgspec.Raw])
Act = Literal["keep", "block", "hash"]


class Concealer:
    """Blocks and hashes values by name; `blocked` wins over `hashed`. Names may be shell patterns.

    A hash is the first 32 hex digits of HMAC-SHA256 over the text with the key: the same text gives the same hash in
    every object, stream and run, so hashed columns join. Null and empty texts stay as they are. A value that is no
    text is hashed as its JSON text.
    """

    def __init__(self, key: bytes, blocked: Collection[str] = (), hashed: Collection[str] = ()) -> None:
        if hashed and not key:
            raise ValueError("hashing needs a key")
        self._mac = hmac.new(key, digestmod=sha256) if key else None
        self._ask(blocked, hashed)

    def _ask(self, blocked: Collection[str], hashed: Collection[str]) -> None:
        self._asked: dict[Act, frozenset[str]] = {"block": frozenset(blocked), "hash": frozenset(hashed)}
        texts = self._asked["block"] | self._asked["hash"]
        self._names = frozenset(text for text in texts if not is_pattern(text))
        self._patterns = texts - self._names
        self._acts: dict[str, Act] = {}

    def __bool__(self) -> bool:
        """Whether anything is concealed."""
        return bool(self._names or self._patterns)

    def record(self, record: Record) -> None:
        """Conceal a record's properties and their history, in place; what has nothing to conceal stays byte for byte.

        Raises MalformedAnswer where the properties are no object.
        """
        if not self:
            return
        concealed = self._concealed(record)
        if concealed is not None:
            record.properties = msgspec.Raw(concealed)
        if record.propertiesWithHistory:
            acts = {name: self._act(name) for name in record.propertiesWithHistory}
            kept = {name: found for name, found in record.propertiesWithHistory.items() if acts[name] != "block"}
            for name, versions in kept.items():
                for version in versions if acts[name] == "hash" else ():
                    version.value = self._hash(version.value)
            record.propertiesWithHistory = kept

    def row(self, item: dict[str, Any]) -> dict[str, Any]:
        """An item of a collection without its blocked fields, its hashed ones hashed.

        Fields are the top-level ones, named as HubSpot names them; what lies inside a field goes with the field: a
        blocked `values` takes everything in it away.
        """
        if not self:
            return item
        acts = {name: self._act(name) for name in item}
        return {
            name: self._hash(value) if acts[name] == "hash" else value
            for name, value in item.items()
            if acts[name] != "block"
        }

    @property
    def names(self) -> list[str]:
        """What is concealed and how, as texts to compare with those of an earlier run."""
        return sorted(f"{act} {text}" for act, texts in self._asked.items() for text in texts)

    def like(self, names: Collection[str]) -> "Concealer":
        """One with this key that conceals what the `names` of another say; without a key it hashes nothing."""
        said = [name.split(" ", 1) for name in names]
        blocked, hashed = ([text for one, text in said if one == act] for act in ("block", "hash"))
        other = copy(self)
        other._ask(blocked, hashed if self._mac else ())
        return other

    def again(self, item: dict[str, Any]) -> dict[str, Any] | None:
        """An item that was stored earlier as it must be stored now; None where it is.

        A text of 32 hex digits in a hashed field counts as its hash.
        """
        acts = {name: self._act(name) for name in item}
        found = {
            name: self._hash(value) if acts[name] == "hash" and not _is_hash(value) else value
            for name, value in item.items()
            if acts[name] != "block"
        }
        return None if found == item else found

    def text(self, value: str) -> str:
        """The hash of a text that was stored earlier; one that is a hash stays."""
        return value if _is_hash(value) else str(self._hash(value))

    def _act(self, name: str) -> Act:
        """What is done with a value of this name."""
        if name not in self._acts:
            fits = (
                act for act, texts in self._asked.items() if name in texts or any(matched(t, [name]) for t in texts)
            )
            self._acts[name] = next(fits, "keep")
        return self._acts[name]

    def _hash(self, value: Any) -> Any:
        if value is None or value == "":
            return value
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        return self._digest(text.encode("utf-8", "surrogatepass"))

    def _digest(self, text: bytes) -> str:
        assert self._mac is not None
        mac = self._mac.copy()
        mac.update(text)
        return mac.hexdigest()[:DIGITS]

    def _concealed(self, record: Record) -> bytes | None:
        """The properties to keep; None where nothing is to be concealed."""
        raw = bytes(record.properties)
        try:
            found = _properties.decode(raw)
        except (msgspec.MsgspecError, UnicodeError):
            return self._by_pairs(record)
        names = [n for n in found if self._act(n) != "keep"] if self._patterns else self._names & found.keys()
        if not names:
            return None
        if len(msgspec.json.encode(found)) != len(raw):
            # a name sent twice, or another spelling of JSON
            return self._by_pairs(record)
        for name in names:
            if self._act(name) == "block":
                del found[name]
            else:
                found[name] = self._hashed(bytes(found[name]))
        return msgspec.json.encode(found)

    def _hashed(self, value: bytes) -> msgspec.Raw:
        """A value as it stands in the JSON -> its hash."""
        if value in (b"null", b'""'):
            return msgspec.Raw(value)
        if value[:1] != b'"':
            return msgspec.Raw(b'"' + self._digest(value).encode() + b'"')
        try:
            text = msgspec.json.decode(value, type=str)
        except (msgspec.MsgspecError, UnicodeError):
            text = json.loads(value.decode("utf-8", "replace"), strict=False)
        return msgspec.Raw(b'"' + self._digest(text.encode("utf-8", "surrogatepass")).encode() + b'"')

    def _by_pairs(self, record: Record) -> bytes | None:
        """As `_concealed`, pair by pair; what is kept of a name sent twice is still there twice."""
        raw = bytes(record.properties)
        text = raw.decode("utf-8", "replace")
        try:
            pairs = json.loads(text, object_pairs_hook=_Pairs, parse_int=_Literal, parse_float=_Literal)
        except ValueError:
            raise MalformedAnswer(f"the properties of record {record.id} are not JSON") from None
        if pairs is None:
            return None
        if not isinstance(pairs, _Pairs):
            raise MalformedAnswer(f"the properties of record {record.id} are not an object")
        if all(self._act(name) == "keep" for name, _ in pairs):
            return None
        record.scrubbed |= text.encode() != raw
        kept = [(name, self._of_pair(name, value)) for name, value in pairs if self._act(name) != "block"]
        return ("{" + ",".join(f"{_quoted(name)}:{value}" for name, value in kept) + "}").encode()

    def _of_pair(self, name: str, value: Any) -> str:
        text = _json(value)
        return bytes(self._hashed(text.encode())).decode() if self._act(name) == "hash" else text


class _Pairs(list[tuple[str, Any]]):
    """An object's pairs in order, doubles included."""


class _Literal(str):
    """A number as it was written."""

    __slots__ = ()


NOTHING = Concealer(b"")
"""Conceals nothing."""


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{DIGITS}}}", value) is not None


def _json(value: Any) -> str:
    """JSON text of a value read with `_Pairs` and `_Literal`."""
    if isinstance(value, _Literal):
        return str(value)
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{_quoted(name)}:{_json(one)}" for name, one in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_json, value)) + "]"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """JSON of a text, in characters of UTF-8 where it has only such."""
    found = json.dumps(text, ensure_ascii=False)
    return found if _encodes(found) else json.dumps(text)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

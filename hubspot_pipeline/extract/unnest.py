"""Bytes of one answer -> records with their `properties` untouched -> Arrow columns.

The fast path cuts a page with msgspec and reads the cells with pyarrow; both refuse what HubSpot can really send
(lone surrogates, a number where text is declared, a key twice), so a refused page is read again by the standard
library, scrubbed, and what was scrubbed is told in `scrubbed`.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from hubspot_pipeline.errors import MalformedAnswer


class Next(msgspec.Struct):
    after: str | int


class Paging(msgspec.Struct):
    next: Next | None = None


class Version(msgspec.Struct):
    """One version of a property, newest first in HubSpot's answers."""

    timestamp: str | int
    value: Any = None
    sourceType: Any = None
    sourceId: Any = None
    sourceLabel: Any = None
    updatedByUserId: Any = None


class Record(msgspec.Struct):
    """One CRM record; `properties` are the bytes as sent."""

    id: str | int
    properties: msgspec.Raw
    createdAt: str | None = None
    updatedAt: str | None = None
    archived: bool = False
    archivedAt: str | None = None
    propertiesWithHistory: dict[str, list[Version]] | None = None
    associations: dict[str, Any] | None = None
    scrubbed: bool = False
    """Set by the lenient reading: characters that are no Unicode were replaced."""


class Problem(msgspec.Struct):
    """One entry of `errors` in a 207."""

    message: str = ""
    category: str = ""
    subCategory: str = ""
    context: dict[str, Any] = {}


class Page(msgspec.Struct):
    """`results` is required: an error body is refused, never an empty page."""

    results: list[Record]
    paging: Paging | None = None
    total: int | None = None
    errors: list[Problem] = []

    @property
    def after(self) -> str | None:
        return str(self.paging.next.after) if self.paging and self.paging.next else None


class LinkType(msgspec.Struct):
    category: str
    typeId: int
    label: str | None = None


class Target(msgspec.Struct):
    toObjectId: int | str
    associationTypes: list[LinkType]


class Source(msgspec.Struct):
    id: int | str


class Linked(msgspec.Struct):
    """`to` is required: links under another name are refused, never none."""

    from_: Source = msgspec.field(name="from")
    to: list[Target]
    paging: Paging | None = None


class LinkPage(msgspec.Struct):
    results: list[Linked]
    errors: list[Problem] = []


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A value that could not be kept as sent."""

    id: str
    property: str
    raw: str
    reason: str


_pages = msgspec.json.Decoder(Page)
_links = msgspec.json.Decoder(LinkPage)


def page(content: bytes) -> Page:
    """Decode a page of records. Raises MalformedAnswer where it is none."""
    found: Page = _decode(_pages, content)
    return found


def links(content: bytes) -> LinkPage:
    """Decode an associations batch read. Raises MalformedAnswer where it is none."""
    found: LinkPage = _decode(_links, content)
    if b'"next":' in content and not any(linked.paging and linked.paging.next for linked in found.results):
        raise MalformedAnswer("links with a cursor under an unknown name")
    return found


def rows(content: bytes) -> dict[str, Any]:
    """Decode any other JSON object. Raises MalformedAnswer where it is none."""
    try:
        found = json.loads(_mended(content))
    except ValueError:
        raise MalformedAnswer("the answer is not JSON") from None
    if not isinstance(found, dict):
        raise MalformedAnswer("the answer is not a JSON object")
    return found


def listing(content: bytes) -> dict[str, Any]:
    """Decode a JSON object that holds a list of objects in `results`. Raises MalformedAnswer where it does not."""
    found = rows(content)
    items = found.get("results")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise MalformedAnswer("the answer has no list `results`")
    return found


def results(content: bytes) -> list[dict[str, Any]]:
    """The objects in `results`. Raises MalformedAnswer where there is no such list, or only a part of it."""
    answer = listing(content)
    if cursors(answer):
        raise MalformedAnswer("a list that is read in one answer comes in pages")
    found: list[dict[str, Any]] = answer["results"]
    return found


def cursors(answer: Mapping[str, Any]) -> list[str]:
    """Members of an answer that tell of a next page, whatever they are called."""
    return [name for name, value in answer.items() if isinstance(value, dict) and value.get("next")]


def _decode(decoder: msgspec.json.Decoder[Any], content: bytes) -> Any:
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        raise MalformedAnswer(f"the answer is not what the API promises ({error})") from None
    except msgspec.DecodeError:
        return _decode_leniently(decoder, content)


def _decode_leniently(decoder: msgspec.json.Decoder[Any], content: bytes) -> Any:
    try:
        found = decoder.decode(_mended(content))
    except msgspec.ValidationError as error:
        raise MalformedAnswer(f"the answer is not what the API promises ({error})") from None
    except msgspec.DecodeError:
        raise MalformedAnswer("the answer is not complete JSON") from None
    for record in found.results:
        if isinstance(record, Record):
            record.scrubbed = True
    return found


REPLACEMENT = "�"
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u[dD][89a-fA-F]..|.)", re.DOTALL)
"""An escape in JSON: a pair of surrogates, a lone one (6 bytes long), or the beginning of any other."""


def _mended(content: bytes) -> bytes:
    """The same JSON with U+FFFD for lone surrogates, which no UTF-8 text can hold, and for bytes that are no UTF-8."""
    mark = REPLACEMENT.encode()
    text = content.decode("utf-8", "replace").encode()
    return _ESCAPE.sub(lambda found: mark if len(found[0]) == 6 else found[0], text)


def values_of(record: Record) -> dict[str, Any]:
    """A record's properties by name, as sent. Raises MalformedAnswer where they are no object."""
    return rows(bytes(record.properties))


def cells(records: Sequence[Record], names: Sequence[str]) -> tuple[pa.Table, pa.Array, list[Scrubbed]]:
    """Property values of records as text columns.

    Returns (one text column per name in order, the JSON text of each record's properties, what was scrubbed).
    """
    scrubbed: list[Scrubbed] = []
    raws = [bytes(record.properties) for record in records]
    try:
        table, texts = _read_cells(raws, names), _texts(raws)
    except pa.ArrowInvalid:
        raws = [_flatten(record, scrubbed) for record in records]
        table, texts = _read_cells(raws, names), _texts(raws)
    scrubbed += _replaced(records, raws)
    return table, texts, scrubbed


def _texts(raws: list[bytes]) -> pa.Array:
    return pa.array(raws, pa.binary()).cast(pa.string())


def _read_cells(raws: list[bytes], names: Sequence[str]) -> pa.Table:
    # pyarrow ends the process on `null`
    if any(b"\n" in raw or raw[:1] != b"{" for raw in raws):
        raise pa.ArrowInvalid("a record that is no object on one line")
    schema = pa.schema([(name, pa.string()) for name in names])
    if not raws or not names:
        return pa.table({name: pa.nulls(len(raws), pa.string()) for name in names})
    data = b"\n".join(raws) + b"\n"
    table = pj.read_json(
        io.BytesIO(data),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        read_options=pj.ReadOptions(block_size=max(8 << 20, max(map(len, raws)) + 1), use_threads=False),
    )
    if table.num_rows != len(raws):
        raise pa.ArrowInvalid("a record was not an object")
    return table


def _flatten(record: Record, scrubbed: list[Scrubbed]) -> bytes:
    """A record's properties with every value as valid text or null, the last of a doubled key, on one line."""
    id_, sent = str(record.id), bytes(record.properties)
    raw = sent.decode("utf-8", "replace").encode()
    record.scrubbed |= raw != sent

    def text(name: str, value: bytes) -> str | None:
        if value == b"null":
            return None
        if value.startswith(b'"'):
            return msgspec.json.decode(value, type=str)
        scrubbed.append(Scrubbed(id_, name, value.decode(), "not text as HubSpot promises; kept as its JSON text"))
        return value.decode()

    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise MalformedAnswer(f"the properties of record {id_} are not an object") from None
    names = Counter(name for name, _ in json.loads(raw, object_pairs_hook=list))
    for name in [name for name, count in names.items() if count > 1]:
        kept = bytes(found[name]).decode()
        scrubbed.append(Scrubbed(id_, name, kept, "sent more than once; this one, the last, was kept"))
    return msgspec.json.encode({name: text(name, bytes(value)) for name, value in found.items()})


def _replaced(records: Sequence[Record], raws: list[bytes]) -> list[Scrubbed]:
    mark = REPLACEMENT.encode()
    return [
        Scrubbed(str(record.id), name, value, "holds U+FFFD: a character that is no valid Unicode was replaced")
        for record, raw in zip(records, raws, strict=True)
        if record.scrubbed and mark in raw
        for name, value in json.loads(raw).items()
        if isinstance(value, str) and REPLACEMENT in value
    ]


def table(records: Sequence[Record], columns: Mapping[str, str], synced_at: Any) -> tuple[pa.Table, list[Scrubbed]]:
    """Records -> the raw table of their object.

    `columns`: property -> column. Columns: id, created_at, updated_at, archived_at, deleted_at, archived, deletion,
    merged_into_id, properties (JSON text), one text column per property, _synced_at.
    """
    values, properties, scrubbed = cells(records, list(columns))
    count = len(records)
    archived_at = instants([r.archivedAt for r in records])
    archived = pa.array([bool(r.archived) for r in records], pa.bool_())
    fixed: dict[str, pa.Array] = {
        "id": pa.array([str(r.id) for r in records], pa.string()),
        "created_at": instants([r.createdAt for r in records]),
        "updated_at": instants([r.updatedAt for r in records]),
        "archived_at": archived_at,
        "deleted_at": archived_at,
        "archived": archived,
        "deletion": pc.if_else(archived, pa.scalar("archived"), pa.scalar(None, pa.string())),
        "merged_into_id": pa.nulls(count, pa.string()),
        "properties": properties,
    }
    cells_by_column = dict(zip(columns.values(), values.columns, strict=True))
    stamp = {"_synced_at": pa.array([synced_at] * count, INSTANT)}
    return pa.table(fixed | cells_by_column | stamp), scrubbed


INSTANT = pa.timestamp("us", "UTC")


def instants(texts: Sequence[str | int | None]) -> pa.Array:
    """ISO-8601 or epoch-millisecond texts -> UTC timestamps; what is neither becomes null."""
    array = pa.array([None if text is None else str(text) for text in texts], pa.string())
    try:
        return pc.cast(array, INSTANT)
    except pa.ArrowInvalid:
        return pa.concat_arrays([_instant(text) for text in array.to_pylist()]) if len(array) else array.cast(INSTANT)


def _instant(text: str | None) -> pa.Array:
    try:
        if text is not None and text.lstrip("-").isdigit():
            return pa.array([int(text) * 1000], pa.int64()).cast(INSTANT)
        return pc.cast(pa.array([text], pa.string()), INSTANT)
    except (pa.ArrowInvalid, OverflowError):
        return pa.nulls(1, INSTANT)

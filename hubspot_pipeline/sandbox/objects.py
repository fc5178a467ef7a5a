"""Reading CRM objects: list, read, batch read, search.

`Call` on /crm/objects/{type} -> page of records joined from their bytes
"""

from collections.abc import Iterable, Sequence

from hubspot_pipeline.sandbox.answers import Answer, ApiError, batch_error, invalid, not_found
from hubspot_pipeline.sandbox.catalogue import Kind
from hubspot_pipeline.sandbox.encoding import Json, encode, member
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.records import Record, Selection, Shelf
from hubspot_pipeline.sandbox.sandbox import Call

EMAIL_CONTENT = (
    "hs_email_subject",
    "hs_email_text",
    "hs_email_html",
    "hs_email_headers",
    "hs_body_preview",
    "hs_body_preview_html",
)
LIST_MOST, HISTORY_MOST, BATCH_MOST = 100, 50, 100


def history_of(call: Call, shelf: Shelf, id: int, names: Sequence[str]) -> bytes:
    """`propertiesWithHistory` member: versions newest first."""
    known = call.portal.definitions[shelf.kind.name]
    shown = [name for name in names if name in known and not known[name]["archived"]]
    found = {name: [version.shown() for version in reversed(shelf.versions(id, name))] for name in shown}
    return b'"propertiesWithHistory":' + encode(found) + b","


def associations_of(call: Call, shelf: Shelf, id: int, kinds: Iterable[Kind]) -> bytes:
    """`associations` member: one entry per link and type, so ids repeat; nothing where there is no link."""
    found: list[bytes] = []
    most = call.sandbox.config.inline_associations
    for kind in kinds:
        types = call.portal.link_types.of(shelf.kind.name, kind.name)
        links = call.portal.linked(shelf.kind.name, id, kind.name)
        if not links:
            continue
        chosen = list(links.items())[:most]
        rows = [b'{"id":"%d","type":%b}' % (other, types[key].encoded) for other, keys in chosen for key in keys]
        paging = b""
        if len(links) > most:
            after = str(chosen[-1][0])
            origin = call.base_url.split("/crm/")[0]
            path = f"/crm/v4/objects/{shelf.kind.name}/{id}/associations/{kind.name}"
            paging = b',"paging":' + encode({"next": {"after": after, "link": f"{origin}{path}?after={after}"}})
        found.append(b'%b{"results":[%b]%b}' % (member(kind.name.replace("_", " ")), b",".join(rows), paging))
    return b'"associations":{%b},' % b",".join(found) if found else b""


def _without_content(record: Record | None) -> Record | None:
    """An e-mail as a token without its own scope sees it: the envelope's dates, not what was written."""
    if record is None:
        return None
    bare = record.copy()
    for name in EMAIL_CONTENT:
        bare.properties.pop(name, None)
    return bare


def _readable(call: Call, kinds: Sequence[Kind]) -> list[Kind]:
    """Object types that inline associations may show to this token. Raises 403 where the knob says so."""
    if call.sandbox.config.inline_without_scope == "refuse":
        call.require(*(kind.read_scopes for kind in kinds))
    return [kind for kind in kinds if call.token.has_any(kind.read_scopes)]


class Shape:
    """What a request wants of each record: properties, history, associations."""

    def __init__(
        self, call: Call, kind: Kind, properties: Sequence[str], history: Sequence[str] = (),
        associations: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.call, self.shelf, self.history = call, call.portal.shelves[kind.name], history
        self.kinds = _readable(call, [call.kind(spelling) for spelling in associations])
        self.selection: Selection = call.portal.selection(kind.name, properties or kind.defaults)
        self.withheld = kind.name == "emails" and call.token.lacks("sales-email-read")
        self.shows_archived = call.sandbox.config.archived_associations == "show"

    def of(self, id: int, record: Record | None = None) -> bytes:
        """JSON of one record, in an earlier state if that is given."""
        if self.withheld:
            record = _without_content(record or self.shelf.get(id))
        extra = b""
        if self.history:
            extra += history_of(self.call, self.shelf, id, self.history)
        if self.kinds and (self.shows_archived or self.shelf.is_live(id)):
            extra += associations_of(self.call, self.shelf, id, self.kinds)
        return self.shelf.render(id, self.selection, extra, record)


def _from_query(call: Call, kind: Kind) -> Shape:
    return Shape(call, kind, call.words("properties"), call.words("propertiesWithHistory"), call.words("associations"))


def paged(
    call: Call, rows: Sequence[bytes], after: int | None, number: bool, head: bytes = b"", link: str = ""
) -> Answer:
    body = b"{" + head + b'"results":[' + b",".join(rows) + b"]"
    if after is not None:
        shown = after if number else str(after)
        body += b',"paging":{"next":' + encode({"after": shown, "link": link or call.link(after=str(after))}) + b"}"
    return Answer(200, body + b"}")


def list_objects(call: Call, kind: Kind) -> Answer:
    """GET: ascending ids, `after` is the id the next page starts at."""
    most = HISTORY_MOST if call.words("propertiesWithHistory") else LIST_MOST
    limit = call.whole("limit", 10, most)
    text = call.text("after", "0") or "0"
    if not text.isdigit():
        raise invalid(f"Invalid paging cursor {text!r}")
    size, number = call.sandbox.shape(limit)
    size = size if call.forced_size is None else min(call.forced_size, limit)
    shape = _from_query(call, kind)
    if call.flag("archived") and kind.name in call.sandbox.config.unlisted_archived:
        raise _unlisted()
    ids, after = shape.shelf.page(call.flag("archived"), int(text), size, call.portal.now())
    return paged(call, [shape.of(id) for id in ids], after, number)


def _unlisted() -> ApiError:
    return invalid("Paging through deleted objects is not yet supported.")


def resolve(call: Call, shelf: Shelf, key: str, id_property: str, archived: bool) -> int | None:
    """Id of the record that an id, old id or unique value stands for; None where there is none in that state."""
    config = call.sandbox.config
    if archived and shelf.kind.name in config.unlisted_archived and not config.unlisted_by_id:
        raise _unlisted()
    if id_property and id_property not in ("id", "hs_object_id"):
        definition = call.portal.definitions[shelf.kind.name].get(id_property)
        domain = shelf.kind.name == "companies" and id_property == "domain"
        if definition is None or not (definition["hasUniqueValue"] or domain):
            raise invalid(f"Property {id_property!r} is not a unique identifier of {shelf.kind.name}")
        wanted = key.lower()
        ids = shelf.in_bin(call.portal.now()) if archived else shelf.live
        return next((id for id in ids if str(shelf.value(id, id_property) or "").lower() == wanted), None)
    if not key.isdigit():
        return None
    id = shelf.survivor(int(key))
    if archived:
        record = shelf.records.get(id)
        return (
            id
            if record is not None and record.archived_at is not None and id in shelf.in_bin(call.portal.now())
            else None
        )
    return id if shelf.is_live(id) else None


def read_object(call: Call, kind: Kind, key: str) -> Answer:
    """GET of one record, by id, merged-away id or `idProperty`."""
    shape = _from_query(call, kind)
    id = resolve(call, shape.shelf, key, call.text("idProperty"), call.flag("archived"))
    if id is None:
        raise not_found()
    return Answer(200, shape.of(id))


def envelope(call: Call, rows: Sequence[bytes], errors: Sequence[Json] = (), status: int = 200) -> Answer:
    """A batch answer: 207 as soon as there is an error."""
    at = encode(iso(call.portal.now()))
    body = b'{"status":"COMPLETE","results":[' + b",".join(rows) + b'],"startedAt":' + at + b',"completedAt":' + at
    if errors:
        body += b',"numErrors":%d,"errors":' % len(errors) + encode(list(errors))
    return Answer(207 if errors else status, body + b"}")


def batch_read(call: Call, kind: Kind) -> Answer:
    """POST batch/read: found ones in `results`, the others in one error of a 207."""
    body = call.object_body()
    history = list(body.get("propertiesWithHistory") or ())
    inputs = call.inputs(HISTORY_MOST if history else BATCH_MOST)
    shape = Shape(call, kind, list(body.get("properties") or ()), history)
    archived, id_property = call.flag("archived"), str(body.get("idProperty") or "")
    found: dict[int, None] = {}
    missing = []
    for one in inputs:
        id = resolve(call, shape.shelf, str(one.get("id", "")), id_property, archived)
        if id is None:
            missing.append(str(one.get("id", "")))
        else:
            found[id] = None
    rows = [shape.of(id) for id in found]
    if not missing:
        return envelope(call, rows)
    error = not_found(
        f"Could not get some {kind.upper} objects, they may be deleted or not exist. Check that ids are valid."
    )
    return envelope(call, rows, [batch_error(error, ids=missing)])


def search_objects(call: Call, kind: Kind) -> Answer:
    """POST search: offset paging over at most `result_cap` rows; no archived records, history or associations."""
    body = call.object_body()
    search = call.sandbox.search
    filters = [one for group in [body, *(body.get("filterGroups") or ())] for one in group.get("filters") or ()]
    others = {str(one.get("propertyName", "")).removeprefix("associations.") for one in filters
              if str(one.get("propertyName", "")).startswith("associations.")}  # fmt: skip
    call.require(*(call.kind(spelling).read_scopes for spelling in sorted(others)))
    query = search.query(kind.name, body, len(call.raw.decode("utf-8", "replace")))
    ids = search.find(kind.name, query, body)
    size, number = call.sandbox.shape(query.limit)
    size = size if call.forced_size is None else min(call.forced_size, query.limit)
    end = min(query.after + size, max(search.rules.result_cap, query.after))
    shape = Shape(call, kind, query.properties)
    chosen = ids[query.after : end]
    rows = [shape.of(id, search.state(kind.name, id)) for id in chosen]
    after = query.after + len(chosen)
    following = after if after < len(ids) else None
    return paged(call, rows, following, number, b'"total":%d,' % len(ids), f"?after={following}")


def merged_json(call: Call, kind: Kind, id: int, names: Iterable[str] = ()) -> bytes:
    """A record as a write answers it: default properties and those that were written."""
    shelf = call.portal.shelves[kind.name]
    return shelf.render(id, call.portal.selection(kind.name, [*kind.defaults, *names]))

"""What is wanted of one object and its property definitions -> `ObjectChoice`: names that exist, types that fit."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hubspot_pipeline.choice.conditions import Condition, condition
from hubspot_pipeline.choice.names import is_pattern, listed, resolved, unknown, wrong
from hubspot_pipeline.choice.wanted import ALL, NONE, Wanted

Definition = Mapping[str, Any]

CURSOR = (
    "hs_object_id", "hs_merged_object_ids", "lastmodifieddate", "hs_lastmodifieddate", "createdate", "hs_createdate",
)  # fmt: skip
"""What finds changed records and follows merges, whatever else a caller needs."""
ALWAYS = ("hs_object_id", "hs_merged_object_ids")

REPEATED: dict[str, tuple[str, ...]] = {
    "email": ("hs_full_name_or_email",),
    "firstname": ("hs_full_name_or_email",),
    "lastname": ("hs_full_name_or_email",),
    "phone": (
        "hs_calculated_phone_number", "hs_searchable_calculated_phone_number",
        "hs_searchable_calculated_international_phone_number",
    ),
    "mobilephone": (
        "hs_calculated_mobile_number", "hs_searchable_calculated_mobile_number",
        "hs_searchable_calculated_international_mobile_number",
    ),
} | {
    f"hs_{body}": ("hs_body_preview", "hs_body_preview_html")
    for body in ("call_body", "email_text", "email_html", "meeting_body", "note_body", "task_body")
}  # fmt: skip
"""Properties of HubSpot's own that repeat another one's content; they go where that one is blocked or hashed."""

RECORD_COLUMNS = (
    "id", "created_at", "updated_at", "archived_at", "deleted_at", "archived", "deletion", "merged_into_id",
    "properties", "_synced_at", "_dlt_load_id", "_dlt_id",
)  # fmt: skip
"""Columns that every record has beside its properties."""
LISTS = {"deals": ("contacts", "companies")}
"""Columns that the staging view of a stream has besides: ids of associated records."""
_COLUMN = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)
MAX_BYTES = 63


@dataclass(frozen=True, slots=True)
class ObjectChoice:
    """What is read, hidden, kept, filtered and shown of one object."""

    selected: tuple[str, ...]
    """Properties to read, sorted; none that is blocked."""
    blocked: frozenset[str] = frozenset()
    """Never read, never stored; those included that repeat a blocked or hashed one's content."""
    hashed: frozenset[str] = frozenset()
    history: tuple[str, ...] = ()
    """Properties whose versions are kept, sorted; all of them selected."""
    conditions: tuple[Condition, ...] = ()
    """A record is kept where all of them hold; see extract/filters.py."""
    exposed: frozenset[str] = frozenset()
    """Custom properties that the custom-property marts show; all of them selected."""
    aliases: dict[str, str] = field(default_factory=dict)
    """Property -> name of its column in the staging view."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """The live properties of one object, and where in the file they are spoken of."""

    stream: str
    known: dict[str, Definition]

    def up(self, section: str, names: Iterable[str], tail: str = "") -> list[str]:
        """Names and patterns -> names, each once. Raises ConfigError."""
        path = f"{section}.{self.stream}{tail}"
        found = (name for text in names for name in resolved(text, self.known, path, self.what))
        return list(dict.fromkeys(found))

    def one(self, text: str, path: str) -> str:
        """A name that is no pattern. Raises ConfigError."""
        if text in self.known:
            return text
        if is_pattern(text):
            raise wrong(path, f"a pattern like {text} has no meaning here; write the property's name.")
        raise unknown(text, {n: str(d.get("label") or "") for n, d in self.known.items()}, path, self.what)

    @property
    def what(self) -> str:
        return f"property of {self.stream}"


def chosen(stream: str, wanted: Wanted, definitions: Iterable[Definition], needed: Mapping[str, str],
           history_default: Sequence[str]) -> ObjectChoice:  # fmt: skip
    """See `Choice.of`."""
    look = _Looked(stream, {str(one["name"]): one for one in definitions if not one.get("archived")})
    blocked, hashed = _concealed(look, wanted, needed)
    selected = _selected(look, wanted, needed) - blocked
    return ObjectChoice(
        selected=tuple(sorted(selected)),
        blocked=frozenset(blocked),
        hashed=frozenset(hashed),
        history=tuple(sorted(_history(look, wanted, selected, blocked, history_default))),
        conditions=_conditions(look, wanted, selected, blocked | hashed),
        exposed=frozenset(_exposed(look, wanted, selected, blocked)),
        aliases=_aliases(look, wanted, selected, blocked),
    )


def _selected(look: _Looked, wanted: Wanted, needed: Mapping[str, str]) -> set[str]:
    """What is included, what is needed in any case, without what is excluded."""
    included = set(look.known) if wanted.include is None else set(look.up("properties", wanted.include))
    excluded = set(look.up("properties", wanted.exclude, ".exclude"))
    must = {name for name in (*needed, *ALWAYS) if name in look.known}
    if kept := excluded & must:
        reasons = ", ".join(f"{name} ({needed.get(name, 'cursor')})" for name in sorted(kept))
        raise wrong(
            f"properties.{look.stream}.exclude",
            f"these cannot be left out: {reasons}. Narrow the patterns so that they match none of them"
            f"{', or block what nobody may see' if kept - set(CURSOR) else ''}.",
        )
    return included - excluded | must


def _concealed(look: _Looked, wanted: Wanted, needed: Mapping[str, str]) -> tuple[set[str], set[str]]:
    """(blocked, hashed): both disjoint, blocked with what repeats a concealed property's content."""
    blocked, hashed = set(look.up("block", wanted.block)), set(look.up("hash", wanted.hash))
    untouchable = {*ALWAYS, *(name for name in CURSOR if name in needed)}
    for section, names in (("block", blocked), ("hash", hashed)):
        if kept := names & untouchable:
            raise wrong(
                f"{section}.{look.stream}",
                f"without {listed(kept)} changes cannot be found nor merges followed; leave "
                f"{'it' if len(kept) == 1 else 'them'} out of this section.",
            )
    if both := {name for name in wanted.block if name in wanted.hash}:
        raise wrong(f"hash.{look.stream}", f"{listed(both)} is blocked as well; keep it in one of the two sections.")
    hashed -= blocked
    repeating = {other for name in blocked | hashed for other in REPEATED.get(name, ())} & set(look.known)
    return blocked | repeating - hashed, hashed


def _history(look: _Looked, wanted: Wanted, selected: set[str], blocked: set[str],
             default: Sequence[str]) -> set[str]:  # fmt: skip
    """The default in any case; `all` and patterns take no calculated property, which changes too often."""
    path = f"history.{look.stream}"
    kept = set(default) & selected
    plain = {name: one for name, one in look.known.items() if not one.get("calculated") and name in selected}
    if wanted.history is None:
        return kept
    if wanted.history == ALL:
        return kept | set(plain)
    for text in wanted.history:
        if text not in look.known and is_pattern(text):
            kept |= set(resolved(text, plain, path, "selected property that is not calculated"))
        else:
            kept.add(_readable(look.one(text, path), selected, blocked, path, look.stream))
    return kept


def _readable(name: str, selected: set[str], hidden: set[str], path: str, stream: str) -> str:
    """The name, if it is read. Raises ConfigError."""
    if name in hidden:
        raise wrong(path, f"{name} is blocked or hashed; take it out of here, or out of `block` and `hash`.")
    if name not in selected:
        raise wrong(path, f"{name} is not selected; add it to properties.{stream}.")
    return name


def _conditions(look: _Looked, wanted: Wanted, selected: set[str], hidden: set[str]) -> tuple[Condition, ...]:
    found = []
    for one in wanted.filters:
        path = f"{one.path}.field"
        name = _readable(look.one(one.field, path), selected, hidden, path, look.stream)
        found.append(condition(one, look.known[name]))
    return tuple(found)


def is_custom(definition: Definition) -> bool:
    """Made by the portal's users; HubSpot leaves `hubspotDefined` out there."""
    return not definition.get("hubspotDefined", False)


def _exposed(look: _Looked, wanted: Wanted, selected: set[str], blocked: set[str]) -> set[str]:
    custom = {name: one for name, one in look.known.items() if is_custom(one) and name in selected}
    path = f"expose.{look.stream}"
    if wanted.expose is None or wanted.expose == ALL:
        return set(custom)
    if wanted.expose == NONE:
        return set()
    found: set[str] = set()
    for text in wanted.expose:
        if text not in look.known and is_pattern(text):
            found |= set(resolved(text, custom, path, f"selected custom property of {look.stream}"))
            continue
        name = _readable(look.one(text, path), selected, blocked, path, look.stream)
        if name not in custom:
            raise wrong(path, f"{name} is HubSpot's own; this section is for custom properties: {listed(custom)}.")
        found.add(name)
    return found


def _aliases(look: _Looked, wanted: Wanted, selected: set[str], blocked: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    taken = {column: f"a column that every record has ({column})" for column in RECORD_COLUMNS}
    taken |= dict.fromkeys(LISTS.get(look.stream, ()), f"a column of {look.stream}")
    taken |= {name.lower(): f"a property of {look.stream} ({name})" for name in look.known if name.lower() not in taken}
    for text, column in wanted.columns.items():
        path = f"columns.{look.stream}.{text}"
        name = _readable(look.one(text, path), selected, blocked, path, look.stream)
        if not _COLUMN.fullmatch(column) or len(column) > MAX_BYTES:
            raise wrong(
                path,
                f"{column!r} is no plain column name: lower-case letters, digits and _, not beginning with a digit, "
                f"{MAX_BYTES} characters at most.",
            )
        if column != name and column in taken:
            raise wrong(path, f"{column} is {taken[column]} already; choose another name.")
        taken[column] = f"the new name of {name}"
        found[name] = column
    return found

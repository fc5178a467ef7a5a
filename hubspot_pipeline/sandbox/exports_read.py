"""Reads HubSpot's own CSV exports of contacts, companies and deals: which column is what, and each cell's value.

tables of a folder + property definitions -> `Export` per file, or every cell that cannot be understood
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from hubspot_pipeline.sandbox.csv_files import ImportRefused, Table
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.portal import Portal

OBJECTS = ("contacts", "companies", "deals")
_TELLING = {
    "deals": {"deal name", "deal stage", "deal owner", "dealname", "dealstage"},
    "contacts": {"first name", "last name", "contact owner", "firstname", "lastname"},
    "companies": {"company name", "company domain name", "company owner", "domain"},
}
"""Columns that tell what a file is about; asked in this order, as contacts name their company too."""
_ALIASES = {
    "contact owner": "hubspot_owner_id", "company owner": "hubspot_owner_id", "deal owner": "hubspot_owner_id",
    "original traffic source": "hs_analytics_source", "last modified date": "modified", "create date": "createdate",
    "hs_lastmodifieddate": "modified", "lastmodifieddate": "modified",
}  # fmt: skip
_RECORD_ID = re.compile(r"record id( - \w+)?|hs_object_id")
_OTHERS = (
    "ticket", "call", "email", "meeting", "note", "task", "line item", "product", "quote", "invoice", "order", "cart",
    "subscription", "payment", "lead", "communication", "postal mail", "conversation",
)  # fmt: skip
_WORDS = "|".join(("contact", "company", "companies", "deal", *_OTHERS))
_LINK = re.compile(rf"associated ({_WORDS})s?( ids?)?(?: \((.+)\))?", re.IGNORECASE)
_PRIMARY = {"primary associated company id", "primary associated company"}
_PLURAL = {"contact": "contacts", "company": "companies", "companies": "companies", "deal": "deals"}
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?|-?\d+(\.\d+)?[eE][+-]?\d+")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_MOST_TOLD = 20


@dataclass
class Link:
    """A column of the other ends of a record's links."""

    object: str
    label: str
    ids: int = -1
    names: int = -1
    """Places of the columns with ids and with names; -1 where there is none."""


@dataclass
class Row:
    """One record as its file has it; instants are milliseconds."""

    id: int
    properties: dict[str, str]
    created: int | None
    modified: int | None
    place: str
    owner: str = ""
    pipeline: str = ""
    stage: str = ""
    links: dict[int, list[tuple[str, str]]] = field(default_factory=dict)
    """Per link column of the file: (id or "", name or "") of each other end."""


@dataclass
class Export:
    """One file, understood."""

    table: Table
    object: str
    rows: list[Row] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    new: dict[str, Json] = field(default_factory=dict)
    """Definitions of custom properties that the portal does not have yet."""
    options: dict[str, list[str]] = field(default_factory=dict)
    """Choices that properties of the portal do not have yet."""
    untaken: list[str] = field(default_factory=list)
    """Columns that nothing is made of: links to objects that no export is read of."""


def is_export(table: Table) -> bool:
    """Whether the header is that of an export: it names the record's id."""
    return any(_RECORD_ID.fullmatch(one.casefold()) for one in table.header)


def object_of(table: Table) -> str:
    """What a file is about, by its header, else by its name. Raises ImportRefused."""
    names = {one.casefold() for one in table.header}
    for object_type, telling in _TELLING.items():
        if names & telling:
            return object_type
    named = [one for one in OBJECTS if one in table.name.casefold()]
    if len(named) != 1:
        raise ImportRefused(
            f"{table.name}: neither its columns nor its name tell whether it holds contacts, companies or deals; "
            f"put one of these words into the file's name. It has {', '.join(table.header)}."
        )
    return named[0]


class Reader:
    """Reads the tables of one folder and gathers what cannot be understood."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.zone = portal, ZoneInfo(portal.time_zone)
        self.problems: list[str] = []

    def read(self, table: Table) -> Export:
        """One file. Problems are kept for `check`."""
        export = Export(table, object_of(table))
        setters = [self._column(export, place, header) for place, header in enumerate(table.header)]
        for number, cells in enumerate(table.rows, start=2):
            row = Row(0, {}, None, None, f"{table.name} row {number}")
            for header, setter, cell in zip(table.header, setters, cells, strict=True):
                if cell.strip():
                    try:
                        setter(row, cell)
                    except ValueError as error:
                        self.problems.append(f"{row.place}, column {header!r}: {error}")
            if not row.id and not any(one.startswith(row.place + ",") for one in self.problems):
                self.problems.append(f"{row.place}: it has no record id")
            for at, link in enumerate(export.links):
                row.links[at] = self._ends(link, cells, row)
            export.rows.append(row)
        return export

    def check(self, exports: Iterable[Export]) -> None:
        """Raises ImportRefused naming all that is wrong, up to a number that can be read."""
        seen: dict[tuple[str, int], str] = {}
        for export in exports:
            for row in export.rows:
                first = seen.setdefault((export.object, row.id), row.place)
                if row.id and first != row.place:
                    self.problems.append(f"{row.place}: record id {row.id} is that of {first} already")
        if self.problems:
            more = len(self.problems) - _MOST_TOLD
            told = "\n".join(self.problems[:_MOST_TOLD])
            raise ImportRefused(f"{told}\nand {more} more" if more > 0 else told)

    def _column(self, export: Export, place: int, header: str) -> Callable[[Row, str], None]:
        """What to do with a cell of this column."""
        name = header.casefold()
        if _RECORD_ID.fullmatch(name):
            return self._id
        if name in _PRIMARY:
            export.links.append(Link("companies", "Primary", ids=place))
        found = _LINK.fullmatch(header)
        if found:
            self._link(export, place, header, found)
            return lambda row, cell: None
        property_name = self._known(export.object, name) or self._new(export, place, header)
        definition = export.new.get(property_name) or self.portal.definitions[export.object].get(property_name, {})
        match property_name:
            case "createdate":
                return lambda row, cell: setattr(row, "created", self._ms(cell))
            case "modified":
                return lambda row, cell: setattr(row, "modified", self._ms(cell))
            case "hubspot_owner_id":
                return lambda row, cell: setattr(row, "owner", cell.strip())
            case "pipeline" | "dealstage" if export.object == "deals":
                where = "pipeline" if property_name == "pipeline" else "stage"
                return lambda row, cell: setattr(row, where, cell.strip())
        return lambda row, cell: row.properties.update({property_name: self._value(export, definition, cell)})

    def _known(self, object_type: str, name: str) -> str | None:
        """The property of that label or name."""
        if name in _ALIASES:
            return _ALIASES[name]
        known = self.portal.definitions[object_type]
        by_label = (one["name"] for one in known.values() if one["label"].casefold() == name)
        return next(by_label, None) or next((one for one in known if one.casefold() == name), None)

    @staticmethod
    def _link(export: Export, place: int, header: str, found: re.Match[str]) -> None:
        object_type = _PLURAL.get(found[1].casefold())
        if object_type is None:
            export.untaken.append(header)
            return
        label = found[3] or ""
        same = (one for one in export.links if (one.object, one.label) == (object_type, label))
        link = next(same, None)
        if link is None:
            link = Link(object_type, label)
            export.links.append(link)
        if found[2]:
            link.ids = place
        else:
            link.names = place

    def _new(self, export: Export, place: int, header: str) -> str:
        """A custom property for a column that the portal has none for, of the type that all its cells have."""
        cells = [row[place].strip() for row in export.table.rows if row[place].strip()]
        latin = unicodedata.normalize("NFKD", header.casefold()).encode("ascii", "ignore").decode()
        stem = re.sub(r"[^a-z0-9]+", "_", latin).strip("_") or "column"
        name = base = stem if stem[0].isalpha() else f"c_{stem}"
        taken = {*self.portal.definitions[export.object], *export.new, "modified"}
        number = 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        export.new[name] = {"name": name, "label": header or name, "type": self._type_of(cells)}
        return name

    def _type_of(self, cells: list[str]) -> str:
        if not cells:
            return "string"
        if all(_NUMBER.fullmatch(cell) for cell in cells):
            return "number"
        if all(cell.casefold() in ("true", "false") for cell in cells):
            return "bool"
        if all(_STAMP.fullmatch(cell) for cell in cells):
            return "date" if all(len(cell) == 10 for cell in cells) else "datetime"
        return "string"

    @staticmethod
    def _id(row: Row, cell: str) -> None:
        if not cell.strip().isdigit() or not int(cell):
            raise ValueError(f"{cell!r} is no record id")
        row.id = int(cell)

    def _ms(self, cell: str) -> int:
        """Milliseconds of a time as exports write it: in the portal's time zone unless it names another."""
        text = cell.strip()
        if not _STAMP.fullmatch(text):
            raise ValueError(f"{cell!r} is not a time like 2024-05-01 13:45")
        found = datetime.fromisoformat(text)
        return round((found if found.tzinfo else found.replace(tzinfo=self.zone)).timestamp() * 1000)

    def _value(self, export: Export, definition: Json, cell: str) -> str:
        """A cell as the property's value. Raises ValueError."""
        text = cell.strip()
        match definition["type"]:
            case "number":
                if not _NUMBER.fullmatch(text):
                    raise ValueError(f"{cell!r} is not a number")
                return text
            case "bool":
                found = {"true": "true", "yes": "true", "false": "false", "no": "false"}.get(text.casefold())
                if found is None:
                    raise ValueError(f"{cell!r} is neither true nor false")
                return found
            case "date":
                if not _STAMP.fullmatch(text):
                    raise ValueError(f"{cell!r} is not a date like 2024-05-01")
                return date.fromisoformat(text[:10]).isoformat()
            case "datetime":
                return iso(self._ms(cell))
            case "enumeration":
                return self._choice(export, definition, cell)
        return cell

    def _choice(self, export: Export, definition: Json, cell: str) -> str:
        """Values of the labels in a cell; a label that the portal does not know becomes a choice of its own."""
        if not definition.get("options"):
            return cell
        several = definition["fieldType"] == "checkbox"
        labels = [one.strip() for one in (cell.split(";") if several else [cell])]
        known = {_plain(word): one["value"] for one in definition["options"] for word in (one["label"], one["value"])}
        added = export.options.setdefault(definition["name"], [])
        for label in labels:
            if label and _plain(label) not in known:
                known[_plain(label)] = label
                added += [label] if label not in added else []
        return ";".join(known[_plain(label)] for label in labels if label)

    def _ends(self, link: Link, cells: list[str], row: Row) -> list[tuple[str, str]]:
        """(id, name) of each other end; names without ids, or ids without names, have the other empty."""
        ids, names = _split(cells, link.ids), _split(cells, link.names)
        for id in ids:
            if not id.isdigit():
                self.problems.append(f"{row.place}: {id!r} is no id of one of the {link.object}")
        if ids and len(names) != len(ids):
            # a name may hold a semicolon itself; the ids say who is meant
            names = [""] * len(ids)
        return list(zip(ids or [""] * len(names), names, strict=True))


def _plain(label: str) -> str:
    return re.sub(r"[\s_-]+", "", label).casefold()


def _split(cells: list[str], place: int) -> list[str]:
    return [one.strip() for one in cells[place].split(";") if one.strip()] if place >= 0 else []

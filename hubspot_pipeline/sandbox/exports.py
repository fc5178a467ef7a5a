"""Loads HubSpot's own CSV exports of contacts, companies and deals into an empty portal.

folder of exports -> records under their own ids, custom properties, stages, owners, links; a line per file of what came
of it

Record ids, times and values stay as they are. What only another file's column names becomes a record of that name, so
that no link is lost.
"""

import re
from dataclasses import dataclass, field

from hubspot_pipeline.sandbox.csv_files import Table
from hubspot_pipeline.sandbox.exports_read import Export, Link, Reader, Row
from hubspot_pipeline.sandbox.instants import DAY
from hubspot_pipeline.sandbox.links import HUBSPOT, USER, Type
from hubspot_pipeline.sandbox.portal import Portal

_PRIMARY = {"contacts": (HUBSPOT, 1), "deals": (HUBSPOT, 5)}
_GONE = " (Deactivated User)"
_NAMED = re.compile(r"(.*?)\s*\(([^()\s]+@[^()\s]+)\)")


@dataclass
class _Load:
    """What earlier rows gave the later ones."""

    portal: Portal
    first: int
    owners: dict[str, str] = field(default_factory=dict)
    by_name: dict[tuple[str, str], str] = field(default_factory=dict)
    labels: dict[tuple[str, str, str], Type] = field(default_factory=dict)
    made: dict[str, int] = field(default_factory=dict)
    """Records, stages and the like that only a cell of another file names, by what they are."""

    def count(self, what: str) -> None:
        self.made[what] = self.made.get(what, 0) + 1


def load_exports(portal: Portal, tables: list[Table]) -> list[str]:
    """Fills the portal and sets its clock to the end of the last day of the data; returns a line per file.

    Raises ImportRefused before anything is written.
    """
    reader = Reader(portal)
    exports = [reader.read(table) for table in tables]
    reader.check(exports)
    times = [at for export in exports for row in export.rows for at in (row.created, row.modified) if at is not None]
    load = _Load(portal, min(times, default=portal.now()))
    running = not portal.clock.frozen
    portal.clock.freeze()
    portal.clock.set(load.first)
    for export in exports:
        _define(load, export)
    told: list[str] = []
    made = [_records(load, export) for export in exports]
    for export, notes in zip(exports, made, strict=True):
        links = _links(load, export)
        told.append(_summary(export, links, notes))
    if load.made:
        named = ", ".join(f"{count} {what}" for what, count in sorted(load.made.items()))
        told.append(f"only named in cells, and made of that: {named}")
    end = max(times, default=portal.now())
    portal.clock.set((end // DAY + 1) * DAY - 1)
    if running:
        portal.clock.run()
    return told


def _define(load: _Load, export: Export) -> None:
    """Properties and choices that the portal does not have."""
    for definition in export.new.values():
        load.portal.define_property(export.object, definition, at=load.first)
    for name, labels in export.options.items():
        before = load.portal.definitions[export.object][name]
        if labels:
            options = [*before["options"], *({"label": one, "value": one} for one in labels)]
            load.portal.define_property(export.object, {**before, "options": options}, at=load.first)


def _records(load: _Load, export: Export) -> list[str]:
    """Makes the records; returns what is worth telling."""
    notes, turned = [], 0
    name_of = {"contacts": ("firstname", "lastname"), "companies": ("name",), "deals": ("dealname",)}[export.object]
    for row in export.rows:
        created = row.created if row.created is not None else row.modified or load.first
        given = dict(row.properties)
        if row.owner:
            given["hubspot_owner_id"] = _owner(load, row.owner)
        if row.stage or row.pipeline:
            given["pipeline"], given["dealstage"] = _stage(load, row)
        given = {name: value for name, value in given.items() if value}
        id = load.portal.create(export.object, given, at=created, id=str(row.id), source="IMPORT")
        if row.modified is not None and row.modified > created:
            load.portal.update(export.object, id, {}, at=row.modified, source="IMPORT")
        turned += row.modified is not None and row.modified < created
        shown = " ".join(row.properties[name] for name in name_of if name in row.properties).strip()
        load.by_name.setdefault((export.object, shown.casefold()), id)
        if export.object == "contacts" and row.properties.get("email"):
            load.by_name.setdefault((export.object, row.properties["email"].casefold()), id)
    if turned:
        notes.append(f"{turned} were changed before they were made: they count as changed when made")
    return notes


def _owner(load: _Load, cell: str) -> str:
    """Id of the owner of that name or address, made when new; one who left is archived."""
    name = cell.removesuffix(_GONE)
    if name.isdigit() and name in load.portal.owners:
        return name
    if not load.owners:
        for id, one in load.portal.owners.items():
            load.owners |= {f"{one['firstName']} {one['lastName']}".casefold(): id, one["email"].casefold(): id}
    found = _NAMED.fullmatch(name)
    shown, email = (found[1], found[2]) if found else ("", name) if "@" in name else (name, "")
    email = email or re.sub(r"\s+", ".", shown.strip().casefold()) + "@example.com"
    keys = [word.casefold() for word in (email, shown.strip()) if word]
    known = next((load.owners[key] for key in keys if key in load.owners), None)
    if known is None:
        first, _, last = shown.partition(" ")
        known = load.portal.add_owner(email=email, first_name=first, last_name=last, at=load.first)
        load.count("owners")
        if cell.endswith(_GONE):
            load.portal.archive_owner(known, at=load.first)
    for key in keys:
        load.owners.setdefault(key, known)
    return known


def _stage(load: _Load, row: Row) -> tuple[str, str]:
    """Ids of a deal's pipeline and stage, by label or id; made when new."""
    pipelines = load.portal.pipelines["deals"]
    found = re.fullmatch(r"(.*\S) \((.+)\)", row.stage)
    label, pipeline = row.stage, row.pipeline
    if found and (not pipeline or pipeline.casefold() == found[2].casefold()):
        # where there are several pipelines, a stage shows which one it is of
        label, pipeline = found[1], pipeline or found[2]
    known = next(
        (one for one in pipelines.values() if pipeline.casefold() in (one["label"].casefold(), one["id"].casefold())),
        next(iter(pipelines.values())) if not pipeline else None,
    )
    if known is None:
        id = load.portal.define_pipeline("deals", {"label": pipeline, "stages": []}, at=load.first)
        known = pipelines[id]
        load.count("pipelines")
    for stage in known["stages"]:
        if label.casefold() in (stage["label"].casefold(), stage["id"].casefold()):
            return str(known["id"]), str(stage["id"])
    if not label:
        return str(known["id"]), ""
    word = label.casefold()
    closed = "won" in word or "lost" in word
    probability = "1.0" if "won" in word else "0.0" if closed else "0.5"
    metadata = {"isClosed": str(closed).lower(), "probability": probability}
    new = {"label": label, "displayOrder": len(known["stages"]), "metadata": metadata}
    id = load.portal.define_pipeline("deals", {**known, "stages": [*known["stages"], new]}, at=load.first)
    load.count("stages")
    return id, str(pipelines[id]["stages"][-1]["id"])


def _links(load: _Load, export: Export) -> int:
    """Links the records of a file; returns how many links there are."""
    count = 0
    for row in export.rows:
        at = row.created if row.created is not None else load.first
        companies = {id or name for place, ends in row.links.items() if export.links[place].object == "companies"
                     for id, name in ends}  # fmt: skip
        marked = any(link.object == "companies" and link.label == "Primary" for link in export.links)
        for place, ends in row.links.items():
            link = export.links[place]
            for id, name in ends:
                other = _other_end(load, link.object, id, name)
                if other is None:
                    continue
                alone = link.object == "companies" and export.object in _PRIMARY and not marked and len(companies) == 1
                types = _types(load, export.object, Link(link.object, "Primary") if alone and not link.label else link)
                load.portal.associate(export.object, str(row.id), link.object, other, types, at=at)
                count += 1
    return count


def _types(load: _Load, object_type: str, link: Link) -> list[Type] | None:
    """Association types of a label; one that the portal does not have is defined. None: the unlabelled one."""
    if not link.label:
        return None
    if link.label == "Primary" and link.object == "companies" and object_type in _PRIMARY:
        return [_PRIMARY[object_type]]
    key = (object_type, link.object, link.label)
    if key not in load.labels:
        known = load.portal.link_types.of(object_type, link.object)
        found = next((one for one, type_ in known.items() if type_.label == link.label), None)
        load.labels[key] = found or (USER, load.portal.define_label(object_type, link.object, link.label))
    return [load.labels[key]]


def _other_end(load: _Load, object_type: str, id: str, name: str) -> str | None:
    """Id of the record at the other end, made where only its id or name is known."""
    shelf = load.portal.shelves[object_type]
    if id and shelf.is_live(int(id)):
        return id
    found = _NAMED.fullmatch(name)
    shown, email = (found[1], found[2]) if found else (name, "")
    keys = [(object_type, word.casefold()) for word in (email, shown, name) if word]
    if not id:
        for key in keys:
            if key in load.by_name:
                return load.by_name[key]
        if not keys:
            return None
    first, _, last = shown.partition(" ")
    given = {"contacts": {"firstname": first, "lastname": last, "email": email}, "companies": {"name": name},
             "deals": {"dealname": name}}[object_type]  # fmt: skip
    made = load.portal.create(
        object_type, {key: value for key, value in given.items() if value}, at=load.first, id=id or None,
        source="IMPORT",
    )  # fmt: skip
    for key in keys:
        load.by_name.setdefault(key, made)
    load.count(object_type)
    return made


def _summary(export: Export, links: int, notes: list[str]) -> str:
    """What came of a file, in one line."""
    parts = [f"{len(export.rows)} {export.object}", f"{links} links"]
    if export.new:
        named = ", ".join(f"{one['name']} ({one['type']})" for one in export.new.values())
        parts.append(f"new properties {named}")
    choices = [f"{name}: {', '.join(labels)}" for name, labels in export.options.items() if labels]
    if choices:
        parts.append(f"new choices {'; '.join(choices)}")
    if export.untaken:
        parts.append(f"not taken: columns {', '.join(export.untaken)}, as no export of those objects is read")
    return f"{export.table.name}: {'; '.join([*parts, *notes])}"

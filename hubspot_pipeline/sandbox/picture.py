"""The whole portal as its API would show it, for comparison with a warehouse.

portal -> JSON objects: records, associations, history, owners, pipelines, properties, schemas, lists, items, account
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.items import shown_currency
from hubspot_pipeline.sandbox.workflows import as_flow, as_workflow

if TYPE_CHECKING:
    from hubspot_pipeline.sandbox.portal import Portal


def _records(portal: "Portal", object_type: str) -> Iterator[Json]:
    shelf, known = portal.shelves[object_type], portal.definitions[object_type]
    hidden = {name for name, definition in known.items() if definition["archived"]}
    for record in shelf.all_records(portal.now()):
        archived = record.archived_at is not None
        yield {
            "kind": "record", "object": object_type, "id": str(record.id), "createdAt": iso(record.created),
            "updatedAt": iso(record.modified), "archived": archived,
            "archivedAt": iso(record.archived_at) if record.archived_at is not None else None,
            "properties": {name: value for name, value in sorted(record.properties.items()) if name not in hidden},
            "mergedInto": None,
        }  # fmt: skip
    for id in sorted(shelf.forwards):
        yield {
            "kind": "record", "object": object_type, "id": str(id), "createdAt": None, "updatedAt": None,
            "archived": False, "archivedAt": None, "properties": {}, "mergedInto": str(shelf.survivor(id)),
        }  # fmt: skip


def _associations(portal: "Portal", object_type: str) -> Iterator[Json]:
    pairs = sorted(to for from_, to in portal.link_types.by_pair if from_ == object_type)
    shelf = portal.shelves[object_type]
    ids = [*shelf.live, *shelf.in_bin(portal.now())]
    for to in pairs:
        if not portal.links.computed and not portal.links.pairs.get((object_type, to)):
            continue
        types = portal.link_types.of(object_type, to)
        for id in ids:
            for other, keys in portal.linked(object_type, id, to).items():
                for key in keys:
                    yield {
                        "kind": "association", "from_object": object_type, "from_id": str(id), "to_object": to,
                        "to_id": str(other), "category": key[0], "type_id": key[1], "label": types[key].label,
                    }  # fmt: skip


def _history(portal: "Portal", object_type: str) -> Iterator[Json]:
    for record in portal.shelves[object_type].all_records(portal.now()):
        for name in sorted(record.history):
            for version in record.history[name]:
                shown = version.shown() | {"seq": version.seq}
                yield {"kind": "history", "object": object_type, "id": str(record.id), "property": name, **shown}


def _lists(portal: "Portal") -> Iterator[Json]:
    for id, one in portal.lists.items():
        if one["deletedAt"] is None:
            yield {"kind": "list", **portal.shown_list(id)}
            for member in portal.shown_memberships(id):
                yield {"kind": "list_membership", "listId": id, **member}


def _items(portal: "Portal") -> Iterator[Json]:
    """Items as their lists show them; a submission names its form, an e-mail campaign is list row and detail in one."""
    for kind, items in portal.items.items():
        for one in items.values():
            if kind == "web_event":
                yield {"kind": kind, "object": one["object"], **portal.shown_event(one)}
            elif kind == "form_submission":
                yield {"kind": kind, "formId": one["formId"], **portal.shown(kind, one)}
            elif kind == "sequence_enrollment":
                yield {"kind": kind, "contactId": str(one["contactId"]), **portal.shown(kind, one)}
            elif kind == "email_campaign":
                yield {"kind": kind, **one, "id": int(one["id"])}
            elif kind == "workflow":
                if one["objectTypeId"] == "0-1":
                    yield {"kind": "workflow", **as_workflow(portal.portal_id, one)}
                yield {"kind": "flow", **as_flow(one)}
            else:
                yield {"kind": kind, **portal.shown(kind, one)}
    for team in portal.teams.values():
        yield {"kind": "team", **team}
    for user in portal.users.values():
        yield {"kind": "settings_user", **user}


def _labels(portal: "Portal") -> Iterator[Json]:
    for from_, to in portal.link_types.by_pair:
        for label in portal.labels(from_, to):
            yield {"kind": "association_type", "from_object": from_, "to_object": to, **label}


def picture(portal: "Portal") -> Iterator[Json]:
    """Yields records (merged-away ones as a stub with `mergedInto`), links in both directions, versions, settings."""
    for object_type in portal.shelves:
        yield from _records(portal, object_type)
    for object_type in portal.shelves:
        yield from _associations(portal, object_type)
    for object_type in portal.shelves:
        yield from _history(portal, object_type)
    for owner in portal.owners.values():
        yield {"kind": "owner", **owner}
    for object_type, pipelines in portal.pipelines.items():
        for pipeline in pipelines.values():
            yield {"kind": "pipeline", "object": object_type, **pipeline}
    for object_type, definitions in portal.definitions.items():
        for definition in definitions.values():
            if definition.get("unlisted"):
                continue
            yield {"kind": "property", "object": object_type, **definition}
    for schema in portal.schemas.values():
        shown = portal.shown_schema(schema)
        yield {"kind": "schema", "object": portal.kind(schema["objectTypeId"]).name, **shown}
    for object_type, groups in portal.groups.items():
        for group in groups.values():
            yield {"kind": "property_group", "object": object_type, **group}
    yield from _lists(portal)
    yield from _items(portal)
    yield from _labels(portal)
    yield from ({"kind": "event_type", "name": name} for name in portal.event_types())
    yield {"kind": "account", **portal.details()}
    yield {"kind": "company_currency", **shown_currency(portal.currency)}

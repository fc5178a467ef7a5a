"""What people did on the website, and the files behind attachments.

world as the story left it -> web events per record, files of the ids that notes carry
"""

from typing import Any

from hubspot_pipeline.sandbox.seed_shop import Shop
from hubspot_pipeline.sandbox.seed_world import END, World, iso

_PAGES = ("/", "/pricing", "/docs/api?page=2", "/blog/größer", "/contact")
_KINDS = (
    "companies", "deals", "tickets", "products", "line_items", "calls", "emails", "meetings", "notes", "tasks",
    "goal_targets", "workspace", "campaigns", "engagements",
)  # fmt: skip
_FILES = (
    ("Contract", "pdf"), ("../../etc/passwd", "txt"), ("Angebot Müller & Söhne", "pdf"), ("CON", "txt"),
    ("photo", "png"), ("見積書", "pdf"), ("a" * 300, "csv"), ("report.final", "html"), ("Contract", "pdf"),
    ('a\x00b <c>:"d"|e?*\\f/g\n', "txt"), ("..", ""), (" .hidden ", "pdf"), ("ﬁle\u202egpj", "exe"),
)  # fmt: skip
"""Names that a file system would take the wrong way are among them, and one name twice."""


def add_web(world: World, seed: int, size: float) -> None:
    """Events of some contacts, one of them with more than a page's worth, and of a few records of every other kind."""
    shop = Shop(world, "web", seed, size)
    for number, person in enumerate(shop.rng.sample(shop.people, min(shop.count(40), len(shop.people)))):
        for _ in range(130 if number == 0 and size >= 1 else shop.rng.randrange(1, 8)):
            _visit(shop, "contacts", person.id, person.created)
    for object_type in _KINDS:
        shelf = shop.portal.shelves.get(object_type)
        live = shelf.live if shelf is not None else []
        for id in shop.rng.sample(list(live), min(shop.count(6), len(live))):
            assert shelf is not None
            created, _ = shelf.times(id)
            for _ in range(shop.rng.randrange(1, 4)):
                _visit(shop, object_type, str(id), created)


def _visit(shop: Shop, object_type: str, id: str, after: int) -> None:
    at = shop.moment(after)
    kind = shop.rng.choice(("e_visited_page", "e_visited_page", "e_submitted_form", "e_clicked_link_in_email_v2"))
    properties: dict[str, Any] = {
        "hs_url": f"https://www.lumenfield.example{shop.rng.choice(_PAGES)}", "hs_browser": "Firefox",
        "hs_title": "Lumenfield — “home”", "hs_visitor_type": shop.rng.choice(("NEW_VISITOR", "RETURNING_VISITOR")),
    }  # fmt: skip
    if kind == "e_submitted_form":
        properties |= {"hs_form_id": "f-1", "hs_form_type": "HUBSPOT"}
    item = {"object": object_type, "objectId": id, "eventType": kind, "properties": properties, "occurredAt": iso(at)}
    shop.portal.put("web_event", item, at=at)


def add_files(world: World, seed: int, size: float) -> None:
    """A file for every attachment of a note, each name in turn; the third and some others are gone, deleted."""
    shop = Shop(world, "files", seed, size)
    shelf = shop.portal.shelves["notes"]
    count = 0
    for note in shelf.live:
        for id in str(shelf.value(note, "hs_attachment_ids") or "").split(";"):
            if not id:
                continue
            name, extension = _FILES[count % len(_FILES)]
            count += 1
            content = f"{name} {id}\n" * shop.rng.randrange(1, 40)
            access = "PUBLIC_NOT_INDEXABLE" if shop.rng.random() < 0.1 else "PRIVATE"
            item = {"name": name, "extension": extension, "content": content, "access": access,
                    "type": "IMG" if extension == "png" else "DOCUMENT"}  # fmt: skip
            shop.portal.put("file", item, id=id, at=min(shelf.times(note)[0], END - 1))
            if shop.rng.random() < 0.05 or count == 3:
                shop.portal.drop("file", id, archive=True, at=END - 1)

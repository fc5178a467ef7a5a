"""What one stream is: the row type of the stream table."""

import re
from dataclasses import dataclass
from typing import Literal

Shape = Literal["object", "collection", "children", "events", "derived"]
"""object: CRM records with properties; collection: one list, read completely; children: a list per parent id;
events: a log that is read by windows of time; derived: filled by other streams, or a view of them."""

Mode = Literal["incremental_server_side", "incremental_client_side", "full_refresh"]
MODES: tuple[Mode, ...] = ("incremental_server_side", "incremental_client_side", "full_refresh")

Paging = Literal["whole", "after", "offset", "body_offset"]
"""whole: one answer, or whatever pages it says it has; after: `paging.next.after`; offset: `hasMore` and `offset`;
body_offset: the same in a POST."""

Column = tuple[str, str, str]
"""(column, dlt data type, field in HubSpot's answer; a dot goes one level down)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a stream that is no CRM object is read, and how its pages are walked."""

    path: str
    """`{v}` is the dated API version, `{id}` the parent's id; `{object}` and `{to}` what `each` runs over."""
    items: str = "results"
    """Field of the answer that holds the items; empty: the answer is the one item."""
    paging: Paging = "whole"
    size: int = 0
    """Items of a page; sent as `limit` (as `count` in a body)."""
    params: tuple[tuple[str, str], ...] = ()
    passes: tuple[tuple[tuple[str, str], ...], ...] = ((),)
    """Parameter sets, one complete walk each: what one listing leaves out, another shows (archived owners)."""
    each: Literal["", "object", "pipelines", "pair"] = ""
    """One walk per object type, per object type that can have pipelines, per declared pair in both directions."""
    detail: str = ""
    """Path of a second call per item that is new or changed; its fields are laid over the item's."""
    since: str = ""
    """Parameter that asks for what changed after an instant, where there is one."""
    until: str = ""
    stamp: Literal["iso", "ms"] = "iso"
    """How instants are written in parameters."""
    nested: str = ""
    """Field of an item that holds the rows proper, one each."""
    parent: str = "id"
    """Of children: the column of the source that holds the parent's id."""
    parent_field: str = ""
    """Of children: the field that the parent's id is put into."""
    batch: int = 0
    """Of children: parents per POST (`inputs`); 0: one walk per parent."""
    newest_first: bool = False
    """Of children: a walk may stop where it meets what is known."""
    sweep: int = 0
    """Of children: up to so many parents every sync asks all; of more, and where the parent's row changes with them,
    only those whose row changed. A reconcile asks all."""
    nightly: bool = False
    """Read by reconciles only, once there are rows: it costs many calls and changes rarely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream: where it is read, what it is called and what it needs."""

    name: str
    """Table, asset and dbt source name."""
    label: str
    """HubSpot's own plural label."""
    group: str
    shape: Shape
    scopes: tuple[str, ...]
    """Any one of these scopes is enough to read it; empty: every token can."""
    about: str
    """One sentence for the README table, the asset and the dbt source."""
    default: bool = True
    """Read unless hubspot.yaml says otherwise; the others wait to be chosen."""
    plan: str = ""
    """What a portal needs beside the scope, as HubSpot calls it."""
    object: str = ""
    """HubSpot's plural name of the object type, as used in paths and in `hubspot.associations`."""
    type_id: str = ""
    singular: str = ""
    """HubSpot's name of one record, where it is not the plural without its s."""
    segment: str = ""
    """Of an object: how paths spell it where not by its name; the type id always works."""
    modified: str = "hs_lastmodifieddate"
    """The property that moves when a record changes."""
    created: str = "createdate"
    """The property that holds a record's creation; activities and users call it hs_createdate."""
    pairs: tuple[str, ...] = ()
    """Object types this one's associations are stored to: the declared direction of each pair."""
    history: tuple[str, ...] = ()
    """Properties whose versions are kept by default where the object's history is read."""
    withheld: tuple[str, ...] = ()
    """Properties that HubSpot leaves empty, instead of refusing the stream, where the token lacks its scope."""
    custom: bool = False
    """Found by discovery in this portal."""
    link_types: tuple[tuple[str, str, str, int], ...] = ()
    """Of a custom object: (to object, name in listings, category, type id) of links without a label."""
    key: tuple[str, ...] = ("id",)
    columns: tuple[Column, ...] = ()
    """Of every shape but objects: what becomes a column beside `raw`."""
    modes: tuple[Mode, ...] = MODES
    """How it can be read, the default first."""
    endpoint: Endpoint | None = None
    source: tuple[str, ...] = ()
    """Of a derived stream: the streams that fill it; of children: where the parents come from."""
    cursor: str = ""
    """Column that says when an item came about or changed: the place that later reads go on behind."""
    replaced_by: str = ""
    """Of an API that HubSpot will switch off: what took its place."""

    @property
    def is_history(self) -> bool:
        """Versions of another stream's properties."""
        return self.group == "history"

    @property
    def is_log(self) -> bool:
        """A log cut into days."""
        return self.shape == "events"

    @property
    def fields_needed(self) -> tuple[str, ...]:
        """Fields of an item (the top-level ones) by which it is told apart, found changed, or found of its parent."""
        needed = {*self.key, self.cursor, "object", "object_id"}
        return tuple(dict.fromkeys(field.split(".")[0] for column, _, field in self.columns if column in needed))

    @property
    def one(self) -> str:
        """HubSpot's name of one record of this type."""
        return self.singular or self.object.removesuffix("s")

    @property
    def path_name(self) -> str:
        """How paths spell this object type."""
        return self.segment or self.object


def columns(text: str) -> tuple[Column, ...]:
    """`id, updatedAt timestamp, from.replyTo, x=properties.hs_name` -> columns, named as dlt would name the fields."""
    found = []
    for part in text.split(","):
        field, _, kind = part.strip().partition(" ")
        column, _, path = field.rpartition("=")
        found.append((column or snake(path), kind.strip() or "text", path))
    return tuple(found)


def snake(name: str) -> str:
    """`userIdIncludingInactive` -> `user_id_including_inactive`; the last part of a dotted path."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rpartition(".")[2]).lower()

"""Contact lists and lists of other objects, and who is in them.

add_list, add_member, remove_member ... at an instant -> lists and memberships as the API shows them

Who is in a dynamic list is told to the portal too; its filters are kept, not run.
"""

from hubspot_pipeline.sandbox.account import NotFoundHere
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.journal import recorded
from hubspot_pipeline.sandbox.shelves import Shelves

PROCESSING = ("MANUAL", "DYNAMIC", "SNAPSHOT")


class Lists(Shelves):
    """An account's lists."""

    def __init__(self, portal_id: int, time_zone: str, currency: str, tier: str, seed: int) -> None:
        super().__init__(portal_id, time_zone, currency, tier, seed)
        self.lists: dict[str, Json] = {}
        self.members: dict[str, dict[int, int]] = {}
        """List id -> record id -> the instant it joined."""
        self.list_moves: dict[str, Json] = {}
        """List id -> when a record last joined and left, as the list's additional properties."""

    @recorded
    def add_list(
        self, name: str, *, object_type: str = "contacts", processing_type: str = "MANUAL", id: str | None = None,
        filter_branch: Json | None = None, folder: str | None = None, at: int | None = None,
    ) -> str:  # fmt: skip
        """A new, empty list; returns its id. List ids have a counter of their own."""
        if processing_type not in PROCESSING:
            raise ValueError(f"processing_type {processing_type!r} is none of {', '.join(PROCESSING)}")
        list_id = id or str(max((int(one) for one in self.lists), default=0) + 1)
        if list_id in self.lists:
            raise ValueError(f"list {list_id} exists")
        when = iso(self.now() if at is None else at)
        self.lists[list_id] = {
            "listId": list_id, "listVersion": 1, "name": name, "objectTypeId": self.kind(object_type).type_id,
            "processingType": processing_type, "processingStatus": "COMPLETE", "createdAt": when, "updatedAt": when,
            "filtersUpdatedAt": when, "createdById": "1", "updatedById": "1", "deletedAt": None,
            "filterBranch": filter_branch,
        }  # fmt: skip
        self.members[list_id] = {}
        self.list_moves[list_id] = {"hs_folder_name": folder} if folder else {}
        return list_id

    def list_of(self, id: str) -> Json:
        """The list as stored. Raises NotFoundHere."""
        if str(id) not in self.lists:
            raise NotFoundHere(f"list {id}")
        return self.lists[str(id)]

    @recorded
    def update_list(
        self, id: str, *, name: str | None = None, filter_branch: Json | None = None, at: int | None = None
    ) -> None:
        """A new name or new filters; its version and `updatedAt` move."""
        found, when = self.list_of(id), iso(self.now() if at is None else at)
        if name is not None:
            found["name"] = name
        if filter_branch is not None:
            found |= {"filterBranch": filter_branch, "filtersUpdatedAt": when}
        found |= {"updatedAt": when, "listVersion": found["listVersion"] + 1}

    @recorded
    def delete_list(self, id: str, at: int | None = None) -> None:
        """The list is gone from every answer; `restore_list` brings it back with its members."""
        self.list_of(id)["deletedAt"] = iso(self.now() if at is None else at)

    @recorded
    def restore_list(self, id: str, at: int | None = None) -> None:
        self.list_of(id)["deletedAt"] = None

    @recorded
    def add_member(self, list_id: str, record_id: str, at: int | None = None) -> bool:
        """A record joins a list; False where it is in it. The list's `updatedAt` stays."""
        found = self.list_of(list_id)
        shelf = self.shelf(found["objectTypeId"])
        id, when = shelf.survivor(int(record_id)), self.now() if at is None else at
        if not shelf.is_live(id):
            raise NotFoundHere(f"{shelf.kind.singular} {record_id}")
        members = self.members[str(list_id)]
        if id in members or any(old in members and shelf.survivor(old) == id for old in shelf.forwards):
            return False
        members[id] = when
        self.list_moves[str(list_id)]["hs_last_record_added_at"] = str(when)
        return True

    @recorded
    def remove_member(self, list_id: str, record_id: str, at: int | None = None) -> bool:
        """A record leaves a list; False where it is not in it."""
        shelf = self.shelf(self.list_of(list_id)["objectTypeId"])
        id, members = shelf.survivor(int(record_id)), self.members[str(list_id)]
        gone = [one for one in members if shelf.survivor(one) == id]
        for one in gone:
            del members[one]
        if gone:
            moved = str(self.now() if at is None else at)
            self.list_moves[str(list_id)]["hs_last_record_removed_at"] = moved
        return bool(gone)

    def joined(self, list_id: str) -> dict[int, int]:
        """Live record id -> when it joined; a merged record is in the lists of those that went into it."""
        shelf = self.shelf(self.list_of(list_id)["objectTypeId"])
        found: dict[int, int] = {}
        for one, when in self.members[str(list_id)].items():
            id = shelf.survivor(one)
            if shelf.is_live(id):
                found[id] = min(when, found.get(id, when))
        return found

    def shown_list(self, id: str) -> Json:
        """A list as the search shows it, with the additional properties that always come."""
        found = {key: value for key, value in self.list_of(id).items() if key != "filterBranch" and value is not None}
        size = {"hs_list_size": str(len(self.joined(id)))}
        return found | {"additionalProperties": {**size, "hs_list_reference_count": "0", **self.list_moves[str(id)]}}

    def shown_memberships(self, id: str) -> list[Json]:
        """Memberships as the API shows them, by ascending record id."""
        return [
            {"recordId": str(record), "membershipTimestamp": iso(when)}
            for record, when in sorted(self.joined(id).items())
        ]

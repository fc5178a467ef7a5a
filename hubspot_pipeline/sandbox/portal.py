"""A portal: its account, its records, its lists and what marketing and automation made in it.

plain calls at an instant -> the portal -> `dump`

Instants are epoch milliseconds UTC; values are text, None or "" clears one. Object names are HubSpot's plurals or a
custom object's name. Values are not checked here, so that dirty data can be put in; the HTTP side does check.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from hubspot_pipeline.sandbox.collection import Collection
from hubspot_pipeline.sandbox.computed import ComputedLinks, blocks
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.journal import recorded
from hubspot_pipeline.sandbox.picture import picture


class Portal(Collection):
    """One HubSpot account held in memory."""

    def __init__(
        self, *, portal_id: int = 48291734, time_zone: str = "America/New_York", currency: str = "USD",
        tier: str = "enterprise", seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(portal_id, time_zone, currency, tier, seed)

    @recorded
    def gdpr_delete(self, id: str, at: int | None = None) -> None:
        """Purges a contact: record, history, links, submissions and events go without a trace, from the state too."""
        shelf = self.shelves["contacts"]
        record = self._owned(shelf, id, archived=None)
        purged = {record.id, *(old for old in shelf.forwards if shelf.survivor(old) == record.id)}
        known = [version.value for version in record.history.get("email", ())]
        known += [record.properties.get("email"), *str(record.properties.get("hs_additional_emails", "")).split(";")]
        emails = {str(one).lower() for one in known if one}
        gone = self.purge_person(purged, emails)
        self.forget("contacts", id)
        if self.journal is not None:
            self.journal.scrub(lambda op, given: self._without(op, given, purged, emails, gone))

    def _without(
        self, op: str, given: Json, purged: set[int], emails: set[str], gone: set[tuple[str, str]]
    ) -> Json | None:
        """A line of the journal without what it says about a purged contact; None where nothing is left."""
        if op in ("create", "update") and int(given["id"]) in purged:
            if self.kind(given["object_type"]).name == "contacts":
                return given | {"properties": {}}
        elif op in ("put", "drop"):
            about = op == "put" and self.concerns(given["kind"], given["item"], purged, emails)
            return None if about or (given["kind"], str(given["id"])) in gone else given
        return given

    @recorded
    def add_user(
        self, *, email: str, first_name: str = "", last_name: str = "", id: int | str | None = None,
        at: int | None = None, properties: Mapping[str, Any] | None = None, role_id: str | None = None,
        primary_team_id: str | None = None, super_admin: bool = False,
    ) -> str:  # fmt: skip
        """A user of the account, with a `users` record; returns the user's id (not the record's)."""
        user_id = str(self.take_id(None if id is None else int(id)))
        self.users[user_id] = {
            "id": user_id, "email": email, "firstName": first_name, "lastName": last_name, "superAdmin": super_admin,
            "roleIds": [role_id] if role_id else [], "roleId": role_id, "primaryTeamId": primary_team_id,
            "secondaryTeamIds": [],
        }  # fmt: skip
        names = {
            "hs_internal_user_id": user_id,
            "hs_email": email,
            "hs_given_name": first_name,
            "hs_family_name": last_name,
        }
        self.create("users", {**names, **(properties or {})}, at=at, source="INTERNAL_PROCESSING")
        return user_id

    @recorded
    def fill(self, contacts: int, companies: int, deals: int, properties: int, at: int | None = None) -> None:
        """Computed records for measuring: nothing but their rule is stored, however many there are."""
        for object_type, definitions, make in blocks(contacts, companies, deals, properties):
            for definition in definitions:
                self.define_property(object_type, definition, at=at)
            size = {"contacts": contacts, "companies": companies, "deals": deals}[object_type]
            first = self.take_id(self.next_id + size - 1) - size + 1 if size else self.next_id
            self.shelves[object_type].add_block(make(first, self.now() if at is None else at))
        firsts = {name: self.shelves[name].blocks[-1].ids for name in ("contacts", "companies", "deals")}
        self.links.computed.append(ComputedLinks(firsts))

    def dump(self) -> Iterator[Json]:
        """Everything the API would show, one JSON object at a time, in a stable order."""
        return picture(self)

"""Reading an account's settings over HTTP: account info, owners, users, teams.

`Call` -> HubSpot JSON of the setting
"""

from collections.abc import Sequence

from hubspot_pipeline.sandbox.answers import Answer, invalid, json_answer, not_found
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import iso
from hubspot_pipeline.sandbox.sandbox import Call

OWNERS_MOST = 500


def account(call: Call, tail: Sequence[str]) -> Answer:
    """Account details and today's use of the API."""
    if list(tail) == ["details"]:
        return json_answer(call.portal.details(call.token.portal_id))
    limits, now = call.sandbox.limits, call.portal.now()
    limits.turn_day(now)
    usage = {
        "name": "private-apps-api-calls-daily", "usageLimit": limits.daily, "currentUsage": limits.daily_used,
        "collectedAt": iso(now), "fetchStatus": "SUCCESS", "resetsAt": iso(limits.resets_at(now)),
    }  # fmt: skip
    return json_answer({"results": [usage]})


def legacy_limit(call: Call) -> Answer:
    limits, now = call.sandbox.limits, call.portal.now()
    limits.turn_day(now)
    return json_answer([{
        "name": "api-calls-daily", "usageLimit": limits.daily, "currentUsage": limits.daily_used, "collectedAt": now,
        "fetchStatus": "SUCCESS", "resetsAt": limits.resets_at(now),
    }])  # fmt: skip


def owners(call: Call, tail: Sequence[str]) -> Answer:
    """Owners, live or archived, in order of their id; or one of them."""
    archived = call.flag("archived")
    everyone = [one for one in call.portal.owners.values() if one["archived"] is archived]
    if tail:
        field = "id" if call.text("idProperty", "id") == "id" else "userIdIncludingInactive"
        found = next((one for one in everyone if str(one[field]) == tail[0]), None)
        if found is None:
            raise not_found()
        return json_answer(found)
    email = call.text("email").lower()
    everyone = sorted(
        (one for one in everyone if not email or one["email"].lower() == email), key=lambda one: int(one["id"])
    )
    return _paged(call, everyone, call.whole("limit", 100, OWNERS_MOST))


def _paged(call: Call, items: Sequence[Json], limit: int) -> Answer:
    """A page by position; the cursor is the id of the page's last item, as HubSpot's own cursors are opaque."""
    after = call.text("after")
    start = 0
    if after:
        ids = [str(item["id"]) for item in items]
        start = next(
            (at + 1 for at, id in enumerate(ids) if id == after),
            sum(int(id) <= int(after) for id in ids) if after.isdigit() else -1,
        )
        if start < 0:
            raise invalid(f"Invalid paging cursor {after!r}")
    chosen = items[start : start + limit]
    body: Json = {"results": chosen}
    if start + limit < len(items):
        cursor = str(chosen[-1]["id"])
        body["paging"] = {"next": {"after": cursor, "link": call.link(after=cursor)}}
    return json_answer(body)


def users(call: Call, tail: Sequence[str]) -> Answer:
    """User provisioning: users, roles and teams, read only."""
    if list(tail) == ["roles"]:
        return json_answer({"results": list(call.portal.items["role"].values())})
    if list(tail) == ["teams"]:
        return json_answer({"results": list(call.portal.teams.values())})
    if tail:
        by_email = call.text("idProperty") == "EMAIL"
        found = next((one for one in call.portal.users.values() if one["email" if by_email else "id"] == tail[0]), None)
        if found is None:
            raise not_found()
        return json_answer(found)
    ordered = sorted(call.portal.users.values(), key=lambda one: int(one["id"]))
    return _paged(call, ordered, call.whole("limit", 100, 100))

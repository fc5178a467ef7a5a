"""What people do: e-mails and their answers, calls, meetings, notes, tasks, each linked to the records it is about.

world + scene (who, with whom, about what) -> activities now, and those that follow from them
"""

import json
from dataclasses import dataclass
from functools import partial

from hubspot_pipeline.sandbox import seed_names as names
from hubspot_pipeline.sandbox.seed_world import (
    DAY,
    HOUR,
    MINUTE,
    Company,
    Deal,
    Owner,
    Person,
    Record,
    World,
    iso,
    owner_id,
)

CONNECTED = "f240bbac-87c9-4f6e-bf70-924b57d47db7"
DISPOSITIONS = {
    CONNECTED: 46, "b2cf5968-551e-4856-9783-52b3da59a7d0": 22, "73a0d17f-1163-4015-bdd5-ec830791da20": 20,
    "9d9162e7-6cf3-4944-bf63-4dff82258764": 6, "a4c4c377-d246-4b32-a13b-75a56a4cd0ff": 4,
    "17b47fee-58de-441e-a44c-c6300d46f273": 2,
}  # fmt: skip
"""HubSpot's call outcomes: connected, left voicemail, no answer, busy, left live message, wrong number; and weights."""

_LOGGING = "bcc@logs.example"
"""Address that our people copy in blind, so that a mail program's message is logged."""
_PARTNER = {"email": "Anna@Partner-Consulting.example", "firstName": "Anna", "lastName": "Partner"}
_NOTES = (
    "<p>Spoke with <strong>{who}</strong>: they compare us with two others.<br>Next: security review.</p>",
    "<div>Budget is approved &amp; signed off &mdash; waiting for legal.</div><ul><li>DPA</li><li>SSO</li></ul>",
    "<p>Template for the recap: {{{{ contact.firstname }}}} / {{% if deal %}}{{{{ deal.amount }}}}{{% endif %}}</p>",
    "<p>לקוח מרוצה מאוד 👍 — asks for a case study</p>", "Plain text; with \"quotes\", a tab\tand\na new line",
    "<p>{who} geht in Elternzeit, Vertretung klären.</p><script>alert('x')</script>",
)  # fmt: skip
_TASKS = ("Send the quote", "Call back", "Prepare the business review", "Check the invoice", "Ask for a reference 🌟")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Who is involved, and what it is about."""

    owner: Owner | None
    people: tuple[Person, ...] = ()
    company: Company | None = None
    deal: Deal | None = None
    ticket: Record | None = None
    topic: str = ""
    kind: str = "Discovery"

    def is_quiet(self, now: int) -> bool:
        """Whether contact with the company has ended by then."""
        return self.company is not None and self.company.is_quiet(now)


def bustle(world: World, scene: Scene, now: int, mean: float, days: float) -> None:
    """About `mean` activities of all kinds within about `days` from now."""
    for _ in range(world.some(mean)):
        act = world.rng.choices((email, call, meeting, note, task), (42, 19, 14, 14, 11))[0]
        world.at(world.later(now, world.rng.uniform(0, days)), partial(act, world, scene))


def email(world: World, scene: Scene, now: int, *, thread: str = "", inbound: bool | None = None) -> None:
    """One e-mail; every third of ours is answered within a few days, in the same thread."""
    people = [person for person in scene.people if person.exists]
    if not people or scene.owner is None or scene.is_quiet(now):
        return
    rng = world.rng
    incoming = world.chance(0.2) if inbound is None else inbound
    ours = {"email": scene.owner.email, "firstName": scene.owner.first, "lastName": scene.owner.last}
    theirs = [{"email": person.email, "firstName": person.first, "lastName": person.last} for person in people[:3]]
    copied = [_PARTNER] if world.chance(0.08) else theirs[1:] if world.chance(0.6) else []
    sender, to = (theirs[0], [ours]) if incoming else (ours, theirs[:1])
    hidden = [] if incoming or now % 5 else [{"email": _LOGGING}]
    headers = {"from": sender, "sender": sender, "to": to, "cc": copied, "bcc": hidden}
    thread = thread or f"{rng.getrandbits(60):015x}"
    subject = scene.topic or rng.choice(names.TOPICS)
    bounced = not incoming and world.chance(0.02)
    text = f"Hi {to[0]['firstName']},\n\n{subject}: as discussed.\n\nBest\n{sender['firstName']}"
    properties = {
        "hs_timestamp": iso(now), "hs_email_direction": "INCOMING_EMAIL" if incoming else "EMAIL",
        "hs_email_status": "BOUNCED" if bounced else "SENT", "hs_email_subject": subject, "hs_email_text": text,
        "hs_email_html": f"<html><body><p>{text}</p></body></html>",
        "hs_email_headers": json.dumps(headers, ensure_ascii=world.chance(0.5)),
        "hs_email_from_email": sender["email"], "hs_email_from_firstname": sender["firstName"],
        "hs_email_from_lastname": sender["lastName"], "hs_email_to_email": ";".join(one["email"] for one in to),
        "hs_email_to_firstname": to[0]["firstName"], "hs_email_to_lastname": to[0]["lastName"],
        "hs_email_cc_email": ";".join(one["email"] for one in copied), "hs_email_thread_id": thread,
        "hs_email_bcc_email": ";".join(one["email"] for one in hidden),
        "hs_email_message_id": f"<{rng.getrandbits(64):016x}@mail.example>", "hubspot_owner_id": scene.owner.id,
        "hs_email_open_count": "" if incoming else str(rng.choice((0, 0, 1, 2, 5))),
    }  # fmt: skip
    about = people[: 1 + len(copied)] if _PARTNER not in copied else people[:1]
    _log(world, "emails", properties, scene, about, now, by="EMAIL")
    if not incoming and not bounced and world.chance(0.34):
        world.at(world.later(now, 2), partial(email, world, scene, thread=thread, inbound=True))


def call(world: World, scene: Scene, now: int) -> None:
    """A call of some minutes, or one that nobody answered."""
    if scene.is_quiet(now):
        return
    rng = world.rng
    outcome = rng.choices(tuple(DISPOSITIONS), tuple(DISPOSITIONS.values()))[0]
    seconds = int(rng.lognormvariate(5.6, 0.8)) if outcome == CONNECTED else rng.randint(0, 45)
    ours, theirs = "+1 202 555 0100", f"+1 202 555 01{rng.randrange(100):02d}"
    outbound = world.chance(0.8)
    properties = {
        "hs_timestamp": iso(now), "hs_call_title": f"Call about {scene.topic or 'the next steps'}",
        "hs_call_body": "<p>Good talk.</p>" if outcome == CONNECTED else "",
        "hs_call_direction": "OUTBOUND" if outbound else "INBOUND",
        "hs_call_disposition": "" if world.chance(0.04) else outcome,
        "hs_call_duration": str(seconds * 1000), "hs_call_status": "COMPLETED" if outcome == CONNECTED else "NO_ANSWER",
        "hs_call_from_number": ours if outbound else theirs, "hs_call_to_number": theirs if outbound else ours,
        "hs_call_external_id": f"ext-{rng.getrandbits(32)}", "hubspot_owner_id": owner_id(scene.owner),
        "hs_activity_type": scene.kind,
    }  # fmt: skip
    _log(world, "calls", properties, scene, list(scene.people[:1]), now, by="INTEGRATION")


def meeting(world: World, scene: Scene, now: int) -> None:
    """Booked now for some days on; its outcome is written when it is over, or forgotten."""
    if scene.is_quiet(now):
        return
    rng = world.rng
    begin = world.later(now, rng.choice((2, 5, 9, 16)))
    begin -= begin % (30 * MINUTE)
    if begin <= now:
        begin += HOUR
    end = begin + rng.choice((30, 30, 45, 60, 90)) * MINUTE
    guests = [person for person in scene.people if person.exists][: rng.randint(1, 4)]
    properties = {
        "hs_timestamp": iso(begin), "hs_meeting_start_time": iso(begin), "hs_meeting_end_time": iso(end),
        "hs_meeting_title": f"{scene.kind}: {scene.company.name if scene.company else 'introduction'}",
        "hs_meeting_body": f"<p>Agenda</p><ol><li>{scene.topic or 'Next steps'}</li></ol>",
        "hs_meeting_outcome": "SCHEDULED",
        "hs_meeting_location": rng.choice(("https://meet.example/abc", "Room “Äther”", "")),
        "hs_activity_type": scene.kind,
        "hs_internal_meeting_notes": "Bring the pricing sheet" if world.chance(0.2) else "",
        "hs_attendee_owner_ids": owner_id(scene.owner), "hubspot_owner_id": owner_id(scene.owner),
    }  # fmt: skip
    booked = _log(world, "meetings", properties, scene, guests, now, by=scene.owner)
    outcome = rng.choices(("COMPLETED", "NO_SHOW", "CANCELED", "RESCHEDULED", ""), (76, 7, 6, 5, 6))[0]
    if outcome:
        closed = {"hs_meeting_outcome": outcome}
        world.at(end, lambda at: world.update(booked, closed, at, by=scene.owner))


def note(world: World, scene: Scene, now: int) -> None:
    """A note in HTML, now and then with attachments."""
    who = scene.people[0].first if scene.people else "the team"
    attached = ";".join(str(world.rng.randrange(10**9, 10**10)) for _ in range(world.rng.choice((0, 0, 0, 1, 2))))
    body = world.rng.choice(_NOTES).format(who=who)
    properties = {
        "hs_timestamp": iso(now),
        "hs_note_body": body,
        "hs_attachment_ids": attached,
        "hubspot_owner_id": owner_id(scene.owner),
    }
    _log(world, "notes", properties, scene, list(scene.people[:1]), now, by=scene.owner)


def task(world: World, scene: Scene, now: int) -> None:
    """Due in some days; most get done, a few late, a few never."""
    rng = world.rng
    due = world.later(now, rng.choice((1, 3, 7, 14)))
    properties = {
        "hs_timestamp": iso(due), "hs_task_subject": rng.choice(_TASKS), "hs_task_body": scene.topic,
        "hs_task_status": "NOT_STARTED",
        "hs_task_priority": rng.choice(("NONE", "LOW", "MEDIUM", "HIGH")),
        "hs_task_type": rng.choice(("EMAIL", "CALL", "TODO")),
        "hs_task_reminders": str(due - HOUR), "hubspot_owner_id": owner_id(scene.owner),
    }  # fmt: skip
    made = _log(world, "tasks", properties, scene, list(scene.people[:1]), now, by=scene.owner)
    if world.chance(0.85):
        done = max(now + MINUTE, due + int(rng.gauss(0, 1.5) * DAY))
        world.at(done, lambda at: world.update(made, _completed(at), at, by=scene.owner))


def _completed(at: int) -> dict[str, str]:
    return {"hs_task_status": "COMPLETED", "hs_task_completion_date": iso(at)}


def _log(
    world: World, object_type: str, properties: dict[str, str], scene: Scene, people: list[Person], now: int,
    by: Owner | str | None,
) -> Record:  # fmt: skip
    """Create the activity and link it to what still exists of the scene."""
    record = Record(object=object_type, id=world.create(object_type, properties, now, by=by), created=now)
    world.others.setdefault(object_type, []).append(record)
    linked: list[Record | None] = [*people, scene.company, scene.deal, scene.ticket]
    for other in linked:
        if other is not None and other.exists:
            world.portal.associate(object_type, record.id, other.object, other.id, at=now)
    return record

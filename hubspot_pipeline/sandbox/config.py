"""The knobs of a running sandbox: what its portal lacks, how it limits, lags and pages."""

from dataclasses import dataclass, field
from typing import Any

from hubspot_pipeline.sandbox.account import TIERS
from hubspot_pipeline.sandbox.instants import instant

SUNSET: dict[str, str | int] = {"/crm-pipelines/v1": "2026-12-04"}
"""Ends that HubSpot has announced by day; first versions in general have a month only, and no promise of a 404."""

NEEDS = {
    "marketing_emails": "starter", "leads": "professional", "feedback_submissions": "professional",
    "workflows": "professional", "campaigns": "professional", "sequences": "professional",
    "custom_objects": "enterprise", "web_analytics": "enterprise", "event_definitions": "enterprise",
    "security": "enterprise", "consent_batch": "enterprise",
}  # fmt: skip
"""The lowest tier that has a feature; what is not named here comes with every account."""


@dataclass
class Config:
    """Knobs; the field names are the keys of `/_sandbox/config`."""

    tier: str | None = None
    """Whose limits apply; None is the portal's own tier."""
    rate_limit: int | None = None
    """Calls per burst window and token; None is the tier's figure, 0 takes every limit off."""
    daily_limit: int | None = None
    search_limit: int | None = None
    """Searches per second and account."""
    association_limit: int | None = None
    """Calls of association endpoints per burst window and token."""
    burst_ms: int = 10_000
    latency_ms: int = 0
    """Added to every answer."""
    index_lag_ms: int | list[int] | dict[str, Any] = 0
    """By how much search lags behind changes made from now on: ms, [shortest, longest], or either per object or `*`."""
    sort_noise: int = 0
    """Places by which a row of a search may stray from its sort order."""
    result_cap: int = 10_000
    """Rows that one search gives at most."""
    id_compare: str = "numeric"
    """How search compares and sorts `hs_object_id`: `numeric` or `text`."""
    page_shapes: list[int] | dict[str, Any] | None = None
    """Rows of the coming list and search pages, in turn: [3, 0, 100], or {"sizes": [...], "after": "int"|"str"}."""
    wrong_cursor_property: str = "empty"
    """A search of contacts on `hs_lastmodifieddate` gives nothing (`empty`) or 400 (`error`)."""
    epoch_zero_fails: bool = False
    """A search from epoch 0 gives 500."""
    url_limit: int = 16_384
    """Bytes of path and query beyond which the answer is 414."""
    association_page: int = 500
    """Links per record and page."""
    inline_associations: int = 100
    """Links per record that a list or read carries inline."""
    plan: str | None = None
    """Whose features the account has, see `NEEDS`; None is the portal's own tier."""
    custom_objects: bool = True
    """False takes custom objects from the plan."""
    web_analytics: bool = True
    """False takes web analytics events from the plan."""
    unavailable: list[str] | None = None
    """Further things the plan lacks: object types by name, `workflows`, `forms`, `marketing_emails`, `campaigns`."""
    event_bounds: str = "()"
    """Whether an event at the very start `[` and end `]` of a time window is in it; `()`: neither is."""
    oauth_consent: str = "allow"
    """What the person on the consent page does: `allow` or `deny`."""
    unlisted_archived: list[str] = field(default_factory=lambda: ["meetings"])
    """Object types whose archived records are not listed: 400."""
    unlisted_by_id: bool = False
    """Whether reads by id show archived records of these; otherwise they answer 400, too."""
    archived_associations: str = "hide"
    """Inline associations of archived records: left out (`hide`) or shown (`show`)."""
    inline_without_scope: str = "omit"
    """Inline associations with an object that the token may not read: left out (`omit`), or 403 (`refuse`)."""
    lacking_scopes: list[str] | None = None
    """Scopes that the plan lacks: an install that requires one fails, an optional one is dropped from it."""
    retired: list[str] | None = None
    """Paths without version whose APIs have ended: 404 for all that begins with one."""
    sunset: list[str] | dict[str, str | int] = field(default_factory=lambda: dict(SUNSET))
    """Beginnings of paths, version included, that answer 404: all of a list, those of a dict from their date on."""


def checked(name: str, value: Any) -> None:
    """Raises ValueError for the value of a knob that would be misunderstood later on."""
    if name == "plan" and value not in (None, *TIERS):
        raise ValueError(f"plan {value!r} is none of {', '.join(TIERS)}")
    if name == "inline_without_scope" and value not in ("omit", "refuse"):
        raise ValueError(f"inline_without_scope {value!r} is neither omit nor refuse")
    if name == "archived_associations" and value not in ("hide", "show"):
        raise ValueError(f"archived_associations {value!r} is neither hide nor show")
    if name == "sunset" and not isinstance(value, list | dict):
        raise ValueError(f"sunset {value!r} is neither a list of paths nor paths with their dates; [] is none")
    if name == "sunset" and isinstance(value, dict):
        wrong = [date for date in value.values() if instant(date) is None]
        if wrong:
            raise ValueError(f"sunset {wrong[0]!r} is neither milliseconds nor ISO-8601")

"""One shape for the paths of every API version.

`/crm/v3/objects/contacts`, `/crm/objects/2026-03/contacts/` -> `/crm/objects/contacts` and the version
"""

import re
from dataclasses import dataclass

_NUMBERED = re.compile(r"v[1-4]")
DATED = ("2025-09", "2026-03", "2026-09")
BETA = ("2026-09-beta", "2027-03-beta")
_FIRST = {
    "account-info", "automation", "communication-preferences", "crm-object-schemas", "crm-pipelines", "deal-splits",
    "engagements", "files", "form-integrations", "integrations", "oauth", "owners", "properties",
}  # fmt: skip
"""Products whose version, dated or not, follows directly."""
_EVENT_DEFINITIONS = ("events", "2026-03", "event-definitions")
"""One published version has no `custom` in this path."""


def _version_follows(product: str, resource: str) -> bool:
    return product in _FIRST and (product, resource) != ("automation", "sequences")


@dataclass(frozen=True, slots=True)
class Route:
    """A request's path without its version."""

    parts: tuple[str, ...]
    version: str

    @property
    def is_beta(self) -> bool:
        return self.version in BETA

    @property
    def logged(self) -> str:
        """Path with `{v}` where the dated form has its version."""
        parts = list(self.parts)
        parts.insert(1 if parts and _version_follows(parts[0], parts[1] if len(parts) > 1 else "") else 2, "{v}")
        return "/" + "/".join(parts)


def is_version(text: str) -> bool:
    return text in DATED or text in BETA or _NUMBERED.fullmatch(text) is not None


def route(path: str) -> Route | None:
    """The versionless path; None where the version is missing, unknown or in a place HubSpot does not have."""
    parts = [part for part in path.strip("/").split("/") if part]
    if len(parts) < 2:
        return None
    second, third = parts[1], parts[2] if len(parts) > 2 else ""
    if is_version(second):
        if tuple(parts[:3]) == _EVENT_DEFINITIONS:
            return Route(("events", "custom", *parts[2:]), second)
        if second in (*DATED, *BETA) and not _version_follows(parts[0], third):
            return None
        return Route((parts[0], *parts[2:]), second)
    if is_version(third) and not _version_follows(parts[0], second):
        return Route((*parts[:2], *parts[3:]), third)
    return None

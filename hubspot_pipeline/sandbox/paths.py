"""One shape for the paths of every API version.

`/crm/v3/objects/contacts`, `/crm/objects/2026-03/contacts/` -> `/crm/objects/contacts` and the version
"""

import re
from dataclasses import dataclass

_NUMBERED = re.compile(r"v[1-4]")
DATED = ("2025-09", "2026-03", "2026-09")
BETA = ("2026-09-beta", "2027-03-beta")
_FIRST = {
    "account-info", "automation", "communication-preferences", "crm-object-schemas", "deal-splits", "files",
    "form-integrations", "integrations", "oauth", "owners", "properties",
}  # fmt: skip
"""Products whose version, dated or not, follows directly."""


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
        parts.insert(1 if parts and parts[0] in _FIRST else 2, "{v}")
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
        if second in (*DATED, *BETA) and parts[0] not in _FIRST:
            return None
        return Route((parts[0], *parts[2:]), second)
    if is_version(third) and parts[0] not in _FIRST:
        return Route((*parts[:2], *parts[3:]), third)
    return None

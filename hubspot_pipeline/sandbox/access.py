"""Who may call what: tokens, their scopes, OAuth clients.

Authorization header -> `Token`; (token, alternatives) -> nothing, or 401 or 403

A `pat-...` token works with all scopes unless the admin API said otherwise; OAuth tokens live as long as their client's
`expires_in` in virtual time.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from hubspot_pipeline.sandbox.answers import expired, missing_scopes, unauthenticated
from hubspot_pipeline.sandbox.encoding import Json
from hubspot_pipeline.sandbox.instants import iso

_ALPHABET = string.ascii_letters + string.digits + "-_"
_PRIVATE = re.compile(r"pat-\S+")


@dataclass(slots=True)
class Token:
    """An access token; `scopes` None means all."""

    text: str
    scopes: frozenset[str] | None = None
    portal_id: int | None = None
    expires_at: int | None = None
    client_id: str | None = None
    revoked: bool = False

    def lacks(self, scope: str) -> bool:
        return self.scopes is not None and scope not in self.scopes

    def has_any(self, alternatives: Sequence[str]) -> bool:
        """Whether it has one of the scopes; where there is nothing to have, every token has it."""
        return not alternatives or self.scopes is None or not self.scopes.isdisjoint(alternatives)

    @property
    def is_oauth(self) -> bool:
        return self.client_id is not None


@dataclass(slots=True)
class Client:
    """An OAuth app installed in the portal."""

    client_id: str
    client_secret: str
    refresh_tokens: set[str]
    scopes: tuple[str, ...]
    expires_in: int = 1800
    redirect_uri: str = ""
    codes: set[str] = field(default_factory=set)
    rotate: bool = False
    spent: set[str] = field(default_factory=set)
    """Refresh tokens that were replaced or revoked, and codes that were used."""

    grants: dict[str, Json] = field(default_factory=dict)
    """What was agreed to with each code: `redirect_uri`, `challenge`, `expires_at`, `scopes`."""
    offered: tuple[str, ...] = ()
    """Scopes that the app may be granted; `scopes` are those it was."""

    def spend(self, text: str) -> None:
        """A refresh token or code that works no more."""
        if text in self.refresh_tokens or text in self.codes:
            self.spent.add(text)
        self.refresh_tokens.discard(text)
        self.codes.discard(text)


class Access:
    """All credentials of the portal."""

    def __init__(self, seed: int = 0) -> None:
        self.tokens: dict[str, Token] = {}
        self.clients: dict[str, Client] = {}
        self._random = Random(seed)

    def authenticate(self, header: str | None, now: int) -> Token:
        """The token of a request. Raises 401."""
        kind, _, text = (header or "").partition(" ")
        text = text.strip()
        if kind.lower() != "bearer" or not text:
            raise unauthenticated()
        token = self.tokens.get(text)
        if token is None:
            if not _PRIVATE.fullmatch(text):
                raise unauthenticated()
            token = self.tokens[text] = Token(text)
        if token.revoked:
            raise unauthenticated()
        if token.expires_at is not None and now >= token.expires_at:
            raise expired((now - token.expires_at) // 1000, iso(token.expires_at))
        return token

    @staticmethod
    def require(token: Token, *alternatives: Sequence[str]) -> None:
        """Raises 403 unless the token has one scope of each of the lists; the answer names the lists it lacks."""
        lacking = [each for each in dict.fromkeys(map(tuple, alternatives)) if not token.has_any(each)]
        if lacking:
            raise missing_scopes(*lacking)

    def set_token(self, given: Json) -> None:
        """`{"token", "scopes": [...]|null, "portal_id"?, "revoked"?, "expires_at"?}` of the admin API."""
        scopes = given.get("scopes")
        self.tokens[given["token"]] = Token(
            given["token"], None if scopes is None else frozenset(scopes), given.get("portal_id"),
            given.get("expires_at"), given.get("client_id"), bool(given.get("revoked", False)),
        )  # fmt: skip

    @staticmethod
    def as_given(token: Token) -> Json:
        """The token as `set_token` takes it."""
        scopes = None if token.scopes is None else sorted(token.scopes)
        return {
            "token": token.text, "scopes": scopes, "portal_id": token.portal_id, "expires_at": token.expires_at,
            "client_id": token.client_id, "revoked": token.revoked,
        }  # fmt: skip

    def set_client(self, given: Json) -> None:
        """`{"client_id","client_secret","refresh_token","scopes","expires_in","redirect_uri","code"?,"rotate"?}`.

        `refresh_tokens`, `codes` and `spent` are lists, as `as_client` gives them.
        """
        refresh = [*given.get("refresh_tokens", ()), *([given["refresh_token"]] if given.get("refresh_token") else ())]
        codes = [*given.get("codes", ()), *([given["code"]] if given.get("code") else ())]
        self.clients[given["client_id"]] = Client(
            given["client_id"], given["client_secret"], set(refresh), tuple(given.get("scopes") or ("oauth",)),
            int(given.get("expires_in", 1800)), given.get("redirect_uri", ""), set(codes),
            bool(given.get("rotate", False)), set(given.get("spent", ())), dict(given.get("grants", {})),
            tuple(given.get("offered") or given.get("scopes") or ("oauth",)),
        )  # fmt: skip

    @staticmethod
    def as_client(client: Client) -> Json:
        """The client as `set_client` takes it, with the tokens it has by now."""
        return {
            "client_id": client.client_id, "client_secret": client.client_secret, "scopes": list(client.scopes),
            "expires_in": client.expires_in, "redirect_uri": client.redirect_uri, "rotate": client.rotate,
            "refresh_tokens": sorted(client.refresh_tokens), "codes": sorted(client.codes),
            "spent": sorted(client.spent), "grants": client.grants, "offered": list(client.offered),
        }  # fmt: skip

    def issue(self, client: Client, now: int) -> Token:
        """A new access token for the client, as long as HubSpot's may be."""
        while True:
            text = "C" + "".join(self._random.choices(_ALPHABET, k=220))
            if text not in self.tokens:
                break
        token = Token(
            text, frozenset({*client.scopes, "oauth"}), None, now + client.expires_in * 1000, client.client_id,
        )  # fmt: skip
        self.tokens[text] = token
        return token

    def new_code(self) -> str:
        """A code for the authorization-code flow."""
        known = {code for client in self.clients.values() for code in client.codes | client.spent}
        while True:
            text = f"na1-{self._random.getrandbits(128):032x}"
            if text not in known:
                return text

    def new_refresh_token(self) -> str:
        """One that never was, not even before a restart."""
        known = {text for client in self.clients.values() for text in client.refresh_tokens | client.spent}
        while True:
            text = f"na1-{self._random.getrandbits(64):016x}-{self._random.getrandbits(64):016x}"
            if text not in known:
                return text

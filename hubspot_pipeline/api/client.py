"""(path, parameters) -> parsed answer: paced, authorised, retried, read-only, counted.

Every error that leaves here says what happened and what to do, and carries neither token nor answer body.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

import requests
import tenacity

from hubspot_pipeline.api.auth import INTROSPECT_PATH, REVOKE_PATH, TOKEN_PATH, Auth, OAuthToken, PrivateToken
from hubspot_pipeline.api.body import content_of, fields_of
from hubspot_pipeline.api.download import download
from hubspot_pipeline.api.pace import Kind, Pacer
from hubspot_pipeline.errors import CredentialError, DailyLimit, HubSpotError, MalformedAnswer, MissingScope
from hubspot_pipeline.settings import Secret, Settings

T = TypeVar("T")
Params = Mapping[str, str | int]

ATTEMPTS = 6
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds before the first retry, doubled for each one after it; with 6 attempts half a minute in all."""
MOVING_LIMIT = 600
"""A portal on its way to another data centre (477) is waited for this many seconds; it can take a day."""
RETRIED = {423, 429, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530}
TOKEN_INFO_PATH = "/oauth/v2/private-apps/get/access-token-info"  # noqa: S105  a path
READING_POST = re.compile(rf"/(search|batch/read)$|^{TOKEN_INFO_PATH}$")
FORM_PATHS = (TOKEN_PATH, INTROSPECT_PATH, REVOKE_PATH)
"""What a form may be sent to: it concerns a token and nothing in the portal."""


@dataclass(slots=True)
class Meter:
    """What one stream cost. Threads of one stream share it, so `add` locks."""

    calls: int = 0
    rate_limited: int = 0
    retries: int = 0
    bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **counts: int) -> None:
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)


class _Retry(HubSpotError):
    """Worth another try after `pause` seconds (None: the usual back-off)."""

    def __init__(self, message: str, status: int = 0, pause: float | None = None) -> None:
        super().__init__(message, status)
        self.pause = pause


class Client:
    """All calls of one run to one portal. `pacer`: the budgets, where they are not to be a new run's."""

    def __init__(self, settings: Settings, *, pacer: Pacer | None = None) -> None:
        self.base_url = settings.base_url
        self.pacer = pacer or Pacer(settings.daily_share, settings.searches)
        self.portal_now: datetime | None = None
        """The portal's clock, from the Date header of the latest answer."""
        self._backoff, self._timeout = settings.backoff, settings.timeout
        # proxies and certificates of the environment, but not for a portal on this machine
        self._is_local = settings.is_loopback
        self._sessions = threading.local()
        credential = self._credential = settings.credential
        self.auth: Auth = (
            OAuthToken(credential, self.post_form) if credential.is_oauth else PrivateToken(credential.access_token)
        )

    def get(self, path: str, params: Params | None = None, *, parse: Callable[[bytes], T], meter: Meter) -> T:
        """GET `path`; `parse` turns the body into a value and raises MalformedAnswer where it is not one."""
        return self._call("GET", path, params=params, body=None, parse=parse, meter=meter)

    def post(self, path: str, body: Any, *, params: Params | None = None, parse: Callable[[bytes], T],
             meter: Meter) -> T:  # fmt: skip
        """POST to a reading endpoint (search, batch read, token info); anything else raises before the socket."""
        if not READING_POST.search(path):
            raise HubSpotError(f"POST {path} would write to the portal; this client only reads.")
        return self._call("POST", path, params=params, body=encoded(body), parse=parse, meter=meter)

    def download(self, url: str, target: Path, *, meter: Meter) -> None:
        """Fetch a signed URL into a file; no token is sent. Raises HubSpotError."""
        meter.add(calls=1)
        try:
            download(self._session(), url, target, local=self._is_local, timeout=self._timeout)
        except requests.RequestException as error:
            raise HubSpotError(f"the connection to the file's content {_reason(error)}") from None

    def _call(self, method: str, path: str, *, params: Params | None, body: bytes | None,
              parse: Callable[[bytes], T], meter: Meter) -> T:  # fmt: skip
        return self._retried(meter, lambda: self._once(method, path, params, body, parse, meter))

    def _retried(self, meter: Meter, attempt: Callable[[], T],
                 then: str = "nothing of this read is lost, the next run repeats it") -> T:  # fmt: skip
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Retry),
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=self._pause,
            before_sleep=lambda _: meter.add(retries=1),
        )
        try:
            value: T = retrying(attempt)
            return value
        except tenacity.RetryError as gave_up:
            last = gave_up.last_attempt.exception()
            assert isinstance(last, _Retry)
            if last.status == 401:
                raise CredentialError(f"{last}; {self._credential.renewal}") from None
            message = f"{last} (tried {ATTEMPTS} times; {then})"
            raise HubSpotError(message, last.status) from None

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        pause = error.pause if isinstance(error, _Retry) else None
        usual = tenacity.wait_exponential_jitter(initial=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=FIRST_PAUSE)(state)
        return (usual if pause is None else pause) * self._backoff

    def _once(self, method: str, path: str, params: Params | None, body: bytes | None,
              parse: Callable[[bytes], T], meter: Meter) -> T:  # fmt: skip
        kind = kind_of(path)
        token = self.auth.token()
        call = self.pacer.acquire(kind)
        headers: Mapping[str, str] = {}
        meter.add(calls=1)
        try:
            answer = self._session().request(
                method, self.base_url + path, params=dict(params or {}), data=body, timeout=self._timeout,
                allow_redirects=False, stream=True, headers=_headers(body), auth=_Bearer(token),
            )  # fmt: skip
            headers = answer.headers
            content = content_of(answer, f"{method} {path}")
        except requests.RequestException as error:
            raise _Retry(f"{method} {path}: the connection to {self.base_url} {_reason(error)}") from None
        finally:
            self.pacer.observe(call, headers)
        meter.add(bytes=len(content))
        self._read_clock(answer)
        if answer.status_code in (200, 207):
            try:
                return parse(content)
            except MalformedAnswer as error:
                raise _Retry(f"{method} {path}: {error}", answer.status_code) from None
            except RecursionError:
                raise HubSpotError(f"{method} {path}: the answer is nested without end", answer.status_code) from None
        if answer.status_code == 401 and self.auth.expired(token):
            raise _Retry(f"{method} {path}: HubSpot refuses the refreshed OAuth token", 401, pause=0)
        raise self._error(method, path, kind, answer, fields_of(content), meter)

    def _error(self, method: str, path: str, kind: Kind, answer: requests.Response, told: dict[str, Any],
               meter: Meter) -> Exception:  # fmt: skip
        status = answer.status_code
        where = f"{method} {path}: HubSpot answered {status}"
        reference = f" (correlation id {told['correlationId']})" if told.get("correlationId") else ""
        if status == 401:
            return CredentialError(
                "HubSpot refuses the token (401). Check that HUBSPOT_ACCESS_TOKEN is complete and that the private app "
                "or service key was not deactivated or deleted. Rotating it replaces the token, as changing its scopes "
                "may: then copy the current one." + reference
            )
        if status == 403:
            return _forbidden(where, told, reference)
        if 300 <= status < 400:
            return HubSpotError(f"{where}, a redirect; the token is not sent there. Check HUBSPOT_BASE_URL.", status)
        if status == 429:
            meter.add(rate_limited=1)
            if told.get("policyName") == "DAILY":
                self.pacer.day_is_over()
                return DailyLimit("The portal's daily calls are used up; it goes on after midnight in its time zone.")
            self.pacer.refused(kind)  # it waits, for all threads
            return _Retry(where + reference, status, pause=0)
        if status == 477:
            told_wait = answer.headers.get("Retry-After", "")
            wait = float(told_wait) if told_wait.isdigit() else 60.0
            if wait > MOVING_LIMIT:
                return HubSpotError(
                    f"{where}: HubSpot is moving this portal to another data centre and asks to come back in "
                    f"{wait / 3600:.1f} hours. The next scheduled run goes on where this one stopped.", status,
                )  # fmt: skip
            return _Retry(where, status, pause=wait)
        if status in RETRIED:
            return _Retry(where + reference, status, pause=2.0 if status == 423 else None)
        if status == 400 and str(told.get("message", "")).startswith("Unable to infer object type"):
            return MissingScope(
                f"{where}: the portal has no such object type. Activate it in HubSpot's object library, or leave the "
                f"stream out{reference}."
            )
        detail = f", category {told['category']}" if told.get("category") else ""
        return HubSpotError(where + detail + reference, status)

    def _read_clock(self, answer: requests.Response) -> None:
        date = answer.headers.get("Date")
        if date:
            self.portal_now = parsedate_to_datetime(date).astimezone(UTC)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = self._sessions.session = requests.Session()
            session.trust_env = not self._is_local
        return session

    def post_form(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """POST a form about a token to an OAuth path, without a bearer token; gives (status, answer)."""
        if path not in FORM_PATHS:
            raise HubSpotError(f"POST {path} would write to the portal; this client only reads.")

        def once() -> tuple[int, dict[str, Any]]:
            try:
                answer = self._session().post(
                    self.base_url + path, data=form, timeout=self._timeout, allow_redirects=False, stream=True
                )
                told = fields_of(content_of(answer, f"POST {path}"))
            except requests.RequestException as error:
                raise _Retry(f"POST {path}: the connection to {self.base_url} {_reason(error)}") from None
            status = answer.status_code
            if status in RETRIED:
                raise _Retry(f"POST {path}: HubSpot answered {status}", status)
            if path == TOKEN_PATH and status == 200 and "access_token" not in told:
                raise _Retry(f"POST {path}: HubSpot answered {status} without a token", status)
            return status, told

        return self._retried(Meter(), once, then="run the same again in a while")


class _Bearer(requests.auth.AuthBase):
    """Sets the token; given as `auth`, so that a .netrc does not replace it."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        return request


def encoded(body: Any) -> bytes:
    """A request body as it is sent."""
    return json.dumps(body, separators=(",", ":")).encode()


def kind_of(path: str) -> Kind:
    """Which budget a call counts against."""
    if path.startswith("/crm/objects/") and path.endswith("/search"):
        return "search"
    return "associations" if path.startswith("/crm/associations/") else "burst"


def _headers(body: bytes | None) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "hubspot_pipeline"}
    return headers | ({"Content-Type": "application/json"} if body is not None else {})


def _reason(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "has no certificate this machine trusts (behind a proxy, set REQUESTS_CA_BUNDLE to its certificate)"
    return "timed out" if isinstance(error, requests.Timeout) else "was cut off"


def _forbidden(where: str, told: dict[str, Any], reference: str) -> Exception:
    scopes = tuple(
        scope
        for error in told.get("errors") or []
        if isinstance(error, dict)
        for scope in (error.get("context") or {}).get("requiredGranularScopes", [])
    )
    if not told:
        return HubSpotError(
            f"{where} without HubSpot's own error body: a proxy or firewall on the way refused the call. "
            "Allow this machine to reach HubSpot's API.", 403,
        )  # fmt: skip
    if scopes or told.get("category") == "MISSING_SCOPES":
        named = " or ".join(scopes[:6]) or "of this endpoint"
        return MissingScope(f"The token lacks the scope {named}. Add it to the app in HubSpot{reference}.", scopes)
    return MissingScope(
        f"{where}: the portal's plan or the token's user does not allow it. "
        f"Upgrade the plan, or leave the stream out{reference}."
    )

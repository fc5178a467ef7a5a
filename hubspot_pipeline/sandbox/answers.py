"""Answers and errors in HubSpot's envelope.

(status, value) -> `Answer`; a refusal -> `ApiError` -> `Answer`
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hubspot_pipeline.sandbox.encoding import Json, encode

JSON_TYPE = "application/json;charset=utf-8"
SCOPES_LINK = "https://developers.hubspot.com/scopes"


@dataclass(slots=True)
class Answer:
    """One HTTP answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, encode(value), dict(headers or {}))


class Correlation:
    """Correlation ids: UUIDv7 of the virtual time, random part from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def next(self, now: int) -> str:
        bits = self._random.getrandbits
        text = f"{now:012x}7{bits(12):03x}{8 + bits(2):x}{bits(60):015x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class ApiError(Exception):
    """A refusal that becomes an answer; `extra` adds to the envelope."""

    def __init__(
        self, status: int, message: str, category: str | None = None, *, headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status, self.message, self.category = status, message, category
        self.headers, self.extra = dict(headers or {}), extra

    def answer(self, correlation: str) -> Answer:
        body: Json = {"status": "error", "message": self.message, "correlationId": correlation}
        if self.category:
            body["category"] = self.category
        return json_answer(body | self.extra, self.status, {"x-hubspot-correlation-id": correlation, **self.headers})


def invalid(message: str, **extra: Any) -> ApiError:
    return ApiError(400, message, "VALIDATION_ERROR", **extra)


def not_found(message: str = "resource not found", **extra: Any) -> ApiError:
    return ApiError(404, message, "OBJECT_NOT_FOUND", **extra)


def unauthenticated() -> ApiError:
    return ApiError(
        401, "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview", "INVALID_AUTHENTICATION",
        headers={"x-hubspot-auth-failure": "401 Unauthorized"},
    )  # fmt: skip


def expired(ago_seconds: int, at: str) -> ApiError:
    return ApiError(
        401, f"The OAuth token used to make this call expired {ago_seconds} second(s) ago.", "EXPIRED_AUTHENTICATION",
        context={"expire time": [at]}, headers={"x-hubspot-auth-failure": "401 Unauthorized"},
    )  # fmt: skip


def missing_scopes(*lacking: Sequence[str]) -> ApiError:
    """403; each of `lacking` is a list of alternatives of which the token has none."""
    return ApiError(
        403, "This app hasn't been granted all required scopes to make this call. Read more about required scopes "
        f"here: {SCOPES_LINK}.", "MISSING_SCOPES", links={"scopes": SCOPES_LINK},
        errors=[{"message": "One or more of the following scopes are required.",
                 "context": {"requiredGranularScopes": list(alternatives)}} for alternatives in lacking],
    )  # fmt: skip


def rate_limited(policy: str, words: str, headers: Mapping[str, str], request_id: str) -> ApiError:
    return ApiError(
        429, f"You have reached your {words} limit.", None, headers=headers, errorType="RATE_LIMIT", policyName=policy,
        requestId=request_id,
    )  # fmt: skip


def property_errors(problems: Sequence[tuple[str, str, str]], portal_id: int) -> ApiError:
    """400 of a write whose values were refused; `problems` are (property, code, message)."""
    details = [
        {"isValid": False, "message": message, "error": code, "name": name, "localizedErrorMessage": message,
         "portalId": portal_id}
        for name, code, message in problems
    ]  # fmt: skip
    return invalid(
        f"Property values were not valid: {encode(details).decode()}",
        errors=[
            {"message": message, "code": code, "context": {"propertyName": [name]}} for name, code, message in problems
        ],
    )


def batch_error(error: ApiError, **context: Sequence[str]) -> Json:
    """One entry of a batch answer's `errors`."""
    body: Json = {"status": "error", "category": error.category or "VALIDATION_ERROR", "message": error.message}
    body |= {key: value for key, value in error.extra.items() if key in ("subCategory", "errors", "links")}
    merged = {**error.extra.get("context", {}), **{key: list(value) for key, value in context.items()}}
    return body | {"context": merged}

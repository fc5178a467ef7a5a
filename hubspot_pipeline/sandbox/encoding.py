"""JSON as HubSpot sends it: UTF-8, control characters and lone surrogates escaped.

any value -> bytes
"""

import json
import re
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

Json = dict[str, Any]


def encode(value: Any) -> bytes:
    """Compact JSON; a lone surrogate becomes its escape, so that the raw text carries it as a live answer would."""
    text = encode_basestring(value) if type(value) is str else _ENCODER.encode(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text).encode()


@lru_cache(maxsize=16_384)
def member(name: str) -> bytes:
    """A member's name with its colon, kept: a portal has few names and many values."""
    return encode(name) + b":"

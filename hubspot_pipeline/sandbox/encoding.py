"""JSON as HubSpot sends it: UTF-8, control characters and lone surrogates escaped.

any value -> bytes
"""

import json
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")

Json = dict[str, Any]


def encode(value: Any) -> bytes:
    """Compact JSON; a lone surrogate becomes its escape, so that the raw text carries it as a live answer would."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text).encode()

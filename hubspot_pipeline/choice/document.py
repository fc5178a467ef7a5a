"""The text of hubspot.yaml -> mappings, lists, texts, true, false and null; nothing else, and nothing converted.

A plain `007`, `1e3`, `2026-01-31`, `no` or `12:30` stays the text that was written: its meaning depends on the
property it is for, not on YAML.
"""

from typing import Any

import yaml

from hubspot_pipeline.errors import ConfigError

NAME = "hubspot.yaml"
_NULL, _BOOL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"
_SETS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_PLAIN = {_TEXT} | {f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp", "value", "merge")}


def parsed(content: bytes) -> Any:
    """The document as plain Python; None where the file is empty. Raises ConfigError with line and column."""
    try:
        text = content.decode("utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise ConfigError(f"{NAME} is not UTF-8 text; save it as UTF-8.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ConfigError(f"{NAME}{place}: {error.problem or error.context}. It must be valid YAML.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{NAME} is not valid YAML: {str(error).splitlines()[0]}.") from None
    return None if root is None else _Plain().value(root)


class _Plain:
    """Nodes -> plain values; an anchor's value is made once, however often it is used."""

    def __init__(self) -> None:
        self.made: dict[int, Any] = {}
        self.open: set[int] = set()

    def value(self, node: Any) -> Any:
        key = id(node)
        if key in self.open:
            raise ConfigError(f"{NAME}, line {_line(node)}: a value may not contain itself.")
        if key not in self.made:
            self.open.add(key)
            self.made[key] = self._new(node)
            self.open.discard(key)
        return self.made[key]

    def _new(self, node: Any) -> Any:
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _SETS:
            raise _tagged(node)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item) for item in node.value]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node)
        return _scalar(node)

    def _mapping(self, node: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigError(f"{NAME}, line {_line(key)}: a key must be a name.")
            name = str(key.value)
            if name in found:
                raise ConfigError(f"{NAME}, line {_line(key)}: `{name}` is there twice; keep one of them.")
            found[name] = self.value(value)
        return found


def _scalar(node: Any) -> Any:
    text = str(node.value)
    if node.tag == _NULL:
        return None
    if node.tag == _BOOL:
        return text.lower() == "true" if text.lower() in ("true", "false") else text
    if node.tag in _PLAIN:
        return text
    raise _tagged(node)


def _tagged(node: Any) -> ConfigError:
    return ConfigError(f"{NAME}, line {_line(node)}: the tag {node.tag} has no meaning here; leave it out.")


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1

"""The stream table -> committed text that follows from it: dbt sources, README tables. `--check` keeps it honest."""

from pathlib import Path

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.streams import STREAMS, smallest_scopes

SOURCES = Path("dbt_project/models/staging/hubspot/_hubspot__sources.yml")
README = Path("README.md")

_OWN_TABLES = (
    ("sync_runs", "One row per run and stream: status, counts, calls, cursors."),
    ("rejects", "Values that did not fit their type, as HubSpot sent them, with the reason."),
)


def generate(root: Path, *, check: bool = False) -> list[Path]:
    """Write what is stale below `root` (`check`: only find it); returns those paths."""
    wanted = {SOURCES: _sources(), README: _readme((root / README).read_text(encoding="utf-8"))}
    stale = [
        path
        for path, text in wanted.items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]
    if not check:
        for path in stale:
            (root / path).write_text(wanted[path], encoding="utf-8")
    return stale


def _sources() -> str:
    lines = [
        "# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py.",
        "version: 2",
        "",
        "sources:",
        "  - name: hubspot",
        "    schema: hubspot",
        "    description: The portal as HubSpot sent it, loaded by the streams of the same names.",
        "    tables:",
    ]
    for name, about in [*((stream.name, stream.about) for stream in STREAMS), *_OWN_TABLES]:
        lines += [f"      - name: {name}", f"        description: {_quoted(about)}"]
        if name not in dict(_OWN_TABLES):
            lines += [
                "        config:",
                "          meta:",
                "            dagster:",
                f'              asset_key: ["hubspot", "{name}"]',
            ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _readme(text: str) -> str:
    text = _between(text, "streams", stream_table())
    return _between(text, "scopes", scope_list())


def stream_table() -> str:
    """The README's table of streams."""
    rows = ["| table | HubSpot | what it holds | scope (any one) |", "|---|---|---|---|"]
    for stream in STREAMS:
        scopes = " or ".join(f"`{scope}`" for scope in stream.scopes) or "none"
        rows.append(f"| `{stream.name}` | {stream.label} | {stream.about} | {scopes} |")
    return "\n".join(rows)


def scope_list() -> str:
    """The smallest list of scopes that reads every stream, ready to paste into HubSpot."""
    return "```\n" + "\n".join(smallest_scopes()) + "\n```"


def _between(text: str, mark: str, content: str) -> str:
    begin, end = f"<!-- {mark}: generated -->", f"<!-- /{mark} -->"
    if begin not in text or end not in text:
        raise ConfigError(f"README.md lacks the marks {begin} and {end}, between which this text belongs.")
    head, rest = text.split(begin, 1)
    return f"{head}{begin}\n{content}\n{end}{rest.split(end, 1)[1]}"

"""The stream table -> committed text that follows from it: dbt sources, typed views, README tables.

`--check` keeps it honest.
"""

from pathlib import Path

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.streams import STREAMS, Stream, smallest_scopes

STAGING = Path("dbt_project/models/staging/hubspot")
SOURCES = STAGING / "_hubspot__sources.yml"
GENERATED = STAGING / "generated"
"""Typed views that nobody wrote by hand. Nothing else is in this folder: what no stream asks for is removed."""
README = Path("README.md")
TABLE = Path("docs/streams.md")

_OWN_TABLES = (
    ("sync_runs", "One row per run and stream: status, counts, calls, cursors."),
    ("rejects", "Values that did not fit their type, as HubSpot sent them, with the reason."),
    ("property_choices", "What hubspot.yaml says of single properties: selected, exposed, renamed; absent: defaults."),
)
_WRITTEN = "Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py."
_GROUPS = (("string",), ("json",), ("bigint", "double", "number"), ("bool",), ("date", "datetime"))
"""Columns in the order of the style guide: text, lists, numbers, booleans, times."""


def generate(root: Path, *, check: bool = False) -> list[Path]:
    """Write what is stale below `root`, remove what no stream asks for; returns the paths. `check`: only find them."""
    by_hand = {path.stem for path in (root / STAGING).glob("stg_hubspot__*.sql")}
    wanted = {
        SOURCES: _sources(),
        README: _readme((root / README).read_text(encoding="utf-8")),
        TABLE: stream_table(),
        **staging(STREAMS, by_hand),
    }
    stale = [
        path
        for path, text in wanted.items()
        if not (root / path).exists() or (root / path).read_text(encoding="utf-8") != text
    ]
    left = [path.relative_to(root) for path in sorted((root / GENERATED).glob("*"))]
    extra = [path for path in left if path not in wanted]
    if not check:
        (root / GENERATED).mkdir(parents=True, exist_ok=True)
        for path in stale:
            (root / path).write_text(wanted[path], encoding="utf-8")
        for path in extra:
            (root / path).unlink()
    return stale + extra


def staging(streams: tuple[Stream, ...], by_hand: set[str]) -> dict[Path, str]:
    """Typed view of each stream that has a shape of its own and no view written by hand; one file describes them."""
    models, described = {}, [f"# {_WRITTEN}", "version: 2", "", "models:"]
    for stream in streams:
        name = f"stg_hubspot__{stream.name}"
        query = _query(stream)
        if name in by_hand or not query:
            continue
        about = stream.about
        if stream.shape == "object":
            about += " One column per live property, named and typed as the portal's catalogue says."
        models[GENERATED / f"{name}.sql"] = f"{{# {_WRITTEN} #}}\n{query}\n"
        described += [f"  - name: {name}", f"    description: {_quoted(about)}"]
    return models | {GENERATED / "_generated__models.yml": "\n".join(described) + "\n"}


def _query(stream: Stream) -> str:
    if stream.shape == "object":
        return f"{{{{ typed_object('{stream.name}', '{stream.object}') }}}}"
    columns = _columns(stream)
    if not columns:
        return ""
    ranked = sorted(columns, key=lambda column: next((i for i, kinds in enumerate(_GROUPS) if column[1] in kinds), 0))
    listed = "".join(f"    ('{name}', '{kind}'),\n" for name, kind in ranked)
    return f"{{{{ typed_collection('{stream.name}', [\n{listed}]) }}}}"


def _columns(stream: Stream) -> list[tuple[str, str]]:
    """(column, HubSpot's word for its type) of a stream that is no CRM object; none of one without its own table."""
    if stream.is_history:
        from hubspot_pipeline.extract.versions import SCHEMA

        return [(field.name, _KINDS.get(str(field.type).partition("[")[0], "string")) for field in SCHEMA]
    if not stream.columns:
        return []
    return [*((name, _KINDS.get(kind, kind)) for name, kind, _ in stream.columns), ("_synced_at", "datetime")]


_KINDS = {"text": "string", "timestamp": "datetime", "int64": "bigint"}


def _sources() -> str:
    lines = [
        f"# {_WRITTEN}",
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
    return _between(text, "scopes", scope_list())


_ABOUT_TABLE = """# Streams

Each is a table (or a view) of schema `hubspot`, an asset in the UI, and where it has columns of its own a typed view
`staging.stg_hubspot__<table>`. `on` is read without any choice, `off` waits for `streams:` in
[hubspot.yaml](choice.md); groups can be named there too. A custom object of your portal is one more stream, called by
its name (with `custom_` before it where that is taken). Any one of the scopes is enough; `oauth` is in every token.
"""


def stream_table() -> str:
    """docs/streams.md: every stream with its group, default, scopes and what else it needs."""
    rows = [
        _ABOUT_TABLE,
        "| table | group | default | what it holds | scope (any one) | needs |",
        "|---|---|---|---|---|---|",
    ]
    for stream in STREAMS:
        scopes = " or ".join(f"`{scope}`" for scope in stream.scopes) or "none"
        state = "on" if stream.default else "off"
        rows.append(f"| `{stream.name}` | {stream.group} | {state} | {stream.about} | {scopes} | {stream.plan} |")
    return "\n".join(rows) + "\n"


def scope_list() -> str:
    """The smallest list of scopes that reads every stream that is on by default, ready to paste into HubSpot."""
    return "```\n" + "\n".join(smallest_scopes(stream for stream in STREAMS if stream.default)) + "\n```"


def _between(text: str, mark: str, content: str) -> str:
    begin, end = f"<!-- {mark}: generated -->", f"<!-- /{mark} -->"
    if begin not in text or end not in text:
        raise ConfigError(f"README.md lacks the marks {begin} and {end}, between which this text belongs.")
    head, rest = text.split(begin, 1)
    return f"{head}{begin}\n{content}\n{end}{rest.split(end, 1)[1]}"

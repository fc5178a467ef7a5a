"""Rows of a mart -> a Markdown table that shows every value as text and runs none of it."""

from typing import TYPE_CHECKING, Any

from hubspot_pipeline.report import plain

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

ROWS = 20
_MARKUP = str.maketrans({sign: f"&#{ord(sign)};" for sign in "&<>|`*_[]()!\\~#\"'"})


def markdown(frame: "pd.DataFrame") -> str:
    """A DataFrame as a Markdown table. Values come from a portal that strangers can write to (a form is enough),

    so whatever HTML or Markdown would interpret is written as a character reference.
    """
    lines = [_row(frame.columns), "|" + " --- |" * len(frame.columns)]
    lines += [
        _row(values) for values in frame.astype(object).where(frame.notna(), "").itertuples(index=False, name=None)
    ]
    return "\n".join(lines)


def of(con: "duckdb.DuckDBPyConnection", relation: str) -> str:
    """The first rows of a relation, given as SQL would name it."""
    return markdown(con.execute(f"select * from {relation} limit {ROWS}").df())


def _row(values: Any) -> str:
    return "| " + " | ".join(as_text(value) for value in values) + " |"


def as_text(value: Any) -> str:
    """A value as Markdown that shows it and does nothing else, on one line, cut where it is long."""
    text = str(value)
    text = text if len(text) <= 200 else text[:199] + "…"
    return " ".join(plain(text).split()).translate(_MARKUP).replace("://", "&#58;//").replace("www.", "www&#46;")

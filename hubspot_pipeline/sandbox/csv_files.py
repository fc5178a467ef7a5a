"""CSV files as text: nothing typed, nothing left out.

path -> header and rows

pandas is loaded only when a file is read: half a second that a portal without an import need not wait for.
"""

from dataclasses import dataclass
from pathlib import Path


class ImportRefused(ValueError):
    """The folder cannot be imported; the message names the file, the row or column, and what is wrong with it."""


@dataclass(frozen=True)
class Table:
    """One file: its name, its header and its rows of cells, each cell as written."""

    name: str
    header: list[str]
    rows: list[list[str]]


def table(path: Path) -> Table:
    """Reads a file in UTF-8, with or without a byte order mark. Raises ImportRefused."""
    import pandas as pd

    try:
        # the slower engine is the one that tells a cell that is missing from an empty one
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, header=None, encoding="utf-8-sig", engine="python")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ImportRefused(f"{path} is not a CSV file in UTF-8 with a header line: {error}") from error
    short = frame.index[frame.isna().any(axis=1)]
    if len(short):
        raise ImportRefused(f"{path} row {short[0] + 1} has fewer cells than the header.")
    header, *rows = frame.to_numpy().tolist()
    return Table(path.name, [str(cell).strip() for cell in header], rows)

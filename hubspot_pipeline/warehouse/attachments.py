"""Files that the `files` table knows -> their content in a folder of the data folder, if hubspot.yaml asks for it.

A name from HubSpot is whatever somebody typed: the file on disk begins with its id, and keeps only plain characters of
the rest. What is there with the right size is not fetched again; what could not be fetched is tried by the next run.
What no row names any more is deleted.
"""

import re
import unicodedata
from concurrent.futures import Executor
from pathlib import Path
from urllib.parse import quote

import duckdb

from hubspot_pipeline.api.client import Client, Meter
from hubspot_pipeline.errors import CredentialError, DailyLimit, PipelineError
from hubspot_pipeline.extract import unnest
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import API_VERSION
from hubspot_pipeline.warehouse.plan import Tally
from hubspot_pipeline.warehouse.store import columns_of, has_table

LONGEST_NAME = 120
"""Characters of a file's name on disk; file systems take 255 bytes."""
_OWN = re.compile(r"[0-9]+_.*|\.[0-9]+[_.](.*\.)?[0-9]+")
"""Names on disk that only this module gives: of contents, and of those that a download has not finished."""


def fetch(settings: Settings, client: Client, pool: Executor, con: duckdb.DuckDBPyConnection, meter: Meter,
          tally: Tally) -> None:  # fmt: skip
    """Bring the content of all known files; `hubspot.files.content_path` says where it is.

    A file that fails leaves a note and the others go on; a token or a day that ended ends the stream.
    """
    if not settings.choice.files.download or not has_table(con, "files"):
        return
    folder = settings.data_dir / settings.choice.files.folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    known = con.execute("SELECT id, name, extension, size FROM hubspot.files ORDER BY id").fetchall()
    flying = []
    for id_, name, extension, size in known:
        target = folder / safe_name(id_, name or "", extension or "")
        flying.append((id_, pool.submit(_one, client, meter, id_, target, size)))
    for id_, future in flying:
        try:
            path = future.result()
        except (CredentialError, DailyLimit) as error:
            for _, rest in flying:
                rest.cancel()
            tally.error = error
            return
        except (PipelineError, OSError) as error:
            tally.notes.append(f"File {id_} was not fetched: {error}")
            continue
        relative = path.relative_to(settings.data_dir).as_posix()
        sql = "UPDATE hubspot.files SET content_path = ? WHERE id = ? AND content_path IS DISTINCT FROM ?"
        changed = con.execute(sql, [relative, id_, relative]).fetchone()
        tally.rewritten += int(changed[0]) if changed else 0
    if tally.error is None:
        _tidy(settings, con, tally)


def strays(settings: Settings, con: duckdb.DuckDBPyConnection, gone: str = "false") -> list[Path]:
    """Contents on disk that no row of `hubspot.files` names, and what downloads that were killed left.

    A row that came anew and has no content yet keeps what there is under its id. `gone`: condition of rows that do not
    count. Files that are not of our naming are none. To be asked while nothing downloads.
    """
    folder = settings.data_dir / settings.choice.files.folder
    if not folder.is_dir():
        return []
    named, waiting = set[str](), set[str]()
    if columns := columns_of(con, "files"):
        path_of = "content_path" if "content_path" in columns else "NULL"
        for id_, path in con.execute(f"SELECT id, {path_of} FROM hubspot.files WHERE NOT ({gone})").fetchall():
            (waiting if path is None else named).add(id_ if path is None else _comparable(path))
    found = sorted(path for path in folder.iterdir() if _OWN.fullmatch(path.name) and path.is_file())
    return [
        path for path in found
        if _comparable(path.relative_to(settings.data_dir).as_posix()) not in named
        and re.split("[_.]", path.name)[0] not in waiting
    ]  # fmt: skip


def _comparable(path: str) -> str:
    """The same for all spellings that a file system may take for one name."""
    return unicodedata.normalize("NFC", path).casefold()


def _tidy(settings: Settings, con: duckdb.DuckDBPyConnection, tally: Tally) -> None:
    for path in strays(settings, con):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            tally.notes.append(
                f"{path} is no longer in HubSpot and could not be deleted ({error.strerror}): delete it."
            )


def safe_name(id_: str, name: str, extension: str) -> str:
    """`<id>_<name>.<extension>` of plain characters: no folder, no control character, no name that is reserved."""
    stem = re.sub(r"[^\w-]+", "_", name).strip("_")[: LONGEST_NAME // 2]
    ending = re.sub(r"[^A-Za-z0-9]+", "", extension)[:10]
    plain = re.sub(r"[^\w-]+", "", id_)[:40]
    return f"{plain}_{stem}".rstrip("_") + (f".{ending}" if ending else "")


def _one(client: Client, meter: Meter, id_: str, target: Path, size: int | None) -> Path:
    if target.exists() and (size is None or target.stat().st_size == size):
        return target
    path = f"/files/{API_VERSION}/files/{quote(id_, safe='')}/signed-url"
    signed = client.get(path, parse=unnest.rows, meter=meter)
    client.download(str(signed.get("url", "")), target, meter=meter)
    return target

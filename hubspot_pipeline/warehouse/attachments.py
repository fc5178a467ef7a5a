"""Files that the `files` table knows -> their content in a folder of the data folder, if hubspot.yaml asks for it.

A name from HubSpot is whatever somebody typed: the file on disk begins with its id, and keeps only plain characters of
the rest. What is there with the right size is not fetched again; what could not be fetched is tried by the next run.
"""

import re
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
from hubspot_pipeline.warehouse.store import has_table

LONGEST_NAME = 120
"""Characters of a file's name on disk; file systems take 255 bytes."""


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

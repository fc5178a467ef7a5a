"""One person -> out of the tables, the published files and everything that loads and builds leave beside them.

`find`, then `count` (changes nothing) or `remove`, then `seal`; `traces.search` proves it. In between the caller builds
the marts anew. Each step can be repeated: a person whom any of the files still has is found again.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import duckdb

from hubspot_pipeline.errors import ConfigError, LoadError, WarehouseBusy
from hubspot_pipeline.settings import Settings
from hubspot_pipeline.streams import DECLARED
from hubspot_pipeline.warehouse import attachments, participants, store
from hubspot_pipeline.warehouse.person import CONTACT, Person, asked, grown, needles
from hubspot_pipeline.warehouse.places import PAIRS, Tables, names, tables_of
from hubspot_pipeline.warehouse.publish import previous, publish
from hubspot_pipeline.warehouse.store import literal, quoted
from hubspot_pipeline.warehouse.unions import value, values_of

PERSONAL = ("calls", "communications", "emails", "feedback_submissions", "leads", "meetings", "notes", "postal_mail",
            "tasks")  # fmt: skip
"""Objects whose records go with the only contact they are linked to; a company or a deal beside it is no person."""
_SCRATCH = (
    ".dlt", ".load/dbt", ".load/warehouse.copy", ".load/warehouse.purged", ".load/warehouse.duckdb.tmp",
    "warehouse.publishing", "warehouse.linking", "warehouse.swapping", "*.wal.*.aside",
)  # fmt: skip
"""What loads, builds and crashes leave in the data folder. Loads find their state in the warehouse, too."""


def find(settings: Settings, who: str) -> Person:
    """The person of this id or address, with all that any copy of the warehouse knows of them.

    Raises ConfigError where no copy has a row of them.
    """
    copies = [path for path in (settings.working, settings.published, previous(settings)) if path.exists()]
    if not copies:
        raise ConfigError("There is no warehouse yet, so nobody to remove.")
    person, agreed = asked(who, settings.hash_key), 0
    for path in cycle(copies):  # what one copy adds can lead to more in another
        with store.open_file(path, read_only=True) as con:
            person, before = grown(con, person), person
        agreed = agreed + 1 if person == before else 1
        if agreed >= len(copies):
            break
    for path in copies:
        with store.open_file(path, read_only=True) as con:
            found = _counted(con, _removals(con, person, with_records=False))
            if any(found.values()) or _participants(con, person, dry_run=True):
                return person
    raise ConfigError(
        f"Nobody in this warehouse has the id or address {who!r}. Nothing was changed. An id is that of a contact; if "
        "hubspot.yaml hides addresses, give the id."
    )


def count(settings: Settings, person: Person, *, with_records: bool) -> dict[str, int]:
    """Rows that `remove` would take away or change, by table; files of attachments as `files on disk`."""
    path = settings.working if settings.working.exists() else settings.published
    with store.open_file(path, read_only=True) as con:
        found = _counted(con, _removals(con, person, with_records=with_records))
        found |= _participants(con, person, dry_run=True)
        return _listed(found, _contents(settings, con))


def remove(settings: Settings, person: Person, *, with_records: bool) -> dict[str, int]:
    """Take the person out of the working file, scratch folders and attachments. Returns what `count` counts.

    `with_records`: also records of `PERSONAL` objects that are linked to no other contact. To be called under the lock.
    Raises ConfigError, with nothing changed, where somebody else has the file open.
    """
    store.create(settings)
    with store.open_store(settings) as con:
        removals = _removals(con, person, with_records=with_records)
        done = _counted(con, removals)
        contents = _contents(settings, con)
        for path in contents:
            path.unlink(missing_ok=True)
        _clear_scratch(settings)
        settings.working.with_name("marts.json").unlink(missing_ok=True)  # the next run must build them
        con.begin()
        for (schema, table), condition in removals.items():
            if done[f"{schema}.{table}"]:
                con.execute(f"DELETE FROM {quoted(schema)}.{quoted(table)} WHERE {condition}")
        done |= _participants(con, person)
        _blank(con, person)
        con.commit()
    return _listed(done, contents)


def has_marts(settings: Settings) -> bool:
    """Whether models were built in the working file."""
    with store.open_store(settings, read_only=True) as con:
        return any(schema == "marts" for schema, _ in tables_of(con))


@contextmanager
def resumed(settings: Settings) -> Iterator[None]:
    """The lock, for what follows on `remove`. Raises LoadError where a run took it in between."""
    try:
        with store.locked(settings):
            yield
    except WarehouseBusy as error:
        raise LoadError(f"{error} They are out of the working file only: run the same purge again then.") from None


def seal(settings: Settings) -> None:
    """Write the working file anew and publish it twice, so that no file holds what was deleted.

    DuckDB leaves deleted rows in a file's free blocks; both published files become copies of the new one. To be called
    under the lock.
    """
    fresh = settings.working.with_name("warehouse.purged")
    fresh.unlink(missing_ok=True)
    store.require_space(fresh.parent, int(settings.working.stat().st_size * 1.1) + (16 << 20))
    with store.open_store(settings) as con:
        (name,) = con.execute("SELECT current_database()").fetchone() or ("",)
        store.allow_memory(con, max(map(len, tables_of(con).values()), default=0))
        con.execute("CHECKPOINT")
        con.execute(f"ATTACH {literal(str(fresh))} AS fresh (STORAGE_VERSION '{store.STORAGE}')")
        con.execute(f"COPY FROM DATABASE {quoted(name)} TO fresh")
        con.execute("DETACH fresh")
    fresh.replace(settings.working)
    if settings.published.exists():
        publish(settings)
        publish(settings)
    else:
        previous(settings).unlink(missing_ok=True)


def _removals(con: duckdb.DuckDBPyConnection, person: Person, *, with_records: bool) -> dict[tuple[str, str], str]:
    """(schema, table) -> condition of the rows that are the person's. Makes the temporary tables they ask."""
    tables = tables_of(con)
    _select(con, tables, person, with_records=with_records)
    found: dict[tuple[str, str], str] = {}
    for (schema, table), columns in tables.items():
        conditions = list(_of_any_table(columns) if schema != store.SCHEMA else _of_raw_table(table, columns, tables))
        if schema == f"{store.SCHEMA}_staging" and not table.startswith("_dlt"):
            conditions = ["true"]  # what a load that was cut off left; the next one begins anew
        if conditions:
            found[schema, table] = " OR ".join(conditions)
    return found


def _select(con: duckdb.DuckDBPyConnection, tables: Tables, person: Person, *, with_records: bool) -> None:
    """Temporary tables: `gone` (object, id) of all records to remove, `gone_files` (id), `them` (id of a contact),

    `theirs` (address), `their_forms` (form_id, conversion_id).
    """
    _temporary(con, "theirs", "address", person.addresses)
    _temporary(con, "them", "id", person.ids)
    con.execute("CREATE OR REPLACE TEMP TABLE gone AS SELECT 'contacts' AS object, id FROM them")
    if with_records and (store.SCHEMA, "associations") in tables:
        con.execute(
            """
            INSERT INTO gone SELECT object, id FROM (
                SELECT from_object AS object, from_id AS id, to_id AS contact FROM hubspot.associations
                WHERE to_object = 'contacts'
                UNION ALL
                SELECT to_object, to_id, from_id FROM hubspot.associations WHERE from_object = 'contacts'
            ) WHERE object IN (SELECT unnest(?))
            GROUP BY ALL HAVING bool_and(contact IN (SELECT id FROM them))
            """,
            [list(PERSONAL)],
        )
    _select_files(con, tables)
    if (store.SCHEMA, "form_submissions") in tables:
        con.execute(_THEIR_FORMS)


def _select_files(con: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    """`gone_files` (id): files that only records in `gone` have attached."""
    attached = " UNION ALL ".join(
        f"SELECT {literal(object_type)} AS object, id, "
        f"trim(unnest(string_split({value(('hs_attachment_ids',), 'hs_attachment_ids')}, ';'))) AS file "
        f"FROM (SELECT id, {values_of(('hs_attachment_ids',))} AS p FROM hubspot.{quoted(table)})"
        for object_type in PERSONAL
        if "properties" in tables.get((store.SCHEMA, table := DECLARED.by_object[object_type].name), ())
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE gone_files AS SELECT file AS id FROM "
        f"({attached or 'SELECT NULL AS object, NULL AS id, NULL AS file'}) GROUP BY file "
        "HAVING bool_and((object, id) IN (SELECT object, id FROM gone))"
    )


_THEIR_FORMS = """
    CREATE OR REPLACE TEMP TABLE their_forms AS
    SELECT form_id, conversion_id FROM (
        SELECT form_id, conversion_id, lower(field.name) = 'email' AS is_email,
            lower(trim(field.value)) IN (SELECT address FROM theirs) AS is_theirs
        FROM (
            SELECT form_id, conversion_id,
                unnest(json_transform("values", '[{"name": "VARCHAR", "value": "VARCHAR"}]')) AS field
            FROM hubspot.form_submissions WHERE json_type("values") = 'ARRAY'
        )
    ) GROUP BY ALL
    HAVING CASE WHEN bool_or(is_email) THEN bool_or(is_email AND is_theirs) ELSE bool_or(is_theirs) END
"""
"""The field `email` says whose a submission is; where there is none, any field that is an address of theirs."""


def _of_raw_table(table: str, columns: Mapping[str, str], tables: Tables) -> Iterator[str]:
    """Conditions of the person's rows in a table of schema `hubspot`."""
    owner = table.removesuffix("_property_history")
    known = DECLARED.by_name.get(owner)
    if known is not None and known.object and "id" in columns:
        yield f"id IN (SELECT id FROM gone WHERE object = {literal(known.object)})"
    if table == "rejects":
        yield "(object, id) IN (SELECT object, id FROM gone)"
    if table == "associations" or table.endswith("_web_analytics"):
        yield from _of_pairs(columns)
    if "recipient" in columns:
        yield "lower(trim(recipient)) IN (SELECT address FROM theirs)"
    if table == "form_submissions":
        yield "(form_id, conversion_id) IN (SELECT form_id, conversion_id FROM their_forms)"
    if table == "list_memberships":
        yield "record_id IN (SELECT id FROM them)" + _of_contact_lists(tables)
    if table == "files":
        yield "id IN (SELECT id FROM gone_files)"


def _of_any_table(columns: Mapping[str, str]) -> Iterator[str]:
    """Conditions of the person's rows in a table that a model made."""
    yield from _of_pairs(columns)
    if "engagement_key" in columns:
        yield "engagement_key IN (SELECT object || ':' || id FROM gone)"
    if "person_id" in columns:
        yield f"person_id IN (SELECT {literal(CONTACT)} || id FROM them)"
    if "contact_id" in columns:
        yield "CAST(contact_id AS VARCHAR) IN (SELECT id FROM them)"


def _of_pairs(columns: Mapping[str, str]) -> Iterator[str]:
    for kind, id_ in PAIRS:
        if kind in columns and id_ in columns:
            yield f"({kind}, CAST({id_} AS VARCHAR)) IN (SELECT object, id FROM gone)"


def _of_contact_lists(tables: Tables) -> str:
    """Ids are told apart by object: the list says of which its members are."""
    if "object_type_id" not in tables.get((store.SCHEMA, "contact_lists"), ()):
        return ""
    other = f"object_type_id <> {literal(DECLARED.by_object['contacts'].type_id)}"
    return f" AND list_id NOT IN (SELECT list_id FROM hubspot.contact_lists WHERE {other})"


def _counted(con: duckdb.DuckDBPyConnection, removals: Mapping[tuple[str, str], str]) -> dict[str, int]:
    found = {}
    for (schema, table), condition in removals.items():
        row = con.execute(f"SELECT count(*) FROM {quoted(schema)}.{quoted(table)} WHERE {condition}").fetchone()
        found[f"{schema}.{table}"] = row[0] if row else 0
    return found


def _participants(con: duckdb.DuckDBPyConnection, person: Person, *, dry_run: bool = False) -> dict[str, int]:
    patterns = [needle.pattern for needle in needles(person) if needle.kind == "address"]
    changed = participants.without(con, "|".join(patterns), dry_run=dry_run) if patterns else {}
    return {f"{store.SCHEMA}.{table} (participants)": rows for table, rows in changed.items()}


def _blank(con: duckdb.DuckDBPyConnection, person: Person) -> None:
    """What else models wrote of the person into rows of others becomes NULL; the next build fills it anew."""
    pattern = literal("|".join(needle.pattern for needle in needles(person)))
    for (schema, table), columns in tables_of(con).items():
        name = f"{quoted(schema)}.{quoted(table)}"
        anywhere = f"SELECT 1 FROM {name} WHERE {names(columns, person, pattern)} LIMIT 1"
        if schema == store.SCHEMA or not con.execute(anywhere).fetchall():
            continue
        for column, kind in columns.items():
            con.execute(f"UPDATE {name} SET {quoted(column)} = NULL WHERE {names({column: kind}, person, pattern)}")


def _contents(settings: Settings, con: duckdb.DuckDBPyConnection) -> list[Path]:
    """Files on disk of the attachments that go, and those that no row names: whose they were nobody knows."""
    unknown = {path.resolve() for path in attachments.strays(settings, con, "id IN (SELECT id FROM gone_files)")}
    if "content_path" not in store.columns_of(con, "files"):
        return sorted(unknown)
    sql = "SELECT content_path FROM hubspot.files WHERE id IN (SELECT id FROM gone_files) AND content_path IS NOT NULL"
    root = settings.data_dir.resolve()
    paths = [(root / path).resolve() for (path,) in con.execute(sql).fetchall()]
    return sorted(unknown | {path for path in paths if path.is_relative_to(root) and path.is_file()})


def _clear_scratch(settings: Settings) -> None:
    for pattern in _SCRATCH:
        for path in settings.data_dir.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _listed(rows: Mapping[str, int], contents: list[Path]) -> dict[str, int]:
    found = {name: number for name, number in rows.items() if number}
    return found | ({"files on disk": len(contents)} if contents else {})


def _temporary(con: duckdb.DuckDBPyConnection, table: str, column: str, texts: Iterable[str]) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT unnest(?::VARCHAR[]) AS {column}", [sorted(texts)])

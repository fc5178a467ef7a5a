"""An id or an e-mail address -> one person: every contact that is them, every address, and texts that name only them.

Contacts that were merged are one person, and so are those with the same primary address: one of them came after the
other was deleted.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, quote_plus

import duckdb

from hubspot_pipeline.errors import ConfigError
from hubspot_pipeline.extract.conceal import Concealer
from hubspot_pipeline.settings import Secret
from hubspot_pipeline.warehouse.store import columns_of, has_table
from hubspot_pipeline.warehouse.unions import value, values_of

FEWEST_DIGITS = 9
"""Digits of a phone number below which it would be found in other numbers by chance."""
FEWEST_LETTERS = 5
"""Characters of a full name below which it would be found in other words by chance."""
CONTACT = "contact:"
"""What stands before a contact's id where the marts name a person."""

Kind = Literal["address", "name", "phone", "id"]

_READ = ("email", "hs_additional_emails", "hs_merged_object_ids", "firstname", "lastname", "phone", "mobilephone")
_IS_ADDRESS = "(contains(address, '@') OR regexp_full_match(address, '[0-9a-f]{32}'))"
"""Also the hash of one; anything else that stands in an address's place names nobody."""


@dataclass(frozen=True, slots=True)
class Person:
    """Ids of all contacts that are one person; their addresses in lower case; names and phone numbers of nobody else.

    An address that hubspot.yaml hashes is here as its hash.
    """

    ids: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Needle:
    """A text that names the person, in all spellings that files and tables have for it, in lower case."""

    kind: Kind
    spellings: tuple[str, ...]

    @property
    def pattern(self) -> str:
        """Regular expression, for DuckDB and Python alike, of the text as a word of its own in a lower-case text.

        What JSON writes for a line's end or a quote is no part of the word behind it.
        """
        inside = "a-z0-9._%+-" if self.kind == "address" else "a-z0-9"
        behind = r"[^a-z0-9.-]|[.-](?:$|[^a-z0-9])" if self.kind == "address" else "[^a-z0-9]"
        texts = "|".join(map(re.escape, self.spellings))
        return rf"(?:^|[^{inside}]|\\[bfnrt]|\\u[0-9a-f]{{4}})(?:{texts})(?:$|{behind})"


def asked(who: str, key: Secret) -> Person:
    """What a user typed as a person: an id, or an address with what it is hashed to.

    Raises ConfigError where it is neither.
    """
    text = who.strip()
    if text.isascii() and text.isdigit():
        return Person(ids=frozenset({text}))
    if "@" not in text:
        raise ConfigError(f"{who!r} is neither the id of a contact (digits) nor an e-mail address.")
    hashes: set[str] = set()
    if key:
        hashed = Concealer(key.reveal().encode(), hashed=["address"])
        hashes = {hashed.row({"address": one})["address"] for one in (text, text.lower())}
    return Person(addresses=frozenset({text.lower(), *hashes}))


def grown(con: duckdb.DuckDBPyConnection, person: Person) -> Person:
    """The person with all that this warehouse file knows of them."""
    if not {"id", "properties", "merged_into_id"} <= set(columns_of(con, "contacts")):
        return person
    _read_contacts(con)
    ids, addresses = set(person.ids), set(person.addresses)
    while True:
        known = len(ids) + len(addresses)
        ids |= _texts(con, "SELECT id FROM addresses WHERE address IN (SELECT unnest(?))", addresses)
        ids |= _texts(con, "SELECT b FROM merges WHERE a IN (SELECT unnest(?))", ids)
        addresses |= _texts(con, "SELECT address FROM addresses WHERE id IN (SELECT unnest(?))", ids)
        if len(ids) + len(addresses) == known:
            break
    found = replace(person, ids=frozenset(ids), addresses=frozenset(addresses))
    return replace(found, names=person.names | _names(con, found), phones=person.phones | _phones(con, found))


def needles(person: Person) -> list[Needle]:
    """The texts to look for where a person must not be found. A bare id is none: it is a short number."""
    texts: list[tuple[Kind, Iterable[str]]] = [
        ("address", person.addresses), ("name", person.names), ("phone", person.phones),
        ("id", (CONTACT + one for one in person.ids)),
    ]  # fmt: skip
    return [Needle(kind, _spellings(text)) for kind, found in texts for text in sorted(found)]


def _spellings(text: str) -> tuple[str, ...]:
    """The text plain, in JSON and in JSON inside JSON, in a URL, and in the tables that Dagster shows."""
    found = []
    # files are searched as bytes, where only the letters of ASCII can be put into lower case
    for plain in (text.lower(), text.encode().lower().decode()):
        escaped = json.dumps(plain)[1:-1]
        shown = re.sub(r"[&<>|`*_\[\]()!\\~#\"']", lambda sign: f"&#{ord(sign[0])};", plain)
        found += [plain, escaped, json.dumps(escaped)[1:-1], quote(plain, safe=""), quote_plus(plain), shown]
    return tuple(dict.fromkeys(one.encode().lower().decode() for one in found))


def _read_contacts(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary tables: `people`; `claims`, every address that each has or had; `addresses` (id, address), those that

    identify: an additional or former one does only where no other contact has or had it; `merges` (a, b), both ways.
    """
    texts = ", ".join(f"trim({value(_READ, name)}) AS {name}" for name in _READ)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE people AS
        SELECT id, merged_into_id, {texts}
        FROM (SELECT id, merged_into_id, {values_of(_READ)} AS p FROM hubspot.contacts)
    """)
    former = ""
    if has_table(con, "contacts_property_history"):
        former = """
            UNION ALL SELECT id, value, false FROM hubspot.contacts_property_history
            WHERE property IN ('email', 'hs_additional_emails')
        """
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE claims AS
        WITH lists AS (
            SELECT id, email AS texts, true AS is_primary FROM people
            UNION ALL SELECT id, hs_additional_emails, false FROM people {former}
        ), texts AS (SELECT id, lower(trim(unnest(string_split(texts, ';')))) AS address, is_primary FROM lists)
        SELECT id, coalesce(merged_into_id, id) AS survivor, address, is_primary
        FROM texts LEFT JOIN people USING (id) WHERE {_IS_ADDRESS}
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE addresses AS
        SELECT id, address FROM claims WHERE is_primary
        UNION
        SELECT id, address FROM claims WHERE address IN (
            SELECT address FROM claims GROUP BY address HAVING NOT bool_or(is_primary) AND count(DISTINCT survivor) = 1
        )
    """)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE merges AS
        WITH pairs AS (
            SELECT id AS a, trim(unnest(string_split(hs_merged_object_ids, ';'))) AS b FROM people
            UNION SELECT id, merged_into_id FROM people
        ), known AS (SELECT a, b FROM pairs WHERE b <> '')
        SELECT a, b FROM known UNION SELECT b, a FROM known
    """)


def _names(con: duckdb.DuckDBPyConnection, person: Person) -> set[str]:
    """Full names, unless another contact or a colleague has the same."""
    name = "trim(firstname) || ' ' || trim(lastname)"
    colleagues = ""
    if {"first_name", "last_name"} <= set(columns_of(con, "owners")):
        colleagues = "UNION ALL SELECT NULL, first_name || ' ' || last_name FROM hubspot.owners"
    sql = f"""
        SELECT any_value(name) FROM (SELECT id, {name} AS name FROM people {colleagues})
        WHERE length(name) >= {FEWEST_LETTERS} AND name NOT LIKE ' %' AND name NOT LIKE '% '
        GROUP BY lower(name) HAVING bool_and(coalesce(id IN (SELECT unnest(?)), false))
    """
    return _texts(con, sql, person.ids)


def _phones(con: duckdb.DuckDBPyConnection, person: Person) -> set[str]:
    """Phone numbers as they are written, unless another contact or a company has the same."""
    companies = ""
    if "properties" in columns_of(con, "companies"):
        phone = "json_extract_string(TRY_CAST(properties AS JSON), '$.phone')"
        companies = f"UNION ALL SELECT NULL, trim({phone}) FROM hubspot.companies"
    sql = f"""
        SELECT phone FROM (
            SELECT id, phone FROM people UNION ALL SELECT id, mobilephone FROM people {companies}
        ) WHERE length(regexp_replace(phone, '[^0-9]', '', 'g')) >= {FEWEST_DIGITS}
        GROUP BY phone HAVING bool_and(coalesce(id IN (SELECT unnest(?)), false))
    """
    return _texts(con, sql, person.ids)


def _texts(con: duckdb.DuckDBPyConnection, sql: str, parameter: Iterable[str]) -> set[str]:
    """The one column of a query whose one parameter is a list."""
    return {row[0] for row in con.execute(sql, [list(parameter)]).fetchall()}

"""What becomes of some streams over five runs: empty, filled, read again, refused, granted again and changed.

`Stage`: the little portal's three states on servers of their own; `Stage.tell(family)` -> `Story`, told once
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from hubspot_pipeline import custom_objects
from hubspot_pipeline.sandbox import serve
from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.streams import Streams
from hubspot_pipeline.warehouse.ledger import Outcome
from hubspot_pipeline.warehouse.run import RunResult, run
from hubspot_pipeline_tests import contract, little_portal
from hubspot_pipeline_tests.conftest import TOKEN, Sandbox
from hubspot_pipeline_tests.contract import Line
from hubspot_pipeline_tests.oracle import differences
from hubspot_pipeline_tests.runs import settings

LINES = {line.name: line for line in contract.TABLES} | {
    stream: contract.custom(stream, name) for name, stream in little_portal.CUSTOM.items()
}
"""Every stream with a table of its own, the little portal's custom objects included."""
ALL_SCOPES = frozenset(scope for line in LINES.values() for scope in line.scopes)
BOOKKEEPING = ("_synced_at", "_dlt_load_id", "_dlt_id")

FAMILIES: tuple[tuple[str, ...], ...] = (
    ("contacts", "companies", "associations"),
    ("contacts_property_history", "engagements_calls", "engagements_meetings", "engagements_notes", "engagements_tasks",
     "communications", "postal_mail"),
    ("companies_property_history", "deals", "deals_property_history", "tickets", "tickets_property_history", "leads",
     "goals", "users"),
    ("products", "products_property_history", "line_items", "discounts", "fees", "quotes", "quotes_property_history"),
    ("engagements_emails", "feedback_submissions", "taxes", "orders", "orders_property_history", "carts", "invoices"),
    ("commerce_subscriptions", "commerce_payments", "appointments", "courses", "courses_property_history", "listings",
     "services", "projects"),
    (*little_portal.CUSTOM.values(), "custom_objects_web_analytics"),
    ("owners", "teams", "user_roles", "deal_splits", "files"),
    ("deal_pipelines", "ticket_pipelines", "pipelines", "properties", "property_groups", "account_details"),
    ("association_types",),
    ("object_schemas", "forms", "form_submissions", "marketing_emails", "marketing_campaigns", "email_subscriptions"),
    ("contact_lists", "list_memberships", "campaigns", "email_events", "subscription_changes", "workflows", "flows"),
    tuple(line.name for line in contract.TABLES if line.kind == "web_event" and line.object),
)  # fmt: skip
FAMILIES += tuple((line.name,) for line in contract.TABLES if not any(line.name in family for family in FAMILIES))
"""Streams that are read together. No scope that one of them is read with opens another one that has no such scope."""
LATE = {
    "property_groups": "added changed removed", "association_types": "added changed removed",
    "marketing_emails": "removed", "deal_splits": "changed", "files": "changed",
}  # fmt: skip
"""What only a reconcile sees, by design: it would take every sync a call per object, pair or parent."""
NIGHTLY = ("property_groups", "association_types")
"""Streams that no sync asks for once they have rows."""

ENOUGH = {"engagements_emails": ("sales-email-read",)}
"""Streams that we read with fewer scopes than HubSpot answers them with: with others it withholds what they say."""

Rows = dict[tuple[str, ...], str]


@dataclass(frozen=True, slots=True)
class Table:
    """One table after a run, without columns where there is none.

    `hash`: of all rows with all they hold; `loads`: the load that brought each row.
    """

    columns: tuple[str, ...]
    rows: Rows
    archived: frozenset[tuple[str, ...]]
    hash: Any
    loads: dict[tuple[str, ...], str]


@dataclass(slots=True)
class Step:
    """One run: what it said, how the tables were afterwards, and what differs from the portal."""

    result: RunResult
    tables: dict[str, Table]
    differences: list[str] = field(default_factory=list)

    def outcome(self, name: str) -> Outcome:
        return self.result.outcomes[name]


@dataclass(slots=True)
class Story:
    """`late`: after the changed portal was read, a reconcile of it, where a stream of the family needs one."""

    empty: Step
    filled: Step
    again: Step
    refused: Step
    granted: Step
    late: Step | None


class Stage:
    """The three states, served; stories are told when somebody asks for them, and the last one is kept."""

    def __init__(self, urls: dict[str, Sandbox], folder: Path) -> None:
        self._portals, self._folder = urls, folder
        self._told: tuple[tuple[str, ...], Story] | None = None

    def tell(self, name: str) -> Story:
        """The story of the family that the stream is in."""
        family = next(family for family in FAMILIES if name in family)
        if self._told is None or self._told[0] != family:
            self._told = family, self._tell(family)
        return self._told[1]

    def _tell(self, family: Sequence[str]) -> Story:
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        refused = ALL_SCOPES - {scope for name in family for scope in LINES[name].scopes}
        nightly = not set(family).isdisjoint(NIGHTLY)
        try:
            return Story(
                self._run("empty", family, folder, _one_each(family, 0)),
                self._run("filled", family, folder, _one_each(family, 1)),
                self._run("filled", family, folder, _one_each(family, 2)),
                self._run("changed", family, folder, refused, equal=False, mode="reconcile" if nightly else "sync"),
                self._run("changed", family, folder, _one_each(family, 3)),
                None
                if LATE.keys().isdisjoint(family)
                else self._run("changed", family, folder, _one_each(family, 4), mode="reconcile"),
            )
        finally:
            shutil.rmtree(folder)

    def _run(self, state: str, family: Sequence[str], folder: Path, scopes: frozenset[str], *, equal: bool = True,
             mode: str = "sync") -> Step:  # fmt: skip
        sandbox = self._portals[state]
        sandbox.post("tokens", {"token": TOKEN, "scopes": sorted(scopes)})
        known = Streams(custom_objects.read(folder))
        given = settings(folder, sandbox.url, streams=known)
        result = run(given, streams=family, mode=mode)
        found = Step(result, {name: _table(given.working, LINES[name]) for name in family})
        if equal:
            found.differences = differences(sandbox.url, given.working, streams=family)
        return found


def _parents(family: Sequence[str]) -> frozenset[str]:
    """Scopes for the parents of children in the family."""
    parents = {LINES[of] for name in family for of in LINES[name].of if LINES[name].shape == "children"}
    if "custom_objects_web_analytics" in family:
        parents |= {LINES[name] for name in little_portal.CUSTOM.values()}
    return frozenset(_opening(line)[0] for line in parents if line.name not in family)


def _one_each(family: Sequence[str], turn: int) -> frozenset[str]:
    """One scope for each stream of the family, each time another one of its alternatives; and what parents need."""
    opening = [_opening(LINES[name]) for name in family if LINES[name].scopes]
    return frozenset(scopes[turn * 7 % len(scopes)] for scopes in opening) | _parents(family)


def _opening(line: Line) -> tuple[str, ...]:
    return ENOUGH.get(line.name, line.scopes)


def _table(warehouse: Path, line: Line) -> Table:
    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        if (line.name,) not in con.execute("SHOW TABLES FROM hubspot").fetchall():
            return Table((), {}, frozenset(), None, {})
        cursor = con.execute(f'SELECT * FROM hubspot."{line.name}"')
        columns = tuple(column[0] for column in cursor.description or ())
        found = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        (hashed,) = con.execute(f'SELECT (count(*), bit_xor(hash(t))) FROM hubspot."{line.name}" AS t').fetchall()
    keyed = {tuple(str(row[column]) for column in line.key): row for row in found}
    assert len(keyed) == len(found), f"{line.name}: a key is there twice"
    content = {
        key: str({name: value for name, value in row.items() if name not in BOOKKEEPING and value is not None})
        for key, row in keyed.items()
    }
    gone = frozenset(key for key, row in keyed.items() if line.shape == "object" and row["archived"])
    return Table(columns, content, gone, hashed, {key: row["_dlt_load_id"] for key, row in keyed.items()})


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Serves the little portal's states; the token of the tests reads them with what scopes a run is given."""
    states = {"empty": little_portal.empty, "filled": little_portal.filled, "changed": little_portal.changed}
    with ExitStack() as servers:
        portals: dict[str, Portal] = {name: make() for name, make in states.items()}
        made = {name: Sandbox(servers.enter_context(serve(portal, rate_limit=0))) for name, portal in portals.items()}
        for sandbox in made.values():
            sandbox.config(unlisted_by_id=True)
        yield Stage(made, folder)

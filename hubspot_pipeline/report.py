"""What commands found -> text for a terminal: tables, figures, what to do next.

Names and messages can come from the portal: nothing in them may steer a terminal.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubspot_pipeline.settings import Settings
    from hubspot_pipeline.warehouse.check import Report, Row
    from hubspot_pipeline.warehouse.custom import CustomObjects
    from hubspot_pipeline.warehouse.estimate import Cost
    from hubspot_pipeline.warehouse.ledger import Outcome, Status
    from hubspot_pipeline.warehouse.person import Person
    from hubspot_pipeline.warehouse.traces import Proof

Rows = list[dict[str, Any]]


def plain(text: str) -> str:
    """The text with nothing in it but what can be printed, on one line."""
    return "".join(c if c.isprintable() else " " for c in text)


def told(text: str) -> str:
    """The text with its line breaks, and nothing else in it but what can be printed."""
    return "\n".join(map(plain, text.split("\n")))


def table(rows: Rows) -> None:
    """Rows as text columns; as wide as they need to be where the output is no terminal. Empty columns are left out."""

    def text(value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, datetime):
            return value.strftime("%Y-%m-%d %H:%M:%SZ")
        return plain(f"{value:,}" if isinstance(value, int) else str(value))

    names = [name for name in rows[0] if any(text(row[name]) for row in rows)]
    widths = {name: max([len(name), *(len(text(row[name])) for row in rows)]) for name in names}
    numeric = {name: any(isinstance(row[name], int) for row in rows) for name in names}

    def line(cells: dict[str, str]) -> str:
        padded = (cells[n].rjust(widths[n]) if numeric[n] else cells[n].ljust(widths[n]) for n in names)
        return "  ".join(padded).rstrip()

    print(line({name: name for name in names}))
    for row in rows:
        print(line({name: text(row[name]) for name in names}))


def outcomes(found: "Iterable[Outcome]") -> None:
    """What became of each stream of a run."""
    rows = [
        {"stream": o.stream, "status": o.status, "read": o.rows_read, "inserted": o.rows_inserted,
         "updated": o.rows_updated, "archived": o.rows_archived, "rejected": o.rows_rejected, "calls": o.calls,
         "portal": o.visible_total, "message": o.message}
        for o in found
    ]  # fmt: skip
    if rows:
        table(rows)


def summary(settings: "Settings") -> None:
    """Where the demo's warehouse is, what it holds and how to ask it."""
    from hubspot_pipeline.warehouse.publish import query

    print(f"\nThe warehouse is ready: {settings.published}")
    for mart in ("customers", "people", "deals"):
        count = query(f"SELECT count(*) AS n FROM marts.{mart}", settings)["n"][0]
        print(f"  marts.{mart:<10} {count:>8,} rows")
    print("\nAsk it, for example:\n")
    print(f'  .venv/bin/python -c "import duckdb; print(duckdb.connect({str(settings.published)!r}, read_only=True)'
          ".sql('select company_name, renewal_date, open_tickets from marts.customers limit 5'))\"")  # fmt: skip
    print("\nSee it: make ui, then open the address it prints.")


def status(found: "Status") -> None:
    """Streams with their totals, and the last runs."""
    if found.busy:
        old = f"the figures are those published at {found.published:%Y-%m-%d %H:%M:%SZ}" if found.published else ""
        print(f"A run is at work; {old or 'nothing has been published before'}.\n")
    elif not found.runs:
        print("Nothing has run yet: `make demo`, or `hubspot-pipeline sync` with your own token.")
    if found.runs:
        table(found.objects)
        print()
        table(found.runs)


def check(report: "Report") -> None:
    """What a credential can read, and what reading it takes."""
    kind = f", {report.account_type}" if report.account_type else ""
    print(plain(f"Portal {report.portal_id}{kind}, time zone {report.time_zone}. The credential works: "
                f"{report.credential}."))  # fmt: skip
    _today(report)
    if report.granted is None:
        print("HubSpot does not tell the scopes of this credential; what is missing shows where it is refused.")
    print()
    table([_line(row) for row in report.streams])
    print("\nfirst, hourly: calls of a first sync and of an hourly one; with a +, at least so many.")
    _calls(report)
    _rights(report)


def _line(row: "Row") -> dict[str, Any]:
    readable = "no" if not row.readable else "partly" if row.missing else "yes"
    scopes = f"missing: {_any_of(row.missing)}" if row.missing else _any_of(row.granted or row.scopes)
    return {
        "stream": row.stream, "readable": readable, "records": row.visible, "kept": row.kept,
        "properties": row.properties, "custom": row.custom, "first": _cell(row.first), "hourly": _cell(row.hourly),
        "scope (any one)": scopes,
        "why not": f"the plan lacks it: {row.plan}" if row.plan else "" if row.missing else row.why,
    }  # fmt: skip


def _any_of(scopes: tuple[str, ...]) -> str:
    more = f" or {len(scopes) - 2} more" if len(scopes) > 2 else ""
    return " or ".join(scopes[:2]) + more


def _cell(cost: "Cost | None") -> int | str | None:
    if cost is None or (not cost.calls and not cost.at_least):
        return None
    return f"{cost.calls:,}+" if cost.at_least else cost.calls


def _today(report: "Report") -> None:
    if report.daily_limit is None:
        print("HubSpot tells no daily limit for this kind of credential.")
        return
    plan = f" (as on the plan {report.plan})" if report.plan else ""
    print(f"Today {report.daily_remaining:,} of {report.daily_limit:,} calls{plan} are left, "
          f"{report.share_left:,} of them for this pipeline. This check took {report.calls:,}.")  # fmt: skip


def _calls(report: "Report") -> None:
    changes = (
        "as many changes as in the latest syncs" if report.learned else "one record in 1,000 changed between two syncs"
    )
    whole = "; a portal of this size is reconciled by each" if report.small else ""
    print(f"A first sync makes {_sum(report.first)} calls and takes {_time(report.first_seconds)} or more.")
    print(f"An hourly sync makes {_sum(report.hourly)} calls in {_time(report.hourly_seconds)} or more, "
          f"with {changes}{whole}.")  # fmt: skip
    if report.unknown:
        print(f"How much there is shows only when it is read: {', '.join(report.unknown)}.")
    if report.share_left is not None and report.first.calls > report.share_left:
        print(
            "A first sync takes more than is left of today's share: `hubspot-pipeline sync --yes` goes on day by day."
        )


def _rights(report: "Report") -> None:
    for one, to, why in report.refused_links:
        print(plain(f"Links from {one} to {to} may not be read: {why}"))
    if report.discovery:
        print(plain(f"Custom objects could not be asked for: {report.discovery}"))
    if report.spare_writes:
        print(plain(f"The token could write with {', '.join(report.spare_writes)}. This pipeline never writes and "
                    "needs none of them: take them away from the token if nothing else uses it."))  # fmt: skip
    if report.off_readable:
        print(f"Off in hubspot.yaml, and readable: {', '.join(report.off_readable)}.")


def _sum(cost: "Cost") -> str:
    return f"{'at least ' if cost.at_least else ''}{cost.calls:,}"


def _time(seconds: float) -> str:
    """A length of time in one or two units."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def discover(found: "CustomObjects") -> None:
    """The custom objects that are known, and what to do next."""
    if found.why_not:
        print(plain(f"The portal was not asked, so what was known stays: {found.why_not}"))
        print("Custom objects need the plan Enterprise and the scope crm.schemas.custom.read; "
              "to read them crm.objects.custom.read.")  # fmt: skip
    if not found.objects:
        print("No custom object is known.")
    else:
        table([
            {"stream": one.stream.name, "label": one.stream.label, "type id": one.stream.type_id,
             "properties": one.properties, "links": ", ".join(one.stream.pairs),
             "chosen": "yes" if one.chosen else "no"}
            for one in found.objects
        ])  # fmt: skip
    if found.changed:
        print("Written down. A UI that runs shows their assets after Deployment > Code locations > Reload.")


def purge(person: "Person", rows: dict[str, int], *, dry_run: bool = False) -> None:
    """Who a person is to the warehouse and what is taken away of them; never what it says."""
    print(f"Contacts: {', '.join(sorted(person.ids)) or 'none, an address only'}.")
    if rows:
        table([{"would go" if dry_run else "removed": name, "rows": number} for name, number in rows.items()])
    if dry_run:
        print("Nothing was changed. Published copies, scratch folders and previews would be made without them, too.")


def proof(found: "Proof") -> None:
    """Where a person still is, or that they are nowhere."""
    searched = f"{found.tables:,} tables, {found.files:,} files"
    print(f"{len(found.traces):,} {'trace' if len(found.traces) == 1 else 'traces'} in {searched}.")
    if found.traces:
        table([
            {"left in": one.place, "rows": one.rows, "named by": ", ".join(one.kinds)} for one in found.traces
        ])  # fmt: skip
        print("These are other records that name them, or files of others. Change them in HubSpot and sync, or delete "
              "the files; `--with-records` removes activities that were with nobody else.")  # fmt: skip
    print("As long as HubSpot has this person, a later sync reads them again: delete them there for good.")

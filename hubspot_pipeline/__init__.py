"""All of a HubSpot portal in a DuckDB warehouse you own.

`hubspot` is a dlt source for any destination; `query` runs SQL on the published warehouse and gives a DataFrame.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hubspot_pipeline.warehouse.publish import query as query
    from hubspot_pipeline.warehouse.source import hubspot as hubspot

__all__ = ["hubspot", "query"]


def __getattr__(name: str) -> Any:
    """Import on first use: dlt and pandas cost seconds, and half of the package's users need neither."""
    if name == "hubspot":
        from hubspot_pipeline.warehouse.source import hubspot

        return hubspot
    if name == "query":
        from hubspot_pipeline.warehouse.publish import query

        return query
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""A local HubSpot-compatible portal: HTTP on loopback, a virtual clock, faults on demand.

`Portal` (python calls, or /_sandbox over HTTP) -> `serve` -> HubSpot's CRM API

It is written from HubSpot's published behaviour and imports nothing else of this package, so that a mistake in the
client is not repeated in the server that tests it.
"""

from hubspot_pipeline.sandbox.portal import Portal
from hubspot_pipeline.sandbox.server import Server, serve

__all__ = ["Portal", "Server", "serve"]

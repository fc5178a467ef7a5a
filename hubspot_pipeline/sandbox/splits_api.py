"""Deal splits by deal over HTTP.

`Call` on /deal-splits/batch -> the splits of each deal
"""

from hubspot_pipeline.sandbox.answers import Answer, batch_error, invalid, not_found
from hubspot_pipeline.sandbox.encoding import encode
from hubspot_pipeline.sandbox.endpoints import Endpoint, on, scoped
from hubspot_pipeline.sandbox.objects import BATCH_MOST, Shape, envelope
from hubspot_pipeline.sandbox.paths import Route
from hubspot_pipeline.sandbox.sandbox import Call

SCOPES = ("crm.dealsplits.read_write",)
SHOWN = ("hs_deal_split_percentage", "hs_deal_split_amount", "hubspot_owner_id", "hs_deal_id")


def endpoint(method: str, route: Route) -> Endpoint | None:
    """POST batch/read."""
    if route.parts[1:] == ("batch", "read"):
        return on(method, scoped(SCOPES, batch_read), "POST")
    return None


def batch_read(call: Call) -> Answer:
    """Splits of up to 100 deals; an unknown deal is named in the errors of a 207, one without splits has none."""
    portal = call.portal
    shape = Shape(call, portal.kinds["deal_split"], SHOWN)
    rows, missing = [], []
    for one in call.inputs(BATCH_MOST):
        id = str(one.get("id", ""))
        if not id.isdigit():
            raise invalid(f"Invalid input JSON: id {id!r} is not a number")
        deal = portal.shelves["deals"].survivor(int(id))
        if not portal.shelves["deals"].is_live(deal):
            missing.append(id)
            continue
        splits = [shape.of(split) for split in portal.linked("deals", deal, "deal_split")]
        rows.append(b'{"id":' + encode(id) + b',"splits":[' + b",".join(splits) + b"]}")
    if not missing:
        return envelope(call, rows)
    return envelope(call, rows, [batch_error(not_found("Could not get some DEAL objects."), ids=missing)])

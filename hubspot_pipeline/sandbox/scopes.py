"""Every scope that an operation of this portal asks for: what a token has that was made with all of them."""

from hubspot_pipeline.sandbox import (
    automation_api,
    email_api,
    events_api,
    files_api,
    listings_api,
    lists_api,
    marketing_api,
    router,
    splits_api,
)
from hubspot_pipeline.sandbox.catalogue import KINDS

EVERY_SCOPE = frozenset({
    *router.READ_ANY, *router.WRITE_ANY, *router.ANY_OBJECT, *router.CUSTOM_READ, *automation_api.SCOPES,
    *email_api.BATCH, *email_api.CONTENT, *email_api.PREFERENCES, *events_api.SCOPES, *files_api.SCOPES,
    *lists_api.READ, *marketing_api.EMAIL_SCOPES, *marketing_api.CAMPAIGN_SCOPES, *splits_api.SCOPES, "forms",
    "settings.users.read", "settings.users.teams.read",
    *(scope for listing in listings_api.LISTINGS for scope in listing.scopes),
    *(scope for kind in KINDS for scope in (*kind.read_scopes, *kind.write_scopes)),
})  # fmt: skip

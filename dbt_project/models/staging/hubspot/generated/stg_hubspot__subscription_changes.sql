{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('subscription_changes', [
    ('id', 'string'),
    ('recipient', 'string'),
    ('portal_id', 'string'),
    ('change', 'string'),
    ('change_type', 'string'),
    ('source', 'string'),
    ('subscription_id', 'string'),
    ('caused_by_event', 'json'),
    ('timestamp', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('list_memberships', [
    ('list_id', 'string'),
    ('record_id', 'string'),
    ('membership_timestamp', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

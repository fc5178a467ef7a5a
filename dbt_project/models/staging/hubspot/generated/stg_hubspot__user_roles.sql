{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('user_roles', [
    ('id', 'string'),
    ('name', 'string'),
    ('requires_billing_write', 'bool'),
    ('_synced_at', 'datetime'),
]) }}

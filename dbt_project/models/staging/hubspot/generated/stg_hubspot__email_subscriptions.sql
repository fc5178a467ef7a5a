{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('email_subscriptions', [
    ('id', 'string'),
    ('name', 'string'),
    ('description', 'string'),
    ('purpose', 'string'),
    ('communication_method', 'string'),
    ('business_unit_id', 'string'),
    ('is_active', 'bool'),
    ('is_default', 'bool'),
    ('is_internal', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('quotes_property_history', [
    ('id', 'string'),
    ('property', 'string'),
    ('value', 'string'),
    ('source_type', 'string'),
    ('source_id', 'string'),
    ('source_label', 'string'),
    ('updated_by_user_id', 'string'),
    ('seq', 'bigint'),
    ('changed_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

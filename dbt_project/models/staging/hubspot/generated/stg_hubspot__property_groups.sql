{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('property_groups', [
    ('object', 'string'),
    ('name', 'string'),
    ('label', 'string'),
    ('display_order', 'bigint'),
    ('archived', 'bool'),
    ('_synced_at', 'datetime'),
]) }}

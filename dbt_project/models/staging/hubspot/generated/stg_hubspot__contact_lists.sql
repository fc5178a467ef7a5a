{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('contact_lists', [
    ('list_id', 'string'),
    ('name', 'string'),
    ('object_type_id', 'string'),
    ('processing_type', 'string'),
    ('processing_status', 'string'),
    ('created_by_id', 'string'),
    ('updated_by_id', 'string'),
    ('list_version', 'bigint'),
    ('size', 'bigint'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('filters_updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

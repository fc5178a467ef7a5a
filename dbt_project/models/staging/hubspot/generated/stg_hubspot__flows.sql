{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('flows', [
    ('id', 'string'),
    ('name', 'string'),
    ('type', 'string'),
    ('flow_type', 'string'),
    ('object_type_id', 'string'),
    ('revision_id', 'string'),
    ('is_enabled', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

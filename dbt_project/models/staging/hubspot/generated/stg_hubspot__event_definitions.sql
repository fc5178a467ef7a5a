{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('event_definitions', [
    ('fully_qualified_name', 'string'),
    ('id', 'string'),
    ('name', 'string'),
    ('label', 'string'),
    ('primary_object', 'string'),
    ('object_type_id', 'string'),
    ('properties', 'json'),
    ('archived', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

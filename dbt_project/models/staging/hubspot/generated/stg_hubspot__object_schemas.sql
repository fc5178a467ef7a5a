{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('object_schemas', [
    ('object_type_id', 'string'),
    ('name', 'string'),
    ('fully_qualified_name', 'string'),
    ('singular', 'string'),
    ('plural', 'string'),
    ('primary_display_property', 'string'),
    ('required_properties', 'json'),
    ('associations', 'json'),
    ('archived', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

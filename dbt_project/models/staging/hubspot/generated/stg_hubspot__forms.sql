{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('forms', [
    ('id', 'string'),
    ('name', 'string'),
    ('form_type', 'string'),
    ('field_groups', 'json'),
    ('archived', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

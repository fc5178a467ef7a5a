{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('line_items_web_analytics', [
    ('id', 'string'),
    ('object', 'string'),
    ('object_type', 'string'),
    ('object_id', 'string'),
    ('event_type', 'string'),
    ('properties', 'json'),
    ('occurred_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

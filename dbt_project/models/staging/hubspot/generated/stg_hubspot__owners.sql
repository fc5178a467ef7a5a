{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('owners', [
    ('id', 'string'),
    ('email', 'string'),
    ('type', 'string'),
    ('first_name', 'string'),
    ('last_name', 'string'),
    ('user_id', 'string'),
    ('user_id_including_inactive', 'string'),
    ('teams', 'json'),
    ('archived', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('teams', [
    ('id', 'string'),
    ('name', 'string'),
    ('user_ids', 'json'),
    ('secondary_user_ids', 'json'),
    ('_synced_at', 'datetime'),
]) }}

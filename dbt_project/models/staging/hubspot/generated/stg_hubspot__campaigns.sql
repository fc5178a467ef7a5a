{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('campaigns', [
    ('id', 'string'),
    ('app_id', 'string'),
    ('app_name', 'string'),
    ('name', 'string'),
    ('subject', 'string'),
    ('type', 'string'),
    ('sub_type', 'string'),
    ('content_id', 'string'),
    ('counters', 'json'),
    ('num_included', 'bigint'),
    ('num_queued', 'bigint'),
    ('last_updated_time', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

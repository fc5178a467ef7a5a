{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('form_submissions', [
    ('form_id', 'string'),
    ('conversion_id', 'string'),
    ('page_url', 'string'),
    ('values', 'json'),
    ('submitted_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

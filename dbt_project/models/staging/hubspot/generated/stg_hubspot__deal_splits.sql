{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('deal_splits', [
    ('id', 'string'),
    ('deal_id', 'string'),
    ('ownerId', 'string'),
    ('percentage', 'string'),
    ('amount', 'string'),
    ('properties', 'json'),
    ('archived', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

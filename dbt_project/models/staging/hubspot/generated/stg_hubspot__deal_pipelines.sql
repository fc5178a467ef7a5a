{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('deal_pipelines', [
    ('id', 'string'),
    ('label', 'string'),
    ('stages', 'json'),
    ('display_order', 'bigint'),
    ('archived', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

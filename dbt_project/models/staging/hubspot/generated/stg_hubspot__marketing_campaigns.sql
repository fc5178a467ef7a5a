{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('marketing_campaigns', [
    ('id', 'string'),
    ('name', 'string'),
    ('properties', 'json'),
    ('business_units', 'json'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

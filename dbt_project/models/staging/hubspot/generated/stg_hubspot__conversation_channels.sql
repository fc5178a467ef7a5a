{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('conversation_channels', [
    ('id', 'string'),
    ('name', 'string'),
    ('_synced_at', 'datetime'),
]) }}

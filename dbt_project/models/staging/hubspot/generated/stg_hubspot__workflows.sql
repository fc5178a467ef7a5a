{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('workflows', [
    ('id', 'string'),
    ('name', 'string'),
    ('type', 'string'),
    ('contact_list_ids', 'json'),
    ('persona_tag_ids', 'json'),
    ('enabled', 'bool'),
    ('inserted_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

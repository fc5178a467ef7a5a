{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('association_types', [
    ('from_object', 'string'),
    ('to_object', 'string'),
    ('category', 'string'),
    ('label', 'string'),
    ('type_id', 'bigint'),
    ('_synced_at', 'datetime'),
]) }}

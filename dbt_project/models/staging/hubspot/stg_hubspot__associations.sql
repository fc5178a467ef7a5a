{{ typed_collection('associations', [
    ('from_object', 'string'),
    ('from_id', 'string'),
    ('to_object', 'string'),
    ('to_id', 'string'),
    ('category', 'string'),
    ('label', 'string'),
    ('type_id', 'bigint'),
    ('_synced_at', 'datetime'),
]) }}

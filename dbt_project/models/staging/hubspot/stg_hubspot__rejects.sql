{{ typed_collection('rejects', [
    ('object', 'string'),
    ('id', 'string'),
    ('property', 'string'),
    ('raw_value', 'string'),
    ('reason', 'string'),
    ('run_id', 'string'),
    ('rejected_at', 'datetime'),
]) }}

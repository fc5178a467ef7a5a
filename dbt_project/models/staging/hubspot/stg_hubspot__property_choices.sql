{{ typed_collection('property_choices', [
    ('object', 'string'),
    ('property', 'string'),
    ('alias', 'string'),
    ('selected', 'bool'),
    ('exposed', 'bool'),
]) }}

{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('marketing_events', [
    ('object_id', 'string'),
    ('event_name', 'string'),
    ('event_type', 'string'),
    ('event_organizer', 'string'),
    ('registrants', 'bigint'),
    ('attendees', 'bigint'),
    ('no_shows', 'bigint'),
    ('event_cancelled', 'bool'),
    ('event_completed', 'bool'),
    ('start_date_time', 'datetime'),
    ('end_date_time', 'datetime'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

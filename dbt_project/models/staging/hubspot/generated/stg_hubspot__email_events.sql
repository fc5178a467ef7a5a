{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('email_events', [
    ('id', 'string'),
    ('type', 'string'),
    ('recipient', 'string'),
    ('portal_id', 'string'),
    ('app_id', 'string'),
    ('app_name', 'string'),
    ('email_campaign_id', 'string'),
    ('subject', 'string'),
    ('url', 'string'),
    ('user_agent', 'string'),
    ('sent_by', 'json'),
    ('browser', 'json'),
    ('location', 'json'),
    ('created', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

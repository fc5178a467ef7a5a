{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('account_details', [
    ('portal_id', 'string'),
    ('account_type', 'string'),
    ('time_zone', 'string'),
    ('company_currency', 'string'),
    ('utc_offset', 'string'),
    ('ui_domain', 'string'),
    ('data_hosting_location', 'string'),
    ('additional_currencies', 'json'),
    ('utc_offset_milliseconds', 'bigint'),
    ('_synced_at', 'datetime'),
]) }}

{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_collection('files', [
    ('id', 'string'),
    ('name', 'string'),
    ('extension', 'string'),
    ('type', 'string'),
    ('access', 'string'),
    ('path', 'string'),
    ('url', 'string'),
    ('file_md5', 'string'),
    ('parent_folder_id', 'string'),
    ('content_path', 'string'),
    ('size', 'bigint'),
    ('archived', 'bool'),
    ('is_usable_in_content', 'bool'),
    ('created_at', 'datetime'),
    ('updated_at', 'datetime'),
    ('_synced_at', 'datetime'),
]) }}

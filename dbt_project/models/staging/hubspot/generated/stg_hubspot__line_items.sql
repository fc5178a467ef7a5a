{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_object('line_items', 'line_items') }}

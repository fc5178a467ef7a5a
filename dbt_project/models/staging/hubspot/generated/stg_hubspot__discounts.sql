{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_object('discounts', 'discounts') }}

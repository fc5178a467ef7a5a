{# Written by `hubspot-pipeline generate` from hubspot_pipeline/streams.py. #}
{{ typed_object('feedback_submissions', 'feedback_submissions') }}

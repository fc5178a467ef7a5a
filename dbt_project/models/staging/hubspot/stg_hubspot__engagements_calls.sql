{{ typed_object('engagements_calls', 'calls') }}

{{ typed_object('engagements_notes', 'notes') }}

{{ typed_object('engagements_emails', 'emails') }}

{{ typed_object('engagements_meetings', 'meetings') }}

{{ typed_object('deals', 'deals') }}

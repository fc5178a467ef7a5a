{{ typed_object('tickets', 'tickets') }}

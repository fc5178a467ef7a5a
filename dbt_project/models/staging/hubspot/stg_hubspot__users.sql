{{ typed_object('users', 'users') }}

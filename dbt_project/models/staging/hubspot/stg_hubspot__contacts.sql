{{ typed_object('contacts', 'contacts') }}

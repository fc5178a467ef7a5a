{{ typed_object('line_items', 'line_items') }}

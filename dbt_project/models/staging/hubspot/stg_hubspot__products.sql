{{ typed_object('products', 'products') }}

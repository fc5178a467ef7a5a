{{ typed_object('companies', 'companies') }}

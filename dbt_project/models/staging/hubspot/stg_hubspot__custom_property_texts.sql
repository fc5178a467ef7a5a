{{ custom_property_texts({
    'companies': 'companies',
    'contacts': 'contacts',
    'deals': 'deals',
    'tickets': 'tickets',
}) }}

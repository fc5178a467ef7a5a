-- One test over all records and lists as loaded: it depends on all of them, so
-- that a broken key fails a check without keeping any mart from being built.
{{ config(meta={'dagster': {'ref': {'name': 'stg_hubspot__contacts'}}}) }}

{% set keys = {
    'contacts': ['id'],
    'companies': ['id'],
    'deals': ['id'],
    'tickets': ['id'],
    'products': ['id'],
    'line_items': ['id'],
    'engagements_calls': ['id'],
    'engagements_emails': ['id'],
    'engagements_meetings': ['id'],
    'engagements_notes': ['id'],
    'engagements_tasks': ['id'],
    'communications': ['id'],
    'users': ['id'],
    'owners': ['id'],
    'deal_pipelines': ['id'],
    'ticket_pipelines': ['id'],
    'properties': ['object', 'name'],
    'account_details': ['portal_id'],
    'associations': [
        'from_object', 'from_id', 'to_object', 'to_id', 'category', 'type_id'
    ],
    'deals_property_history': ['id', 'property', 'changed_at', 'seq'],
    'sync_runs': ['run_id', 'stream'],
} %}

{% for stream, columns in keys.items() %}
    {{ "union all" if not loop.first }}
    select
        '{{ stream }}' as stream,
        count(*) as n_rows
    from {{ ref('stg_hubspot__' ~ stream) }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns %}
            or {{ column }} is null
        {% endfor %}
{% endfor %}

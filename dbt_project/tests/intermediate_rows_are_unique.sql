-- One test over all steps between the typed views and the marts, for the same
-- reason: no single broken key holds up a mart.
{{ config(meta={'dagster': {'ref': {'name': 'int_hubspot__object_id_map'}}}) }}

{% set keys = {
    'portal': ['as_of'],
    'object_id_map': ['object_type', 'object_id'],
    'associations': [
        'from_object', 'from_id', 'to_object', 'to_id', 'category', 'type_id'
    ],
    'companies': ['company_id'],
    'contacts': ['contact_id'],
    'owners': ['owner_id'],
    'pipeline_stages': ['object_type', 'pipeline_id', 'stage_id'],
    'primary_companies': ['object_type', 'object_id'],
    'deals': ['deal_id'],
    'deal_stage_history': ['deal_id', 'entry_seq'],
    'deal_outcomes': ['deal_id'],
    'deal_close_dates': ['deal_id'],
    'deal_amounts': ['deal_id'],
    'deal_contacts': ['deal_id'],
    'engagements': ['engagement_key'],
    'engagement_links': ['engagement_key', 'object_type', 'object_id'],
    'touches': ['object_type', 'object_id'],
    'internal_touches': ['internal_key'],
    'active_contacts': ['object_type', 'object_id'],
    'contact_roles': ['contact_id'],
    'contact_emails': ['contact_id', 'email'],
    'internal_people': ['internal_key'],
    'company_statements': ['company_id'],
    'parent_companies': ['company_id'],
    'customer_deals': ['company_id'],
    'customer_line_items': ['company_id'],
    'customer_contracts': ['company_id'],
    'customer_tickets': ['company_id'],
} %}

{% for model, columns in keys.items() %}
    {{ "union all" if not loop.first }}
    select
        '{{ model }}' as model,
        count(*) as n_rows
    from {{ ref('int_hubspot__' ~ model) }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns %}
            or {{ column }} is null
        {% endfor %}
{% endfor %}

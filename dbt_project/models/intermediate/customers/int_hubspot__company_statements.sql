{#- What the portal itself states about a company, in properties that the
    variables name; NULL where it has no such property. -#}
{%- set stated = {
    'contract_value': (var('contract_value_property'), 'number'),
    'renewal_date': (var('renewal_date_property'), 'date'),
    'churn': (var('churn_property'), 'fact'),
    'csm_owner_id': (var('csm_owner_property'), 'string'),
} -%}

with

companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

final as (
    select
        companies.id as company_id,
        {%- for name, (property, type) in stated.items() %}
        {{ stated_value(ref('stg_hubspot__companies'), 'companies', property, type) }}
            as stated_{{ name }}{{ "," if not loop.last }}
        {%- endfor %}
    from companies
    cross join portal
)

select * from final

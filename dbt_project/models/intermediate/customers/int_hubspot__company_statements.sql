{# What the portal itself states about a company, in properties that the
    variables name; NULL where it has no such property. #}
{% set relation = ref('stg_hubspot__companies') %}

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
        {{ stated_value(relation, 'companies', var('csm_owner_property'), 'string') }}
            as stated_csm_owner_id,
        {{ stated_value(
            relation, 'companies', var('contract_value_property'), 'number'
        ) }} as stated_contract_value,
        {{ stated_value(relation, 'companies', var('churn_property'), 'fact') }}
            as stated_churn,
        {{ stated_value(
            relation, 'companies', var('renewal_date_property'), 'date'
        ) }} as stated_renewal_date
    from companies
    cross join portal
)

select * from final

{{ config(materialized='table') }}

with

associations as (
    select * from {{ ref('int_hubspot__associations') }}
),

companies as (
    select * from {{ ref('int_hubspot__companies') }}
),

linked as (
    select
        associations.from_object as object_type,
        associations.from_id as object_id,
        associations.to_id as company_id,
        max(case when associations.is_primary then 1 else 0 end) as is_primary
    from associations
    inner join companies on associations.to_id = companies.company_id
    where
        associations.to_object = 'companies'
        and associations.from_object in ('contacts', 'deals', 'tickets')
    group by
        associations.from_object,
        associations.from_id,
        associations.to_id
),

ranked as (
    select
        object_type,
        object_id,
        company_id,
        is_primary,
        count(*) over (partition by object_type, object_id) as n_companies,
        row_number() over (
            partition by object_type, object_id
            order by is_primary desc, {{ id_order('company_id') }}
        ) as position
    from linked
),

-- Among several companies without a primary one, none is the customer.
final as (
    select
        object_type,
        object_id,
        case
            when is_primary = 1 or n_companies = 1 then company_id
        end as primary_company_id,
        n_companies
    from ranked
    where position = 1
)

select * from final

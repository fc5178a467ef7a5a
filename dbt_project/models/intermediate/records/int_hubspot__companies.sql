with

companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

final as (
    select
        companies.id as company_id,
        companies.name as company_name,
        companies.domain,
        companies.hs_additional_domains as additional_domains,
        companies.industry,
        companies.country,
        companies.lifecyclestage as lifecycle_stage,
        companies.hubspot_owner_id as owner_id,
        companies.deletion,
        companies.numberofemployees as employees,
        companies.annualrevenue as annual_revenue,
        companies.deletion is not null as is_archived,
        coalesce(
            companies.hs_v2_date_entered_customer,
            companies.hs_lifecyclestage_customer_date
        ) as customer_stage_at,
        coalesce(companies.createdate, companies.created_at) as created_at,
        companies.updated_at,
        coalesce(companies.archived_at, companies.deleted_at) as archived_at
    from companies
    inner join object_id_map
        on
            object_id_map.object_type = 'companies'
            and companies.id = object_id_map.object_id
    where
        not object_id_map.is_merged
        and coalesce(companies.deletion, '') <> 'merged'
)

select * from final

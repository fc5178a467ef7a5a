{{ config(materialized='table') }}

with

associations as (
    select * from {{ ref('int_hubspot__associations') }}
),

primary_companies as (
    select * from {{ ref('int_hubspot__primary_companies') }}
),

direct as (
    select distinct
        from_object || ':' || from_id as engagement_key,
        to_object as object_type,
        to_id as object_id
    from associations
    where
        from_object in (
            'calls', 'emails', 'meetings', 'communications', 'notes', 'tasks'
        )
        and to_object in ('contacts', 'companies', 'deals', 'tickets')
),

linked_to_company as (
    select distinct engagement_key
    from direct
    where object_type = 'companies'
),

-- Logged on no company: it belongs to those of its contacts and deals.
through_records as (
    select distinct
        direct.engagement_key,
        'companies' as object_type,
        primary_companies.primary_company_id as object_id
    from direct
    inner join primary_companies
        on
            direct.object_type = primary_companies.object_type
            and direct.object_id = primary_companies.object_id
    left join linked_to_company
        on direct.engagement_key = linked_to_company.engagement_key
    where
        linked_to_company.engagement_key is null
        and primary_companies.primary_company_id is not null
),

final as (
    select
        engagement_key,
        object_type,
        object_id
    from direct
    union all
    select
        engagement_key,
        object_type,
        object_id
    from through_records
)

select * from final

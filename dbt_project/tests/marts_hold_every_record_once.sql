-- Every record that was not merged away is one row of its mart: joins neither
-- multiply nor lose any. Persons to be forgotten are no rows.
{{ config(meta={'dagster': {'ref': {'name': 'deals'}}}) }}

with

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

raw_records as (
    select
        'companies' as object_type,
        id as object_id
    from {{ ref('stg_hubspot__companies') }}
    where coalesce(deletion, '') <> 'merged'
    union all
    select
        'contacts' as object_type,
        id as object_id
    from {{ ref('stg_hubspot__contacts') }}
    where coalesce(deletion, '') not in ('merged', 'gdpr')
    union all
    select
        'deals' as object_type,
        id as object_id
    from {{ ref('stg_hubspot__deals') }}
    where coalesce(deletion, '') <> 'merged'
),

expected as (
    select
        raw_records.object_type,
        raw_records.object_id
    from raw_records
    inner join object_id_map
        on
            raw_records.object_type = object_id_map.object_type
            and raw_records.object_id = object_id_map.object_id
            and not object_id_map.is_merged
),

found as (
    select
        'companies' as object_type,
        customer_id as object_id
    from {{ ref('customers') }}
    union all
    select
        'contacts' as object_type,
        contact_id as object_id
    from {{ ref('people') }}
    where contact_id is not null
    union all
    select
        'deals' as object_type,
        deal_id as object_id
    from {{ ref('deals') }}
),

counted as (
    select
        object_type,
        object_id,
        1 as n_expected,
        0 as n_found
    from expected
    union all
    select
        object_type,
        object_id,
        0 as n_expected,
        1 as n_found
    from found
),

final as (
    select
        object_type,
        object_id
    from counted
    group by object_type, object_id
    having sum(n_expected) <> 1 or sum(n_found) <> 1
)

select * from final

with

rejects as (
    select * from {{ ref('stg_hubspot__rejects') }}
),

final as (
    select
        object as object_type,
        property,
        reason,
        min(raw_value) as example,
        count(distinct id) as n_records,
        min(rejected_at) as first_rejected_at,
        max(rejected_at) as last_rejected_at
    from rejects
    group by object, property, reason
)

select * from final

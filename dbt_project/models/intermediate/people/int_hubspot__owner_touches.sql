with

engagements as (
    select * from {{ ref('int_hubspot__engagements') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

final as (
    select
        engagements.owner_id,
        sum(
            case
                when
                    engagements.occurred_at
                    > {{ add_days('portal.as_of', -90) }}
                    then 1
                else 0
            end
        ) as touches_90d,
        min(engagements.occurred_at) as first_touch_at,
        max(engagements.occurred_at) as last_touch_at
    from engagements
    cross join portal
    where engagements.is_touch and engagements.owner_id is not null
    group by engagements.owner_id
)

select * from final

with

internal_claims as (
    select * from {{ ref('int_hubspot__internal_claims') }}
),

engagements as (
    select * from {{ ref('int_hubspot__engagements') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

owner_ids as (
    select distinct
        internal_key,
        owner_id
    from internal_claims
    where owner_id is not null
),

final as (
    select
        owner_ids.internal_key,
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
    inner join owner_ids on engagements.owner_id = owner_ids.owner_id
    cross join portal
    where engagements.is_touch
    group by owner_ids.internal_key
)

select * from final

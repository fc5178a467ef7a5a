{{ config(materialized='table') }}

with

engagements as (
    select * from {{ ref('int_hubspot__engagements') }}
),

engagement_links as (
    select * from {{ ref('int_hubspot__engagement_links') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

linked as (
    select
        engagement_links.object_type,
        engagement_links.object_id,
        engagements.engagement_type,
        engagements.direction,
        engagements.is_touch,
        engagements.is_two_way,
        engagements.is_future,
        engagements.occurred_at,
        engagements.is_touch
        and engagements.occurred_at
        > {{ add_days('portal.as_of', -30) }} as is_30d,
        engagements.is_touch
        and engagements.occurred_at
        > {{ add_days('portal.as_of', -90) }} as is_90d,
        engagements.is_touch
        and engagements.occurred_at
        > {{ add_days('portal.as_of', -180) }} as is_180d,
        row_number() over (
            partition by
                engagement_links.object_type,
                engagement_links.object_id,
                engagements.is_touch
            order by
                engagements.occurred_at desc, engagements.engagement_key desc
        ) as recency
    from engagement_links
    inner join engagements
        on engagement_links.engagement_key = engagements.engagement_key
    cross join portal
    where engagements.is_touch or engagements.is_future
),

final as (
    select
        object_type,
        object_id,
        max(case when is_touch and recency = 1 then engagement_type end)
            as last_touch_type,
        max(case when is_touch and recency = 1 then direction end)
            as last_touch_direction,
        sum(case when is_30d then 1 else 0 end) as touches_30d,
        sum(case when is_90d then 1 else 0 end) as touches_90d,
        sum(case when is_180d and not is_90d then 1 else 0 end)
            as touches_prior_90d,
        min(case when is_touch then occurred_at end) as first_touch_at,
        max(case when is_touch then occurred_at end) as last_touch_at,
        max(case when is_touch and direction = 'inbound' then occurred_at end)
            as last_inbound_at,
        max(case when is_touch and direction = 'outbound' then occurred_at end)
            as last_outbound_at,
        max(case when is_two_way then occurred_at end) as last_two_way_at,
        max(
            case
                when is_touch and engagement_type = 'meeting' then occurred_at
            end
        ) as last_meeting_at,
        min(case when is_future then occurred_at end) as next_activity_at
    from linked
    group by object_type, object_id
)

select * from final

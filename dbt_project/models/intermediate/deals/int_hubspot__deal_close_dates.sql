with

property_history as (
    select * from {{ ref('stg_hubspot__deals_property_history') }}
),

stage_history as (
    select * from {{ ref('int_hubspot__deal_stage_history') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

close_date_versions as (
    select
        property_history.id as deal_id,
        property_history.changed_at,
        property_history.seq,
        {{ as_instant('property_history.value') }} as close_at
    from property_history
    inner join object_id_map
        on
            object_id_map.object_type = 'deals'
            and property_history.id = object_id_map.object_id
    where
        property_history.property = 'closedate'
        and not object_id_map.is_merged
),

-- HubSpot writes the close date itself when a deal enters a closed stage: that
-- version, and any later one while it is closed, is no change of expectation.
expectations as (
    select
        versions.deal_id,
        versions.changed_at,
        versions.seq,
        {{ local_date('versions.close_at', 'portal.time_zone') }} as close_date
    from close_date_versions as versions
    cross join portal
    where
        versions.close_at is not null
        and not exists (
            select 1
            from stage_history
            where
                stage_history.deal_id = versions.deal_id
                and stage_history.is_closed
                and {{ seconds_between(
                    'stage_history.entered_at', 'versions.changed_at'
                ) }} >= -1
                and (
                    stage_history.exited_at is null
                    or versions.changed_at < stage_history.exited_at
                )
        )
),

compared as (
    select
        deal_id,
        close_date,
        changed_at,
        seq,
        lag(close_date) over (
            partition by deal_id
            order by changed_at, seq
        ) as previous_close_date,
        row_number() over (
            partition by deal_id
            order by changed_at, seq
        ) as position
    from expectations
),

final as (
    select
        deal_id,
        sum(case when close_date > previous_close_date then 1 else 0 end)
            as close_date_push_count,
        sum(
            case
                when close_date > previous_close_date
                    then {{ days_between('previous_close_date', 'close_date') }}
                else 0
            end
        ) as total_push_days,
        max(case when position = 1 then close_date end) as original_close_date
    from compared
    group by deal_id
)

select * from final

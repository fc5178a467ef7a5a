with

tickets as (
    select * from {{ ref('stg_hubspot__tickets') }}
    where deletion is null
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

pipeline_stages as (
    select * from {{ ref('int_hubspot__pipeline_stages') }}
),

primary_companies as (
    select * from {{ ref('int_hubspot__primary_companies') }}
    where object_type = 'tickets'
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

classified as (
    select
        primary_companies.primary_company_id as company_id,
        coalesce(stages.is_closed, tickets.closed_date is not null)
            as is_closed,
        coalesce(upper(tickets.hs_ticket_priority), '') in ('HIGH', 'URGENT')
            as is_high_priority,
        coalesce(tickets.createdate, tickets.created_at) as opened_at,
        tickets.closed_date as closed_at,
        tickets.first_agent_reply_date as first_response_at,
        portal.as_of,
        portal.as_of_date,
        portal.time_zone
    from tickets
    inner join object_id_map
        on
            object_id_map.object_type = 'tickets'
            and tickets.id = object_id_map.object_id
            and not object_id_map.is_merged
    inner join primary_companies
        on
            tickets.id = primary_companies.object_id
            and primary_companies.primary_company_id is not null
    left join pipeline_stages as stages
        on
            stages.object_type = 'tickets'
            and tickets.hs_pipeline_stage = stages.stage_id
            and (
                stages.is_unambiguous
                or tickets.hs_pipeline = stages.pipeline_id
            )
    cross join portal
),

measured as (
    select
        company_id,
        is_closed,
        is_high_priority,
        as_of,
        opened_at > {{ add_days('as_of', -90) }} and opened_at <= as_of
            as is_opened_90d,
        is_closed
        and closed_at > {{ add_days('as_of', -90) }}
        and closed_at <= as_of as is_closed_90d,
        {{ days_between(local_date('opened_at', 'time_zone'), 'as_of_date') }}
            as age_days,
        {{ seconds_between('opened_at', 'closed_at') }} / 3600
            as resolution_hours,
        {{ seconds_between('opened_at', 'first_response_at') }} / 3600
            as first_response_hours
    from classified
),

final as (
    select
        company_id,
        sum(case when not is_closed then 1 else 0 end) as open_tickets,
        sum(case when not is_closed and is_high_priority then 1 else 0 end)
            as open_high_priority_tickets,
        sum(case when is_opened_90d then 1 else 0 end) as tickets_90d,
        max(case when not is_closed then age_days end)
            as oldest_open_ticket_days,
        {{ median_of('case when is_closed_90d then resolution_hours end') }}
            as median_resolution_hours_90d,
        {{ median_of('case when is_opened_90d then first_response_hours end') }}
            as first_response_hours_90d
    from measured
    group by company_id
)

select * from final

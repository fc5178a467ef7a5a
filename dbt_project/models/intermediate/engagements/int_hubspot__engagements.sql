{{ config(materialized='table') }}

with

calls as (
    select * from {{ ref('stg_hubspot__engagements_calls') }}
),

emails as (
    select * from {{ ref('stg_hubspot__engagements_emails') }}
),

meetings as (
    select * from {{ ref('stg_hubspot__engagements_meetings') }}
),

communications as (
    select * from {{ ref('stg_hubspot__communications') }}
),

notes as (
    select * from {{ ref('stg_hubspot__engagements_notes') }}
),

tasks as (
    select * from {{ ref('stg_hubspot__engagements_tasks') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

united as (
    select
        'calls' as object_type,
        'call' as engagement_type,
        id as engagement_id,
        hubspot_owner_id as owner_id,
        null as channel,
        hs_call_title as subject,
        case upper(hs_call_direction)
            when 'INBOUND' then 'inbound' when 'OUTBOUND' then 'outbound'
        end as direction,
        hs_call_status as status,
        hs_call_disposition as outcome,
        hs_call_duration as duration_ms,
        deletion,
        hs_timestamp as occurred_at,
        created_at
    from calls
    union all
    select
        'emails' as object_type,
        'email' as engagement_type,
        id as engagement_id,
        hubspot_owner_id as owner_id,
        null as channel,
        hs_email_subject as subject,
        case upper(hs_email_direction)
            when 'INCOMING_EMAIL' then 'inbound' when 'EMAIL' then 'outbound'
        end as direction,
        hs_email_status as status,
        null as outcome,
        null as duration_ms,
        deletion,
        hs_timestamp as occurred_at,
        created_at
    from emails
    union all
    select
        'meetings' as object_type,
        'meeting' as engagement_type,
        id as engagement_id,
        hubspot_owner_id as owner_id,
        null as channel,
        hs_meeting_title as subject,
        null as direction,
        hs_meeting_outcome as status,
        hs_meeting_outcome as outcome,
        {{ seconds_between('hs_meeting_start_time', 'hs_meeting_end_time') }}
        * 1000 as duration_ms,
        deletion,
        coalesce(hs_timestamp, hs_meeting_start_time) as occurred_at,
        created_at
    from meetings
    union all
    select
        'communications' as object_type,
        'communication' as engagement_type,
        id as engagement_id,
        hubspot_owner_id as owner_id,
        lower(hs_communication_channel_type) as channel,
        null as subject,
        null as direction,
        null as status,
        null as outcome,
        null as duration_ms,
        deletion,
        hs_timestamp as occurred_at,
        created_at
    from communications
    union all
    select
        'notes' as object_type,
        'note' as engagement_type,
        id as engagement_id,
        hubspot_owner_id as owner_id,
        null as channel,
        null as subject,
        null as direction,
        null as status,
        null as outcome,
        null as duration_ms,
        deletion,
        hs_timestamp as occurred_at,
        created_at
    from notes
    union all
    select
        'tasks' as object_type,
        'task' as engagement_type,
        id as engagement_id,
        hubspot_owner_id as owner_id,
        null as channel,
        hs_task_subject as subject,
        null as direction,
        hs_task_status as status,
        null as outcome,
        null as duration_ms,
        deletion,
        hs_timestamp as occurred_at,
        created_at
    from tasks
),

-- Someone tried to reach someone: not archived, not called off, not returned.
judged as (
    select
        united.object_type,
        united.engagement_type,
        united.engagement_id,
        united.owner_id,
        united.channel,
        united.subject,
        united.direction,
        united.status,
        united.outcome,
        united.duration_ms,
        coalesce(united.occurred_at, united.created_at) as occurred_at,
        united.created_at,
        united.deletion is not null as is_archived,
        united.deletion is null
        and united.engagement_type in (
            'call', 'email', 'meeting', 'communication'
        )
        and coalesce(upper(united.status), '') not in (
            'BOUNCED', 'FAILED', 'CANCELED', 'RESCHEDULED', 'NO_SHOW'
        ) as is_contact
    from united
),

-- f240bbac... is HubSpot's disposition "Connected". Of a communication HubSpot
-- does not tell who wrote it.
final as (
    select
        judged.object_type || ':' || judged.engagement_id as engagement_key,
        judged.engagement_id,
        judged.owner_id,
        judged.object_type,
        judged.engagement_type,
        judged.channel,
        judged.subject,
        judged.direction,
        judged.status,
        judged.outcome,
        judged.duration_ms,
        judged.is_archived,
        judged.is_contact and judged.occurred_at <= portal.as_of as is_touch,
        judged.is_contact
        and judged.occurred_at <= portal.as_of
        and coalesce(
            case judged.engagement_type
                when 'email' then judged.direction = 'inbound'
                when 'meeting'
                    then coalesce(upper(judged.outcome), '') <> 'SCHEDULED'
                when 'call'
                    then
                        judged.outcome = 'f240bbac-87c9-4f6e-bf70-924b57d47db7'
                        or (
                            judged.outcome is null
                            and upper(judged.status) = 'COMPLETED'
                        )
            end,
            false
        ) as is_two_way,
        judged.is_contact and judged.occurred_at > portal.as_of as is_future,
        judged.occurred_at,
        judged.created_at
    from judged
    cross join portal
)

select * from final

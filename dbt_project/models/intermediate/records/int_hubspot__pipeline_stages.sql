with

deal_pipelines as (
    select * from {{ ref('stg_hubspot__deal_pipelines') }}
),

ticket_pipelines as (
    select * from {{ ref('stg_hubspot__ticket_pipelines') }}
),

pipelines as (
    select
        'deals' as object_type,
        id as pipeline_id,
        label as pipeline_label,
        archived,
        stages
    from deal_pipelines
    union all
    select
        'tickets' as object_type,
        id as pipeline_id,
        label as pipeline_label,
        archived,
        stages
    from ticket_pipelines
),

entries as (
    select
        pipelines.object_type,
        pipelines.pipeline_id,
        pipelines.pipeline_label,
        {{ json_text('stages.item', ['id']) }} as stage_id,
        {{ json_text('stages.item', ['label']) }} as stage_label,
        {{ as_number(json_text('stages.item', ['displayOrder'])) }}
            as display_order,
        {{ as_number(json_text('stages.item', ['metadata', 'probability'])) }}
            as probability,
        {{ as_boolean(json_text('stages.item', ['metadata', 'isClosed'])) }}
            as is_closed,
        {{ json_text('stages.item', ['metadata', 'ticketState']) }}
            as ticket_state,
        coalesce(pipelines.archived, false)
        or coalesce(
            {{ as_boolean(json_text('stages.item', ['archived'])) }}, false
        ) as is_archived
    from pipelines
    cross join {{ json_rows('pipelines.stages', 'stages') }}
),

-- Where the metadata says nothing of closing, only certainty closes a deal.
closing as (
    select
        object_type,
        pipeline_id,
        pipeline_label,
        stage_id,
        stage_label,
        display_order,
        probability,
        is_archived,
        case
            when object_type = 'tickets'
                then coalesce(
                    ticket_state = 'CLOSED' or is_closed, is_closed, false
                )
            else coalesce(is_closed, probability in (0, 1), false)
        end as is_closed,
        row_number() over (
            partition by object_type, pipeline_id, stage_id
            order by is_archived asc, display_order asc
        ) as position,
        count(*) over (partition by object_type, stage_id) as n_pipelines
    from entries
    where stage_id is not null
),

final as (
    select
        object_type,
        pipeline_id,
        pipeline_label,
        stage_id,
        stage_label,
        display_order,
        probability,
        is_closed,
        object_type = 'deals'
        and is_closed
        and coalesce(probability = 1, false) as is_won,
        object_type = 'deals'
        and is_closed
        and not coalesce(probability = 1, false) as is_lost,
        is_archived,
        n_pipelines = 1 as is_unambiguous
    from closing
    where position = 1
)

select * from final

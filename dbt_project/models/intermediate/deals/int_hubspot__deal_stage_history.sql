{{ config(materialized='table') }}

with

property_history as (
    select * from {{ ref('stg_hubspot__deals_property_history') }}
),

pipeline_stages as (
    select * from {{ ref('int_hubspot__pipeline_stages') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

stage_versions as (
    select
        property_history.id as deal_id,
        nullif(property_history.value, '') as stage_id,
        property_history.source_type,
        property_history.updated_by_user_id,
        property_history.seq,
        property_history.changed_at,
        lag(nullif(property_history.value, '')) over (
            partition by property_history.id
            order by property_history.changed_at, property_history.seq
        ) as previous_stage_id
    from property_history
    inner join object_id_map
        on
            object_id_map.object_type = 'deals'
            and property_history.id = object_id_map.object_id
    where
        property_history.property = 'dealstage'
        and not object_id_map.is_merged
),

-- The same stage written again is no move.
moves as (
    select
        deal_id,
        stage_id,
        source_type,
        updated_by_user_id,
        changed_at as entered_at,
        row_number() over (
            partition by deal_id
            order by changed_at, seq
        ) as entry_seq,
        lead(changed_at) over (
            partition by deal_id
            order by changed_at, seq
        ) as exited_at
    from stage_versions
    where
        stage_id is not null
        and (previous_stage_id is null or stage_id <> previous_stage_id)
),

-- The pipeline the deal was in when it entered the stage.
pipelines_then as (
    select
        moves.deal_id,
        moves.entry_seq,
        property_history.value as pipeline_id,
        row_number() over (
            partition by moves.deal_id, moves.entry_seq
            order by property_history.changed_at desc, property_history.seq desc
        ) as position
    from moves
    inner join property_history
        on
            moves.deal_id = property_history.id
            and property_history.property = 'pipeline'
            and moves.entered_at >= property_history.changed_at
),

-- A stage id found in one pipeline only needs no pipeline to be understood.
labelled as (
    select
        moves.deal_id,
        moves.entry_seq,
        moves.stage_id,
        moves.source_type,
        moves.updated_by_user_id,
        moves.entered_at,
        moves.exited_at,
        coalesce(stages.pipeline_id, pipelines_then.pipeline_id)
            as pipeline_id,
        stages.stage_label,
        stages.display_order,
        stages.probability,
        coalesce(stages.is_closed, false) as is_closed,
        coalesce(stages.is_won, false) as is_won,
        coalesce(stages.is_lost, false) as is_lost
    from moves
    left join pipelines_then
        on
            moves.deal_id = pipelines_then.deal_id
            and moves.entry_seq = pipelines_then.entry_seq
            and pipelines_then.position = 1
    left join pipeline_stages as stages
        on
            stages.object_type = 'deals'
            and moves.stage_id = stages.stage_id
            and (
                stages.is_unambiguous
                or pipelines_then.pipeline_id = stages.pipeline_id
            )
),

final as (
    select
        labelled.deal_id,
        labelled.pipeline_id,
        labelled.stage_id,
        labelled.stage_label,
        labelled.source_type,
        labelled.updated_by_user_id,
        labelled.entry_seq,
        labelled.display_order,
        labelled.probability,
        {{ seconds_between(
            'labelled.entered_at',
            'coalesce(labelled.exited_at, portal.as_of)'
        ) }} as duration_seconds,
        labelled.is_closed,
        labelled.is_won,
        labelled.is_lost,
        labelled.exited_at is null as is_current,
        coalesce(
            labelled.display_order
            < lag(labelled.display_order) over (
                partition by labelled.deal_id
                order by labelled.entry_seq
            ),
            false
        ) as is_regression,
        row_number() over (
            partition by labelled.deal_id, labelled.stage_id
            order by labelled.entry_seq
        ) > 1 as is_reentry,
        not labelled.is_closed
        and coalesce(
            lag(labelled.is_closed) over (
                partition by labelled.deal_id
                order by labelled.entry_seq
            ),
            false
        ) as is_reopening,
        labelled.entered_at,
        labelled.exited_at
    from labelled
    cross join portal
)

select * from final

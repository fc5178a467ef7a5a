with

stage_history as (
    select * from {{ ref('int_hubspot__deal_stage_history') }}
),

outcomes as (
    select
        deal_id,
        stage_id,
        entry_seq,
        entered_at,
        is_closed,
        is_reopening,
        is_current,
        case
            when is_won then 'won'
            when is_closed then 'lost'
            else 'open'
        end as outcome
    from stage_history
),

current_outcomes as (
    select
        deal_id,
        stage_id,
        outcome,
        is_closed,
        entered_at
    from outcomes
    where is_current
),

-- A deal moved from one won stage to the next was closed at the first of them.
last_different as (
    select
        outcomes.deal_id,
        max(outcomes.entry_seq) as entry_seq
    from outcomes
    inner join current_outcomes on outcomes.deal_id = current_outcomes.deal_id
    where outcomes.outcome <> current_outcomes.outcome
    group by outcomes.deal_id
),

since as (
    select
        outcomes.deal_id,
        min(
            case
                when
                    outcomes.entry_seq > coalesce(last_different.entry_seq, 0)
                    then outcomes.entered_at
            end
        ) as outcome_since,
        max(last_different.entry_seq) is null as has_one_outcome,
        sum(case when outcomes.is_reopening then 1 else 0 end) as reopen_count
    from outcomes
    left join last_different on outcomes.deal_id = last_different.deal_id
    group by outcomes.deal_id
),

final as (
    select
        current_outcomes.deal_id,
        current_outcomes.stage_id as current_stage_id,
        since.reopen_count,
        since.has_one_outcome,
        current_outcomes.entered_at as stage_entered_at,
        case
            when current_outcomes.is_closed then since.outcome_since
        end as closed_at
    from current_outcomes
    inner join since on current_outcomes.deal_id = since.deal_id
)

select * from final

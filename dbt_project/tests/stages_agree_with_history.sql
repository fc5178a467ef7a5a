-- The last stage in a live deal's history is the stage it is in. HubSpot moves
-- on between the two reads of a deal; the next sync settles that.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'deals'}}}) }}

with

deals as (
    select * from {{ ref('deals') }}
    where not is_archived
),

stage_history as (
    select * from {{ ref('int_hubspot__deal_stage_history') }}
    where is_current
),

final as (
    select
        deals.deal_id,
        deals.stage_id,
        stage_history.stage_id as last_stage_id
    from deals
    inner join stage_history on deals.deal_id = stage_history.deal_id
    where
        deals.stage_id is null
        or deals.stage_id <> stage_history.stage_id
)

select * from final

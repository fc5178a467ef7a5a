{{ config(materialized='table') }}

with

deals as (
    select * from {{ ref('stg_hubspot__deals') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

pipeline_stages as (
    select * from {{ ref('int_hubspot__pipeline_stages') }}
),

deal_outcomes as (
    select * from {{ ref('int_hubspot__deal_outcomes') }}
),

primary_companies as (
    select * from {{ ref('int_hubspot__primary_companies') }}
    where object_type = 'deals'
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

-- Named one by one: a portal's own property could be called as one of ours.
canonical as (
    select
        deals.id,
        deals.hubspot_owner_id,
        deals.pipeline,
        deals.dealstage,
        deals.dealname,
        deals.dealtype,
        deals.hs_manual_forecast_category,
        deals.deletion,
        deals.deal_currency_code,
        deals.amount,
        deals.amount_in_home_currency,
        deals.hs_arr,
        deals.hs_mrr,
        deals.hs_tcv,
        deals.hs_acv,
        deals.hs_forecast_amount,
        deals.hs_deal_stage_probability,
        deals.hs_is_closed,
        deals.hs_is_closed_won,
        deals.closedate,
        deals.updated_at,
        deals.archived_at,
        deals.deleted_at,
        coalesce(deals.createdate, deals.created_at) as opened_at
    from deals
    inner join object_id_map
        on
            object_id_map.object_type = 'deals'
            and deals.id = object_id_map.object_id
    where
        not object_id_map.is_merged
        and coalesce(deals.deletion, '') <> 'merged'
),

pipelines as (
    select
        pipeline_id,
        min(pipeline_label) as pipeline_label
    from pipeline_stages
    where object_type = 'deals'
    group by pipeline_id
),

-- The stage's metadata decides; HubSpot's own flags where the stage is gone.
staged as (
    select
        canonical.*,
        coalesce(stages.pipeline_label, pipelines.pipeline_label)
            as pipeline_label,
        stages.stage_label,
        coalesce(
            stages.is_closed, canonical.hs_is_closed, false
        ) as is_closed,
        coalesce(
            stages.is_won, canonical.hs_is_closed_won, false
        ) as is_won,
        stages.probability as stage_probability
    from canonical
    left join pipeline_stages as stages
        on
            stages.object_type = 'deals'
            and canonical.dealstage = stages.stage_id
            and (
                stages.is_unambiguous
                or canonical.pipeline = stages.pipeline_id
            )
    left join pipelines on canonical.pipeline = pipelines.pipeline_id
),

-- A history that ends in another stage than the deal's says nothing of times.
-- One that begins closed begins where the deal was imported.
timed as (
    select
        staged.*,
        deal_outcomes.reopen_count,
        coalesce(deal_outcomes.has_one_outcome, false) as has_one_outcome,
        case
            when deal_outcomes.current_stage_id = staged.dealstage
                then deal_outcomes.stage_entered_at
        end as stage_entered_at,
        case
            when deal_outcomes.current_stage_id = staged.dealstage
                then deal_outcomes.closed_at
        end as outcome_since
    from staged
    left join deal_outcomes on staged.id = deal_outcomes.deal_id
),

dated as (
    select
        timed.*,
        case
            when not timed.is_closed then null
            when timed.has_one_outcome and timed.closedate < timed.outcome_since
                then timed.closedate
            else coalesce(timed.outcome_since, timed.closedate)
        end as closed_at,
        coalesce(
            timed.deal_currency_code is null
            or timed.deal_currency_code = portal.home_currency,
            false
        ) as is_home_currency
    from timed
    cross join portal
),

final as (
    select
        dated.id as deal_id,
        primary_companies.primary_company_id,
        dated.hubspot_owner_id as owner_id,
        dated.pipeline as pipeline_id,
        dated.dealstage as stage_id,
        dated.dealname as deal_name,
        coalesce(dated.pipeline_label, dated.pipeline) as pipeline_label,
        coalesce(dated.stage_label, dated.dealstage) as stage_label,
        dated.dealtype as deal_type,
        case
            when
                lower(dated.dealname)
                like {{ literal(var('renewal_name_pattern') | lower) }}
                or lower(dated.dealtype)
                in ({{ literals(var('renewal_deal_types') | map('lower')) }})
                or dated.pipeline in ({{ literals(var('renewal_pipelines')) }})
                or dated.pipeline_label
                in ({{ literals(var('renewal_pipelines')) }})
                then 'renewal'
            when dated.dealtype = 'existingbusiness' then 'expansion'
            when dated.dealtype = 'newbusiness' then 'new'
        end as deal_class,
        dated.hs_manual_forecast_category as manual_forecast_category,
        dated.deletion,
        coalesce(dated.deal_currency_code, portal.home_currency)
            as currency_code,
        {{ money('dated.amount') }} as amount,
        {{ money(
            'coalesce(dated.amount_in_home_currency,'
            ~ ' case when dated.is_home_currency then dated.amount end)'
        ) }} as amount_home,
        {{ money('dated.hs_arr') }} as arr,
        {{ money('dated.hs_mrr') }} as mrr,
        {{ money('dated.hs_tcv') }} as tcv,
        {{ money('dated.hs_acv') }} as acv,
        {{ money('dated.hs_forecast_amount') }} as manual_forecast_amount,
        case
            when dated.is_won then 1
            when dated.is_closed then 0
            else coalesce(
                dated.hs_deal_stage_probability, dated.stage_probability
            )
        end as probability,
        case
            when dated.is_home_currency then 1
            when
                dated.amount <> 0
                and sign(dated.amount) = sign(dated.amount_in_home_currency)
                then
                    cast(dated.amount_in_home_currency as double precision)
                    / cast(dated.amount as double precision)
        end as home_rate,
        coalesce(primary_companies.n_companies, 0) as n_companies,
        coalesce(dated.reopen_count, 0) as reopen_count,
        case
            when
                dated.is_won
                and {{ local_date('dated.opened_at', 'portal.time_zone') }}
                <= {{ local_date('dated.closed_at', 'portal.time_zone') }}
                then
                    {{ days_between(
                        local_date('dated.opened_at', 'portal.time_zone'),
                        local_date('dated.closed_at', 'portal.time_zone')
                    ) }}
        end as sales_cycle_days,
        dated.is_closed or dated.is_won as is_closed,
        dated.is_won,
        dated.is_closed and not dated.is_won as is_lost,
        dated.deletion is not null as is_archived,
        {{ local_date('dated.closedate', 'portal.time_zone') }} as close_date,
        dated.opened_at as created_at,
        dated.updated_at,
        dated.stage_entered_at,
        dated.closed_at,
        coalesce(dated.archived_at, dated.deleted_at) as archived_at
    from dated
    cross join portal
    left join primary_companies on dated.id = primary_companies.object_id
)

select * from final

with

deals as (
    select * from {{ ref('int_hubspot__deals') }}
),

owners as (
    select * from {{ ref('int_hubspot__owners') }}
),

deal_contacts as (
    select * from {{ ref('int_hubspot__deal_contacts') }}
),

deal_close_dates as (
    select * from {{ ref('int_hubspot__deal_close_dates') }}
),

deal_amounts as (
    select * from {{ ref('int_hubspot__deal_amounts') }}
),

touches as (
    select * from {{ ref('int_hubspot__touches') }}
    where object_type = 'deals'
),

active_contacts as (
    select * from {{ ref('int_hubspot__active_contacts') }}
    where object_type = 'deals'
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

final as (
    select
        deals.deal_id,
        deals.primary_company_id,
        deal_contacts.primary_contact_id,
        deals.owner_id,
        owners.team_id as owner_team_id,
        deals.pipeline_id,
        deals.stage_id,
        deals.deal_name,
        deals.pipeline_label,
        deals.stage_label,
        owners.owner_name,
        owners.team_name as owner_team,
        deals.deal_type,
        deals.deal_class,
        case
            when deals.is_closed and deals.is_won then 'CLOSED'
            when deals.is_closed then 'OMIT'
            when deals.manual_forecast_category is not null
                then upper(deals.manual_forecast_category)
            when deals.probability >= {{ var('forecast_commit_probability') }}
                then 'COMMIT'
            when deals.probability >= {{ var('forecast_best_case_probability') }}
                then 'BEST_CASE'
            else 'PIPELINE'
        end as forecast_category,
        deals.currency_code,
        deals.deletion,
        deals.amount,
        deals.amount_home,
        deals.arr,
        deals.mrr,
        deals.tcv,
        deals.acv,
        cast(deals.probability as {{ type_number() }}) as probability,
        {{ money(
            'cast(deals.amount_home as double precision)'
            ~ ' * cast(deals.probability as double precision)'
        ) }} as weighted_amount,
        coalesce(deals.manual_forecast_amount, deals.amount_home)
            as forecast_amount,
        case
            when deal_amounts.first_amount <> 0
                then
                    100.0
                    * cast(
                        deals.amount - deal_amounts.first_amount
                        as double precision
                    )
                    / abs(cast(deal_amounts.first_amount as double precision))
        end as amount_change_pct,
        cast(deals.n_companies as integer) as n_companies,
        cast(coalesce(deal_contacts.n_contacts, 0) as integer) as n_contacts,
        cast(coalesce(active_contacts.active_contacts_90d, 0) as integer)
            as contacts_engaged_90d,
        cast(deals.reopen_count as integer) as reopen_count,
        cast(coalesce(deal_close_dates.close_date_push_count, 0) as integer)
            as close_date_push_count,
        cast(coalesce(deal_close_dates.total_push_days, 0) as integer)
            as total_push_days,
        {{ days_between(
            local_date('deals.stage_entered_at', 'portal.time_zone'),
            'portal.as_of_date'
        ) }} as days_in_stage,
        {{ days_between(
            local_date('deals.created_at', 'portal.time_zone'),
            'portal.as_of_date'
        ) }} as age_days,
        deals.sales_cycle_days,
        deals.is_closed,
        deals.is_won,
        deals.is_lost,
        not deals.is_closed
        and coalesce(deals.close_date < portal.as_of_date, false) as is_slipped,
        coalesce(owners.is_active, false) as is_owner_active,
        deals.is_archived,
        deals.close_date,
        coalesce(deal_close_dates.original_close_date, deals.close_date)
            as original_close_date,
        deals.created_at,
        deals.updated_at,
        deals.stage_entered_at,
        deals.closed_at,
        touches.last_touch_at,
        touches.next_activity_at,
        deals.archived_at
    from deals
    cross join portal
    left join owners on deals.owner_id = owners.owner_id
    left join deal_contacts on deals.deal_id = deal_contacts.deal_id
    left join deal_close_dates on deals.deal_id = deal_close_dates.deal_id
    left join deal_amounts on deals.deal_id = deal_amounts.deal_id
    left join touches on deals.deal_id = touches.object_id
    left join active_contacts on deals.deal_id = active_contacts.object_id
)

select * from final

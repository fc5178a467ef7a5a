with

deals as (
    select * from {{ ref('int_hubspot__deals') }}
    where not is_archived and primary_company_id is not null
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

ranked as (
    select
        deals.*,
        portal.as_of,
        row_number() over (
            partition by deals.primary_company_id, deals.is_won
            order by
                deals.close_date desc nulls last,
                {{ id_order('deals.deal_id', 'desc') }}
        ) as won_recency,
        row_number() over (
            partition by
                deals.primary_company_id,
                not deals.is_closed
                and coalesce(deals.deal_class = 'renewal', false)
            order by
                deals.close_date asc nulls last,
                {{ id_order('deals.deal_id') }}
        ) as renewal_order
    from deals
    cross join portal
),

final as (
    select
        primary_company_id as company_id,
        max(
            case
                when
                    not is_closed and deal_class = 'renewal'
                    and renewal_order = 1
                    then deal_id
            end
        ) as next_renewal_deal_id,
        max(
            case
                when
                    not is_closed and deal_class = 'renewal'
                    and renewal_order = 1
                    then stage_label
            end
        ) as next_renewal_deal_stage,
        sum(case when is_won then 1 else 0 end) as won_deals,
        sum(case when not is_closed then 1 else 0 end) as open_deals,
        sum(
            case
                when
                    is_lost
                    and closed_at > {{ add_days('as_of', -365) }}
                    then 1
                else 0
            end
        ) as lost_deals_365d,
        sum(
            case
                when not is_closed and deal_class = 'renewal' then 1
                else 0
            end
        ) as open_renewal_deal_count,
        sum(
            case
                when (is_won or not is_closed) and amount_home is null then 1
                else 0
            end
        ) as deals_without_home_amount,
        sum(case when is_won then amount_home end) as won_amount_home,
        sum(case when not is_closed then amount_home end)
            as open_amount_home,
        sum(
            case
                when not is_closed
                    then
                        cast(amount_home as double precision)
                        * cast(probability as double precision)
            end
        ) as weighted_open_amount_home,
        sum(
            case
                when not is_closed and deal_class = 'renewal' then amount_home
            end
        ) as open_renewal_deal_amount,
        max(case when is_won and won_recency = 1 then amount_home end)
            as last_won_amount_home,
        max(
            case
                when is_won and won_recency = 1
                    then {{ converted('nullif(arr, 0)', 'home_rate') }}
            end
        ) as last_won_arr,
        max(
            case
                when
                    not is_closed and deal_class = 'renewal'
                    and renewal_order = 1
                    then probability
            end
        ) as next_renewal_deal_probability,
        max(
            case
                when
                    not is_closed and deal_class = 'renewal'
                    and renewal_order = 1
                    then close_date
            end
        ) as next_renewal_deal_close_date,
        max(case when is_won and won_recency = 1 then close_date end)
            as last_won_close_date,
        min(case when is_won then closed_at end) as first_won_at,
        max(case when is_won then closed_at end) as last_won_at
    from ranked
    group by primary_company_id
)

select * from final

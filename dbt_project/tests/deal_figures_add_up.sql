-- Won, lost and open are all live deals, and the customers' sums together with
-- the deals of no company are the deals' sums: nothing is lost, nothing counts
-- twice.
{{ config(meta={'dagster': {'ref': {'name': 'deals'}}}) }}

with

live_deals as (
    select * from {{ ref('deals') }}
    where not is_archived
),

customers as (
    select * from {{ ref('customers') }}
),

by_deal as (
    select
        count(*) as n_deals,
        sum(
            case when is_won then 1 else 0 end
            + case when is_lost then 1 else 0 end
            + case when not is_closed then 1 else 0 end
        ) as n_outcomes,
        count(
            case
                when
                    not is_lost
                    and amount_home is null
                    and primary_company_id is not null
                    then deal_id
            end
        ) as n_unknown_amounts,
        coalesce(sum(case when is_won then amount_home end), 0) as won_amount,
        coalesce(sum(case when not is_closed then amount_home end), 0)
            as open_amount,
        coalesce(
            sum(
                case
                    when is_won and primary_company_id is null then amount_home
                end
            ),
            0
        ) as won_amount_of_none,
        coalesce(
            sum(
                case
                    when not is_closed and primary_company_id is null
                        then amount_home
                end
            ),
            0
        ) as open_amount_of_none
    from live_deals
),

by_customer as (
    select
        coalesce(sum(deals_without_home_amount), 0) as n_unknown_amounts,
        coalesce(sum(won_amount_home), 0) as won_amount,
        coalesce(sum(open_amount_home), 0) as open_amount
    from customers
),

final as (
    select by_deal.*
    from by_deal
    cross join by_customer
    where
        by_deal.n_outcomes <> by_deal.n_deals
        or by_customer.n_unknown_amounts <> by_deal.n_unknown_amounts
        or by_customer.won_amount + by_deal.won_amount_of_none
        <> by_deal.won_amount
        or by_customer.open_amount + by_deal.open_amount_of_none
        <> by_deal.open_amount
)

select * from final

with

line_items as (
    select * from {{ ref('stg_hubspot__line_items') }}
    where deletion is null
),

associations as (
    select * from {{ ref('int_hubspot__associations') }}
),

deals as (
    select * from {{ ref('int_hubspot__deals') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

deal_line_items as (
    select distinct
        from_id as deal_id,
        to_id as line_item_id
    from associations
    where from_object = 'deals' and to_object = 'line_items'
),

-- An item that names no currency is in its deal's.
sold as (
    select
        deals.primary_company_id as company_id,
        coalesce(
            nullif(line_items.hs_arr, 0), line_items.hs_acv, line_items.amount
        ) as annual_value,
        case
            when line_items.hs_line_item_currency_code = portal.home_currency
                then 1
            when
                line_items.hs_line_item_currency_code is null
                or line_items.hs_line_item_currency_code = deals.currency_code
                then deals.home_rate
        end as home_rate,
        deals.close_date as sold_on,
        coalesce(
            line_items.hs_recurring_billing_start_date, deals.close_date
        ) as starts_on,
        line_items.hs_recurring_billing_end_date as stated_end,
        line_items.hs_recurring_billing_period as term,
        portal.as_of_date
    from deal_line_items
    inner join line_items on deal_line_items.line_item_id = line_items.id
    inner join deals on deal_line_items.deal_id = deals.deal_id
    cross join portal
    where
        deals.is_won
        and not deals.is_archived
        and deals.primary_company_id is not null
        and (
            line_items.recurringbillingfrequency is not null
            or line_items.hs_recurring_billing_period is not null
        )
),

terms as (
    select
        sold.company_id,
        sold.annual_value,
        {{ converted('sold.annual_value', 'sold.home_rate') }}
            as annual_value_home,
        sold.sold_on,
        sold.starts_on,
        coalesce(
            sold.stated_end, {{ term_end('sold.starts_on', 'sold.term') }}
        ) as ends_on,
        sold.as_of_date
    from sold
),

running as (
    select
        terms.company_id,
        terms.annual_value,
        terms.annual_value_home,
        terms.sold_on,
        terms.ends_on,
        coalesce(
            terms.starts_on <= terms.as_of_date
            and (terms.ends_on is null or terms.ends_on > terms.as_of_date),
            false
        ) as is_running,
        max(terms.ends_on) over (partition by terms.company_id)
            as last_term_ends_on
    from terms
),

-- One running item of unknown value makes the sum unknown.
final as (
    select
        company_id,
        sum(case when is_running then 1 else 0 end) as running_line_items,
        case
            when
                sum(
                    case
                        when
                            is_running
                            and annual_value is not null
                            and annual_value_home is null
                            then 1
                        else 0
                    end
                ) = 0
                then sum(case when is_running then annual_value_home end)
        end as active_line_item_value,
        max(last_term_ends_on) as last_term_ends_on,
        max(case when ends_on = last_term_ends_on then sold_on end)
            as last_term_sold_on
    from running
    group by company_id
)

select * from final

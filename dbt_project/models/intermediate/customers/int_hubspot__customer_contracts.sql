with

companies as (
    select * from {{ ref('int_hubspot__companies') }}
),

company_statements as (
    select * from {{ ref('int_hubspot__company_statements') }}
),

customer_line_items as (
    select * from {{ ref('int_hubspot__customer_line_items') }}
),

customer_deals as (
    select * from {{ ref('int_hubspot__customer_deals') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

-- The surest source that says something wins, for value and date each.
sourced as (
    select
        companies.company_id,
        coalesce(
            company_statements.stated_contract_value,
            customer_line_items.active_line_item_value,
            customer_deals.last_won_arr,
            customer_deals.last_won_amount_home
        ) as contract_value,
        case
            when company_statements.stated_contract_value is not null
                then 'property'
            when customer_line_items.active_line_item_value is not null
                then 'line_items'
            when customer_deals.last_won_arr is not null
                then 'last_won_arr'
            when customer_deals.last_won_amount_home is not null
                then 'last_won_amount'
        end as contract_value_source,
        coalesce(
            company_statements.stated_renewal_date,
            customer_line_items.last_term_ends_on,
            {{ add_months(
                'customer_deals.last_won_close_date',
                var('renewal_term_months')
            ) }}
        ) as renewal_date,
        case
            when company_statements.stated_renewal_date is not null
                then 'property'
            when customer_line_items.last_term_ends_on is not null
                then 'line_items'
            when customer_deals.last_won_close_date is not null
                then 'last_won_deal'
        end as renewal_date_source,
        coalesce(customer_line_items.running_line_items, 0) > 0
            as has_running_line_items,
        coalesce(
            customer_deals.last_won_close_date
            > customer_line_items.last_term_sold_on,
            false
        ) as has_won_since_last_term,
        portal.as_of_date
    from companies
    cross join portal
    left join company_statements
        on companies.company_id = company_statements.company_id
    left join customer_line_items
        on companies.company_id = customer_line_items.company_id
    left join customer_deals
        on companies.company_id = customer_deals.company_id
),

counted as (
    select
        company_id,
        contract_value,
        contract_value_source,
        renewal_date,
        renewal_date_source,
        has_running_line_items,
        renewal_date_source = 'line_items'
        and has_won_since_last_term as is_renewed_early,
        {{ days_between('as_of_date', 'renewal_date') }} as days_to_renewal
    from sourced
),

final as (
    select
        company_id,
        contract_value_source,
        renewal_date_source,
        case
            when days_to_renewal is null then 'none'
            when days_to_renewal < 0 then 'overdue'
            when days_to_renewal <= 30 then '0-30'
            when days_to_renewal <= 60 then '31-60'
            when days_to_renewal <= 90 then '61-90'
            when days_to_renewal <= 180 then '91-180'
            else 'over 180'
        end as renewal_window,
        {{ money('contract_value') }} as contract_value,
        days_to_renewal,
        has_running_line_items,
        coalesce(is_renewed_early, false) as is_renewed_early,
        renewal_date
    from counted
)

select * from final

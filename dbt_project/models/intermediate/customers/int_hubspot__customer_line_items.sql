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

-- HubSpot's terms are whole months or years: P12M, P2Y.
sold as (
    select
        deals.primary_company_id as company_id,
        coalesce(line_items.hs_arr, line_items.hs_acv, line_items.amount)
            as annual_value,
        coalesce(
            line_items.hs_recurring_billing_start_date, deals.close_date
        ) as starts_on,
        line_items.hs_recurring_billing_end_date as ends_on,
        line_items.hs_recurring_billing_period as term,
        {{ as_number(
            "regexp_replace(line_items.hs_recurring_billing_period,"
            ~ " '[^0-9]', '', 'g')"
        ) }} as term_length
    from deal_line_items
    inner join line_items on deal_line_items.line_item_id = line_items.id
    inner join deals on deal_line_items.deal_id = deals.deal_id
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
        sold.starts_on,
        coalesce(
            sold.ends_on,
            case
                when sold.term_length between 1 and 1200 and sold.term like 'P%M'
                    then
                        {{ add_months(
                            'sold.starts_on',
                            'cast(sold.term_length as integer)'
                        ) }}
                when sold.term_length between 1 and 100 and sold.term like 'P%Y'
                    then
                        {{ add_months(
                            'sold.starts_on',
                            '12 * cast(sold.term_length as integer)'
                        ) }}
            end
        ) as ends_on
    from sold
),

final as (
    select
        terms.company_id,
        sum(
            case
                when
                    terms.starts_on <= portal.as_of_date
                    and (
                        terms.ends_on is null
                        or terms.ends_on > portal.as_of_date
                    )
                    then {{ money('terms.annual_value') }}
            end
        ) as active_line_item_value,
        max(terms.ends_on) as last_term_ends_on
    from terms
    cross join portal
    group by terms.company_id
)

select * from final

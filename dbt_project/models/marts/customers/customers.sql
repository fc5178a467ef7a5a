with

companies as (
    select * from {{ ref('int_hubspot__companies') }}
),

parent_companies as (
    select * from {{ ref('int_hubspot__parent_companies') }}
),

company_statements as (
    select * from {{ ref('int_hubspot__company_statements') }}
),

owners as (
    select * from {{ ref('int_hubspot__owners') }}
),

customer_deals as (
    select * from {{ ref('int_hubspot__customer_deals') }}
),

customer_contracts as (
    select * from {{ ref('int_hubspot__customer_contracts') }}
),

customer_tickets as (
    select * from {{ ref('int_hubspot__customer_tickets') }}
),

touches as (
    select * from {{ ref('int_hubspot__touches') }}
    where object_type = 'companies'
),

active_contacts as (
    select * from {{ ref('int_hubspot__active_contacts') }}
    where object_type = 'companies'
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

judged as (
    select
        companies.company_id,
        coalesce(companies.lifecycle_stage, '') in (
            {{ literals(var('customer_lifecycle_stages')) }}
        )
        or coalesce(customer_deals.won_deals, 0) > 0 as was_customer,
        coalesce(company_statements.stated_churn, false)
        or coalesce(
            customer_contracts.days_to_renewal
            < -1 * {{ var('churn_grace_days') }}
            and not customer_contracts.has_running_line_items
            and not customer_contracts.is_renewed_early
            and (
                customer_deals.last_won_close_date is null
                or customer_deals.last_won_close_date
                <= customer_contracts.renewal_date
            ),
            false
        ) as has_lapsed
    from companies
    left join company_statements
        on companies.company_id = company_statements.company_id
    left join customer_deals
        on companies.company_id = customer_deals.company_id
    left join customer_contracts
        on companies.company_id = customer_contracts.company_id
),

final as (
    select
        companies.company_id as customer_id,
        parent_companies.parent_company_id as parent_customer_id,
        companies.owner_id,
        company_statements.stated_csm_owner_id as csm_owner_id,
        customer_deals.next_renewal_deal_id,
        companies.company_name,
        companies.domain,
        companies.additional_domains,
        companies.industry,
        companies.country,
        companies.lifecycle_stage,
        case
            when not judged.was_customer then 'prospect'
            when companies.is_archived then 'former'
            when judged.has_lapsed then 'churned'
            else 'active'
        end as customer_status,
        owners.owner_name,
        owners.team_name as owner_team,
        csm_owners.owner_name as csm_name,
        customer_contracts.contract_value_source,
        customer_contracts.renewal_date_source,
        customer_contracts.renewal_window,
        customer_deals.next_renewal_deal_stage,
        touches.last_touch_type,
        touches.last_touch_direction,
        companies.deletion,
        companies.employees,
        {{ money('companies.annual_revenue') }} as annual_revenue,
        cast(coalesce(customer_deals.won_deals, 0) as integer) as won_deals,
        cast(coalesce(customer_deals.open_deals, 0) as integer) as open_deals,
        cast(coalesce(customer_deals.lost_deals_365d, 0) as integer)
            as lost_deals_365d,
        cast(coalesce(customer_deals.deals_without_home_amount, 0) as integer)
            as deals_without_home_amount,
        {{ sum_or_none(
            'customer_deals.won_deals', 'customer_deals.won_amount_home'
        ) }} as won_amount_home,
        {{ sum_or_none(
            'customer_deals.open_deals', 'customer_deals.open_amount_home'
        ) }} as open_amount_home,
        {{ sum_or_none(
            'customer_deals.open_deals',
            'customer_deals.weighted_open_amount_home'
        ) }} as weighted_open_amount_home,
        {{ money('customer_contracts.contract_value') }} as contract_value,
        customer_contracts.days_to_renewal,
        cast(coalesce(customer_deals.open_renewal_deal_count, 0) as integer)
            as open_renewal_deal_count,
        {{ sum_or_none(
            'customer_deals.open_renewal_deal_count',
            'customer_deals.open_renewal_deal_amount'
        ) }} as open_renewal_deal_amount,
        cast(
            customer_deals.next_renewal_deal_probability as {{ type_number() }}
        ) as next_renewal_deal_probability,
        {{ days_between(
            'customer_contracts.renewal_date',
            'customer_deals.next_renewal_deal_close_date'
        ) }} as renewal_deal_gap_days,
        {{ days_between(
            local_date('touches.last_touch_at', 'portal.time_zone'),
            'portal.as_of_date'
        ) }} as days_since_last_touch,
        cast(coalesce(touches.touches_30d, 0) as integer) as touches_30d,
        cast(coalesce(touches.touches_90d, 0) as integer) as touches_90d,
        cast(coalesce(touches.touches_prior_90d, 0) as integer)
            as touches_prior_90d,
        cast(coalesce(active_contacts.active_contacts_90d, 0) as integer)
            as active_contacts_90d,
        cast(coalesce(active_contacts.exec_contacts_90d, 0) as integer)
            as exec_contacts_90d,
        case
            when portal.has_tickets
                then cast(coalesce(customer_tickets.open_tickets, 0) as integer)
        end as open_tickets,
        case
            when portal.has_tickets
                then
                    cast(
                        coalesce(
                            customer_tickets.open_high_priority_tickets, 0
                        ) as integer
                    )
        end as open_high_priority_tickets,
        customer_tickets.oldest_open_ticket_days,
        case
            when portal.has_tickets
                then cast(coalesce(customer_tickets.tickets_90d, 0) as integer)
        end as tickets_90d,
        cast(customer_tickets.median_resolution_hours_90d as double precision)
            as median_resolution_hours_90d,
        cast(customer_tickets.first_response_hours_90d as double precision)
            as first_response_hours_90d,
        judged.was_customer
        and not companies.is_archived
        and not judged.has_lapsed as is_customer,
        coalesce(owners.is_active, false) as is_owner_active,
        companies.is_archived,
        customer_contracts.renewal_date,
        customer_deals.next_renewal_deal_close_date,
        companies.created_at,
        companies.updated_at,
        coalesce(companies.customer_stage_at, customer_deals.first_won_at)
            as became_customer_at,
        customer_deals.first_won_at,
        customer_deals.last_won_at,
        touches.last_touch_at,
        touches.last_inbound_at,
        touches.last_outbound_at,
        touches.last_meeting_at,
        touches.next_activity_at,
        companies.archived_at
    from companies
    inner join judged on companies.company_id = judged.company_id
    cross join portal
    left join parent_companies
        on companies.company_id = parent_companies.company_id
    left join company_statements
        on companies.company_id = company_statements.company_id
    left join owners on companies.owner_id = owners.owner_id
    left join owners as csm_owners
        on company_statements.stated_csm_owner_id = csm_owners.owner_id
    left join customer_deals
        on companies.company_id = customer_deals.company_id
    left join customer_contracts
        on companies.company_id = customer_contracts.company_id
    left join customer_tickets
        on companies.company_id = customer_tickets.company_id
    left join touches on companies.company_id = touches.object_id
    left join active_contacts
        on companies.company_id = active_contacts.object_id
)

select * from final

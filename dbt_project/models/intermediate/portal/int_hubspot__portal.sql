{{ config(materialized='table') }}

{% set as_of = var('as_of') %}
{% set business_timezone = var('business_timezone') %}

with

sync_runs as (
    select * from {{ ref('stg_hubspot__sync_runs') }}
),

account_details as (
    select * from {{ ref('stg_hubspot__account_details') }}
),

tickets as (
    select * from {{ ref('stg_hubspot__tickets') }}
),

newest_run as (
    select max(portal_started_at) as started_at
    from sync_runs
),

account as (
    select
        max(portal_id) as portal_id,
        max(time_zone) as time_zone,
        max(company_currency) as home_currency
    from account_details
),

ticket_access as (
    select
        exists (select 1 from tickets)
        or exists (
            select 1 from sync_runs
            where stream = 'tickets' and status = 'succeeded'
        ) as has_tickets
),

settled as (
    select
        account.portal_id,
        account.home_currency,
        {% if business_timezone %}
            {{ literal(business_timezone) }} as time_zone,
        {% else %}
            case
                when account.time_zone in {{ known_time_zones() }}
                    then account.time_zone
                else 'UTC'
            end as time_zone,
        {% endif %}
        ticket_access.has_tickets,
        {% if as_of %}
            cast({{ literal(as_of) }} as {{ type_instant() }}) as as_of
        {% else %}
            coalesce(newest_run.started_at, current_timestamp) as as_of
        {% endif %}
    from account
    cross join newest_run
    cross join ticket_access
),

final as (
    select
        portal_id,
        time_zone,
        home_currency,
        has_tickets,
        as_of,
        {{ local_date('as_of', 'time_zone') }} as as_of_date
    from settled
)

select * from final

{{ config(materialized='table') }}

with

contacts as (
    select * from {{ ref('int_hubspot__contacts') }}
),

associations as (
    select * from {{ ref('int_hubspot__associations') }}
),

seniority_rules as (
    select * from {{ ref('seniority_rules') }}
),

buying_roles as (
    select * from {{ ref('buying_roles') }}
),

-- HubSpot's own seniority, where somebody filled it in, before the job title.
titles as (
    select
        contact_id,
        0 as preference,
        {{ words('hs_seniority') }} as title_words
    from contacts
    where hs_seniority is not null
    union all
    select
        contact_id,
        1 as preference,
        {{ words('job_title') }} as title_words
    from contacts
    where job_title is not null
),

ranked_seniority as (
    select
        titles.contact_id,
        seniority_rules.seniority,
        row_number() over (
            partition by titles.contact_id
            order by titles.preference asc, seniority_rules.rank asc
        ) as position
    from titles
    inner join seniority_rules
        on titles.title_words like '% ' || seniority_rules.words || ' %'
),

claims as (
    select
        contact_id,
        {{ words('hs_buying_role') }} as role_words
    from contacts
    where hs_buying_role is not null
    union all
    select
        from_id as contact_id,
        {{ words('label') }} as role_words
    from associations
    where
        from_object = 'contacts'
        and to_object = 'companies'
        and label is not null
    union all
    select
        to_id as contact_id,
        {{ words('label') }} as role_words
    from associations
    where
        to_object = 'contacts'
        and from_object in ('deals', 'tickets')
        and label is not null
),

ranked_roles as (
    select
        claims.contact_id,
        buying_roles.role,
        buying_roles.is_decision_maker,
        row_number() over (
            partition by claims.contact_id
            order by buying_roles.rank asc
        ) as position
    from claims
    inner join buying_roles
        on claims.role_words like '% ' || buying_roles.words || ' %'
),

decision_makers as (
    select distinct contact_id
    from ranked_roles
    where is_decision_maker
),

final as (
    select
        contacts.contact_id,
        ranked_seniority.seniority,
        ranked_roles.role,
        decision_makers.contact_id is not null as is_decision_maker
    from contacts
    left join ranked_seniority
        on
            contacts.contact_id = ranked_seniority.contact_id
            and ranked_seniority.position = 1
    left join ranked_roles
        on
            contacts.contact_id = ranked_roles.contact_id
            and ranked_roles.position = 1
    left join decision_makers
        on contacts.contact_id = decision_makers.contact_id
)

select * from final

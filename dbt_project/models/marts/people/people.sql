with

contacts as (
    select * from {{ ref('int_hubspot__contacts') }}
),

contact_roles as (
    select * from {{ ref('int_hubspot__contact_roles') }}
),

internal_people as (
    select * from {{ ref('int_hubspot__internal_people') }}
),

primary_companies as (
    select * from {{ ref('int_hubspot__primary_companies') }}
    where object_type = 'contacts'
),

touches as (
    select * from {{ ref('int_hubspot__touches') }}
    where object_type = 'contacts'
),

internal_touches as (
    select * from {{ ref('int_hubspot__internal_touches') }}
),

customer_contacts as (
    select
        'contact:' || contacts.contact_id as person_id,
        contacts.contact_id,
        internal_people.user_id,
        internal_people.owner_id as person_owner_id,
        primary_companies.primary_company_id,
        contacts.owner_id,
        case
            when internal_people.internal_key is null then 'customer_contact'
            else 'internal'
        end as kind,
        coalesce(contacts.first_name, internal_people.first_name)
            as first_name,
        coalesce(contacts.last_name, internal_people.last_name) as last_name,
        coalesce(contacts.email, internal_people.email) as primary_email,
        contacts.phone,
        coalesce(contacts.job_title, internal_people.job_title) as job_title,
        contact_roles.role,
        contact_roles.seniority,
        contacts.lifecycle_stage,
        contacts.deletion,
        coalesce(touches.touches_90d, 0)
        + coalesce(internal_touches.touches_90d, 0) as interactions_90d,
        coalesce(primary_companies.n_companies, 0) as n_companies,
        contact_roles.is_decision_maker,
        contacts.is_unsubscribed,
        contacts.is_bounced,
        contacts.is_archived,
        least(
            contacts.created_at,
            coalesce(touches.first_touch_at, contacts.created_at),
            coalesce(internal_touches.first_touch_at, contacts.created_at)
        ) as first_seen_at,
        greatest(
            contacts.created_at,
            coalesce(touches.last_touch_at, contacts.created_at),
            coalesce(internal_touches.last_touch_at, contacts.created_at)
        ) as last_seen_at,
        touches.last_touch_at,
        contacts.archived_at
    from contacts
    inner join contact_roles on contacts.contact_id = contact_roles.contact_id
    left join internal_people
        on contacts.contact_id = internal_people.contact_id
    left join primary_companies
        on contacts.contact_id = primary_companies.object_id
    left join touches on contacts.contact_id = touches.object_id
    left join internal_touches
        on internal_people.internal_key = internal_touches.internal_key
),

colleagues as (
    select
        internal_people.person_id,
        internal_people.user_id,
        internal_people.owner_id as person_owner_id,
        internal_people.first_name,
        internal_people.last_name,
        internal_people.email as primary_email,
        internal_people.job_title,
        coalesce(internal_touches.touches_90d, 0) as interactions_90d,
        not internal_people.is_active as is_archived,
        least(internal_people.created_at, internal_touches.first_touch_at)
            as first_seen_at,
        greatest(internal_people.created_at, internal_touches.last_touch_at)
            as last_seen_at,
        internal_touches.last_touch_at
    from internal_people
    left join internal_touches
        on internal_people.internal_key = internal_touches.internal_key
    where internal_people.contact_id is null
),

united as (
    select
        person_id,
        contact_id,
        user_id,
        person_owner_id,
        primary_company_id,
        owner_id,
        kind,
        first_name,
        last_name,
        primary_email,
        phone,
        job_title,
        role,
        seniority,
        lifecycle_stage,
        deletion,
        interactions_90d,
        n_companies,
        is_decision_maker,
        is_unsubscribed,
        is_bounced,
        is_archived,
        first_seen_at,
        last_seen_at,
        last_touch_at,
        archived_at
    from customer_contacts
    union all
    select
        person_id,
        null as contact_id,
        user_id,
        person_owner_id,
        null as primary_company_id,
        null as owner_id,
        'internal' as kind,
        first_name,
        last_name,
        primary_email,
        null as phone,
        job_title,
        null as role,
        null as seniority,
        null as lifecycle_stage,
        null as deletion,
        interactions_90d,
        0 as n_companies,
        false as is_decision_maker,
        false as is_unsubscribed,
        false as is_bounced,
        is_archived,
        first_seen_at,
        last_seen_at,
        last_touch_at,
        null as archived_at
    from colleagues
),

final as (
    select
        person_id,
        contact_id,
        user_id,
        person_owner_id,
        primary_company_id,
        owner_id,
        kind,
        first_name,
        last_name,
        nullif(
            trim(coalesce(first_name, '') || ' ' || coalesce(last_name, '')), ''
        ) as full_name,
        primary_email,
        phone,
        job_title,
        role,
        seniority,
        lifecycle_stage,
        deletion,
        cast(interactions_90d as integer) as interactions_90d,
        cast(n_companies as integer) as n_companies,
        is_decision_maker,
        is_unsubscribed,
        is_bounced,
        is_archived,
        first_seen_at,
        last_seen_at,
        last_touch_at,
        archived_at
    from united
)

select * from final

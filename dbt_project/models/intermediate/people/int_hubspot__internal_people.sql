{{ config(materialized='table') }}

with

claims as (
    select * from {{ ref('int_hubspot__internal_claims') }}
),

contact_emails as (
    select * from {{ ref('int_hubspot__contact_emails') }}
    where is_identifying
),

ranked as (
    select
        claims.*,
        row_number() over (
            partition by claims.internal_key
            order by
                claims.is_active desc,
                claims.preference asc,
                {{ id_order('claims.claim_id', 'desc') }}
        ) as position
    from claims
),

combined as (
    select
        internal_key,
        max(user_id) as user_id,
        coalesce(
            max(case when position = 1 then owner_id end), max(owner_id)
        ) as owner_id,
        coalesce(max(case when position = 1 then email end), max(email))
            as email,
        coalesce(
            max(case when position = 1 then first_name end), max(first_name)
        ) as first_name,
        coalesce(
            max(case when position = 1 then last_name end), max(last_name)
        ) as last_name,
        max(job_title) as job_title,
        max(case when is_active then 1 else 0 end) = 1 as is_active,
        min(created_at) as created_at
    from ranked
    group by internal_key
),

-- A colleague who is also a contact is one person.
matches as (
    select
        combined.internal_key,
        contact_emails.contact_id,
        row_number() over (
            partition by contact_emails.contact_id
            order by combined.is_active desc, combined.internal_key asc
        ) as position
    from combined
    inner join contact_emails on combined.email = contact_emails.email
),

final as (
    select
        combined.internal_key,
        coalesce('contact:' || matches.contact_id, combined.internal_key)
            as person_id,
        matches.contact_id,
        combined.user_id,
        combined.owner_id,
        combined.email,
        combined.first_name,
        combined.last_name,
        combined.job_title,
        combined.is_active,
        combined.created_at
    from combined
    left join matches
        on
            combined.internal_key = matches.internal_key
            and matches.position = 1
)

select * from final

with

users as (
    select * from {{ ref('stg_hubspot__users') }}
),

owners as (
    select * from {{ ref('int_hubspot__owners') }}
    where coalesce(owner_type, 'PERSON') <> 'QUEUE'
),

contact_emails as (
    select * from {{ ref('int_hubspot__contact_emails') }}
    where is_identifying
),

user_claims as (
    select
        hs_internal_user_id as user_id,
        hubspot_owner_id as owner_id,
        lower(trim(hs_email)) as email,
        hs_given_name as first_name,
        hs_family_name as last_name,
        hs_job_title as job_title,
        deletion is null and not coalesce(hs_deactivated, false) as is_active,
        created_at,
        id as claim_id,
        2 as preference
    from users
    where hs_internal_user_id is not null
),

users_by_email as (
    select
        email,
        min(user_id) as user_id
    from user_claims
    where email <> ''
    group by email
    having count(distinct user_id) = 1
),

claims as (
    select
        'user:' || user_id as internal_key,
        user_id,
        owner_id,
        email,
        first_name,
        last_name,
        job_title,
        is_active,
        created_at,
        claim_id,
        preference
    from user_claims
    union all
    select
        coalesce(
            'user:' || coalesce(owners.user_id, users_by_email.user_id),
            'email:' || owners.email,
            'owner:' || owners.owner_id
        ) as internal_key,
        coalesce(owners.user_id, users_by_email.user_id) as user_id,
        owners.owner_id,
        owners.email,
        owners.first_name,
        owners.last_name,
        null as job_title,
        owners.is_active,
        owners.created_at,
        owners.owner_id as claim_id,
        1 as preference
    from owners
    left join users_by_email on owners.email = users_by_email.email
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

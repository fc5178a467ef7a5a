with

users as (
    select * from {{ ref('stg_hubspot__users') }}
),

owners as (
    select * from {{ ref('int_hubspot__owners') }}
    where coalesce(owner_type, 'PERSON') <> 'QUEUE'
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

final as (
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
)

select * from final

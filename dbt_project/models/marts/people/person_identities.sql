with

contacts as (
    select * from {{ ref('int_hubspot__contacts') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

contact_emails as (
    select * from {{ ref('int_hubspot__contact_emails') }}
),

internal_people as (
    select * from {{ ref('int_hubspot__internal_people') }}
),

internal_claims as (
    select * from {{ ref('int_hubspot__internal_claims') }}
),

owner_ids as (
    select distinct
        internal_claims.owner_id,
        internal_people.person_id,
        internal_claims.owner_id = internal_people.owner_id as is_primary
    from internal_claims
    inner join internal_people
        on internal_claims.internal_key = internal_people.internal_key
    where internal_claims.owner_id is not null
),

claims as (
    select
        case
            when object_id_map.is_merged then 'merged_contact_id'
            else 'hubspot_contact_id'
        end as identity_type,
        object_id_map.object_id as identity_value,
        'contact:' || contacts.contact_id as person_id,
        'merge' as resolved_by,
        not object_id_map.is_merged as is_primary
    from object_id_map
    inner join contacts on object_id_map.canonical_id = contacts.contact_id
    where object_id_map.object_type = 'contacts'
    union all
    select
        case when is_primary then 'email_primary' else 'email_secondary' end
            as identity_type,
        email as identity_value,
        'contact:' || contact_id as person_id,
        'exact_email' as resolved_by,
        is_primary
    from contact_emails
    where is_identifying
    union all
    select
        'email_primary' as identity_type,
        internal_people.email as identity_value,
        internal_people.person_id,
        'exact_email' as resolved_by,
        true as is_primary
    from internal_people
    left join contact_emails on internal_people.email = contact_emails.email
    where
        internal_people.email <> ''
        and contact_emails.email is null
        and not {{ is_role_mailbox('internal_people.email') }}
    union all
    select
        'owner_id' as identity_type,
        owner_id as identity_value,
        person_id,
        'owner_user_link' as resolved_by,
        is_primary
    from owner_ids
    union all
    select
        'user_id' as identity_type,
        user_id as identity_value,
        person_id,
        'owner_user_link' as resolved_by,
        true as is_primary
    from internal_people
    where user_id is not null
),

-- What two people claim identifies neither.
counted as (
    select
        claims.*,
        count(*) over (
            partition by claims.identity_type, claims.identity_value
        ) as n_claims
    from claims
),

final as (
    select
        identity_type,
        identity_value,
        person_id,
        resolved_by,
        is_primary
    from counted
    where n_claims = 1
)

select * from final

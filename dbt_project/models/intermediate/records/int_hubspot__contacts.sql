with

contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

-- A person who asked to be forgotten is no row anywhere.
final as (
    select
        contacts.id as contact_id,
        contacts.firstname as first_name,
        contacts.lastname as last_name,
        lower(trim(contacts.email)) as email,
        contacts.hs_additional_emails as additional_emails,
        contacts.phone,
        contacts.jobtitle as job_title,
        contacts.hs_seniority,
        contacts.hs_buying_role,
        contacts.lifecyclestage as lifecycle_stage,
        contacts.hubspot_owner_id as owner_id,
        contacts.deletion,
        contacts.deletion is not null as is_archived,
        coalesce(contacts.hs_email_optout, false) as is_unsubscribed,
        contacts.hs_email_hard_bounce_reason_enum is not null
        or coalesce(contacts.hs_email_bounce, 0) > 0 as is_bounced,
        coalesce(contacts.createdate, contacts.created_at) as created_at,
        contacts.updated_at,
        coalesce(contacts.archived_at, contacts.deleted_at) as archived_at
    from contacts
    inner join object_id_map
        on
            object_id_map.object_type = 'contacts'
            and contacts.id = object_id_map.object_id
    where
        not object_id_map.is_merged
        and coalesce(contacts.deletion, '') not in ('merged', 'gdpr')
)

select * from final

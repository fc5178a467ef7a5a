with

contacts as (
    select * from {{ ref('int_hubspot__contacts') }}
    where not is_archived
),

listed as (
    select
        contact_id,
        email,
        true as is_primary
    from contacts
    where email <> ''
    union all
    select
        contacts.contact_id,
        lower(trim(extra.part)) as email,
        false as is_primary
    from contacts
    cross join {{ split_rows('contacts.additional_emails', ';', 'extra') }}
    where trim(extra.part) <> ''
),

addresses as (
    select
        contact_id,
        email,
        max(case when is_primary then 1 else 0 end) = 1 as is_primary
    from listed
    group by contact_id, email
),

-- An address on two live contacts, or one that many people read, says of
-- nobody who they are.
final as (
    select
        contact_id,
        email,
        is_primary,
        count(*) over (partition by email) = 1
        and not {{ is_role_mailbox('email') }} as is_identifying
    from addresses
)

select * from final

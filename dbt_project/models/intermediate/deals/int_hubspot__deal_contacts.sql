with

associations as (
    select * from {{ ref('int_hubspot__associations') }}
),

contacts as (
    select * from {{ ref('int_hubspot__contacts') }}
),

linked as (
    select
        associations.from_id as deal_id,
        associations.to_id as contact_id,
        max(
            case when lower(associations.label) like 'primary%' then 1 else 0 end
        ) as is_primary
    from associations
    inner join contacts on associations.to_id = contacts.contact_id
    where
        associations.from_object = 'deals'
        and associations.to_object = 'contacts'
    group by associations.from_id, associations.to_id
),

-- HubSpot has no primary contact of a deal of its own: a label may name one,
-- else the first known contact stands for the deal.
ranked as (
    select
        deal_id,
        contact_id,
        count(*) over (partition by deal_id) as n_contacts,
        row_number() over (
            partition by deal_id
            order by is_primary desc, {{ id_order('contact_id') }}
        ) as position
    from linked
),

final as (
    select
        deal_id,
        contact_id as primary_contact_id,
        n_contacts
    from ranked
    where position = 1
)

select * from final

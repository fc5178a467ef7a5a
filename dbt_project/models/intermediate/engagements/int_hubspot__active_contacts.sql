with

engagements as (
    select * from {{ ref('int_hubspot__engagements') }}
),

engagement_links as (
    select * from {{ ref('int_hubspot__engagement_links') }}
),

contact_roles as (
    select * from {{ ref('int_hubspot__contact_roles') }}
),

internal_people as (
    select * from {{ ref('int_hubspot__internal_people') }}
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

recent as (
    select engagements.engagement_key
    from engagements
    cross join portal
    where
        engagements.is_touch
        and engagements.occurred_at > {{ add_days('portal.as_of', -90) }}
),

-- Everybody in touch with a company or about a deal, not only its contacts, but
-- no colleagues.
final as (
    select
        records.object_type,
        records.object_id,
        count(distinct contact_roles.contact_id) as active_contacts_90d,
        count(
            distinct case
                when contact_roles.seniority in ('executive', 'vp')
                    then contact_roles.contact_id
            end
        ) as exec_contacts_90d
    from recent
    inner join engagement_links as records
        on
            recent.engagement_key = records.engagement_key
            and records.object_type in ('companies', 'deals')
    inner join engagement_links as people
        on
            recent.engagement_key = people.engagement_key
            and people.object_type = 'contacts'
    inner join contact_roles on people.object_id = contact_roles.contact_id
    left join internal_people
        on contact_roles.contact_id = internal_people.contact_id
    where internal_people.contact_id is null
    group by records.object_type, records.object_id
)

select * from final

with

internal_claims as (
    select * from {{ ref('int_hubspot__internal_claims') }}
),

internal_people as (
    select * from {{ ref('int_hubspot__internal_people') }}
),

engagements as (
    select * from {{ ref('int_hubspot__engagements') }}
),

engagement_links as (
    select * from {{ ref('int_hubspot__engagement_links') }}
    where object_type = 'contacts'
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

owner_ids as (
    select distinct
        internal_claims.internal_key,
        internal_claims.owner_id,
        internal_people.contact_id
    from internal_claims
    inner join internal_people
        on internal_claims.internal_key = internal_people.internal_key
    where internal_claims.owner_id is not null
),

-- What is linked to the same person as a contact counts there.
final as (
    select
        owner_ids.internal_key,
        sum(
            case
                when
                    engagements.occurred_at
                    > {{ add_days('portal.as_of', -90) }}
                    then 1
                else 0
            end
        ) as touches_90d,
        min(engagements.occurred_at) as first_touch_at,
        max(engagements.occurred_at) as last_touch_at
    from engagements
    inner join owner_ids on engagements.owner_id = owner_ids.owner_id
    cross join portal
    left join engagement_links
        on
            engagements.engagement_key = engagement_links.engagement_key
            and owner_ids.contact_id = engagement_links.object_id
    where engagements.is_touch and engagement_links.engagement_key is null
    group by owner_ids.internal_key
)

select * from final

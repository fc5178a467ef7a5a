with

associations as (
    select * from {{ ref('int_hubspot__associations') }}
),

companies as (
    select * from {{ ref('int_hubspot__companies') }}
),

-- HubSpot's type 14 points from child to parent, 13 from parent to child.
claims as (
    select
        from_id as company_id,
        to_id as parent_company_id
    from associations
    where
        from_object = 'companies'
        and to_object = 'companies'
        and category = 'HUBSPOT_DEFINED'
        and type_id = 14
    union
    select
        to_id as company_id,
        from_id as parent_company_id
    from associations
    where
        from_object = 'companies'
        and to_object = 'companies'
        and category = 'HUBSPOT_DEFINED'
        and type_id = 13
),

ranked as (
    select
        claims.company_id,
        claims.parent_company_id,
        row_number() over (
            partition by claims.company_id
            order by {{ id_order('claims.parent_company_id') }}
        ) as position
    from claims
    inner join companies on claims.parent_company_id = companies.company_id
),

final as (
    select
        company_id,
        parent_company_id
    from ranked
    where position = 1
)

select * from final

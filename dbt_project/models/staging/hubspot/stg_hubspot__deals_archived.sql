with

deals as (
    select * from {{ ref('stg_hubspot__deals') }}
),

-- The columns are the portal's: nobody can list them here.
final as (
    select * from deals
    where archived
)

select * from final -- noqa: AM04

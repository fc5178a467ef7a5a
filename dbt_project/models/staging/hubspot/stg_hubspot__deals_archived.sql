select * from {{ ref('stg_hubspot__deals') }}
where archived

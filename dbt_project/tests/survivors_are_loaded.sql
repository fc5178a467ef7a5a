-- A merged record whose survivor was not loaded is missing from the marts.
{{ config(severity='warn', meta={
    'dagster': {'ref': {'name': 'int_hubspot__object_id_map'}}
}) }}

with

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

records as (
    select
        'contacts' as object_type,
        id as object_id
    from {{ ref('stg_hubspot__contacts') }}
    union all
    select
        'companies' as object_type,
        id as object_id
    from {{ ref('stg_hubspot__companies') }}
    union all
    select
        'deals' as object_type,
        id as object_id
    from {{ ref('stg_hubspot__deals') }}
    union all
    select
        'tickets' as object_type,
        id as object_id
    from {{ ref('stg_hubspot__tickets') }}
),

final as (
    select
        object_id_map.object_type,
        object_id_map.object_id,
        object_id_map.canonical_id
    from object_id_map
    left join records
        on
            object_id_map.object_type = records.object_type
            and object_id_map.canonical_id = records.object_id
    where object_id_map.is_merged and records.object_id is null
)

select * from final

-- The survivor of a survivor is itself, and no chain was cut at the cap.
-- Reads every mart as well: what only some of them depended on would stop those.
{{ config(meta={'dagster': {'ref': {'name': 'customers'}}}) }}

with

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

customers as (
    select count(*) as n_rows from {{ ref('customers') }}
),

deals as (
    select count(*) as n_rows from {{ ref('deals') }}
),

people as (
    select count(*) as n_rows from {{ ref('people') }}
),

final as (
    select
        object_id_map.object_type,
        object_id_map.object_id,
        object_id_map.canonical_id
    from object_id_map
    cross join customers
    cross join deals
    cross join people
    left join object_id_map as survivors
        on
            object_id_map.object_type = survivors.object_type
            and object_id_map.canonical_id = survivors.object_id
    where
        survivors.canonical_id is null
        or survivors.canonical_id <> object_id_map.canonical_id
        or object_id_map.merge_depth >= {{ var('max_merge_depth') }}
)

select * from final

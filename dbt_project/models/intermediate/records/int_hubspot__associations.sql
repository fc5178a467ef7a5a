{{ config(materialized='table') }}

with

associations as (
    select * from {{ ref('stg_hubspot__associations') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

canonical as (
    select
        associations.from_object,
        coalesce(from_ids.canonical_id, associations.from_id) as from_id,
        associations.to_object,
        coalesce(to_ids.canonical_id, associations.to_id) as to_id,
        associations.category,
        associations.type_id,
        associations.label
    from associations
    left join object_id_map as from_ids
        on
            associations.from_object = from_ids.object_type
            and associations.from_id = from_ids.object_id
    left join object_id_map as to_ids
        on
            associations.to_object = to_ids.object_type
            and associations.to_id = to_ids.object_id
),

-- HubSpot's own types that mark the one primary company of a contact (1), a
-- deal (5) or a ticket (26), and their opposite directions.
final as (
    select
        from_object,
        from_id,
        to_object,
        to_id,
        category,
        type_id,
        max(label) as label,
        coalesce(
            category = 'HUBSPOT_DEFINED' and type_id in (1, 2, 5, 6, 25, 26),
            false
        ) as is_primary
    from canonical
    where from_object <> to_object or from_id <> to_id
    group by
        from_object,
        from_id,
        to_object,
        to_id,
        category,
        type_id
)

select * from final

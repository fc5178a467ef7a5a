{{ config(materialized='table') }}

with recursive

contacts as (
    select * from {{ ref('stg_hubspot__contacts') }}
),

companies as (
    select * from {{ ref('stg_hubspot__companies') }}
),

deals as (
    select * from {{ ref('stg_hubspot__deals') }}
),

tickets as (
    select * from {{ ref('stg_hubspot__tickets') }}
),

records as (
    select
        'contacts' as object_type,
        id as object_id,
        merged_into_id,
        hs_merged_object_ids
    from contacts
    union all
    select
        'companies' as object_type,
        id as object_id,
        merged_into_id,
        hs_merged_object_ids
    from companies
    union all
    select
        'deals' as object_type,
        id as object_id,
        merged_into_id,
        hs_merged_object_ids
    from deals
    union all
    select
        'tickets' as object_type,
        id as object_id,
        merged_into_id,
        hs_merged_object_ids
    from tickets
),

-- A merge makes a new record that names the old ones; the old ones, where they
-- are still known, name the new one.
named_by_survivor as (
    select
        records.object_type,
        trim(merged.part) as object_id,
        records.object_id as survivor_id
    from records
    cross join {{ split_rows('records.hs_merged_object_ids', ';', 'merged') }}
),

successions as (
    select
        object_type,
        object_id,
        survivor_id
    from named_by_survivor
    where object_id <> '' and object_id <> survivor_id
    union
    select
        object_type,
        object_id,
        merged_into_id as survivor_id
    from records
    where merged_into_id <> object_id
),

-- Survivors are merged again: follow every chain to its end.
walk as (
    select
        object_type,
        object_id,
        survivor_id,
        1 as depth
    from successions
    union
    select
        walk.object_type,
        walk.object_id,
        successions.survivor_id,
        walk.depth + 1 as depth
    from walk
    inner join successions
        on
            walk.object_type = successions.object_type
            and walk.survivor_id = successions.object_id
    where walk.depth < {{ var('max_merge_depth') }}
),

-- The end of a chain was merged into nothing. Contradictory data can give
-- several ends or (a ring) none; the newest id wins then, for all alike.
ranked as (
    select
        walk.object_type,
        walk.object_id,
        walk.survivor_id,
        walk.depth,
        row_number() over (
            partition by walk.object_type, walk.object_id
            order by
                case when successions.object_id is null then 0 else 1 end asc,
                {{ id_order('walk.survivor_id', 'desc') }},
                walk.depth asc
        ) as position
    from walk
    left join successions
        on
            walk.object_type = successions.object_type
            and walk.survivor_id = successions.object_id
),

survivors as (
    select
        object_type,
        object_id,
        survivor_id,
        depth
    from ranked
    where position = 1
),

known_ids as (
    select
        object_type,
        object_id
    from records
    union
    select
        object_type,
        object_id
    from successions
    union
    select
        object_type,
        survivor_id as object_id
    from successions
),

final as (
    select
        known_ids.object_type,
        known_ids.object_id,
        coalesce(survivors.survivor_id, known_ids.object_id) as canonical_id,
        coalesce(survivors.depth, 0) as merge_depth,
        coalesce(survivors.survivor_id <> known_ids.object_id, false)
            as is_merged
    from known_ids
    left join survivors
        on
            known_ids.object_type = survivors.object_type
            and known_ids.object_id = survivors.object_id
)

select * from final

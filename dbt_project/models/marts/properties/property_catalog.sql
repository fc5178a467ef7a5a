with

properties as (
    select * from {{ ref('stg_hubspot__properties') }}
),

choices as (
    select
        object,
        property,
        max(alias) as alias,
        coalesce(min(case when selected then 1 else 0 end), 1) = 1 as is_selected,
        coalesce(min(case when exposed then 1 else 0 end), 1) = 1 as is_exposed
    from {{ ref('stg_hubspot__property_choices') }}
    group by object, property
),

option_counts as (
    select
        object_type,
        property,
        count(*) as n_options
    from {{ ref('property_option_labels') }}
    group by object_type, property
),

final as (
    select
        properties.object as object_type,
        properties.name as property,
        properties.label,
        properties.type as property_type,
        properties.field_type,
        properties.group_name,
        properties.description,
        properties.column_name as raw_column,
        nullif(trim(choices.alias), '') as alias,
        cast(coalesce(option_counts.n_options, 0) as integer) as n_options,
        coalesce(properties.is_custom, false) as is_custom,
        coalesce(properties.calculated, false) as is_calculated,
        coalesce(properties.hidden, false) as is_hidden,
        coalesce(properties.archived, false) as is_archived,
        coalesce(choices.is_selected, true) as is_selected,
        coalesce(properties.is_custom, false)
        and not coalesce(properties.archived, false)
        and coalesce(choices.is_selected, true)
        and coalesce(choices.is_exposed, true) as is_exposed,
        properties.created_at,
        properties.updated_at
    from properties
    left join choices
        on
            properties.object = choices.object
            and properties.name = choices.property
    left join option_counts
        on
            properties.object = option_counts.object_type
            and properties.name = option_counts.property
)

select * from final

with

properties as (
    select * from {{ ref('stg_hubspot__properties') }}
),

options as (
    select
        properties.object as object_type,
        properties.name as property,
        {{ json_text('options.item', ['value']) }} as option_value,
        {{ json_text('options.item', ['label']) }} as option_label,
        {{ as_number(json_text('options.item', ['displayOrder'])) }}
            as display_order,
        {{ as_boolean(json_text('options.item', ['hidden'])) }} as is_hidden
    from properties
    cross join {{ json_rows('properties.options', 'options') }}
),

ranked as (
    select
        options.object_type,
        options.property,
        options.option_value,
        options.option_label,
        options.display_order,
        options.is_hidden,
        row_number() over (
            partition by
                options.object_type, options.property, options.option_value
            order by options.display_order asc, options.option_label asc
        ) as position
    from options
    where options.option_value is not null
),

final as (
    select
        object_type,
        property,
        option_value,
        coalesce(nullif(option_label, ''), option_value) as option_label,
        cast(display_order as integer) as display_order,
        coalesce(is_hidden, false) as is_hidden
    from ranked
    where position = 1
)

select * from final

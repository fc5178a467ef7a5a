with

texts as (
    select * from {{ ref('stg_hubspot__custom_property_texts') }}
),

properties as (
    select * from {{ ref('stg_hubspot__properties') }}
    where is_custom
),

option_labels as (
    select * from {{ ref('property_option_labels') }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
    where not is_merged
),

portal as (
    select * from {{ ref('int_hubspot__portal') }}
),

described as (
    select
        texts.object_type,
        texts.object_id,
        texts.property,
        properties.label,
        properties.type as property_type,
        coalesce(properties.field_type = 'checkbox', false) as is_multiple,
        texts.value_text
    from texts
    inner join object_id_map
        on
            texts.object_type = object_id_map.object_type
            and texts.object_id = object_id_map.object_id
    inner join properties
        on
            texts.object_type = properties.object
            and texts.property = properties.name
),

-- Several options are one text, a;b: a row each.
separated as (
    select
        described.object_type,
        described.object_id,
        described.property,
        described.label,
        described.property_type,
        1 as position,
        described.value_text
    from described
    where not described.is_multiple
    union all
    select
        described.object_type,
        described.object_id,
        described.property,
        described.label,
        described.property_type,
        parts.place as position,
        trim(parts.part) as value_text
    from described
    cross join {{ split_places('described.value_text', ';', 'parts') }}
    where described.is_multiple and trim(parts.part) <> ''
),

final as (
    select
        separated.object_type,
        separated.object_id,
        separated.property,
        separated.label,
        separated.property_type,
        separated.value_text,
        option_labels.option_label,
        cast(separated.position as integer) as position,
        case
            when separated.property_type = 'number'
                then {{ as_number('separated.value_text') }}
        end as value_number,
        case
            when separated.property_type = 'bool'
                then {{ as_boolean('separated.value_text') }}
        end as value_boolean,
        case separated.property_type
            when 'date' then {{ as_date('separated.value_text') }}
            when 'datetime'
                then
                    {{ local_date(
                        as_instant('separated.value_text'), 'portal.time_zone'
                    ) }}
        end as value_date,
        case
            when separated.property_type = 'datetime'
                then {{ as_instant('separated.value_text') }}
        end as value_at
    from separated
    cross join portal
    left join option_labels
        on
            separated.object_type = option_labels.object_type
            and separated.property = option_labels.property
            and separated.value_text = option_labels.option_value
)

select * from final

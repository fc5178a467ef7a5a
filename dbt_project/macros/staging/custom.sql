{# Custom properties that are to be shown, of one object: those of the portal's
   own making that are alive, loaded, selected and exposed. The same list as in
   typed_properties, which names their columns in the typed view. #}
{% macro custom_properties(stream, object) -%}
    {%- set shown = {} -%}
    {%- for entry in typed_properties(object, present_columns(hubspot_table(stream)))
        if entry.live and entry.property.is_custom and entry.property.exposed -%}
        {#- of a renamed one the new name comes last and wins -#}
        {%- do shown.update({entry.property.name: entry}) -%}
    {%- endfor -%}
    {{ return(shown.values() | list) }}
{%- endmacro %}


{# A wide table: the record's id and one typed column `cp_<name>` for each custom
   property, for every record that is a row of its mart.
   model: the typed view; stream, object: as in typed_object. #}
{% macro custom_property_columns(model, stream, object, id) -%}
{%- do ref('mart_properties') -%}
with

records as (
    select * from {{ model }}
),

object_id_map as (
    select * from {{ ref('int_hubspot__object_id_map') }}
),

final as (
    select
        records.id as {{ id }}
        {%- for entry in custom_properties(stream, object) %},
        records.{{ quoted(entry.alias) }} as {{ quoted('cp_' ~ entry.alias) }}
        {%- endfor %}
    from records
    inner join object_id_map
        on
            object_id_map.object_type = {{ literal(object) }}
            and records.id = object_id_map.object_id
    where
        not object_id_map.is_merged
        and coalesce(records.deletion, '') not in ('merged', 'gdpr')
)

select * from final
{%- endmacro %}


{# Values of custom properties as HubSpot sent them, one row each:
   object_type, object_id, property, value_text. objects: {stream: object}. #}
{% macro custom_property_texts(objects) -%}
    {%- do name_what_describes_properties() -%}
    {%- for stream, object in objects.items() -%}
        {%- set raw = source('hubspot', stream) -%}
        {%- set names, columns = [], [] -%}
        {%- for entry in custom_properties(stream, object) -%}
            {%- do names.append(literal(entry.property.name)) -%}
            {%- do columns.append(quoted(entry.property.column)) -%}
        {%- endfor -%}
        {%- if names %}
    select
        {{ literal(object) }} as object_type,
        object_id,
        property,
        value_text
    from (
        select
            id as object_id,
            unnest({{ text_list(names) }}) as property,
            unnest({{ text_list(columns) }}) as value_text
        from {{ raw }}
        where coalesce(deletion, '') not in ('merged', 'gdpr')
    ) as unpivoted
    where value_text <> ''
    union all
        {%- endif -%}
    {%- endfor %}
    select
        cast(null as varchar) as object_type,
        cast(null as varchar) as object_id,
        cast(null as varchar) as property,
        cast(null as varchar) as value_text
    where false
{%- endmacro %}

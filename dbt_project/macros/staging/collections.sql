{# The typed view of a collection: exactly these columns, NULL where the raw
   table lacks one, empty where the portal has no such table.
   columns: [(name, type)], types as HubSpot's property types, or json/bigint. #}
{% macro typed_collection(stream, columns) -%}
    {%- set raw = source('hubspot', stream) -%}
    {%- set present = present_columns(raw) -%}
    select
        {%- for name, type in columns %}
        {{ typed_null(type) if name not in present else 'cast(' ~ quoted(name) ~ ' as ' ~ type_of(type) ~ ')' }} as {{ quoted(name) }}
        {%- if not loop.last %},{% endif %}
        {%- endfor %}
    {%- if present %}
    from {{ raw }}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}


{# Names of a relation's columns; empty when it does not exist, and while dbt
   only parses. #}
{% macro present_columns(relation) -%}
    {%- set result = [] -%}
    {%- if execute -%}
        {%- set found = load_relation(relation) -%}
        {%- if found -%}
            {%- for column in adapter.get_columns_in_relation(found) -%}
                {%- do result.append(column.name) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(result) }}
{%- endmacro %}


{# An identifier that is safe whatever the portal calls its properties. #}
{% macro quoted(name) -%}
    {{ return('"' ~ (name | replace('"', '""')) ~ '"') }}
{%- endmacro %}


{# SQL type of a HubSpot property type. #}
{% macro type_of(type) -%}
    {%- set types = {
        'number': type_number(),
        'bool': 'boolean',
        'fact': 'boolean',
        'date': 'date',
        'datetime': type_instant(),
        'bigint': 'bigint',
        'json': 'json',
    } -%}
    {{ return(types.get(type, 'varchar')) }}
{%- endmacro %}


{% macro typed_null(type) -%}
    {{ return('cast(null as ' ~ type_of(type) ~ ')') }}
{%- endmacro %}


{# A raw property as a value of its type; '' is NULL for every type. #}
{% macro typed(column, type) -%}
    {%- if type == 'number' -%}
        {{ return(as_number(column)) }}
    {%- elif type == 'bool' -%}
        {{ return(as_boolean(column)) }}
    {%- elif type == 'date' -%}
        {{ return(as_date(column)) }}
    {%- elif type == 'datetime' -%}
        {{ return(as_instant(column)) }}
    {%- else -%}
        {{ return("nullif(" ~ column ~ ", '')") }}
    {%- endif -%}
{%- endmacro %}

{# A property that a variable names, as a value of the wanted type whatever its
   own type is in this portal; NULL where the portal lacks it. Type `fact` is
   true for a day that has come, for true, for a number but 0, and for any text
   that does not deny. A number as text has no zeros behind the point.
   Expects a CTE `portal` in the query. #}
{% macro stated_value(relation, alias, property, type) -%}
    {%- set found = namespace(column=none) -%}
    {%- if execute and property and load_relation(relation) -%}
        {%- for column in adapter.get_columns_in_relation(relation) if column.name == property -%}
            {%- set found.column = column -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if found.column is none -%}
        {{ return(typed_null(type)) }}
    {%- endif -%}
    {%- set name = alias ~ '.' ~ quoted(property) -%}
    {%- set own = found.column.data_type | upper -%}
    {%- if own == 'TIMESTAMP WITH TIME ZONE' -%}
        {%- set day = local_date(name, 'portal.time_zone') -%}
    {%- elif own == 'DATE' -%}
        {%- set day = name -%}
    {%- endif -%}
    {%- set is_number = own.startswith('DECIMAL') or own.startswith('NUMERIC') -%}
    {%- if type == 'date' and day -%}
        {{ return(day) }}
    {%- elif type == 'fact' and day -%}
        {{ return(day ~ ' <= portal.as_of_date') }}
    {%- elif type == 'fact' and is_number -%}
        {{ return(name ~ ' <> 0') }}
    {%- elif type == 'string' and is_number -%}
        {{ return("rtrim(rtrim(cast(" ~ name ~ " as varchar), '0'), '.')") }}
    {%- elif type == 'fact' -%}
        {{ return("lower(cast(" ~ name ~ " as varchar)) not in ('false', 'no', '0')") }}
    {%- endif -%}
    {{ return(typed('cast(' ~ name ~ ' as varchar)', type)) }}
{%- endmacro %}

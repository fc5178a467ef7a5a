{# A property that a variable names, as a value of the wanted type whatever its
   own type is in this portal; NULL where the portal lacks it. Type `fact` is
   true for a day that has come, for true, and for any text that does not deny.
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
    {%- if type == 'date' and day -%}
        {{ return(day) }}
    {%- elif type == 'fact' and day -%}
        {{ return(day ~ ' <= portal.as_of_date') }}
    {%- elif type == 'fact' -%}
        {{ return("lower(cast(" ~ name ~ " as varchar)) not in ('false', 'no', '0')") }}
    {%- endif -%}
    {{ return(typed('cast(' ~ name ~ ' as varchar)', type)) }}
{%- endmacro %}

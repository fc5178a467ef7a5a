{# A property that a variable names, as a value of the wanted type whatever its
   own type is in this portal; NULL where the portal lacks it. Expects a CTE
   `portal` in the query. #}
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
    {%- if type == 'date' and found.column.data_type | upper == 'DATE' -%}
        {{ return(name) }}
    {%- elif type == 'date' and found.column.data_type | upper is in ['TIMESTAMP WITH TIME ZONE', 'TIMESTAMPTZ'] -%}
        {{ return(local_date(name, 'portal.time_zone')) }}
    {%- endif -%}
    {{ return(typed('cast(' ~ name ~ ' as varchar)', type)) }}
{%- endmacro %}

{# A separated text as rows `<alias>.part`, to be cross joined. #}
{% macro split_rows(text, separator, alias) -%}
    {{ return(adapter.dispatch('split_rows')(text, separator, alias)) }}
{%- endmacro %}

{% macro duckdb__split_rows(text, separator, alias) -%}
    unnest(string_split({{ text }}, '{{ separator }}')) as {{ alias }} (part)
{%- endmacro %}

{% macro default__split_rows(text, separator, alias) -%}
    unnest(string_to_array({{ text }}, '{{ separator }}')) as {{ alias }} (part)
{%- endmacro %}


{# A JSON array as rows `<alias>.item`, to be cross joined. #}
{% macro json_rows(json, alias) -%}
    {{ return(adapter.dispatch('json_rows')(json, alias)) }}
{%- endmacro %}

{% macro duckdb__json_rows(json, alias) -%}
    unnest(try_cast(try_cast({{ json }} as json) as json[])) as {{ alias }} (item)
{%- endmacro %}

{% macro default__json_rows(json, alias) -%}
    jsonb_array_elements(cast({{ json }} as jsonb)) as {{ alias }} (item)
{%- endmacro %}


{# The text at a path of keys inside a JSON object. #}
{% macro json_text(json, path) -%}
    {{ return(adapter.dispatch('json_text')(json, path)) }}
{%- endmacro %}

{% macro duckdb__json_text(json, path) -%}
    json_extract_string({{ json }}, '$.{{ path | join(".") }}')
{%- endmacro %}

{% macro default__json_text(json, path) -%}
    ({{ json }} #>> '{{ "{" ~ path | join(",") ~ "}" }}')
{%- endmacro %}


{# A separated text as rows `<alias>.part` with their place, from 1. #}
{% macro split_places(text, separator, alias) -%}
    {{ return(adapter.dispatch('split_places')(text, separator, alias)) }}
{%- endmacro %}

{% macro duckdb__split_places(text, separator, alias) -%}
    unnest(string_split({{ text }}, '{{ separator }}'))
    with ordinality as {{ alias }} (part, place)
{%- endmacro %}

{% macro default__split_places(text, separator, alias) -%}
    unnest(string_to_array({{ text }}, '{{ separator }}'))
    with ordinality as {{ alias }} (part, place)
{%- endmacro %}


{# Expressions as one list. #}
{% macro text_list(expressions) -%}
    {{ return(adapter.dispatch('text_list')(expressions)) }}
{%- endmacro %}

{% macro duckdb__text_list(expressions) -%}
    [{{ expressions | join(', ') }}]
{%- endmacro %}

{% macro default__text_list(expressions) -%}
    array[{{ expressions | join(', ') }}]
{%- endmacro %}


{# A list of texts without any. #}
{% macro no_ids() -%}
    {{ return(adapter.dispatch('no_ids')()) }}
{%- endmacro %}

{% macro duckdb__no_ids() -%}
    cast([] as varchar[])
{%- endmacro %}

{% macro default__no_ids() -%}
    cast(array[] as text[])
{%- endmacro %}


{# Distinct texts of a group, in alphabetical order, joined. #}
{% macro joined_texts(text, separator) -%}
    {{ return(adapter.dispatch('joined_texts')(text, separator)) }}
{%- endmacro %}

{% macro default__joined_texts(text, separator) -%}
    string_agg(distinct {{ text }}, '{{ separator }}' order by {{ text }})
{%- endmacro %}


{% macro median_of(number) -%}
    {{ return(adapter.dispatch('median_of')(number)) }}
{%- endmacro %}

{% macro duckdb__median_of(number) -%}
    median({{ number }})
{%- endmacro %}

{% macro default__median_of(number) -%}
    percentile_cont(0.5) within group (order by {{ number }})
{%- endmacro %}


{# Words of a text, lower case, between single spaces: ' vp sales ' #}
{% macro words(text) -%}
    {{ return(adapter.dispatch('words')(text)) }}
{%- endmacro %}

{% macro default__words(text) -%}
    (' ' || regexp_replace(lower({{ text }}), '[^[:alnum:]]+', ' ', 'g') || ' ')
{%- endmacro %}


{# Numeric ids are compared as numbers although they are text. #}
{% macro id_order(id, direction='asc') -%}
    length({{ id }}) {{ direction }}, {{ id }} {{ direction }}
{%- endmacro %}


{# A list variable as SQL literals; an empty list matches nothing. #}
{% macro literals(values) -%}
    {%- if values -%}
        {%- for value in values -%}
            {{ literal(value) }}
            {%- if not loop.last %}, {% endif -%}
        {%- endfor -%}
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}

{# Whether many people read an address's mailbox. #}
{% macro is_role_mailbox(email) -%}
    coalesce(
        split_part({{ email }}, '@', 1)
        in ({{ literals(var('role_mailboxes')) }}),
        false
    )
{%- endmacro %}

{% macro literal(value) -%}
    '{{ value | string | replace("'", "''") }}'
{%- endmacro %}

{# Text as HubSpot sent it -> value, or NULL where it cannot be converted
   to nine decimals. The warehouse file defines the conversions once, for the load's
   count of rejects and for these views alike. #}
{% macro as_number(text) -%}
    {{ return(adapter.dispatch('as_number')(text)) }}
{%- endmacro %}

{% macro duckdb__as_number(text) -%}
    hubspot.as_number({{ text }})
{%- endmacro %}

{% macro default__as_number(text) -%}
    case
        when {{ text }} ~ '^\s*[-+]?[0-9]{1,29}(\.[0-9]+)?\s*$'
            then cast({{ text }} as decimal(38, 9))
    end
{%- endmacro %}


{% macro as_boolean(text) -%}
    {{ return(adapter.dispatch('as_boolean')(text)) }}
{%- endmacro %}

{% macro duckdb__as_boolean(text) -%}
    hubspot.as_boolean({{ text }})
{%- endmacro %}

{% macro default__as_boolean(text) -%}
    case lower({{ text }}) when 'true' then true when 'false' then false end
{%- endmacro %}


{% macro as_date(text) -%}
    {{ return(adapter.dispatch('as_date')(text)) }}
{%- endmacro %}

{% macro duckdb__as_date(text) -%}
    hubspot.as_date({{ text }})
{%- endmacro %}

{% macro default__as_date(text) -%}
    case
        when {{ text }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'
            then cast({{ text }} as date)
        when {{ text }} ~ '^-?[0-9]{1,14}$'
            then cast(
                timezone('UTC', to_timestamp(cast({{ text }} as bigint) / 1000))
                as date
            )
    end
{%- endmacro %}


{% macro as_instant(text) -%}
    {{ return(adapter.dispatch('as_instant')(text)) }}
{%- endmacro %}

{% macro duckdb__as_instant(text) -%}
    hubspot.as_instant({{ text }})
{%- endmacro %}

{% macro default__as_instant(text) -%}
    case
        when {{ text }} ~ '^-?[0-9]{1,14}$'
            then to_timestamp(cast({{ text }} as bigint) / 1000.0)
        when {{ text }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}'
            then cast({{ text }} as timestamptz)
    end
{%- endmacro %}


{% macro type_number() -%}
    decimal(38, 9)
{%- endmacro %}

{# 38 digits: a portal's typing errors (an amount of 10^20) must not stop a
   mart, which a narrower type would. #}
{% macro type_money() -%}
    decimal(38, 2)
{%- endmacro %}

{% macro type_instant() -%}
    {{ return(adapter.dispatch('type_instant')()) }}
{%- endmacro %}

{% macro default__type_instant() -%}
    timestamptz
{%- endmacro %}


{# Money from any number; NULL where even 38 digits do not hold it. #}
{% macro money(number) -%}
    {{ return(adapter.dispatch('money')(number)) }}
{%- endmacro %}

{% macro duckdb__money(number) -%}
    try_cast({{ number }} as {{ type_money() }})
{%- endmacro %}

{% macro default__money(number) -%}
    cast({{ number }} as {{ type_money() }})
{%- endmacro %}

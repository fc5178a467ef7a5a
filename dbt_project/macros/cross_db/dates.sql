{# The calendar day of an instant in a time zone, e.g. the day HubSpot shows. #}
{% macro local_date(instant, time_zone) -%}
    {{ return(adapter.dispatch('local_date')(instant, time_zone)) }}
{%- endmacro %}

{% macro default__local_date(instant, time_zone) -%}
    cast(timezone({{ time_zone }}, {{ instant }}) as date)
{%- endmacro %}


{# Whole days from one date to another; negative when the second is earlier. #}
{% macro days_between(first_date, second_date) -%}
    {{ return(adapter.dispatch('days_between')(first_date, second_date)) }}
{%- endmacro %}

{% macro duckdb__days_between(first_date, second_date) -%}
    cast(date_diff('day', {{ first_date }}, {{ second_date }}) as integer)
{%- endmacro %}

{% macro default__days_between(first_date, second_date) -%}
    cast({{ second_date }} - {{ first_date }} as integer)
{%- endmacro %}


{# Elapsed seconds between instants: real time, where a difference of dates
   would count boundaries. #}
{% macro seconds_between(first_instant, second_instant) -%}
    {{ return(adapter.dispatch('seconds_between')(first_instant, second_instant)) }}
{%- endmacro %}

{% macro duckdb__seconds_between(first_instant, second_instant) -%}
    (epoch({{ second_instant }}) - epoch({{ first_instant }}))
{%- endmacro %}

{% macro default__seconds_between(first_instant, second_instant) -%}
    cast(
        extract(epoch from {{ second_instant }})
        - extract(epoch from {{ first_instant }}) as double precision
    )
{%- endmacro %}


{% macro add_days(moment, days) -%}
    ({{ moment }} + {{ days }} * interval '1 day')
{%- endmacro %}


{% macro add_months(day, months) -%}
    cast({{ day }} + {{ months }} * interval '1 month' as date)
{%- endmacro %}


{# Names of the time zones the engine knows. #}
{% macro known_time_zones() -%}
    {{ return(adapter.dispatch('known_time_zones')()) }}
{%- endmacro %}

{% macro duckdb__known_time_zones() -%}
    (select zones.name from pg_timezone_names() as zones)
{%- endmacro %}

{% macro default__known_time_zones() -%}
    (select zones.name from pg_timezone_names as zones)
{%- endmacro %}

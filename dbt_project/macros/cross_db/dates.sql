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


{# The day on which a term ends that begins on `day`: a period as ISO 8601 writes
   it, P1Y6M, P52W or P90D, a part a time. NULL where it is none, is nothing or
   lasts longer than a century. #}
{% macro term_end(day, period) -%}
    {%- set months = '(12 * ' ~ period_part(period, 'Y') ~ ' + ' ~ period_part(period, 'M') ~ ')' -%}
    {%- set days = '(7 * ' ~ period_part(period, 'W') ~ ' + ' ~ period_part(period, 'D') ~ ')' -%}
    case
        when
            {{ is_period(period) }}
            and {{ months }} + {{ days }} > 0
            and {{ months }} <= 1200
            and {{ days }} <= 36525
            then cast(
                {{ day }}
                + {{ months }} * interval '1 month'
                + {{ days }} * interval '1 day' as date
            )
    end
{%- endmacro %}


{% macro is_period(period) -%}
    {{ return(adapter.dispatch('is_period')(period)) }}
{%- endmacro %}

{% macro duckdb__is_period(period) -%}
    regexp_full_match(upper({{ period }}), '{{ period_pattern() }}')
{%- endmacro %}

{% macro default__is_period(period) -%}
    upper({{ period }}) ~ '^{{ period_pattern() }}$'
{%- endmacro %}

{% macro period_pattern() -%}
    {%- set n = '[0-9]{1,5}' -%}
    P({{ n }}Y)?({{ n }}M)?(({{ n }}W)?({{ n }}D)?|{{ n }}D{{ n }}W)
{%- endmacro %}


{# The number before a unit's letter in such a period; 0 where it is not there. #}
{% macro period_part(period, unit) -%}
    {{ return(adapter.dispatch('period_part')(period, unit)) }}
{%- endmacro %}

{% macro duckdb__period_part(period, unit) -%}
    coalesce(
        try_cast(
            regexp_extract(upper({{ period }}), '([0-9]{1,5}){{ unit }}', 1)
            as integer
        ),
        0
    )
{%- endmacro %}

{% macro default__period_part(period, unit) -%}
    coalesce(
        cast(
            substring(upper({{ period }}) from '([0-9]{1,5}){{ unit }}')
            as integer
        ),
        0
    )
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

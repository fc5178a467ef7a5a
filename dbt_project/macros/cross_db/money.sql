{# Money of one currency in another; exact where they are the same. #}
{% macro converted(amount, rate) -%}
    case
        when {{ rate }} = 1 then {{ money(amount) }}
        else {{ money(
            'cast(' ~ amount ~ ' as double precision) * ' ~ rate
        ) }}
    end
{%- endmacro %}


{# A sum of money: 0 where there is nothing to add up, NULL where there is and
   no amount of it is known. #}
{% macro sum_or_none(count, total) -%}
    case
        when coalesce({{ count }}, 0) = 0 then cast(0 as {{ type_money() }})
        else {{ money(total) }}
    end
{%- endmacro %}

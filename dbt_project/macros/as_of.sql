{# The instant and the business day for which everything is computed. No model
   asks the computer's clock, so a build can be repeated for any day. #}
{% macro as_of() -%}
    (select portal.as_of from {{ ref('int_hubspot__portal') }} as portal)
{%- endmacro %}

{% macro as_of_date() -%}
    (select portal.as_of_date from {{ ref('int_hubspot__portal') }} as portal)
{%- endmacro %}

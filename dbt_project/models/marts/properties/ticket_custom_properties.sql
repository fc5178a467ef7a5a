{{ config(materialized='view') }}

{{ custom_property_columns(
    ref('stg_hubspot__tickets'), 'tickets', 'tickets', 'ticket_id'
) }}

{{ config(materialized='view') }}

{{ custom_property_columns(
    ref('stg_hubspot__deals'), 'deals', 'deals', 'deal_id'
) }}

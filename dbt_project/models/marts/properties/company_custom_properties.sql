{{ config(materialized='view') }}

{{ custom_property_columns(
    ref('stg_hubspot__companies'), 'companies', 'companies', 'company_id'
) }}

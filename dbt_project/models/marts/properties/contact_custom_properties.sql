{{ config(materialized='view') }}

{{ custom_property_columns(
    ref('stg_hubspot__contacts'), 'contacts', 'contacts', 'contact_id'
) }}

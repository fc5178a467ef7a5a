with

property_history as (
    select * from {{ ref('stg_hubspot__deals_property_history') }}
),

amount_versions as (
    select
        id as deal_id,
        {{ as_number('value') }} as amount,
        row_number() over (
            partition by id
            order by changed_at, seq
        ) as position
    from property_history
    where property = 'amount' and {{ as_number('value') }} is not null
),

final as (
    select
        deal_id,
        amount as first_amount
    from amount_versions
    where position = 1
)

select * from final

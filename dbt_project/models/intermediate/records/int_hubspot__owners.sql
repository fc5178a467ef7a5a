with

owners as (
    select * from {{ ref('stg_hubspot__owners') }}
),

team_entries as (
    select
        owners.id as owner_id,
        {{ json_text('teams.item', ['id']) }} as team_id,
        {{ json_text('teams.item', ['name']) }} as team_name,
        case
            when {{ json_text('teams.item', ['primary']) }} = 'true' then 0
            else 1
        end as preference
    from owners
    cross join {{ json_rows('owners.teams', 'teams') }}
),

ranked_teams as (
    select
        owner_id,
        team_id,
        team_name,
        row_number() over (
            partition by owner_id
            order by preference asc, team_id asc
        ) as position
    from team_entries
),

final as (
    select
        owners.id as owner_id,
        coalesce(owners.user_id, owners.user_id_including_inactive) as user_id,
        owners.type as owner_type,
        nullif(trim(owners.first_name), '') as first_name,
        nullif(trim(owners.last_name), '') as last_name,
        coalesce(
            nullif(
                trim(
                    coalesce(owners.first_name, '')
                    || ' '
                    || coalesce(owners.last_name, '')
                ),
                ''
            ),
            nullif(owners.email, '')
        ) as owner_name,
        nullif(lower(trim(owners.email)), '') as email,
        ranked_teams.team_id,
        ranked_teams.team_name,
        not coalesce(owners.archived, false) as is_active,
        owners.created_at,
        owners.updated_at
    from owners
    left join ranked_teams
        on
            owners.id = ranked_teams.owner_id
            and ranked_teams.position = 1
)

select * from final

{# Columns that every CRM record has, whatever its properties. #}
{% macro record_columns() -%}
    {{ return([
        ('id', 'string'),
        ('merged_into_id', 'string'),
        ('deletion', 'string'),
        ('archived', 'bool'),
        ('created_at', 'datetime'),
        ('updated_at', 'datetime'),
        ('archived_at', 'datetime'),
        ('deleted_at', 'datetime'),
        ('_synced_at', 'datetime'),
    ]) }}
{%- endmacro %}


{# The typed view of a CRM object: its record columns, the properties that the
   marts rely on (always there, of a fixed type, NULL where the portal lacks
   them), every other live property with the catalogue's type, and lists of
   linked records' ids where linked_objects says so.
   stream: raw table; object: HubSpot's name of the object in the catalogue. #}
{% macro typed_object(stream, object) -%}
    {{ typed_records(source('hubspot', stream), source('hubspot', 'associations') if linked_objects(object), object) }}
{%- endmacro %}


{# The same for relations; `links` may be left out where linked_objects names none. #}
{% macro typed_records(raw, links, object) -%}
    {%- do name_what_describes_properties() -%}
    {%- set linked = linked_objects(object) -%}
    {%- set columns = present_columns(raw) -%}
    {%- set has_links = execute and linked and load_relation(links) is not none -%}
    {%- set lines = [] -%}
    {%- for name, type in record_columns() -%}
        {%- do lines.append((quoted(name) if name in columns else typed_null(type)) ~ ' as ' ~ quoted(name)) -%}
    {%- endfor -%}
    {%- for property in typed_properties(object, columns) -%}
        {%- do lines.append(property.expression ~ ' as ' ~ quoted(property.alias)) -%}
    {%- endfor -%}
    {%- for other in linked -%}
        {%- set ids = 'coalesce(linked_' ~ other ~ '.ids, ' ~ no_ids() ~ ')' if has_links else no_ids() -%}
        {%- do lines.append(ids ~ ' as ' ~ quoted(other)) -%}
    {%- endfor -%}
    select
        {{ lines | join(',\n        ') }}
    {%- if columns %}
    from {{ raw }} as record
        {%- for other in linked if has_links %}
    left join ({{ linked_ids(links, object, other) }}) as linked_{{ other }}
        on record.id = linked_{{ other }}.object_id
        {%- endfor %}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}


{# Objects whose ids a typed view lists, in a column named as the object. #}
{% macro linked_objects(object) -%}
    {{ return(['contacts', 'companies'] if object == 'deals' else []) }}
{%- endmacro %}


{# One row per record of `object` that is linked to any of `other`: object_id,
   and their ids, smallest first. #}
{% macro linked_ids(links, object, other) -%}
    select object_id, array_agg(other_id order by length(other_id), other_id) as ids
    from (
        select from_id as object_id, to_id as other_id from {{ links }}
        where from_object = {{ literal(object) }} and to_object = {{ literal(other) }}
        union
        select to_id as object_id, from_id as other_id from {{ links }}
        where to_object = {{ literal(object) }} and from_object = {{ literal(other) }}
    ) as pairs
    group by object_id
{%- endmacro %}


{# [{alias, expression, property, live}] of an object's properties, in a stable
   order. `property`: what object_properties knows; `live`: it has values. A
   property that was renamed has its new name
   instead of its own; one that the marts read has both. Names that collide get
   `_property` appended: own names come before given ones. #}
{% macro typed_properties(object, columns) -%}
    {%- set taken = linked_objects(object) -%}
    {%- for name, type in record_columns() -%}{%- do taken.append(name) -%}{%- endfor -%}
    {%- set fixed, plain, colliding, renamed = [], [], [], [] -%}
    {%- for property in object_properties(object) -%}
        {%- set column = property.column or 'properties_' ~ property.name -%}
        {%- set live = column in columns and property.selected and not property.archived -%}
        {%- set type = property.fixed_type or property.type -%}
        {%- set expression = typed(quoted(column), type) if live else typed_null(type) -%}
        {%- set own = property.name if property.fixed_type else column | replace('properties_', '', 1) -%}
        {%- set entry = {'alias': own, 'expression': expression, 'property': property, 'live': live} -%}
        {%- set other = property.alias if live and property.alias | lower != own | lower -%}
        {%- if other -%}
            {%- do renamed.append(dict(entry, alias=other)) -%}
        {%- endif -%}
        {%- if property.fixed_type -%}
            {%- do fixed.append(entry) -%}
            {%- do taken.append(own) -%}
        {%- elif live and (not other or property.name in stated_properties(object)) -%}
            {%- do plain.append(entry) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set result = fixed -%}
    {%- for entry in plain -%}
        {%- if entry.alias | lower in taken -%}
            {%- do colliding.append(entry) -%}
        {%- else -%}
            {%- do result.append(entry) -%}
            {%- do taken.append(entry.alias | lower) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for entry in colliding + renamed -%}
        {%- set free = namespace(name=entry.alias) -%}
        {%- for _ in range(taken | length) if free.name | lower in taken -%}
            {%- set free.name = free.name ~ '_property' -%}
        {%- endfor -%}
        {%- do taken.append(free.name | lower) -%}
        {%- do result.append(dict(entry, alias=free.name)) -%}
    {%- endfor -%}
    {{ return(result) }}
{%- endmacro %}


{# Everything known of an object's properties, in one query: what the catalogue
   has, what the marts rely on (fixed_type) and what was chosen. Names, labels
   and aliases come from a portal or a file: they are values here and become
   identifiers through `quoted` only. #}
{% macro object_properties(object) -%}
    {%- set result = [] -%}
    {%- if not execute -%}{{ return(result) }}{%- endif -%}
    {%- set fixed = load_relation(ref('mart_properties')) -%}
    {%- if not fixed -%}
        {{ exceptions.raise_compiler_error("The seed mart_properties is not loaded yet: run `dbt build`, or `dbt seed` first.") }}
    {%- endif -%}
    {%- set catalogue = load_relation(hubspot_table('properties')) -%}
    {%- set choices = load_relation(hubspot_table('property_choices')) -%}
    {%- set text, flag = 'cast(null as varchar)', 'cast(null as boolean)' -%}
    {%- set rows = run_query(
        "with catalogue as ("
        ~ ("select name, column_name, type, archived, is_custom from " ~ catalogue
           ~ " where object = " ~ literal(object) ~ " and name is not null and column_name is not null"
           if catalogue else
           "select " ~ text ~ " as name, " ~ text ~ " as column_name, " ~ text ~ " as type, " ~ flag ~ " as archived, "
           ~ flag ~ " as is_custom where false")
        ~ "), fixed as (select name, type from " ~ fixed ~ " where object = " ~ literal(object)
        ~ "), choices as ("
        ~ ("select property, min(alias) as alias, bool_and(selected) as selected, bool_and(exposed) as exposed from "
           ~ choices ~ " where object = " ~ literal(object) ~ " group by property"
           if choices else
           "select " ~ text ~ " as property, " ~ text ~ " as alias, " ~ flag ~ " as selected, " ~ flag
           ~ " as exposed where false")
        ~ ") select coalesce(fixed.name, catalogue.name) as name, catalogue.column_name, catalogue.type, "
        ~ "fixed.type as fixed_type, coalesce(catalogue.archived, false) as archived, "
        ~ "coalesce(catalogue.is_custom, false) as is_custom, coalesce(choices.selected, true) as selected, "
        ~ "coalesce(choices.exposed, true) as exposed, nullif(trim(choices.alias), '') as alias "
        ~ "from catalogue full join fixed on catalogue.name = fixed.name "
        ~ "left join choices on coalesce(fixed.name, catalogue.name) = choices.property "
        ~ "order by fixed.name, catalogue.column_name, catalogue.name"
    ) -%}
    {%- for name, column, type, fixed_type, archived, is_custom, selected, exposed, alias in rows -%}
        {%- do result.append({
            'name': name, 'column': column, 'type': type, 'fixed_type': fixed_type, 'archived': archived,
            'is_custom': is_custom, 'selected': selected, 'exposed': exposed, 'alias': alias,
        }) -%}
    {%- endfor -%}
    {{ return(result) }}
{%- endmacro %}


{# For dbt, which orders the build by what a model names while it is parsed. #}
{% macro name_what_describes_properties() -%}
    {%- do [source('hubspot', 'properties'), source('hubspot', 'property_choices'), ref('mart_properties')] -%}
{%- endmacro %}


{# Properties that a variable names for the marts: they keep their own name when
   they are renamed, as the properties in the seed mart_properties do. #}
{% macro stated_properties(object) -%}
    {{ return([
        var('contract_value_property'), var('renewal_date_property'),
        var('churn_property'), var('csm_owner_property'),
    ] if object == 'companies' else []) }}
{%- endmacro %}


{# A table of schema `hubspot`, for looking at it without depending on it. #}
{% macro hubspot_table(name) -%}
    {{ return(api.Relation.create(database=target.database, schema='hubspot', identifier=name)) }}
{%- endmacro %}


{# The typed view of a custom object. dbt knows only the streams that every
   portal has, so its table is no source; a model with this is built after the
   property catalogue's view.
   table: raw table; object: its name in the catalogue. #}
{% macro typed_custom_object(table, object) -%}
    {%- do ref('stg_hubspot__properties') -%}
    {{ typed_records(hubspot_table(table), hubspot_table('associations'), object) }}
{%- endmacro %}

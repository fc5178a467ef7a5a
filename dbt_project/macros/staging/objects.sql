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
   them), and every other live property with the catalogue's type.
   stream: raw table; object: HubSpot's name of the object in the catalogue. #}
{% macro typed_object(stream, object) -%}
    {%- set raw = source('hubspot', stream) -%}
    {%- set catalogue = source('hubspot', 'properties') -%}
    {%- set fixed = ref('mart_properties') -%}
    {%- set columns = present_columns(raw) -%}
    {%- set lines = [] -%}
    {%- for name, type in record_columns() -%}
        {%- do lines.append((quoted(name) if name in columns else typed_null(type)) ~ ' as ' ~ quoted(name)) -%}
    {%- endfor -%}
    {%- for property in typed_properties(object, columns, catalogue, fixed) -%}
        {%- do lines.append(property.expression ~ ' as ' ~ quoted(property.alias)) -%}
    {%- endfor -%}
    select
        {{ lines | join(',\n        ') }}
    {%- if columns %}
    from {{ raw }}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}


{# [{alias, expression}] of an object's properties, in a stable order. #}
{% macro typed_properties(object, columns, catalogue, fixed) -%}
    {%- set taken = [] -%}
    {%- for name, type in record_columns() -%}{%- do taken.append(name) -%}{%- endfor -%}
    {%- set catalogued = catalogued_properties(object, catalogue) -%}
    {%- set result = [] -%}

    {%- set used = [] -%}
    {%- for name, type in fixed_properties(object, fixed) -%}
        {%- set known = catalogued.get(name) -%}
        {%- set column = known.column if known else 'properties_' ~ name -%}
        {%- set live = column in columns and not (known and known.archived) -%}
        {%- set expression = typed(quoted(column), type) if live else typed_null(type) -%}
        {%- do result.append({'alias': name, 'expression': expression}) -%}
        {%- do taken.append(name) -%}
        {%- do used.append(name) -%}
    {%- endfor -%}

    {%- set plain = [] -%}
    {%- set colliding = [] -%}
    {%- for name, known in catalogued.items() if name not in used and not known.archived and known.column in columns -%}
        {%- set alias = known.column | replace('properties_', '', 1) -%}
        {%- set property = {'alias': alias, 'expression': typed(quoted(known.column), known.type)} -%}
        {%- if alias | lower in taken -%}
            {%- do colliding.append(property) -%}
        {%- else -%}
            {%- do plain.append(property) -%}
            {%- do taken.append(alias | lower) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for property in colliding -%}
        {%- set alias = namespace(name=property.alias ~ '_property') -%}
        {%- for _ in range(colliding | length + plain | length) if alias.name | lower in taken -%}
            {%- set alias.name = alias.name ~ '_property' -%}
        {%- endfor -%}
        {%- do taken.append(alias.name | lower) -%}
        {%- do plain.append({'alias': alias.name, 'expression': property.expression}) -%}
    {%- endfor -%}
    {{ return(result + plain) }}
{%- endmacro %}


{# {name: {column, type, archived}} of an object, from the portal's catalogue. #}
{% macro catalogued_properties(object, catalogue) -%}
    {%- set result = {} -%}
    {%- if execute and present_columns(catalogue) -%}
        {%- set rows = run_query(
            "select name, column_name, type, archived from " ~ catalogue
            ~ " where object = " ~ literal(object)
            ~ " and name is not null and column_name is not null order by column_name, name"
        ) -%}
        {%- for name, column, type, archived in rows -%}
            {%- do result.update({name: {'column': column, 'type': type, 'archived': archived}}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(result) }}
{%- endmacro %}


{# [(name, type)] of the properties that the marts rely on. #}
{% macro fixed_properties(object, fixed) -%}
    {%- set result = [] -%}
    {%- if execute -%}
        {%- if not load_relation(fixed) -%}
            {{ exceptions.raise_compiler_error("The seed mart_properties is not loaded yet: run `dbt build`, or `dbt seed` first.") }}
        {%- endif -%}
        {%- for name, type in run_query(
            "select name, type from " ~ fixed ~ " where object = " ~ literal(object) ~ " order by name"
        ) -%}
            {%- do result.append((name, type)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(result) }}
{%- endmacro %}

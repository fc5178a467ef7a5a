"""HubSpot's text values -> SQL types, as persistent macros in schema `hubspot`.

One definition for the typed views and for the count of rejects. An empty text is NULL for every type; a value that
is not one of its type is NULL too, and since it is not empty it is a reject.
"""

import duckdb

_NUMBER = r"[+-]?([0-9]{1,29}(\.[0-9]*)?|\.[0-9]+)"
_EXPONENT = r"[+-]?[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]{1,2}"
_TIME = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
_LOCAL_INSTANT = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}([ T]{_TIME})?"
_ZONED_INSTANT = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{_TIME}(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)"

MACROS: dict[str, str] = {
    # decimal(38,9): exact to 29 digits before the point and 9 after. What HubSpot calculates has more, such as
    # 0.59999999999999997779553950749686919152736663818359375 for 0.6: rounded, but never to 0. It also writes 1.5E7.
    "as_number": f"""(text) AS CASE
        WHEN try_cast(trim(text) AS DECIMAL(38, 9)) = 0 AND try_cast(trim(text) AS DOUBLE) <> 0 THEN NULL
        WHEN regexp_full_match(trim(text), '{_NUMBER}') THEN try_cast(trim(text) AS DECIMAL(38, 9))
        WHEN regexp_full_match(trim(text), '{_EXPONENT}')
            AND try_cast(trim(text) AS DECIMAL(38, 9)) = try_cast(try_cast(trim(text) AS DOUBLE) AS DECIMAL(38, 9))
            THEN try_cast(trim(text) AS DECIMAL(38, 9))
        END""",
    "as_boolean": """(text) AS CASE lower(trim(text)) WHEN 'true' THEN true WHEN 'false' THEN false END""",
    # ISO-8601 with or without a zone (then UTC), epoch milliseconds (11 to 14 digits, also as float text)
    "as_instant": f"""(text) AS CASE
        WHEN regexp_full_match(trim(text), '{_ZONED_INSTANT}') THEN try_cast(trim(text) AS TIMESTAMPTZ)
        WHEN regexp_full_match(trim(text), '{_LOCAL_INSTANT}')
            THEN try_cast(trim(text) AS TIMESTAMP) AT TIME ZONE 'UTC'
        WHEN regexp_full_match(trim(text), '-?[0-9]{{11,14}}(\\.0*)?')
            THEN epoch_ms(try_cast(split_part(trim(text), '.', 1) AS BIGINT)) AT TIME ZONE 'UTC'
        END""",
    # a calendar day; an instant is one only at midnight UTC, so a date never shifts
    "as_date": """(text) AS CASE
        WHEN regexp_full_match(trim(text), '[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN try_cast(trim(text) AS DATE)
        WHEN hubspot.as_instant(text) AT TIME ZONE 'UTC'
            = date_trunc('day', hubspot.as_instant(text) AT TIME ZONE 'UTC')
            THEN CAST(hubspot.as_instant(text) AT TIME ZONE 'UTC' AS DATE)
        END""",
}

MACRO_OF_TYPE = {"number": "as_number", "bool": "as_boolean", "datetime": "as_instant", "date": "as_date"}
"""HubSpot property type -> macro; every other type stays text."""


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Create the macros in schema `hubspot` anew: a warehouse of an earlier release has those of that release."""
    for name, body in MACROS.items():
        con.execute(f"CREATE OR REPLACE MACRO hubspot.{name}{body}")

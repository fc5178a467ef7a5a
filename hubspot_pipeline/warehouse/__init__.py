"""Arrow tables -> DuckDB through dlt, and the proof that they landed."""

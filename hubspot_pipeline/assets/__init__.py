"""Streams and dbt models -> Dagster assets, checks, jobs, schedules and a sensor; `assembly` puts them together."""

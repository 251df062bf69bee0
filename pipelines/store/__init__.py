"""Stores of ticks, order events and bars: Parquet with DuckDB on a desk, PostgreSQL where a site runs services."""

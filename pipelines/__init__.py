"""Data pipelines: sessions, services, streams, stores, quality and reports, orchestrated by Dagster."""

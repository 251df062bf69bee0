"""The real services of a site on this machine: Kafka, Flink and PostgreSQL, rendered from the declaration."""

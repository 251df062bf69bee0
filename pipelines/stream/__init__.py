"""The stream of a site with services: journal to Kafka (publisher), Kafka to PostgreSQL (loader)."""

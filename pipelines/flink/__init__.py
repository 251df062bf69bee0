"""The Flink jobs: rendered here, built and submitted by Flink's own Python environment, watched over REST."""

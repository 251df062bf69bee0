"""Tests of pipelines/flink."""

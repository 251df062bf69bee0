"""Tests of pipelines/services."""

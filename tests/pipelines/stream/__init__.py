"""Tests of pipelines/stream."""

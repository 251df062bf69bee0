"""Tests of pipelines/trading."""

"""Tests of pipelines/quality."""

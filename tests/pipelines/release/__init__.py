"""Tests of pipelines/release."""

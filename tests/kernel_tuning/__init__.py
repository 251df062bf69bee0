"""Tests of kernel_tuning."""

"""Tests of the strategies and of the program that runs them."""

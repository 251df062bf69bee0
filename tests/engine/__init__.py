"""Tests of the engine and of what is rendered for it."""

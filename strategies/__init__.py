"""Strategies: one folder each, with its spec, its C++ decision and its research."""

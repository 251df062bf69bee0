"""Whole-system runs: real processes, sockets and files under faults, each in a network of its own where it may."""

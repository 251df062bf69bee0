"""Fuzzing of every decoder: targets in C++, their corpora, and the runner that `make fuzz` calls."""

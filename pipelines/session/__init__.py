"""Turns recorded days in several forms, or a seed, into sessions of ITCH 5.0."""

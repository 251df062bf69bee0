"""The tests, in folders that mirror the project's; `python -m tests` runs all groups."""

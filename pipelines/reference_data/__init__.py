"""Reference data of a trading day: instruments, tick rules, opening hours and fees, made from a session."""

from pipelines.reference_data.reference_data import make_reference_data, store_reference_data
from pipelines.reference_data.stable_id import stable_id

__all__ = ["make_reference_data", "stable_id", "store_reference_data"]

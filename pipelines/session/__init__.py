"""Turns recorded days in several forms, or a seed, into sessions of ITCH 5.0."""

from pipelines.session.generated import Generation
from pipelines.session.session import prepare_session, trading_day_of
from pipelines.session.session_store import Session, SessionInstrument, load_session
from pipelines.session.sources import default_sources, split_sources

__all__ = [
    "Generation",
    "Session",
    "SessionInstrument",
    "default_sources",
    "load_session",
    "prepare_session",
    "split_sources",
    "trading_day_of",
]

"""A trading day's reference data of a few instruments, for tests that need one and no session."""

from __future__ import annotations

import hashlib
from datetime import date

from stacks.topology.instrument import Instrument, ReferenceData, TradingHours
from stacks.topology.venue import Venue


def sample_reference_data(venue: Venue, traded: tuple[str, ...], others: tuple[str, ...] = ()) -> ReferenceData:
    """Reference data of 2012-06-21 with instrument ids and locates counted from 1."""
    day = date(2012, 6, 21)
    return ReferenceData(
        mic=venue.mic,
        trading_day=day.isoformat(),
        timezone=venue.timezone,
        midnight_ns=venue.midnight_ns(day),
        session_digest=hashlib.sha256(b"session").hexdigest(),
        synthetic_tracking_number=0xC010,
        instruments=tuple(
            Instrument(
                instrument_id=number, symbol=symbol, locate=number, tick_size=100, lot_size=100, traded=symbol in traded
            )
            for number, symbol in enumerate((*traded, *others), start=1)
        ),
        tick_rules=venue.tick_rules_on(day),
        calendar=TradingHours(open_ns=34_200 * 10**9, close_ns=57_600 * 10**9),
        fees=venue.fees,
        digest=hashlib.sha256(b"reference data").hexdigest(),
    )

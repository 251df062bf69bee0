"""The New York Stock Exchange as every site sees it: calendar, tick rules and fees. The environments are the sites'."""

from __future__ import annotations

from datetime import date, time

from stacks.topology.instrument import Fees, TickRule
from stacks.topology.venue import Calendar, MaintenanceWindow, Venue, VenueEnvironment

MIC = "XNYS"


def nyse(*environments: VenueEnvironment) -> Venue:
    """Return the venue with the given environments."""
    return Venue(
        mic=MIC,
        full_name="New York Stock Exchange",
        timezone="America/New_York",
        calendar=Calendar(open=time(9, 30), close=time(16), half_day_close=time(13)),
        tick_rules=(  # Regulation NMS rule 612, compliance from 2006-01-31
            TickRule(effective_from=date(2006, 1, 31), price_from=0, tick_size=1),
            TickRule(effective_from=date(2006, 1, 31), price_from=10_000, tick_size=100),
        ),
        lot_size=1,
        # XDP gives each symbol's scale in its Symbol Index Mapping (PriceScaleCode); 4 is that of common stocks.
        price_scale=4,
        # Without a tier: 0.0030 dollars to remove, 0.0012 credit to add, a share, in 1e-8 dollars; they change.
        fees=Fees(add_per_share=-120_000, remove_per_share=300_000, source="NYSE Price List, transactions, Tape A"),
        # Rule 7.37: after the setting interest, the floor, the designated market maker and the book share by parity.
        matching="parity",
        environments=environments,
        maintenance_windows=(MaintenanceWindow(days=(5, 6), start=time(6), end=time(18)),),
    )

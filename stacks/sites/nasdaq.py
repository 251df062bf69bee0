"""NASDAQ as every site sees it: calendar, tick rules and fees. The environments are the sites' own."""

from __future__ import annotations

from datetime import date, time

from stacks.topology.instrument import Fees, TickRule
from stacks.topology.venue import Calendar, MaintenanceWindow, Venue, VenueEnvironment

MIC = "XNAS"

# Source: https://www.nasdaqtrader.com/Trader.aspx?id=Calendar (2012-10-29 and 30: hurricane Sandy).
HOLIDAYS = (
    *(date(2012, m, d) for m, d in ((1, 2), (1, 16), (2, 20), (4, 6), (5, 28), (7, 4), (9, 3), (10, 29), (10, 30))),
    *(date(2012, m, d) for m, d in ((11, 22), (12, 25))),
    *(date(2019, m, d) for m, d in ((1, 1), (1, 21), (2, 18), (4, 19), (5, 27), (7, 4), (9, 2), (11, 28), (12, 25))),
    *(date(2020, m, d) for m, d in ((1, 1), (1, 20), (2, 17), (4, 10), (5, 25), (7, 3), (9, 7), (11, 26), (12, 25))),
    *(date(2026, m, d) for m, d in ((1, 1), (1, 19), (2, 16), (4, 3), (5, 25), (6, 19), (7, 3), (9, 7), (11, 26))),
    *(date(2026, m, d) for m, d in ((12, 25),)),
    *(date(2027, m, d) for m, d in ((1, 1), (1, 18), (2, 15), (3, 26), (5, 31), (6, 18), (7, 5), (9, 6), (11, 25))),
    *(date(2027, m, d) for m, d in ((12, 24),)),
)
HALF_DAYS = (
    *(date(2012, m, d) for m, d in ((7, 3), (11, 23), (12, 24))),
    *(date(2019, m, d) for m, d in ((7, 3), (11, 29), (12, 24))),
    *(date(2020, m, d) for m, d in ((11, 27), (12, 24))),
    *(date(2026, m, d) for m, d in ((11, 27), (12, 24))),
    *(date(2027, m, d) for m, d in ((11, 26),)),
)


def nasdaq(*environments: VenueEnvironment) -> Venue:
    """Return the venue with the given environments."""
    return Venue(
        mic=MIC,
        full_name="Nasdaq Stock Market",
        timezone="America/New_York",
        calendar=Calendar(
            open=time(9, 30), close=time(16), half_day_close=time(13), holidays=HOLIDAYS, half_days=HALF_DAYS
        ),
        tick_rules=(  # Regulation NMS rule 612, compliance from 2006-01-31
            TickRule(effective_from=date(2006, 1, 31), price_from=0, tick_size=1),
            TickRule(effective_from=date(2006, 1, 31), price_from=10_000, tick_size=100),
        ),
        lot_size=1,
        price_scale=4,
        # 0.0030 dollars to remove and 0.0020 rebate to add, per share, in 1e-8 dollars.
        fees=Fees(add_per_share=-200_000, remove_per_share=300_000, source="Nasdaq Equity 7, section 118(a)"),
        matching="fifo",
        environments=environments,
        maintenance_windows=(MaintenanceWindow(days=(5, 6), start=time(6), end=time(18)),),
    )

"""Eurex, equity index futures, as every site sees it: calendar, tick rules and fees.

Prices are index points; limits of money are points times contracts, as no multiplier of a contract is declared.
"""

from __future__ import annotations

from datetime import date, time

from stacks.topology.instrument import Fees, TickRule
from stacks.topology.venue import Calendar, MaintenanceWindow, Venue, VenueEnvironment

MIC = "XEUR"
# T7 interfaces send prices as PriceType, a signed integer with eight decimals.
PRICE_SCALE = 8


def eurex(*environments: VenueEnvironment) -> Venue:
    """Return the venue with the given environments."""
    return Venue(
        mic=MIC,
        full_name="Eurex Deutschland",
        timezone="Europe/Berlin",
        currency="EUR",
        # The Asian hours begin at 01:10 in winter and 02:10 in summer, with Singapore: from the later on it is open.
        calendar=Calendar(open=time(2, 10), close=time(22), half_day_close=time(22)),
        # EURO STOXX 50 futures (FESX), traded since 1998-06-22: one index point.
        tick_rules=(TickRule(effective_from=date(1998, 6, 22), price_from=0, tick_size=10**PRICE_SCALE),),
        lot_size=1,
        price_scale=PRICE_SCALE,
        # 0.30 euros a contract, in 1e-8 euros, to be compared with the price list in force.
        fees=Fees(
            add_per_share=30_000_000,
            remove_per_share=30_000_000,
            source="Price list of Eurex Clearing, equity index futures, account A",
        ),
        # Price and time; pro rata holds for money market futures alone (T7 Functional Reference, Matching).
        matching="fifo",
        environments=environments,
        maintenance_windows=(MaintenanceWindow(days=(5, 6), start=time(6), end=time(18)),),
    )

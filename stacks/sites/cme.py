"""CME Globex, equity index futures, as every site sees it: calendar, tick rules and fees.

Prices are index points; limits of money are points times contracts, as no multiplier of a contract is declared.
"""

from __future__ import annotations

from datetime import date, time

from stacks.topology.instrument import Fees, TickRule
from stacks.topology.venue import Calendar, MaintenanceWindow, Venue, VenueEnvironment

MIC = "XCME"
# MDP 3.0 and iLink 3 send prices as PRICE9: a mantissa with the exponent -9.
PRICE_SCALE = 9


def cme(*environments: VenueEnvironment) -> Venue:
    """Return the venue with the given environments."""
    return Venue(
        mic=MIC,
        full_name="Chicago Mercantile Exchange",
        timezone="America/Chicago",
        # From Sunday to Thursday at 17:00 the next trading day begins, which ends at 16:00; holidays end it at 12:15.
        calendar=Calendar(open=time(17), close=time(16), half_day_close=time(12, 15), opens_the_evening_before=True),
        # E-mini S&P 500 (CME rulebook chapter 358) and E-mini Nasdaq-100 (chapter 359): 0.25 index points.
        tick_rules=(TickRule(effective_from=date(2007, 1, 1), price_from=0, tick_size=25 * 10 ** (PRICE_SCALE - 2)),),
        lot_size=1,
        price_scale=PRICE_SCALE,
        # 1.38 dollars a contract and side, in 1e-8 dollars, without rebate; to be compared with the schedule in force.
        fees=Fees(
            add_per_share=138_000_000,
            remove_per_share=138_000_000,
            source="CME fee schedule, E-mini equity index futures, non-members",
        ),
        # Matching algorithm F of the instrument definition (tag 1142): first in, first out.
        matching="fifo",
        environments=environments,
        maintenance_windows=(MaintenanceWindow(days=(5,), start=time(6), end=time(18)),),
    )

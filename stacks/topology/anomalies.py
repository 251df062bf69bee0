"""From where on something is out of the ordinary: the engine counts it, and journals an event to be looked at."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.topology.declared import Declared, Positive


class RejectBurst(Declared):
    """So many orders that the venue refuses within `window_ms` are one event."""

    rejects: Annotated[int, Field(strict=True, ge=1, le=10_000)]
    window_ms: Positive


class Anomalies(Declared):
    """The thresholds of a site's engines. A fill without an order, or beyond one, needs none: it stops trading.

    fill_off_book_bps_max  largest distance of a fill's price from the best price of its side, in 1e-4 of it; a fill
                           that is worse than the order's own limit is an anomaly at any distance
    reject_burst           refusals of the venue
    latency_ns_max         longest time from taking a packet to the return of the call that sends the order
    """

    fill_off_book_bps_max: Positive
    reject_burst: RejectBurst
    latency_ns_max: Positive

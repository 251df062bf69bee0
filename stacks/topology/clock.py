"""Where time comes from, and how far from it a host may be."""

from __future__ import annotations

from typing import Annotated, Literal

from stacks.topology.declared import BY_NAME, Address, Declared, Name, NotNegative, Positive
from stacks.topology.network import Nic


class ClockSource(Declared):
    """A source of time: a PTP grandmaster, an NTP server, or the host's own oscillator.

    `uncertainty_ns_max` is its stated distance from UTC. RTS 25 article 3 allows 100 us for high-frequency trading;
    FINRA 4590 allows 50 ms.
    """

    name: Name
    kind: Literal["ptp_grandmaster", "ntp", "oscillator"]
    address: Address | None = None
    ptp_domain: NotNegative | None = None
    uncertainty_ns_max: Positive


class ClockDiscipline(Declared):
    """How a host follows a source: through which NIC, and the offset in nanoseconds that it may show at most.

    `pps_nics` are further NICs whose clocks are set by the source's pulse per second on a cable of their own; the other
    NICs that stamp packets get the time from `nic` through the host.
    """

    source: Annotated[ClockSource, BY_NAME]
    method: Literal["ptp", "chrony", "none"]
    nic: Annotated[Nic, BY_NAME] | None = None
    offset_ns_max: Positive
    pps_nics: tuple[Annotated[Nic, BY_NAME], ...] = ()

"""What light, switches, NICs and the engine take from a feed's packet to our order, summed for each path of a site.

    python -m stacks.latency_budget carteret

A path begins when the last bit of a packet passes the venue's demarcation, and ends when the first bit of the order
that it causes is back there. All that is summed is declared: metres, switch and NIC latencies, error correction, the
release's stages. Sums are in whole picoseconds, so that they are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stacks.topology.errors import ColoError
from stacks.topology.network import CrossConnect, Link, Nic, Switch
from stacks.topology.process import LineReception, Process
from stacks.topology.site import Site

# Light in single-mode fibre at 1310 nm: group index 1.4676 (Corning SMF-28 Ultra data sheet) over 0.299792458 m/ns.
FIBRE_PS_PER_M = 4_895
# A receiver corrects a codeword when it has all of it: RS(528,514) has 5280 bits (IEEE 802.3 clauses 91 and 108), the
# fire code 2112 (clause 74), on each of the lanes of 40 Gb. The line is faster than the frames on it by 66/64.
_CODEWORD_BITS = {"reed_solomon": 5_280, "fire_code": 2_112}
_LANES = {40: 4}
# Only store-and-forward switches wait for a frame's end. An ITCH packet of a few messages, an order with its options.
_FRAME_BYTES = {"feed": 200, "orders": 120}


@dataclass(frozen=True)
class Part:
    """One part of a path, and its picoseconds."""

    name: str
    latency_ps: int


@dataclass(frozen=True)
class LatencyPath:
    """The way of one packet and the order that it causes, in the order in which they pass the parts."""

    name: str
    parts: tuple[Part, ...]

    @property
    def latency_ps(self) -> int:
        """The sum."""
        return sum(part.latency_ps for part in self.parts)


def latency_paths(site: Site) -> tuple[LatencyPath, ...]:
    """Return the path of each line of each engine; a ColoError names what states no latency or is not connected."""
    paths: dict[str, LatencyPath] = {}
    for process in site.processes:
        if process.order_session is not None:
            for reception in process.receptions:
                path = _path(site, process, reception)
                paths.setdefault(path.name, path)  # all channels of a line come the same way
    if not site.cross_connects or not paths:
        raise ColoError(f"site {site.name} has no cross connect, so no path leads to a venue and back")
    return tuple(paths.values())


def budget_text(site: Site, measured: str = "") -> str:
    """Return the table of all paths; `measured` is a line about figures of a run, below it."""
    lines = []
    for path in latency_paths(site):
        lines.append(f"{path.name}: {path.latency_ps / 1000:.1f} ns")
        passed_ps = 0
        for part in path.parts:
            passed_ps += part.latency_ps
            lines.append(f"  {part.name:<58}{part.latency_ps / 1000:>10.1f}{passed_ps / 1000:>10.1f}")
    return "".join(f"{line}\n" for line in [*lines, *([measured] if measured else [])])


def _path(site: Site, process: Process, reception: LineReception) -> LatencyPath:
    order_nic = process.order_nic
    assert order_nic is not None, "a Site refuses an engine without an order NIC"
    feed, orders = _link(site, reception.nic), _link(site, order_nic)
    arriving = _crossing(site, feed, "feed")
    leaving = _crossing(site, orders, "orders")
    stages = tuple(Part(f"engine: {stage.name}", stage.latency_ns * 1000) for stage in site.release.stages)
    if not stages:
        raise ColoError(f"site {site.name}: release {site.release.name} states no latency of its stages")
    return LatencyPath(
        name=f"{process.name}, feed {arriving.line}, orders {leaving.line}",
        parts=(
            _fibre(f"cross connect {arriving.circuit}", arriving.length_m),
            *_switch(feed.switch, "feed", feed.nic.speed_gbps),
            *_cable(feed),
            _nic(process, feed.nic, "in"),
            *stages,
            _nic(process, orders.nic, "out"),
            *_cable(orders),
            *_switch(orders.switch, "orders", leaving.speed_gbps),
            _fibre(f"cross connect {leaving.circuit}", leaving.length_m),
        ),
    )


def _fibre(name: str, length_m: float) -> Part:
    return Part(f"{name}, {length_m:g} m", round(length_m * FIBRE_PS_PER_M))


def _cable(link: Link) -> Iterator[Part]:
    yield _fibre(f"cable {link.name}", link.length_m)
    if link.fec != "none":
        speed = link.nic.speed_gbps
        bits = _CODEWORD_BITS[link.fec]
        line_ps_per_bit = 1000 * 64 / 66 / (speed / _LANES.get(speed, 1))
        yield Part(f"error correction {link.fec} at {speed} Gb", round(bits * line_ps_per_bit))


def _switch(switch: Switch, role: str, leaving_gbps: int) -> Iterator[Part]:
    yield Part(f"switch {switch.name}, {switch.model}", switch.latency_ns * 1000)
    if switch.forwarding == "store_and_forward":
        frame_bytes = _FRAME_BYTES[role]
        yield Part(f"{frame_bytes} bytes at {leaving_gbps} Gb once more", frame_bytes * 8 * 1000 // leaving_gbps)


def _nic(process: Process, nic: Nic, direction: str) -> Part:
    if nic.latency_ns is None:
        raise ColoError(f"host {process.host.name}: NIC {nic.name} ({nic.model}) states no latency_ns")
    return Part(f"NIC {nic.name} {direction}, {nic.model} by {nic.transport}", nic.latency_ns * 1000)


def _link(site: Site, nic: Nic) -> Link:
    link = next((link for link in site.links if link.nic == nic), None)
    if link is None:
        raise ColoError(f"site {site.name} has no cross connect, so no path leads to a venue and back")
    return link


def _crossing(site: Site, link: Link, role: str) -> CrossConnect:
    found = [crossing for crossing in site.cross_connects if (crossing.switch, crossing.role) == (link.switch, role)]
    if not found:
        raise ColoError(f"site {site.name}: no cross connect for {role} ends at switch {link.switch.name}")
    return found[0]

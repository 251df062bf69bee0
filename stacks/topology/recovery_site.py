"""Checks that a recovery site could take over: it trades what the lost site traded, within its limits, by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.topology.errors import Problem

if TYPE_CHECKING:
    from stacks.topology.site import Site


def recovery_site_problems(site: Site) -> list[Problem]:
    """Return what a site that recovers another one lacks, and what it shares with it though it must not."""
    lost = site.recovers
    if lost is None:
        return []
    problems = [
        Problem("venues", f"{venue.mic}, where {lost.name} trades, is not reached from here")
        for venue in lost.venues
        if venue.mic not in [own.mic for own in site.venues]
    ]
    placed = {placement.name: placement for placement in site.strategies}
    for placement in lost.strategies:
        own = placed.get(placement.name)
        if own is None:
            problems.append(Problem("strategies", f"{placement.name} of site {lost.name} is not placed here"))
            continue
        for field in ("instruments", "parameters"):
            if getattr(own, field) != getattr(placement, field):
                path = f"strategies[{placement.name}].{field}"
                problems.append(Problem(path, f"are not those of site {lost.name}"))
    return [*problems, *_limit_problems(site, lost), *_shared_problems(site, lost)]


def _limit_problems(site: Site, lost: Site) -> list[Problem]:
    """A recovery must not be the way to trade more."""
    problems = []
    for level in ("firm", "strategy", "instrument"):
        for limits in lost.risk.limits:
            own = site.risk.of(level, limits.name) if limits.level == level else None
            if own is not None and own.gross_notional_max > limits.gross_notional_max:
                path = f"risk.limits[{level} {limits.name}].gross_notional_max"
                sentence = f"{own.gross_notional_max} is wider than the {limits.gross_notional_max} of site {lost.name}"
                problems.append(Problem(path, sentence))
    return problems


def _shared_problems(site: Site, lost: Site) -> list[Problem]:
    """What both sites had would fail in both places, or be fought for: circuits, addresses, logins."""
    theirs = dict(_owned(lost))
    return [
        Problem(path, f"{what} is already that of {theirs[what]} of site {lost.name}")
        for what, path in _owned(site)
        if what in theirs
    ]


def _owned(site: Site) -> Iterator[tuple[str, str]]:
    """Yield (what, path) of everything that only one site can have."""
    for crossing in site.cross_connects:
        yield f"circuit {crossing.circuit}", f"cross_connects[{crossing.name}].circuit"
    for host in site.hosts:
        for nic in host.nics:
            yield nic.address, f"hosts[{host.name}].nics[{nic.name}].address"
    for process in site.processes:
        session = process.order_session
        if session is not None and process.role == "strategy":
            yield f"login {session.username}", f"processes[{process.name}].order_session.username"

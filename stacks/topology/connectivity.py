"""Checks that every process has what its role needs, and that the cables of a production site reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stacks.topology.errors import Problem

if TYPE_CHECKING:
    from stacks.topology.network import Link, Nic
    from stacks.topology.process import Process, ThreadRole
    from stacks.topology.site import Site

_NEEDED_FIELDS: dict[str, tuple[str, ...]] = {
    "strategy": ("order_session", "order_nic"),
    "standby": ("order_session", "order_nic", "stands_by"),
    "exchange_simulator": (),
}
_NEEDED_THREADS: dict[str, tuple[ThreadRole, ...]] = {
    "strategy": ("trading", "housekeeping"),
    "standby": ("trading", "housekeeping"),
    "exchange_simulator": ("simulator",),
}


def connectivity_problems(site: Site) -> list[Problem]:
    """Return what processes lack for their role, and what no cable brings."""
    problems: list[Problem] = []
    for process in site.processes:
        path = f"processes[{process.name}]"
        problems += _role_problems(path, process)
        if site.kind == "production":
            problems += _cable_problems(path, process, site)
    return [
        *problems,
        *_strategy_problems(site),
        *_session_problems(site),
        *_standby_problems(site),
        *_recovery_problems(site),
        *_cross_connect_problems(site),
    ]


def _role_problems(path: str, process: Process) -> list[Problem]:
    problems = [
        Problem(f"{path}.{field}", f"is missing, a process of role {process.role} needs it")
        for field in _NEEDED_FIELDS[process.role]
        if getattr(process, field) is None
    ]
    roles = [thread.role for thread in process.threads]
    for role in _NEEDED_THREADS[process.role]:
        if roles.count(role) != 1:
            sentence = f"a process of role {process.role} needs one thread of role {role}, not {roles.count(role)}"
            problems.append(Problem(f"{path}.threads", sentence))
    problems += _gateway_problems(path, process)
    kind = process.environment.kind
    if process.role == "exchange_simulator" and kind != "simulation":
        problems.append(Problem(f"{path}.environment", f"is {kind}, a simulator serves simulation only"))
    return problems


def _gateway_problems(path: str, process: Process) -> list[Problem]:
    """What a gateway needs to guard an engine: one thread of each kind, and a venue that cancels when it lets go."""
    gateway, session = process.gateway, process.order_session
    if gateway is None:
        return []
    problems = []
    roles = [thread.role for thread in gateway.threads]
    for role in ("gateway", "housekeeping"):
        if roles.count(role) != 1:
            sentence = f"a gateway needs one thread of role {role}, not {roles.count(role)}"
            problems.append(Problem(f"{path}.gateway.threads", sentence))
    if process.role == "exchange_simulator":
        problems.append(Problem(f"{path}.gateway", f"a process of role {process.role} sends no orders"))
    if session is not None and not session.cancel_on_disconnect:
        sentence = f"drops order session {session.name}, which does not cancel on disconnect"
        problems.append(Problem(f"{path}.gateway", sentence))
    return problems


def _strategy_problems(site: Site) -> list[Problem]:
    """An engine trades one strategy; a standby has that of the engine that it stands by for."""
    problems = []
    for placement in site.strategies:
        process = placement.process
        if process.role != "strategy":
            sentence = f"process {process.name} is of role {process.role}, and a strategy needs one of role strategy"
            problems.append(Problem(f"strategies[{placement.name}].process", sentence))
    engines = [process for process in site.processes if process.role == "strategy"]
    for engine in engines:
        placed = [placement.name for placement in site.strategies if placement.process == engine]
        if len(placed) != 1:
            problems.append(Problem("strategies", f"process {engine.name} needs one strategy, not {len(placed)}"))
    if not engines:
        problems.append(Problem("processes", "a site needs a process of role strategy"))
    return problems


def _link_of(nic: Nic, site: Site) -> Link | None:
    return next((link for link in site.links if link.nic == nic), None)


def _cable_problems(path: str, process: Process, site: Site) -> list[Problem]:
    """In production, lines A and B come over cables and switches of their own, and orders over an orders link."""
    problems = []
    switch_of_line: dict[str, str] = {}
    for reception in process.receptions:
        at = f"{path}.receptions[{reception.line.name}].nic"
        link = _link_of(reception.nic, site)
        if link is None or link.role != "feed" or link.line != reception.line.name:
            problems.append(Problem(at, f"no feed link of line {reception.line.name} ends at NIC {reception.nic.name}"))
            continue
        for other, switch in switch_of_line.items():
            if other != reception.line.name and switch == link.switch.name:
                problems.append(Problem(at, f"lines {other} and {reception.line.name} share switch {switch}"))
        switch_of_line[reception.line.name] = link.switch.name
        if not any(
            cross_connect.role == "feed" and cross_connect.line == link.line and cross_connect.switch == link.switch
            for cross_connect in site.cross_connects
        ):
            problems.append(Problem(at, f"no feed cross connect of line {link.line} ends at switch {link.switch.name}"))
    if process.order_nic is not None:
        link = _link_of(process.order_nic, site)
        if link is None or link.role != "orders":
            problems.append(Problem(f"{path}.order_nic", f"no orders link ends at NIC {process.order_nic.name}"))
    return problems


def _session_problems(site: Site) -> list[Problem]:
    """One login at a time: an order session belongs to one process, and to the standby that would take it over."""
    problems = []
    owner: dict[str, str] = {}
    for process in site.processes:
        session = process.order_session
        if session is None or process.role == "standby":
            continue
        key = f"{session.username}/{session.name}"
        if key in owner:
            sentence = f"session {session.name} is already that of process {owner[key]}"
            problems.append(Problem(f"processes[{process.name}].order_session", sentence))
        owner.setdefault(key, process.name)
    return problems


def _standby_problems(site: Site) -> list[Problem]:
    problems = []
    for process in site.processes:
        primary = process.stands_by
        if primary is None:
            continue
        path = f"processes[{process.name}]"
        if process.role != "standby":
            problems.append(Problem(f"{path}.stands_by", f"a process of role {process.role} stands by for no other"))
        if primary.order_session != process.order_session:
            sentence = f"a standby takes over the order session of {primary.name}, and needs the same"
            problems.append(Problem(f"{path}.order_session", sentence))
        if primary.host == process.host:
            problems.append(Problem(f"{path}.host", f"a standby on the host of {primary.name} dies with it"))
    return problems


def _recovery_problems(site: Site) -> list[Problem]:
    problems = []
    standbys = [process.stands_by for process in site.processes if process.stands_by is not None]
    for objective in site.recovery_objectives:
        path = f"recovery_objectives[{objective.covers.name}]"
        if objective.failure == "host" and objective.covers not in standbys:
            sentence = f"process {objective.covers.name} has no standby that could take over from a lost host"
            problems.append(Problem(f"{path}.failure", sentence))
        lossless = objective.failure == "power" and objective.lost_records_max == 0
        if lossless and not objective.covers.journal.disk.power_loss_protection:
            sentence = "no record may be lost with the power, but the journal's disk has no power-loss protection"
            problems.append(Problem(f"{path}.lost_records_max", sentence))
    if site.kind == "production":
        covered = [objective.covers for objective in site.recovery_objectives]
        for process in site.processes:
            if process.role == "strategy" and process not in covered:
                sentence = f"process {process.name} has no recovery objective"
                problems.append(Problem("recovery_objectives", sentence))
    return problems


def _cross_connect_problems(site: Site) -> list[Problem]:
    """Cross connects A and B of one role end on separate switches."""
    return [
        Problem(f"cross_connects[{b.name}].switch", f"cross connect {a.name} of the other line ends there too")
        for a in site.cross_connects
        for b in site.cross_connects
        if (a.line, b.line) == ("A", "B") and a.role == b.role and a.switch == b.switch
    ]

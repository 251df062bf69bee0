"""Renders engine.json and exchange.json: what the C++ programs read is derived from the declaration, never written.

    text = render_engine(site, facts, reference_data, Run(directory="build/desk/runs/2012-06-21-0123456789ab", ...))

Pure functions: the same inputs give the same bytes. Paths, digests and facts come in as arguments.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stacks.topology.errors import ColoError
from stacks.topology.feed import Channel, Glimpse, Rerequest
from stacks.topology.host import Facts, Host
from stacks.topology.instrument import Instrument, ReferenceData
from stacks.topology.order_entry import OrderGateway, OrderSession
from stacks.topology.process import Journal, Process, Thread
from stacks.topology.risk import RiskLimits
from stacks.topology.site import Site
from stacks.topology.strategy import StrategyPlacement
from stacks.topology.tuning import AUDIT_NAMESPACE
from stacks.topology.venue import Simulator

MOLD_SESSION_CHARACTERS = 10


@dataclass(frozen=True)
class Run:
    """Where one run of a session lives, and what it runs.

    directory               the run folder: engine and exchange journals, kill switch file
    hot_directory           where hot journal segments lie (tmpfs)
    credentials_directory   one file a credential, named as declared
    session_file            session.itch
    release_digest          of the engine release, 64 hex digits
    spec_digests            by strategy name: digest of its spec
    simulator               replaces the declared simulator settings (loss, pacing), for rehearsals of faults
    """

    directory: str
    hot_directory: str
    credentials_directory: str
    session_file: str
    release_digest: str
    spec_digests: Mapping[str, str] = field(default_factory=dict)
    simulator: Simulator | None = None


def render_engine(
    site: Site, facts: Facts, reference_data: ReferenceData, run: Run, process: Process | None = None
) -> str:
    """Return the text of engine.json for a strategy process (the site's first where none is given)."""
    engine = process or site.process_of("strategy")
    _refuse_other_venue(engine, reference_data)
    _refuse_other_protocols(engine)
    simulator = _simulator(engine, run)
    config = {
        "site": site.name,
        "process": engine.name,
        "environment": engine.environment.kind,
        "release_digest": run.release_digest,
        "venue": {
            "mic": reference_data.mic,
            "trading_day": reference_data.trading_day,
            "midnight_ns": reference_data.midnight_ns,
            "synthetic_tracking_number": reference_data.synthetic_tracking_number,
        },
        "clock": "host" if simulator is None else "session",
        "paced": simulator is not None and simulator.pacing.mode == "lockstep",
        "feed": {
            "session": mold_session(reference_data),
            "channels": [_channel(channel, engine, run) for channel in engine.feed.channels],
        },
        "order_session": _order_session(site, engine, run),
        "gateway": _gateway(engine, facts, run),
        "journal": _journal(engine.journal, f"{run.directory}/journal", run.hot_directory),
        "tables": engine.tables.model_dump(),
        "threads": [_thread(thread, engine, facts) for thread in engine.threads],
        "host": {
            "hugepages": [pages.model_dump() for pages in engine.host.hugepages],
            "waived": list(engine.self_check_waived),
            "audit": _audit(site, engine),
        },
        "kill_switch_file": f"{run.directory}/kill",
        "risk": _risk(site, engine, reference_data),
        "anomalies": site.anomalies.model_dump(),
        "strategies": [_strategy(placement, reference_data, run) for placement in _placements(site, engine)],
        "instruments": [_instrument(site, engine, instrument) for instrument in reference_data.instruments],
        "fees": reference_data.fees.model_dump(exclude={"source"}),
    }
    return _text(config)


def render_exchange(site: Site, facts: Facts, reference_data: ReferenceData, run: Run) -> str:
    """Return the text of exchange.json for the site's exchange simulator."""
    exchange = site.process_of("exchange_simulator")
    _refuse_other_venue(exchange, reference_data)
    simulator = _simulator(exchange, run)
    assert simulator is not None, "a Site refuses a simulator outside the environment simulation"
    channel = exchange.feed.channels[0]
    rerequest, glimpse = _recoveries(channel, exchange)
    gateway = exchange.environment.order_gateways[0]
    session = gateway.sessions[0]
    thread = next(thread for thread in exchange.threads if thread.role == "simulator")
    config = {
        "mic": reference_data.mic,
        "midnight_ns": reference_data.midnight_ns,
        "mold_session": mold_session(reference_data),
        "session_file": run.session_file,
        "journal_directory": f"{run.directory}/exchange",
        "lines": _lines(channel, exchange),
        "rerequest": {"address": rerequest.address, "port": rerequest.port, "refuse": simulator.rerequest_refuse},
        "snapshot": _snapshot(glimpse, run),
        "order_entry": {
            "address": gateway.primary.address,
            "port": gateway.primary.port,
            "username": session.username,
            "password_file": _password_file(session.credential.name, run),
            "cancel_on_disconnect": session.cancel_on_disconnect,
        },
        "pacing": simulator.pacing.model_dump(),
        "packet_messages_max": simulator.packet_messages_max,
        "loss": simulator.loss.model_dump(),
        "wait": thread.wait,
        "cpu": _os_cpu(thread, exchange, facts),
    }
    return _text(config)


def mold_session(reference_data: ReferenceData) -> str:
    """Return the MoldUDP64 session name: ten characters (MoldUDP64 1.0, section 2) of the session's digest."""
    return reference_data.session_digest[:MOLD_SESSION_CHARACTERS].upper()


def _audit(site: Site, engine: Process) -> dict[str, Any] | None:
    """What the engine asks of its host's audit in the environment production; nothing elsewhere."""
    host = engine.host
    if engine.environment.kind != "production" or host.tuning is None:
        return None
    return {
        "host": host.name,
        "host_digest": host.declared_digest(),
        "file": host.tuning.audit_file,
        "allowed_signers": [signer.allowed(AUDIT_NAMESPACE) for signer in site.signers],
    }


def _channel(channel: Channel, engine: Process, run: Run) -> dict[str, Any]:
    rerequest, glimpse = _recoveries(channel, engine)
    return {
        "id": channel.id,
        "lines": _lines(channel, engine),
        "rerequest": rerequest.model_dump(exclude={"kind"}),
        "snapshot": _snapshot(glimpse, run),
    }


def _lines(channel: Channel, process: Process) -> list[dict[str, Any]]:
    nics = {reception.line: reception.nic for reception in process.receptions}
    return [
        {"name": line.name, "group": line.group, "port": line.port, "interface": nics[line].address}
        for line in channel.lines
    ]


def _recoveries(channel: Channel, process: Process) -> tuple[Rerequest, Glimpse]:
    rerequest, glimpse = channel.recovery_of("rerequest"), channel.recovery_of("glimpse")
    if not isinstance(rerequest, Rerequest) or not isinstance(glimpse, Glimpse):
        raise ColoError(f"process {process.name}: feed channel {channel.id} needs the recoveries rerequest and glimpse")
    return rerequest, glimpse


def _snapshot(glimpse: Glimpse, run: Run) -> dict[str, Any]:
    return {
        "address": glimpse.address,
        "port": glimpse.port,
        "username": glimpse.username,
        "password_file": _password_file(glimpse.credential.name, run),
    }


def _order_session(site: Site, engine: Process, run: Run) -> dict[str, Any]:
    session, gateway = _login(engine)
    return {
        "address": gateway.primary.address,
        "port": gateway.primary.port,
        "username": session.username,
        "password_file": _password_file(session.credential.name, run),
        "firm": session.identity.mpid,
        "account": session.identity.account,
        "heartbeat_ms": session.heartbeat_ms,
        "cancel_on_disconnect": session.cancel_on_disconnect,
        "cancel_on_disconnect_required": site.risk.cancel_on_disconnect_required,
    }


def _gateway(engine: Process, facts: Facts, run: Run) -> dict[str, Any] | None:
    """Return what the program order_gateway is told, in the engine's own file: the two can not differ in a limit."""
    gateway = engine.gateway
    if gateway is None:
        return None
    return {
        "name": gateway.name,
        "socket": f"{run.hot_directory}/orders",
        "journal": _journal(gateway.journal, f"{run.directory}/gateway", f"{run.hot_directory}/gateway"),
        "threads": [_thread(thread, engine, facts) for thread in gateway.threads],
        "watchdog": gateway.watchdog.model_dump(),
    }


def _journal(journal: Journal, directory: str, hot_directory: str) -> dict[str, Any]:
    return {
        "directory": directory,
        "hot_directory": hot_directory,
        "segment_bytes": journal.segment_mib * 1024 * 1024,
    }


def _login(engine: Process) -> tuple[OrderSession, OrderGateway]:
    session = engine.order_session
    gateway = None if session is None else engine.environment.gateway_of(session)
    assert session is not None and gateway is not None, "a Site refuses an engine without an order session"
    return session, gateway


def _thread(thread: Thread, process: Process, facts: Facts) -> dict[str, Any]:
    return {"role": thread.role, "cpu": _os_cpu(thread, process, facts), "wait": thread.wait}


def _os_cpu(thread: Thread, process: Process, facts: Facts) -> int:
    host: Host = process.host
    found = facts.of(host)
    if found is None:
        raise ColoError(f"host {host.name}: no facts were gathered, so its cpus are not known")
    if thread.cpu >= len(found.cpus):
        raise ColoError(
            f"host {host.name}: thread {thread.role} of process {process.name} is declared on cpu {thread.cpu}, "
            f"but only {len(found.cpus)} cpus may be used"
        )
    return found.cpus[thread.cpu]


def _risk(site: Site, engine: Process, reference_data: ReferenceData) -> list[dict[str, Any]]:
    """Return the limits around this engine. A strategy's have the name that it has under `strategies`."""
    session, _ = _login(engine)
    own = site.risk.of
    return [
        _limits(own("firm", session.identity.mpid), session.identity.mpid),
        _limits(own("account", session.identity.account), session.identity.account),
        _limits(own("session", session.name), session.name),
        *(
            _limits(own("strategy", placement.name), placement.parameters.strategy)
            for placement in _placements(site, engine)
        ),
        *(
            _limits(own("instrument", instrument.symbol), instrument.symbol)
            for instrument in _traded(site, engine, reference_data)
        ),
    ]


def _limits(limits: RiskLimits | None, name: str) -> dict[str, Any]:
    assert limits is not None, "a Site refuses a level without limits"
    return {**limits.model_dump(), "name": name}


def _placements(site: Site, engine: Process) -> list[StrategyPlacement]:
    """Return the strategies of an engine; a standby has those of the engine that it would take over from."""
    owner = engine.stands_by or engine
    return [placement for placement in site.strategies if placement.process == owner]


def _traded(site: Site, engine: Process, reference_data: ReferenceData) -> list[Instrument]:
    """Return the traded instruments of an engine, in the order in which its strategies list them."""
    by_symbol = {instrument.symbol: instrument for instrument in reference_data.traded}
    symbols: dict[str, None] = {}
    for placement in _placements(site, engine):
        symbols.update(dict.fromkeys(placement.instruments.among(tuple(by_symbol))))
    return [by_symbol[symbol] for symbol in symbols]


def _strategy(placement: StrategyPlacement, reference_data: ReferenceData, run: Run) -> dict[str, Any]:
    strategy = placement.parameters.strategy
    if strategy not in run.spec_digests:
        raise ColoError(f"strategy {placement.name}: the digest of the spec of {strategy} is not known")
    ids = {instrument.symbol: instrument.instrument_id for instrument in reference_data.traded}
    traded = placement.instruments.among(tuple(ids))
    if not traded:
        day = f"{reference_data.mic} {reference_data.trading_day}"
        raise ColoError(f"reference data of {day}: no instrument is traded by strategy {placement.name}")
    return {
        "name": strategy,
        "spec_digest": run.spec_digests[strategy],
        "instruments": [ids[symbol] for symbol in traded],
        "parameters": placement.parameters.model_dump(exclude={"strategy"}),
    }


def _instrument(site: Site, engine: Process, instrument: Instrument) -> dict[str, Any]:
    held = [
        {"quantity": held.quantity, "average_price": held.average_price}
        for placement in _placements(site, engine)
        for held in placement.opening_positions
        if held.symbol == instrument.symbol
    ]
    return {
        **instrument.model_dump(include={"instrument_id", "symbol", "locate", "tick_size", "lot_size"}),
        "restricted": instrument.symbol in site.risk.restricted,
        "opening_position": held[0] if held else {"quantity": 0, "average_price": 0},
    }


def _simulator(process: Process, run: Run) -> Simulator | None:
    declared = process.environment.simulator
    return declared if declared is None or run.simulator is None else run.simulator


def _refuse_other_venue(process: Process, reference_data: ReferenceData) -> None:
    if process.venue.mic != reference_data.mic:
        raise ColoError(
            f"process {process.name} trades at {process.venue.mic}, but the reference data is of {reference_data.mic}"
        )


def _refuse_other_protocols(engine: Process) -> None:
    """A site may declare more protocols than the engine trades."""
    _, gateway = _login(engine)
    if (engine.feed.protocol, gateway.protocol) != ("itch", "ouch"):
        raise ColoError(
            f"process {engine.name} has a feed of {engine.feed.protocol} and orders of {gateway.protocol}, "
            "but the engine trades on itch and ouch only"
        )


def _password_file(credential: str, run: Run) -> str:
    return f"{run.credentials_directory}/{credential}"


def _text(config: Mapping[str, Any]) -> str:
    return json.dumps(config, indent=2) + "\n"

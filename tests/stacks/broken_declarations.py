"""Broken declarations of one object, and how each is built; expected/messages.txt has what each must fail with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time

from stacks.sites import load_site
from stacks.topology.clock import ClockDiscipline
from stacks.topology.host import Hugepages
from stacks.topology.instrument import InstrumentSelection, TickRule
from stacks.topology.network import Nic, Switch
from tests.stacks.rebuild import rebuilt, without

DESK = load_site("desk")
LAB = load_site("lab")
CARTERET = load_site("carteret")

ENGINE = DESK.process_of("strategy")
SIMULATOR = DESK.process_of("exchange_simulator")
SIMULATION = DESK.venues[0].environments[0]
FEED = SIMULATION.feeds[0]
CHANNEL = FEED.channels[0]
GATEWAY = SIMULATION.order_gateways[0]
SESSION = GATEWAY.sessions[0]
FIRM_LIMITS = DESK.risk.limits[0]

TRADING_1, TRADING_2, DATA_1, MONITORING_1, *_ = CARTERET.hosts
ENGINE_1, ENGINE_2, STANDBY_1, STANDBY_2 = CARTERET.processes
CONTROL = CARTERET.control[0]
RISK_DESK = CONTROL.operators[1]
FEED_A_LINK = CARTERET.links[0]
ORDERS_LINK = CARTERET.links[2]

STRANGE_NIC = Nic(name="eth9", address="10.9.9.9", model="unknown", speed_gbps=10)
STRANGE_SWITCH = Switch(
    name="strange",
    model="unknown",
    os="eos",
    role="feed_a",
    forwarding="layer1",
    address="10.9.9.8",
    ports=8,
    port_speed_gbps=10,
    latency_ns=1,
)


@dataclass(frozen=True)
class Broken:
    """A declaration that must fail at construction."""

    what: str
    build: Callable[[], object]


HOSTS = [
    Broken(
        "hugepages_beyond_memory",
        lambda: rebuilt(TRADING_1, hugepages=(Hugepages(numa_node=1, page_mib=1024, count=256),)),
    ),
    Broken(
        "hugepages_of_two_lengths_beyond_memory",
        lambda: rebuilt(
            TRADING_1,
            hugepages=(
                Hugepages(numa_node=0, page_mib=1024, count=255),
                Hugepages(numa_node=0, page_mib=2, count=1024),
            ),
        ),
    ),
    Broken(
        "hugepages_of_a_missing_numa_node",
        lambda: rebuilt(DESK.hosts[0], hugepages=(Hugepages(numa_node=1, page_mib=2, count=8),)),
    ),
    Broken(
        "nic_on_a_missing_numa_node",
        lambda: rebuilt(DESK.hosts[0], nics=(rebuilt(ENGINE.order_nic, numa_node=2),)),
    ),
    Broken(
        "nic_name_twice",
        lambda: rebuilt(TRADING_1, nics=(*TRADING_1.nics, TRADING_1.nics[0])),
    ),
    Broken(
        "reserved_cpu_that_is_not_there",
        lambda: rebuilt(TRADING_1, reserved_cpus=(0, 32)),
    ),
    Broken(
        "clock_through_an_undeclared_nic",
        lambda: rebuilt(
            TRADING_1,
            clock=ClockDiscipline(source=CARTERET.clocks[0], method="ptp", nic=STRANGE_NIC, offset_ns_max=1),
        ),
    ),
    Broken(
        "negative_memory",
        lambda: rebuilt(TRADING_1, memory_mib=-1),
    ),
    Broken(
        "number_as_text",
        lambda: rebuilt(TRADING_1, memory_mib="524288"),
    ),
    Broken(
        "unknown_field",
        lambda: rebuilt(TRADING_1, memroy_mib=1),
    ),
    Broken(
        "address_that_is_none",
        lambda: rebuilt(STRANGE_NIC, address="10.0.0.256"),
    ),
]

NETWORK = [
    Broken(
        "lag_on_a_feed_link",
        lambda: rebuilt(FEED_A_LINK, lag="bond0"),
    ),
    Broken(
        "lag_on_an_order_link",
        lambda: rebuilt(ORDERS_LINK, lag="bond0"),
    ),
    Broken(
        "feed_link_without_line",
        lambda: rebuilt(FEED_A_LINK, line=None),
    ),
    Broken(
        "switch_port_beyond_the_switch",
        lambda: rebuilt(FEED_A_LINK, switch_port=49),
    ),
    Broken(
        "multicast_group_that_is_none",
        lambda: rebuilt(CHANNEL.lines[0], group="10.0.0.1"),
    ),
    Broken(
        "port_zero",
        lambda: rebuilt(CHANNEL.lines[0], port=0),
    ),
]

VENUES = [
    Broken(
        "feed_without_recovery",
        lambda: rebuilt(CHANNEL, recovery=()),
    ),
    Broken("feed_with_recovery_left_out", lambda: without(CHANNEL, "recovery")),
    Broken(
        "channel_without_lines",
        lambda: rebuilt(CHANNEL, lines=()),
    ),
    Broken(
        "line_twice",
        lambda: rebuilt(CHANNEL, lines=(CHANNEL.lines[0], rebuilt(CHANNEL.lines[1], name="A"))),
    ),
    Broken(
        "recovery_twice",
        lambda: rebuilt(CHANNEL, recovery=(*CHANNEL.recovery, CHANNEL.recovery[0])),
    ),
    Broken(
        "lines_on_one_group_and_port",
        lambda: rebuilt(CHANNEL, lines=(CHANNEL.lines[0], rebuilt(CHANNEL.lines[0], name="B"))),
    ),
    Broken(
        "feed_without_channels",
        lambda: rebuilt(FEED, channels=()),
    ),
    Broken(
        "channel_number_twice",
        lambda: rebuilt(FEED, channels=(CHANNEL, CHANNEL)),
    ),
    Broken(
        "wrong_channel_inside_a_feed_given_as_data",
        lambda: rebuilt(FEED, channels=({**CHANNEL.model_dump(), "recovery": ()},)),
    ),
    Broken(
        "unknown_recovery",
        lambda: rebuilt(CHANNEL, recovery=({"kind": "carrier_pigeon"},)),
    ),
    Broken(
        "gateway_without_sessions",
        lambda: rebuilt(GATEWAY, sessions=()),
    ),
    Broken(
        "session_name_twice",
        lambda: rebuilt(GATEWAY, sessions=(SESSION, SESSION)),
    ),
    Broken(
        "username_longer_than_soupbin_has",
        lambda: rebuilt(GATEWAY, sessions=(rebuilt(SESSION, username="COLO001"),)),
    ),
    Broken("session_without_throttle", lambda: without(SESSION, "throttle")),
    Broken(
        "simulation_without_simulator",
        lambda: rebuilt(SIMULATION, simulator=None),
    ),
    Broken(
        "production_with_simulator",
        lambda: rebuilt(SIMULATION, kind="production"),
    ),
    Broken(
        "feed_name_twice",
        lambda: rebuilt(SIMULATION, feeds=(FEED, FEED)),
    ),
    Broken(
        "time_zone_that_is_none",
        lambda: rebuilt(DESK.venues[0], timezone="America/Carteret"),
    ),
    Broken(
        "environment_twice",
        lambda: rebuilt(DESK.venues[0], environments=(SIMULATION, SIMULATION)),
    ),
    Broken(
        "tick_rules_that_leave_out_low_prices",
        lambda: rebuilt(DESK.venues[0], tick_rules=DESK.venues[0].tick_rules[1:]),
    ),
    Broken(
        "tick_rule_twice",
        lambda: rebuilt(
            DESK.venues[0],
            tick_rules=(
                TickRule(effective_from=date(2006, 1, 31), price_from=0, tick_size=1),
                TickRule(effective_from=date(2006, 1, 31), price_from=0, tick_size=100),
            ),
        ),
    ),
    Broken(
        "close_before_open",
        lambda: rebuilt(DESK.venues[0].calendar, close=time(9)),
    ),
    Broken(
        "loss_above_one",
        lambda: rebuilt(SIMULATION.simulator.loss, line_a=1.5),
    ),
    Broken(
        "symbol_twice",
        lambda: InstrumentSelection(symbols=("AMZN", "AMZN")),
    ),
]

CONTROLS = [
    Broken("control_without_operators", lambda: rebuilt(CONTROL, operators=())),
    Broken("operator_twice", lambda: rebuilt(CONTROL, operators=(RISK_DESK, RISK_DESK))),
    Broken("operators_with_one_token", lambda: rebuilt(CONTROL, operators=(RISK_DESK, rebuilt(RISK_DESK, name="bob")))),
    Broken("operator_whose_name_is_none", lambda: rebuilt(RISK_DESK, name="risk desk")),
]

BROKEN_DECLARATIONS = [*HOSTS, *NETWORK, *VENUES, *CONTROLS]

"""What the declared sites hold, that they load by name, and that a declaration has one digest everywhere."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from stacks.sites import SITES, load_site
from stacks.topology.errors import ColoError
from stacks.topology.placement import listeners
from stacks.topology.site import Site
from tests.stacks.rebuild import rebuilt


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest) -> Site:
    return load_site(request.param)


@pytest.fixture(params=[name for name in SITES if name not in ("desk", "lab")])
def production(request: pytest.FixtureRequest) -> Site:
    return load_site(request.param)


def test_unknown_site_lists_the_known_ones() -> None:
    with pytest.raises(ColoError) as raised:
        load_site("mahwa")
    assert str(raised.value) == f"site 'mahwa' is not declared; known sites are {', '.join(SITES)}"


def test_site_is_frozen(site: Site) -> None:
    with pytest.raises(ValidationError):
        site.name = "other"  # type: ignore[misc]


def test_a_site_built_again_is_equal_and_has_the_same_digest(site: Site) -> None:
    again = rebuilt(site)
    assert again == site
    assert again.declared_digest() == site.declared_digest()


def test_digests_of_sites_differ() -> None:
    assert len({load_site(name).declared_digest() for name in SITES}) == len(SITES)


def test_digest_changes_with_one_number() -> None:
    site = load_site("desk")
    changed = rebuilt(site, dagster=rebuilt(site.dagster, port=site.dagster.port + 1))
    assert changed.declared_digest() != site.declared_digest()


def test_digest_does_not_depend_on_the_process(site: Site, tmp_path: Path, repository_root: Path) -> None:
    """Another hash seed, time zone, locale and folder give the same digest."""
    program = f"from stacks.sites import load_site; print(load_site({site.name!r}).declared_digest())"
    environment = {"PYTHONPATH": str(repository_root), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == site.declared_digest()


def test_one_machine_sites_listen_on_loopback_alone_and_apart_from_each_other() -> None:
    ports: list[int] = []
    for name in ("desk", "lab"):
        site = load_site(name)
        assert {nic.address for host in site.hosts for nic in host.nics} == {"127.0.0.1"}
        assert site.dagster.address == "127.0.0.1"
        ports += [listener.port for listener in listeners(site)]
    assert len(ports) == len(set(ports))


def test_services_of_lab_are_on_loopback() -> None:
    data_plane = load_site("lab").data_plane
    assert {data_plane.kafka.address, data_plane.flink.address, data_plane.postgres.address} == {"127.0.0.1"}


def test_desk_needs_two_cpus() -> None:
    site = load_site("desk")
    cpus = {(process.name, thread.role): thread.cpu for process in site.processes for thread in process.threads}
    assert cpus == {
        ("engine", "trading"): 1,
        ("engine", "housekeeping"): 0,
        ("exchange_simulator", "simulator"): 0,
    }


def test_production_brings_its_lines_over_switches_of_their_own(production: Site) -> None:
    site = production
    for process in site.processes:
        switches = {
            reception.line.name: link.switch.name
            for reception in process.receptions
            for link in site.links
            if link.nic == reception.nic
        }
        assert switches == {"A": "feed-a", "B": "feed-b"}


def test_production_has_what_a_site_needs(production: Site) -> None:
    roles = [host.role for host in production.hosts]
    trading = roles.count("trading")
    assert sorted(roles) == ["cluster", "cluster", "data", "monitoring", *["trading"] * trading]
    assert trading == (2 if production.recovers is None else 1)
    assert all(host.fpga_cards for host in production.hosts if host.role == "trading")
    roles = [switch.role for switch in production.switches]
    assert sorted(roles) == ["data", "data", "feed_a", "feed_b", "management", "management", "orders", "orders"]
    assert {crossing.name for crossing in production.cross_connects} == {tap.name for tap in production.taps}
    assert len(production.mirrors) == trading
    assert [clock.kind for clock in production.clocks] == ["ptp_grandmaster"]
    assert all(switch.boundary_clock for switch in production.switches if switch.role == "management")
    assert {link.lag is None for link in production.links if link.role in ("feed", "orders")} == {True}
    assert production.cluster is not None and len(production.cluster.nodes) == 3


def test_every_production_site_has_a_recovery_site() -> None:
    sites = [load_site(name) for name in SITES]
    lost = {site.name for site in sites if site.kind == "production" and site.recovers is None}
    assert lost == {"aurora", "carteret", "frankfurt", "mahwah"}
    assert {site.recovers.name for site in sites if site.recovers is not None} == lost


def test_sites_have_no_address_and_no_circuit_in_common() -> None:
    owned: list[str] = []
    for name in SITES:
        site = load_site(name)
        owned += {nic.address for host in site.hosts for nic in host.nics if site.kind == "production"}
        owned += [crossing.circuit for crossing in site.cross_connects]
    assert len(owned) == len(set(owned)) > 100


@pytest.mark.parametrize(
    ("name", "mic", "feed", "orders", "matching", "price_scale"),
    [
        ("carteret", "XNAS", ("itch", "5.0"), ("ouch", "soupbin"), "fifo", 4),
        ("mahwah", "XNYS", ("xdp", "2.4"), ("pillar", "pillar_stream"), "parity", 4),
        ("aurora", "XCME", ("mdp3", "9"), ("ilink3", "fixp"), "fifo", 9),
        ("frankfurt", "XEUR", ("eobi", "13"), ("eti", "eti"), "fifo", 8),
    ],
)
def test_sites_reach_their_venues(
    name: str, mic: str, feed: tuple[str, str], orders: tuple[str, str], matching: str, price_scale: int
) -> None:
    venue = load_site(name).venues[0]
    environment = venue.environments[0]
    assert (venue.mic, venue.matching, venue.price_scale) == (mic, matching, price_scale)
    assert (environment.feeds[0].protocol, environment.feeds[0].version) == feed
    gateway = environment.order_gateways[0]
    assert (gateway.protocol, gateway.session_layer) == orders
    assert gateway.backup is not None and all(session.drop_copy is not None for session in gateway.sessions)


@pytest.mark.parametrize(
    ("messages", "chosen"),
    [
        ({"AAPL": 1, "AMZN": 2, "MSFT": 900}, ("AMZN", "AAPL")),
        ({"AMZN": 2, "MSFT": 900}, ("AMZN",)),
        ({"MSFT": 5, "GOOG": 9, "INTC": 7}, ("GOOG", "INTC")),
        ({"MSFT": 5, "GOOG": 5, "INTC": 5}, ("GOOG", "INTC")),
        ({"MSFT": 5}, ("MSFT",)),
        ({}, ()),
    ],
)
def test_listed_symbols_are_chosen_before_the_most_active(messages: dict[str, int], chosen: tuple[str, ...]) -> None:
    assert load_site("desk").strategies[0].instruments.choose(messages) == chosen


def test_production_trades_only_what_is_listed() -> None:
    assert load_site("carteret").strategies[0].instruments.choose({"GOOG": 9}) == ()


@pytest.mark.parametrize(
    ("day", "tick_sizes"),
    [(date(2006, 1, 30), ()), (date(2006, 1, 31), (1, 100)), (date(2012, 6, 21), (1, 100))],
)
def test_tick_rules_hold_from_their_day_on(day: date, tick_sizes: tuple[int, ...]) -> None:
    rules = load_site("desk").venues[0].tick_rules_on(day)
    assert tuple(rule.tick_size for rule in rules) == tick_sizes


@pytest.mark.parametrize(
    ("day", "midnight_ns"),
    [
        (date(2012, 6, 21), 1_340_251_200 * 10**9),  # EDT, UTC-4
        (date(2012, 1, 3), 1_325_566_800 * 10**9),  # EST, UTC-5
    ],
)
def test_midnight_is_the_venues_own(day: date, midnight_ns: int) -> None:
    assert load_site("desk").venues[0].midnight_ns(day) == midnight_ns

"""Switch configurations against stored ones, and what holds for every switch of every site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stacks.sites import SITES, load_site
from stacks.switches import __main__ as program
from stacks.switches import render_switch
from stacks.switches.plan import PEER_LAG, switch_plan
from stacks.topology.network import Switch
from stacks.topology.site import Site
from tests.stacks.rebuild import rebuilt, substituted

EXPECTED = Path(__file__).parent / "expected" / "switches"
# Layer 1 and multiplexer; routed feeds and orders of both systems; a pair that routes and one that keeps time, of both.
STORED = (
    ("carteret", "feed-a"),
    ("carteret", "orders-a"),
    ("mahwah", "feed-a"),
    ("mahwah", "orders-a"),
    ("mahwah", "data-1"),
    ("mahwah", "management-2"),
    ("aurora", "feed-b"),
    ("aurora", "data-2"),
    ("aurora", "management-1"),
)
ALL = [(name, switch) for name in SITES for switch in load_site(name).switches]


def named(site: Site, name: str) -> Switch:
    return next(switch for switch in site.switches if switch.name == name)


@pytest.mark.parametrize(("site_name", "switch_name"), STORED)
def test_rendered_configuration_is_the_expected_one(site_name: str, switch_name: str, repository_root: Path) -> None:
    """A meant change is accepted by copying the text that the failing test leaves under build/."""
    site = load_site(site_name)
    text = render_switch(site, named(site, switch_name))
    name = f"{site_name}_{switch_name}.cfg"
    left = repository_root / "build" / "tests" / "rendered" / name
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text(text)
    assert text == (EXPECTED / name).read_text(), f"if this change is meant: cp {left} {EXPECTED / name}"


def test_stored_configurations_are_all_rendered() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == {f"{site}_{switch}.cfg" for site, switch in STORED}


def blocks(text: str) -> dict[str, list[str]]:
    """The indented lines under each interface."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("interface "):
            assert line not in found, f"{line} stands twice"
            lines = found[line] = []
        elif line.startswith(" "):
            lines.append(line.strip())
        else:
            lines = []
    return found


@pytest.mark.parametrize(("site_name", "switch"), ALL, ids=lambda value: getattr(value, "name", value))
def test_everything_that_is_used_is_defined(site_name: str, switch: Switch) -> None:
    text = render_switch(load_site(site_name), switch)
    interfaces = blocks(text)
    vlans = set(re.findall(r"^vlan (\d+)$", text, re.MULTILINE))
    used = re.findall(r"(?:access|allowed) vlan ([\d,]+)", text) + re.findall(r"ptp vlan (\d+)", text)
    assert {number for numbers in used for number in numbers.split(",")} <= vlans
    groups = set(re.findall(r"channel-group (\d+) mode active", text))
    assert groups == {name.lower().removeprefix("interface port-channel") for name in interfaces if "hannel" in name}
    for source in re.findall(r"(?:source|destination) (?:interface )?(Ethernet[\d/]+)", text):
        assert f"interface {source}" in interfaces
    if switch.os == "nxos":
        for command, feature in (("pim", "pim"), ("ptp", "ptp"), ("vpc", "vpc"), ("hsrp", "hsrp")):
            assert (f"feature {feature}" in text) == bool(re.search(rf"^ *(?:ip )?{command} ", text, re.MULTILINE))
    assert text.count("hostname ") == 1 and switch.address in text


@pytest.mark.parametrize(("site_name", "switch"), ALL, ids=lambda value: getattr(value, "name", value))
def test_every_cable_has_its_port_and_no_other_port_is_open(site_name: str, switch: Switch) -> None:
    site = load_site(site_name)
    ports = {link.switch_port for link in (*site.links, *site.management_links) if link.switch == switch}
    ports |= {crossing.switch_port for crossing in site.cross_connects if crossing.switch == switch}
    ports |= {port for trunk in site.trunks for own, port, _, _ in trunk.ends if own == switch}
    opened = re.findall(r"^interface Ethernet(?:1/(\d+)|(\d+)(?:/1)?)$", render_switch(site, switch), re.MULTILINE)
    if switch.os == "nxos":
        assert [int(port) for port, _ in opened] == sorted(ports)
    else:
        names = re.findall(r"^interface Ethernet(\d+)", render_switch(site, switch), re.MULTILINE)
        assert [int(port) for port in names] == sorted(ports)


@pytest.mark.parametrize(("site_name", "switch"), ALL, ids=lambda value: getattr(value, "name", value))
def test_feeds_and_orders_are_never_aggregated(site_name: str, switch: Switch) -> None:
    for name, lines in blocks(render_switch(load_site(site_name), switch)).items():
        described = next((line for line in lines if line.startswith("description ")), "")
        if described.startswith(("description feed ", "description orders ", "description venue ")):
            assert not any("channel-group" in line for line in lines), name


@pytest.mark.parametrize("site_name", SITES)
def test_both_of_a_pair_give_a_group_the_same_number_and_vlans(site_name: str) -> None:
    site = load_site(site_name)
    for trunk in site.trunks:
        if trunk.role == "peer":
            first, second = (switch_plan(site, switch) for switch in (trunk.first, trunk.second))
            assert first.lags == second.lags and len(first.lags) > 1
            assert [lag.number for lag in first.lags if lag.peer] == [PEER_LAG]
            assert first.pair is not None and second.pair is not None
            assert (first.pair.is_first, second.pair.is_first) == (True, False)
            assert first.pair.number == second.pair.number
            own = [gateway.own_address for plan in (first, second) for gateway in plan.gateways]
            assert len(set(own)) == len(own) and not {gateway.address for gateway in first.gateways} & set(own)


def test_groups_keep_their_numbers_apart_wherever_they_are_plugged_in() -> None:
    """trading-1 has ports 1 and 28, trading-2 ports 2 and 1, data-1 only port 21 of the second switch."""
    site = load_site("mahwah")
    by_name = {link.name: link for link in site.links}
    site = substituted(site, by_name["trading-1-data-2"], rebuilt(by_name["trading-1-data-2"], switch_port=28))
    site = substituted(site, by_name["trading-2-data-2"], rebuilt(by_name["trading-2-data-2"], switch_port=1))
    site = rebuilt(site, links=tuple(link for link in site.links if link.name != "data-1-data-1"))
    first, second = (switch_plan(site, named(site, name)).lags for name in ("data-1", "data-2"))
    numbers = {lag.description: lag.number for lag in second}
    assert (numbers["trading-1-data"], numbers["trading-2-data"], numbers["data-1-data"]) == (1, 2, 521)
    assert len(set(numbers.values())) == len(numbers)
    assert {lag.description: lag.number for lag in first}.items() <= numbers.items()


@pytest.mark.parametrize(("site_name", "feeds"), [("mahwah", 6), ("aurora", 3), ("frankfurt", 2)])
def test_each_line_is_asked_for_at_its_own_switch(site_name: str, feeds: int) -> None:
    """Every group that an engine may join is rooted, and only on the switch of its line."""
    site = load_site(site_name)
    channels = site.venues[0].environments[0].feeds[0].channels
    for line, switch in (("A", "feed-a"), ("B", "feed-b")):
        wanted = {feed_line.group for channel in channels for feed_line in channel.groups if feed_line.name == line}
        text = render_switch(site, named(site, switch))
        assert set(re.findall(r"(?:group-list|rp address [\d.]+) ([\d.]+)/32", text)) == wanted
        assert len(wanted) == feeds


def test_a_mirror_on_eos_is_a_monitor_session() -> None:
    mahwah = load_site("mahwah")
    orders = named(mahwah, "orders-a")
    site = substituted(mahwah, orders, rebuilt(orders, os="eos"))
    text = render_switch(site, named(site, "orders-a"))
    assert "monitor session trading-1-orders source Ethernet11 rx\n" in text
    assert "monitor session trading-1-orders destination Ethernet31\n" in text


def test_error_correction_is_that_of_the_cable() -> None:
    aurora = load_site("aurora")
    link = next(link for link in aurora.links if link.role == "data")
    site = substituted(aurora, link, rebuilt(link, fec="none"))
    name = "interface Ethernet1/1"
    assert "error-correction encoding reed-solomon" in blocks(render_switch(aurora, link.switch))[name]
    assert "no error-correction encoding" in blocks(render_switch(site, link.switch))[name]


def test_the_program_prints_one_switch_or_all(capsys: pytest.CaptureFixture[str]) -> None:
    aurora = load_site("aurora")
    assert program.main(["aurora", "feed-b"]) == 0
    assert capsys.readouterr().out == render_switch(aurora, named(aurora, "feed-b"))
    assert program.main(["aurora"]) == 0
    assert re.findall(r"^hostname (\S+)$", capsys.readouterr().out, re.MULTILINE) == [
        f"aurora-{switch.name}" for switch in aurora.switches
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["desk"], "site desk has no switch at all; its switches are: none"),
        (
            ["carteret", "spine"],
            "site carteret has no switch spine; its switches are: "
            "feed-a, feed-b, orders-a, orders-b, data-1, data-2, management-1, management-2",
        ),
    ],
)
def test_a_switch_that_is_not_there_is_named(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(arguments) == 1
    assert capsys.readouterr().err == f"switches: {sentence}\n"

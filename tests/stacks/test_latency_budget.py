"""The latency budget against sums made by hand, and what it says where something states no latency."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stacks.latency_budget import LatencyPath, budget_text, latency_paths
from stacks.latency_budget import __main__ as program
from stacks.sites import SITES, load_site
from stacks.topology.errors import ColoError
from stacks.topology.release import Stage
from stacks.topology.site import Site
from tests.stacks.rebuild import rebuilt, substituted

CARTERET = load_site("carteret")
PRODUCTION = [name for name in SITES if load_site(name).kind == "production"]


def first_path(site: Site) -> LatencyPath:
    return latency_paths(site)[0]


@pytest.mark.parametrize(
    ("name", "latency_ps"),
    [
        # 150 m and 3 m of fibre on each side, layer 1 of 5 ns, multiplexer of 39 ns, NICs of 295 ns, 450 ns of engine.
        ("carteret", 2 * (734_250 + 14_685) + 5_000 + 39_000 + 2 * 295_000 + 450_000),
        # 120 m, two switches of 250 ns, two NICs of 500 ns.
        ("mahwah", 2 * (587_400 + 14_685) + 2 * 250_000 + 2 * 500_000 + 450_000),
        # 110 m, a switch of 450 ns, a multiplexer.
        ("aurora", 2 * (538_450 + 14_685) + 450_000 + 39_000 + 2 * 295_000 + 450_000),
        # 130 m, a switch of 250 ns, a multiplexer.
        ("frankfurt", 2 * (636_350 + 14_685) + 250_000 + 39_000 + 2 * 295_000 + 450_000),
        # Its cross connects have 60 m.
        ("carteret-recovery", 2 * (293_700 + 14_685) + 5_000 + 39_000 + 2 * 295_000 + 450_000),
    ],
)
def test_a_path_is_the_sum_made_by_hand(name: str, latency_ps: int) -> None:
    assert first_path(load_site(name)).latency_ps == latency_ps


@pytest.mark.parametrize("name", PRODUCTION)
def test_every_line_of_every_engine_has_a_path_in_its_order(name: str) -> None:
    site = load_site(name)
    paths = latency_paths(site)
    engines = [process.name for process in site.processes if process.order_session is not None]
    assert {path.name.partition(", orders")[0] for path in paths} == {
        f"{engine}, feed {line}" for engine in engines for line in "AB"
    }
    for path in paths:
        kinds = [part.name.partition(" ")[0] for part in path.parts]
        way = ["cross", "switch", "cable", "NIC"]
        assert kinds == [*way, "engine:", "engine:", "engine:", *reversed(way)]


def test_a_metre_of_fibre_more_is_five_nanoseconds_more() -> None:
    crossing = CARTERET.cross_connects[0]
    longer = substituted(CARTERET, crossing, rebuilt(crossing, length_m=151))
    assert first_path(longer).latency_ps - first_path(CARTERET).latency_ps == 4_895


def test_a_store_and_forward_switch_sends_the_frame_once_more() -> None:
    """200 bytes at 10 Gb are 160 ns."""
    mahwah = load_site("mahwah")
    switch = mahwah.cross_connects[0].switch
    slower = substituted(mahwah, switch, rebuilt(switch, forwarding="store_and_forward"))
    assert first_path(slower).latency_ps - first_path(mahwah).latency_ps == 160_000


@pytest.mark.parametrize(
    ("speed_gbps", "fec", "codeword_ps"),
    [
        (25, "reed_solomon", 204_800),
        (25, "fire_code", 81_920),
        (100, "reed_solomon", 51_200),
        (40, "fire_code", 204_800),
    ],
)
def test_error_correction_costs_a_codeword(speed_gbps: int, fec: str, codeword_ps: int) -> None:
    """Codewords of 5280 and 2112 bits at 25.78125 Gb, at 103.125 Gb, and at 10.3125 Gb a lane."""
    aurora = load_site("aurora")
    link = aurora.links[0]
    switch = link.switch
    site = substituted(aurora, switch, rebuilt(switch, port_speed_gbps=100))
    site = substituted(site, site.links[0].nic, rebuilt(link.nic, speed_gbps=speed_gbps))
    corrected = substituted(site, site.links[0], rebuilt(site.links[0], fec=fec))
    assert first_path(corrected).latency_ps - first_path(site).latency_ps == codeword_ps


def test_the_table_shows_each_part_and_the_sum_so_far() -> None:
    text = budget_text(CARTERET)
    assert text.startswith("engine-1, feed A, orders A: 2581.9 ns\n  cross connect XC-XNAS-FEED-A, 150 m ")
    rows = [re.findall(r"([\d.]+) +([\d.]+)$", line) for line in text.splitlines()]
    last = [float(row[0][1]) for row, following in zip(rows, [*rows[1:], []], strict=True) if row and not following]
    assert last == [round(path.latency_ps / 1000, 1) for path in latency_paths(CARTERET)]


def test_what_states_no_latency_is_named() -> None:
    nic = CARTERET.processes[0].order_nic
    assert nic is not None
    with pytest.raises(ColoError) as raised:
        latency_paths(substituted(CARTERET, nic, rebuilt(nic, latency_ns=None)))
    assert str(raised.value) == "host trading-1: NIC orders (AMD Solarflare X2522) states no latency_ns"
    with pytest.raises(ColoError) as raised:
        latency_paths(rebuilt(CARTERET, release=rebuilt(CARTERET.release, stages=())))
    assert str(raised.value) == "site carteret: release engine states no latency of its stages"


def test_stages_are_those_that_a_running_engine_counts(repository_root: Path) -> None:
    text = (repository_root / "engine" / "runtime" / "engine_counters.hpp").read_text()
    counted = re.findall(r'"(\w+)"', text.partition("latency_stage_names() {")[2].partition("}")[0])
    declared = list(Stage.model_fields["name"].annotation.__args__)
    first = counted.index(declared[0])
    assert counted[first : first + len(declared)] == declared


def test_the_program_shows_what_was_measured_beside_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    figures = {"p50": 1452.0, "p99": 44997.4}
    report.write_text(json.dumps({"engine": {"tick_to_trade_ns": figures, "wire_to_wire_ns": figures}}))
    assert program.main(["carteret", "--report", str(report)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"measured last ({report}): tick_to_trade p50 1452 ns, p99 44997 ns, wire_to_wire p50 1452 ns, p99 44997 ns"
    )


def test_a_report_without_figures_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    report.write_text('{"engine": {}}')
    assert program.main(["carteret", "--report", str(report)]) == 1
    assert capsys.readouterr().err == (
        f"latency_budget: {report}: is not the report of a run: it lacks 'tick_to_trade_ns'\n"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["desk"], "site desk has no cross connect, so no path leads to a venue and back"),
        (["carteret", "--report", "none.json"], "none.json: is not the report of a run: No such file or directory"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(arguments) == 1
    assert capsys.readouterr().err == f"latency_budget: {sentence}\n"

"""Rendered engine and exchange configurations against stored ones, and what holds of them for any reference data."""

from __future__ import annotations

import builtins
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.render import Run, render_engine, render_exchange
from stacks.sites import load_site
from stacks.topology.errors import ColoError
from stacks.topology.host import Facts, HostFacts
from stacks.topology.process import SelfCheckItem
from stacks.topology.risk import RISK_LEVELS
from stacks.topology.site import Site
from stacks.topology.venue import Loss, Pacing
from tests.stacks.rebuild import rebuilt, substituted
from tests.stacks.sample_reference_data import sample_reference_data

EXPECTED = Path(__file__).parent / "expected"
DESK, LAB, CARTERET = load_site("desk"), load_site("lab"), load_site("carteret")


def facts_of(site: Site, first_cpu: int = 0) -> Facts:
    """Facts of machines whose cpus are numbered from `first_cpu`."""
    return Facts(
        hosts=tuple(
            HostFacts(host=host.name, cpus=tuple(range(first_cpu, first_cpu + host.cpu.count))) for host in site.hosts
        )
    )


def run_of(site: Site) -> Run:
    return Run(
        directory=f"build/{site.name}/runs/2012-06-21-a1b2c3d4e5f6",
        hot_directory=f"/dev/shm/colo-{site.name}-a1b2c3d4e5f6",
        credentials_directory=f"build/{site.name}/credentials",
        session_file="build/sessions/a1b2c3d4e5f6/session.itch",
        release_digest="5e" * 32,
        spec_digests={"avellaneda_stoikov": "a5" * 32},
    )


def engine_text(site: Site, process: str = "engine", traded: tuple[str, ...] = ("AMZN", "AAPL")) -> str:
    reference_data = sample_reference_data(site.venues[0], traded, others=("MSFT",))
    chosen = next(one for one in site.processes if one.name == process)
    return render_engine(site, facts_of(site), reference_data, run_of(site), chosen)


def exchange_text(site: Site) -> str:
    return render_exchange(site, facts_of(site), sample_reference_data(site.venues[0], ("AMZN", "AAPL")), run_of(site))


RENDERED = {
    "desk_engine.json": lambda: engine_text(DESK),
    "desk_exchange.json": lambda: exchange_text(DESK),
    "lab_exchange.json": lambda: exchange_text(LAB),
    "carteret_engine_1.json": lambda: engine_text(CARTERET, "engine-1"),
    "carteret_standby_1.json": lambda: engine_text(CARTERET, "standby-1"),
}


@pytest.mark.parametrize("name", RENDERED)
def test_rendered_text_is_the_expected_one(name: str, repository_root: Path) -> None:
    """A meant change is accepted by copying the text that the failing test leaves under build/."""
    text = RENDERED[name]()
    left = repository_root / "build" / "tests" / "rendered" / name
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_text(text)
    assert text == (EXPECTED / name).read_text(), f"if this change is meant: cp {left} {EXPECTED / name}"


def test_expected_texts_are_all_rendered() -> None:
    assert {path.name for path in EXPECTED.iterdir()} == set(RENDERED)


def test_engine_and_exchange_meet_at_the_same_places() -> None:
    for site in (DESK, LAB):
        engine, exchange = json.loads(engine_text(site)), json.loads(exchange_text(site))
        channel = engine["feed"]["channels"][0]
        assert exchange["lines"] == channel["lines"]
        assert exchange["mold_session"] == engine["feed"]["session"]
        assert exchange["mic"] == engine["venue"]["mic"]
        assert exchange["midnight_ns"] == engine["venue"]["midnight_ns"]
        assert exchange["snapshot"] == channel["snapshot"]
        for key in ("address", "port"):
            assert exchange["rerequest"][key] == channel["rerequest"][key]
        for key in ("address", "port", "username", "password_file", "cancel_on_disconnect"):
            assert exchange["order_entry"][key] == engine["order_session"][key]


def test_a_standby_would_take_over_everything_but_host_and_cpus() -> None:
    primary, standby = (json.loads(engine_text(CARTERET, name)) for name in ("engine-1", "standby-1"))
    differing = {key for key in primary if primary[key] != standby[key]}
    assert differing == {"process", "feed", "threads", "gateway", "host"}  # a host has its own audit
    assert primary["order_session"] == standby["order_session"]


def test_cpus_are_those_that_the_host_lets_us_use() -> None:
    reference_data = sample_reference_data(DESK.venues[0], ("AMZN",))
    facts = Facts(hosts=(HostFacts(host="desk", cpus=(4, 6, 9)),))
    engine = json.loads(render_engine(DESK, facts, reference_data, run_of(DESK)))
    exchange = json.loads(render_exchange(DESK, facts, reference_data, run_of(DESK)))
    assert {thread["role"]: thread["cpu"] for thread in engine["threads"]} == {"trading": 6, "housekeeping": 4}
    assert exchange["cpu"] == 4


def test_original_pacing_and_loss_replace_the_declared_ones() -> None:
    declared = DESK.venues[0].environments[0].simulator
    simulator = rebuilt(
        declared,
        pacing=Pacing(mode="original", speed=100.0),
        loss=Loss(line_a=0.01, line_b=0.01, both=0.001, seed=7),
        rerequest_refuse=True,
    )
    run = replace(run_of(DESK), simulator=simulator)
    reference_data = sample_reference_data(DESK.venues[0], ("AMZN",))
    engine = json.loads(render_engine(DESK, facts_of(DESK), reference_data, run))
    exchange = json.loads(render_exchange(DESK, facts_of(DESK), reference_data, run))
    assert engine["paced"] is False
    assert exchange["pacing"]["mode"] == "original"
    assert exchange["loss"] == {"line_a": 0.01, "line_b": 0.01, "both": 0.001, "seed": 7}
    assert exchange["rerequest"]["refuse"] is True


@pytest.mark.parametrize(
    ("facts", "run", "traded", "mic", "message"),
    [
        (Facts(hosts=()), {}, ("AMZN",), "XNAS", "host desk: no facts were gathered, so its cpus are not known"),
        (
            Facts(hosts=(HostFacts(host="desk", cpus=(0,)),)),
            {},
            ("AMZN",),
            "XNAS",
            "host desk: thread trading of process engine is declared on cpu 1, but only 1 cpus may be used",
        ),
        (
            facts_of(DESK),
            {"spec_digests": {}},
            ("AMZN",),
            "XNAS",
            "strategy avellaneda_stoikov: the digest of the spec of avellaneda_stoikov is not known",
        ),
        (
            facts_of(DESK),
            {},
            (),
            "XNAS",
            "reference data of XNAS 2012-06-21: no instrument is traded by strategy avellaneda_stoikov",
        ),
        (
            facts_of(DESK),
            {},
            ("AMZN",),
            "XNYS",
            "process engine trades at XNAS, but the reference data is of XNYS",
        ),
    ],
)
def test_what_cannot_be_rendered_is_named(
    facts: Facts, run: dict, traded: tuple[str, ...], mic: str, message: str
) -> None:
    reference_data = rebuilt(sample_reference_data(DESK.venues[0], traded, others=("MSFT",)), mic=mic)
    with pytest.raises(ColoError) as raised:
        render_engine(DESK, facts, reference_data, replace(run_of(DESK), **run))
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("name", "feed", "orders"),
    [("mahwah", "xdp", "pillar"), ("aurora", "mdp3", "ilink3"), ("frankfurt-recovery", "eobi", "eti")],
)
def test_protocols_that_the_engine_does_not_trade_are_refused(name: str, feed: str, orders: str) -> None:
    with pytest.raises(ColoError) as raised:
        engine_text(load_site(name), "engine-1")
    assert str(raised.value) == (
        f"process engine-1 has a feed of {feed} and orders of {orders}, but the engine trades on itch and ouch only"
    )


@pytest.mark.parametrize("kind", ["rerequest", "glimpse"])
def test_a_feed_without_one_of_its_two_recoveries_is_named(kind: str) -> None:
    channel = DESK.venues[0].environments[0].feeds[0].channels[0]
    others = tuple(recovery for recovery in channel.recovery if recovery.kind != kind)
    site = substituted(DESK, channel, rebuilt(channel, recovery=others))
    with pytest.raises(ColoError) as raised:
        engine_text(site)
    assert str(raised.value) == "process engine: feed channel 0 needs the recoveries rerequest and glimpse"


SYMBOLS = st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=5), min_size=1, max_size=8, unique=True)


@given(symbols=SYMBOLS, traded_count=st.integers(1, 8), first_cpu=st.integers(0, 200))
def test_every_traded_instrument_has_limits_of_every_level(
    symbols: list[str], traded_count: int, first_cpu: int
) -> None:
    traded, others = tuple(symbols[:traded_count]), tuple(symbols[traded_count:])
    reference_data = sample_reference_data(DESK.venues[0], traded, others)
    config = json.loads(render_engine(DESK, facts_of(DESK, first_cpu), reference_data, run_of(DESK)))
    ids = {instrument["symbol"]: instrument["instrument_id"] for instrument in config["instruments"]}
    limited = {(limits["level"], limits["name"]) for limits in config["risk"]}
    strategy = config["strategies"][0]
    assert {level for level, _ in limited} == set(RISK_LEVELS)
    assert ("strategy", strategy["name"]) in limited
    assert {ids[name] for level, name in limited if level == "instrument"} == set(strategy["instruments"])
    assert set(ids) == set(symbols)
    listed = [symbol for symbol in ("AMZN", "AAPL") if symbol in traded]
    assert strategy["instruments"] == [ids[symbol] for symbol in listed or sorted(traded)]


@given(symbols=SYMBOLS, first_cpu=st.integers(0, 200))
def test_rendering_is_deterministic(symbols: list[str], first_cpu: int) -> None:
    """Equal inputs that are other objects give the same bytes."""

    def texts() -> tuple[str, str]:
        reference_data = sample_reference_data(DESK.venues[0], tuple(symbols))
        site = rebuilt(DESK)
        return (
            render_engine(site, facts_of(site, first_cpu), reference_data, run_of(site)),
            render_exchange(site, facts_of(site, first_cpu), reference_data, run_of(site)),
        )

    assert texts() == texts()


def test_rendering_does_not_depend_on_the_process(tmp_path: Path, repository_root: Path) -> None:
    """Another hash seed, time zone, locale and folder give the same bytes."""
    program = (
        "from tests.engine.test_render import RENDERED; print(''.join(RENDERED[name]() for name in RENDERED), end='')"
    )
    environment = {"PYTHONPATH": str(repository_root), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    printed = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "".join(RENDERED[name]() for name in RENDERED)


def test_rendering_reads_no_file_no_clock_and_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a renderer is pure")

    expected = {name: render() for name, render in RENDERED.items()}
    with monkeypatch.context() as patched:
        for owner, name in ((builtins, "open"), (os, "getenv"), (time, "time"), (time, "time_ns"), (os, "listdir")):
            patched.setattr(owner, name, refuse)
        rendered = {name: render() for name, render in RENDERED.items()}
    assert rendered == expected


def test_items_of_the_self_check_have_the_names_that_the_engine_knows(repository_root: Path) -> None:
    text = (repository_root / "engine" / "runtime" / "config.hpp").read_text()
    known = re.search(r"self_check_names = \{(.*?)\};", text, re.DOTALL)
    assert known is not None
    assert tuple(re.findall(r'"(\w+)"', known.group(1))) == get_args(SelfCheckItem)

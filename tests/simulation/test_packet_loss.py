"""Packets are lost on the lines: nothing is missing afterwards, and where something cannot be had it is named."""

from __future__ import annotations

import struct

import pytest

from tests.simulation.checks import assert_complete
from tests.simulation.conftest import ShortSession
from tests.simulation.replays import journaled_orders, records_of
from tests.simulation.site_runs import SiteRuns


@pytest.mark.parametrize("loss_seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 7))])
def test_one_percent_lost_on_each_line_and_a_thousandth_on_both(
    desk: SiteRuns, short_session: ShortSession, loss_seed: int
):
    loss = {"line_a": 0.01, "line_b": 0.01, "both": 0.001, "seed": loss_seed}
    desk.forget(short_session.day)
    report = desk.succeed([short_session.file], changes=[{"name": "faults", **loss}])
    done = desk.read(short_session.day, "traded.json")
    assert done["exchange"]["packets_lost"] > 0
    assert done["engine"]["gaps"] > 0 and done["engine"]["rerequested"] > 0
    assert_complete(desk, short_session.day, short_session.messages)
    headers, _ = records_of(desk.run_directory(short_session.day) / "journal", "feed_message")
    assert set(headers["source"].tolist()) == {0, 1, 2}, "lines A and B, and re-requested messages"
    # A lost packet delays the decision, but the venue waits for it: the same orders as without loss.
    assert report["engine"]["orders"] == short_session.orders
    assert journaled_orders(desk.run_directory(short_session.day) / "journal") == short_session.order_stream


def test_a_refused_rerequest_leads_to_a_snapshot_and_the_gap_is_named(desk: SiteRuns, short_session: ShortSession):
    desk.forget(short_session.day)
    changes = [{"name": "faults", "both": 0.0005, "seed": 3, "rerequest_refuse": True}]
    sentence = desk.run([short_session.file], changes=changes).sentence()
    done = desk.read(short_session.day, "traded.json")
    assert done["engine"]["sequence"] == short_session.messages, "the session was traded to its end"
    assert done["engine"]["snapshots"] == done["exchange"]["snapshots"] == done["engine"]["gaps"] > 0
    assert done["engine"]["rerequested"] == done["exchange"]["rerequested_messages"] == 0
    _, payloads = records_of(desk.run_directory(short_session.day) / "journal", "gap")
    gaps = [struct.unpack("<QQ", payload) for payload in payloads]
    lost = {sequence for first, last in gaps for sequence in range(first, last + 1)}
    assert len(lost) == done["engine"]["lost_messages"]
    stored = desk.rows("ticks", short_session.day)["sequence"].to_pylist()
    assert sorted(stored) == [n for n in range(1, short_session.messages + 1) if n not in lost]
    assert sentence.startswith(f"colo: sequence_gap: {len(gaps)} of {len(stored):,} rows, ")
    for first, last in gaps[:5]:
        assert f"sequence {first} to {last} missing before it" in sentence
    assert desk.report()["checks"]["failed"] > 0

"""What must hold of every run that came to its end, looked at in the files that it left."""

from __future__ import annotations

import numpy

from tests.simulation.replays import journal_records, records_of
from tests.simulation.site_runs import SiteRuns


def assert_complete(runs: SiteRuns, day: str, messages: int) -> None:
    """The session's messages are journaled once each and in order, and stored rows equal journaled events exactly."""
    from colo_engine import record_kinds

    journal = runs.run_directory(day) / "journal"
    headers, _ = records_of(journal, "feed_message")
    assert headers["sequence"].tolist() == list(range(1, messages + 1))
    ticks = runs.rows("ticks", day)
    assert sorted(ticks["sequence"].to_pylist()) == headers["sequence"].tolist()
    assert sorted(ticks["journal_offset"].to_pylist()) == headers["offset"].tolist()
    events = [record_kinds[kind] for kind in ("order_sent", "order_answer", "risk_reject")]
    every, _ = journal_records(journal)
    expected = every["offset"][numpy.isin(every["kind"], events)]
    assert sorted(runs.rows("order_events", day)["journal_offset"].to_pylist()) == expected.tolist()
    report = runs.report()
    assert report["checks"]["failed"] == 0
    assert (report["stream"]["duplicates"], report["stream"]["gaps"]) == (0, 0)
    assert report["stream"]["stored_by_table"]["ticks"] == messages

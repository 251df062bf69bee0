"""Writes the report of a run: report.json with the figures, report.html with the pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.records import action_code
from pipelines.quality.rules import RULES
from pipelines.quality.violations import Finding
from pipelines.report import figures
from pipelines.report.page import render_page
from pipelines.report.series import TIMING, marks, quotes_in_busiest_window, stage_latencies
from pipelines.session import Session
from pipelines.store.tick_store import ORDER_EVENTS, TICKS, Day, TickStore, read_arrow
from pipelines.trading.run_directory import RunDirectory
from stacks.topology.instrument import ReferenceData
from stacks.topology.site import Site

TIMING_KIND = 6  # of the journal's records


def write_report(
    site: Site, session: Session, run: RunDirectory, store: TickStore, directory: Path, elapsed_s: float
) -> dict[str, Any]:
    """Writes report.json and report.html into `directory` and returns the former's content."""
    stages = stage_latencies(_timings(run))
    content = {
        "session": {
            "source": session.source,
            "trading_day": session.trading_day.isoformat(),
            "messages": session.messages,
            "symbols": list(session.symbols),
            "synthetic": session.synthetic,
        },
        "engine": _engine(run, stages),
        "stream": run.read("stream.json"),
        "checks": _checks(run),
        "site": site.name,
        "elapsed_s": round(elapsed_s, 3),
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.html").write_text(_page(site, session, run, store, content, stages))
    (directory / "report.json").write_text(json.dumps(content, indent=2) + "\n")
    return content


def _engine(run: RunDirectory, stages: dict[str, np.ndarray]) -> dict[str, Any]:
    summary = run.read("traded.json")["engine"]
    release = run.read("release.json")
    manifest = json.loads((Path(release["directory"]) / "manifest.json").read_text())
    names = ("decoded to decided", "decided to journaled")
    return {
        "version": manifest["version"],
        "digest": Path(release["directory"]).name,
        "orders": summary["orders"],
        "fills": summary["fills"],
        "rejects": sum(summary["rejects_by_rule"].values()),
        "rejects_by_rule": summary["rejects_by_rule"],
        "pnl": round(summary["pnl"] / figures.PRICE_UNITS, 4),
        "tick_to_trade_ns": figures.percentiles(sum(stages[name] for name in names)),
        "wire_to_wire_ns": figures.percentiles(stages["wire to wire"]),
    }


def _checks(run: RunDirectory) -> dict[str, int]:
    verdicts = run.read("quality.json")["verdicts"].values()
    return {"passed": sum(verdicts), "failed": len(verdicts) - sum(verdicts)}


def _timings(run: RunDirectory) -> np.ndarray:
    """Every timing record of the journal."""
    from colo_engine import read_journal

    parts, offset = [np.empty(0, TIMING)], 0
    while True:
        headers, payloads, following = read_journal(str(run.journal), offset)
        if not len(headers):
            return np.concatenate(parts)
        chosen = headers[headers["kind"] == TIMING_KIND]
        data = payloads.tobytes()
        starts = chosen["payload_position"]
        parts.append(np.frombuffer(b"".join(data[at : at + TIMING.itemsize] for at in starts), TIMING))
        offset = following


def _page(
    site: Site, session: Session, run: RunDirectory, store: TickStore, content: dict[str, Any],
    stages: dict[str, np.ndarray],
) -> str:  # fmt: skip
    quality = run.read("quality.json")
    rules = {rule.name: rule for rule in RULES}
    findings = [
        Finding(rules[item["rule"]], item["examined"], item["violations"], tuple(map(tuple, item["rows"])))
        for item in quality["findings"]
    ]
    kind = "generated" if session.synthetic == session.messages else "recorded"
    return render_page(
        f"{site.name}: {', '.join(session.symbols[:8])} on {session.trading_day}",
        f"{session.source}. {session.messages:,} messages, {kind}"
        + (f", {session.synthetic:,} of them added by completion" if kind == "recorded" and session.synthetic else ""),
        _tiles(content),
        _plots(session, run, store, content, stages),
        findings,
        quality["verdicts"],
    )


def _tiles(content: dict[str, Any]) -> dict[str, str]:
    engine, stream = content["engine"], content["stream"]

    def microseconds(value: int | None) -> str:
        return "none" if value is None else f"{value / 1_000:,.1f} us"

    return {
        "orders": f"{engine['orders']:,}",
        "fills": f"{engine['fills']:,}",
        "refused by risk": f"{engine['rejects']:,}",
        "profit": f"{engine['pnl']:,.2f} dollars",
        "tick to trade, p50": microseconds(engine["tick_to_trade_ns"]["p50"]),
        "tick to trade, p99": microseconds(engine["tick_to_trade_ns"]["p99"]),
        "wire to wire, p50": microseconds(engine["wire_to_wire_ns"]["p50"]),
        "wire to wire, p99": microseconds(engine["wire_to_wire_ns"]["p99"]),
        "stored rows": f"{stream['stored']:,}",
        "store": stream["store"],
        "release": f"{engine['version']} {engine['digest'][:12]}",
        "elapsed": f"{content['elapsed_s']:.1f} s",
    }


def _plots(
    session: Session, run: RunDirectory, store: TickStore, content: dict[str, Any], stages: dict[str, np.ndarray]
) -> dict[str, str]:
    reference_data = ReferenceData.model_validate(run.read("reference_data.json"))
    symbols = {item.instrument_id: item.symbol for item in reference_data.instruments if item.traded}
    midnight_ns = reference_data.midnight_ns
    day = Day(session.venue, session.trading_day)
    ticks, order_events = read_arrow(store, TICKS, day), read_arrow(store, ORDER_EVENTS, day)
    fills = order_events.filter(pc.equal(order_events.column("action"), action_code("own_executed")))
    plots = {}
    marked = marks(ticks, fills, symbols, midnight_ns)
    if marked:
        plots["Profit, marked to the middle of the book, before fees"] = figures.profit_and_loss(marked)
        plots["Position"] = figures.positions(marked)
        busiest = _most_filled(fills)
        window = quotes_in_busiest_window(ticks, order_events, busiest, midnight_ns)
        heading = "Quotes around the book, in the minute and a half with the most fills"
        plots[heading] = figures.quotes_around_book(*window, symbols.get(busiest, str(busiest)))
    plots["Latency by stage"] = figures.latency_by_stage(stages)
    plots["Rows by stage"] = figures.rows_by_stage(
        {
            "played by the exchange": session.messages,
            "published by the data plane": content["stream"]["published"],
            **{f"stored: {table}": count for table, count in content["stream"]["stored_by_table"].items()},
        }
    )
    return plots


def _most_filled(fills: pa.Table) -> int:
    counts = pc.value_counts(fills.column("instrument_id"))
    return max(counts, key=lambda item: item["counts"].as_py())["values"].as_py()

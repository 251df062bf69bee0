"""The report's numbers and pictures, from rows whose answers are known."""

from __future__ import annotations

import numpy as np

from engine.records import action_code, arrow_table, numpy_dtype
from pipelines.quality.rules import RULES
from pipelines.quality.violations import Finding
from pipelines.report import figures
from pipelines.report.page import render_page
from pipelines.report.series import TIMING, marks, quotes_in_busiest_window, stage_latencies

MIDNIGHT_NS = 1_340_251_200_000_000_000
SECOND = 1_000_000_000
HALF_PAST_NINE = MIDNIGHT_NS + 34_200 * SECOND


def rows(*values: dict[str, int]) -> np.ndarray:
    made = np.zeros(len(values), numpy_dtype())
    for row, fields in zip(made, values, strict=True):
        for name, value in fields.items():
            row[name] = value
    return made


def ticks() -> np.ndarray:
    quote = {"instrument_id": 7, "bid_quantity": 1, "ask_quantity": 1}
    return rows(
        {**quote, "event_time_ns": HALF_PAST_NINE, "bid_price": 99_900, "ask_price": 100_100},
        {**quote, "event_time_ns": HALF_PAST_NINE + 600 * SECOND, "bid_price": 109_900, "ask_price": 110_100},
    )


def events() -> np.ndarray:
    order = {"instrument_id": 7, "order_id": 1, "price": 100_000, "quantity": 10, "side": ord("B")}
    return rows(
        {**order, "event_time_ns": HALF_PAST_NINE + SECOND, "action": action_code("own_accepted")},
        {**order, "event_time_ns": HALF_PAST_NINE + 3 * SECOND, "action": action_code("own_executed")},
    )


def test_profit_is_marked_to_the_middle() -> None:
    fills = arrow_table(events()[1:])
    (marked,) = marks(arrow_table(ticks()), fills, {7: "ABC", 8: "NONE"}, MIDNIGHT_NS).values()
    assert marked[0].tolist() == [9.5, 0.0, 0.0]  # nothing held before the fill
    assert marked[1, 1:].tolist() == [0.0, 10.0]  # bought at the middle
    assert marked[-1, 1:].tolist() == [10.0, 10.0]  # ten shares, one dollar up


def test_the_busiest_window_shows_the_order_until_its_fill() -> None:
    book, quotes, fills = quotes_in_busiest_window(arrow_table(ticks()), arrow_table(events()), 7, MIDNIGHT_NS)
    assert book.tolist() == [[34_200.0, 9.99, 10.01]]
    assert quotes.tolist() == [[34_201.0, 34_203.0, 10.0, 1.0]]
    assert fills.tolist() == [[34_203.0, 10.0, 1.0]]


def test_stages_sum_to_wire_to_wire() -> None:
    timings = np.zeros(3, TIMING)
    for step, name in enumerate(("receive_time_ns", "decoded_ns", "decided_ns", "journaled_ns", "sent_ns")):
        timings[name] = 1_000 + 10 * step * step
    stages = stage_latencies(timings)
    assert [int(values[0]) for values in stages.values()] == [10, 30, 50, 70, 160]


def test_percentiles_are_values_that_occurred() -> None:
    assert figures.percentiles(list(range(1, 1_001))) == {"p50": 501, "p99": 991, "p999": 1_000}
    assert figures.percentiles([]) == {"p50": None, "p99": None, "p999": None}


def test_the_page_is_one_self_contained_file_that_names_failures() -> None:
    plots = {
        "profit": figures.profit_and_loss({"ABC": np.array([[9.5, 0.0, 0.0], [10.0, 5.0, 10.0]])}),
        "latency": figures.latency_by_stage({"wire to wire": np.arange(1, 100)}),
        "none": figures.latency_by_stage({"wire to wire": np.empty(0)}),
        "rows": figures.rows_by_stage({"played": 10, "stored": 9}),
    }
    failed, *others = RULES
    findings = [Finding(failed, 5, 1, (("ticks sequence=<9>", "gap"),)), *[Finding(rule, 5, 0, ()) for rule in others]]
    verdicts = {rule.name: rule is not failed for rule in RULES}
    page = render_page("desk", "a day", {"orders": "1"}, plots, findings, verdicts)
    assert page.count("<svg") == 4
    assert "ticks sequence=&lt;9&gt;: gap" in page
    assert "src=" not in page and 'href="http' not in page.replace("xlink:href", "")

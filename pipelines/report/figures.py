"""The report's plots, each a function from stored rows to an inline SVG.

Times are seconds of the trading day (venue's timezone), prices dollars; stored prices are in units of 1e-4 dollars.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np

PRICE_UNITS = 10_000.0
POINTS_MAX = 1_500
COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626", "#0891b2")
STAGES = ("kernel to decoded", "decoded to decided", "decided to journaled", "journaled to sent", "wire to wire")


def profit_and_loss(marks: Mapping[str, np.ndarray]) -> str:
    """Marked-to-market profit of each instrument and in total. marks: symbol -> [n, 3] of hour, dollars, position."""

    def draw(axes) -> None:
        for colour, (symbol, rows) in zip(COLOURS, marks.items(), strict=False):
            axes.plot(rows[:, 0], rows[:, 1], color=colour, label=symbol, linewidth=1.2)
        if len(marks) > 1:
            total = sum(rows[:, 1] for rows in marks.values())
            axes.plot(next(iter(marks.values()))[:, 0], total, color="#111827", label="total", linewidth=1.6)
        axes.axhline(0, color="#9ca3af", linewidth=0.8)
        _label(axes, "hour of the day", "profit, dollars")

    return _svg(draw)


def positions(marks: Mapping[str, np.ndarray]) -> str:
    """Shares held over the day, in the form of `profit_and_loss`'s marks."""

    def draw(axes) -> None:
        for colour, (symbol, rows) in zip(COLOURS, marks.items(), strict=False):
            axes.step(rows[:, 0], rows[:, 2], where="post", color=colour, label=symbol, linewidth=1.2)
        axes.axhline(0, color="#9ca3af", linewidth=0.8)
        _label(axes, "hour of the day", "position, shares")

    return _svg(draw)


def quotes_around_book(book: np.ndarray, quotes: np.ndarray, fills: np.ndarray, symbol: str) -> str:
    """The best bid and ask with the engine's resting orders as lines and its fills as marks.

    book: [n, 3] of second, bid, ask; quotes: [m, 4] of second from, second to, price, side (+1 buy);
    fills: [k, 3] of second, price, side.
    """

    def draw(axes) -> None:
        axes.fill_between(book[:, 0], book[:, 1], book[:, 2], step="post", color="#e5e7eb", label="spread")
        for side, colour, name in ((1, "#2563eb", "our bids"), (-1, "#dc2626", "our asks")):
            rows = quotes[quotes[:, 3] == side]
            axes.hlines(rows[:, 2], rows[:, 0], rows[:, 1], color=colour, linewidth=1.4, label=name)
            done = fills[fills[:, 2] == side]
            axes.scatter(
                done[:, 0],
                done[:, 1],
                marker="^" if side > 0 else "v",
                s=42,
                color=colour,
                zorder=3,
                edgecolor="white",
                linewidth=0.6,
                label="bought" if side > 0 else "sold",
            )
        _label(axes, f"seconds of the day, {symbol}", "price, dollars")

    return _svg(draw, height=3.6)


def latency_by_stage(stages: Mapping[str, np.ndarray]) -> str:
    """Percentile curves of each stage in nanoseconds: how long the p-th slowest order took."""

    def draw(axes) -> None:
        tail = np.concatenate([1 - np.logspace(0, -4, 120)])
        for colour, (name, values) in zip(COLOURS, stages.items(), strict=False):
            if len(values):
                axes.plot(1 / (1 - tail), np.maximum(np.quantile(values, tail), 1), color=colour, label=name)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xticks([1, 2, 10, 100, 1_000, 10_000], ["0", "p50", "p90", "p99", "p99.9", "p99.99"])
        axes.minorticks_off()
        _label(axes, "percentile of orders", "nanoseconds")

    return _svg(draw)


def rows_by_stage(rows: Mapping[str, int]) -> str:
    """How many rows each stage holds, so that a loss between two stages shows as a step."""

    def draw(axes) -> None:
        names, counts = list(rows), [rows[name] for name in rows]
        drawn = axes.barh(names, counts, color="#2563eb")
        axes.bar_label(drawn, [f"{count:,}" for count in counts], padding=4, fontsize=9)
        axes.invert_yaxis()
        axes.set_xlim(0, max([*counts, 1]) * 1.15)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_xlabel("rows")

    return _svg(draw, legend=False, height=0.8 + 0.34 * max(len(rows), 3))


def thin(rows: np.ndarray, points_max: int = POINTS_MAX) -> np.ndarray:
    """At most `points_max` rows, evenly taken, the last one kept: a plot shows no more."""
    if len(rows) <= points_max:
        return rows
    return rows[np.linspace(0, len(rows) - 1, points_max).astype(int)]


def _label(axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def _svg(draw: Callable[[object], None], legend: bool = True, height: float = 3.0) -> str:
    from matplotlib import rcParams
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "colo", "font.family": "sans-serif", "font.size": 10})
    figure = Figure(figsize=(10.5, height), layout="constrained")
    axes = figure.subplots()
    axes.grid(color="#f3f4f6")
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    draw(axes)
    handles, labels = axes.get_legend_handles_labels()
    if legend and handles:
        axes.legend(handles, labels, frameon=False, fontsize=9, loc="lower left", bbox_to_anchor=(0, 1), ncols=6)
    text = io.StringIO()
    FigureCanvasSVG(figure).print_svg(text, metadata={"Date": None})
    return text.getvalue().split("?>", 1)[1].split('.dtd">', 1)[1]


def percentiles(values: Sequence[int] | np.ndarray) -> dict[str, int | None]:
    """{p50, p99, p999} in the values' unit; None where there are no values."""
    if not len(values):
        return {"p50": None, "p99": None, "p999": None}
    p50, p99, p999 = np.quantile(np.asarray(values), [0.5, 0.99, 0.999], method="higher")
    return {"p50": int(p50), "p99": int(p99), "p999": int(p999)}

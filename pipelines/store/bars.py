"""The one definition of bars, rendered to the SQL of DuckDB and of Flink, which give the same integers.

A bar covers one instrument over a window of event time: window_start_ns = event_time_ns div window_ns * window_ns.
A window exists if at least one message of the instrument falls into it (status messages do not count); windows
without any are omitted. `open`, `high`, `low` and `close` are prices of printable executions, trades and crosses, by
sequence, and NULL in a window without one. A bust takes volume, notional and trades back in the window of the bust.
Spread times time is kept as an integer (`spread_time`), so that a time-weighted spread over any span of windows is
sum(spread_time) / sum(observed_time_ns), exactly. `covered` is the part of the time since the instrument's previous
message that lies in the window of this one.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.records import I32, I64, FieldType, action_code

KEY = ("instrument_id", "window_start_ns")


@dataclass(frozen=True)
class BarColumn:
    """One column of the bars tables of every store."""

    name: str
    type: FieldType
    doc: str
    nullable: bool = False


BAR_COLUMNS: tuple[BarColumn, ...] = (
    BarColumn("instrument_id", I32, "Stable id from the reference data."),
    BarColumn("window_start_ns", I64, "Unix ns at which the window begins."),
    BarColumn("open", I64, "Price of the first printable trade in units of 1e-4; NULL without one.", nullable=True),
    BarColumn("high", I64, "Highest price of a printable trade; NULL without one.", nullable=True),
    BarColumn("low", I64, "Lowest price of a printable trade; NULL without one.", nullable=True),
    BarColumn("close", I64, "Price of the last printable trade; NULL without one.", nullable=True),
    BarColumn("volume", I64, "Shares of printable trades, less those of busts."),
    BarColumn("notional", I64, "Sum of price times quantity of printable trades, less that of busts."),
    BarColumn("trades", I64, "Number of printable trades, less that of busts."),
    BarColumn("order_flow_imbalance", I64, "Sum of the contributions of Cont, Kukanov and Stoikov, in shares."),
    BarColumn("spread_time", I64, "Sum of spread times nanoseconds over the observed part of the window."),
    BarColumn("observed_time_ns", I64, "Nanoseconds of the window with a known two-sided market."),
)


@dataclass(frozen=True)
class Dialect:
    """What differs between two SQL systems; each entry is a pattern with its operands in braces."""

    name: str
    quote: str
    divide: str
    modulo: str
    integer: str
    first: str
    last: str
    window_key: str
    """Expression over one row that tells its window, for GROUP BY."""
    rows: str
    """What stands after FROM to read a source cut into windows."""


DUCKDB = Dialect(
    name="duckdb",
    quote='"',
    divide="({0} // {1})",
    modulo="({0} % {1})",
    integer="CAST({0} AS BIGINT)",
    first="arg_min({0}, sequence) FILTER (WHERE {1})",
    last="arg_max({0}, sequence) FILTER (WHERE {1})",
    window_key="event_time_ns // {window_ns}",
    rows="{source}",
)

# Rows of one instrument come from one feed channel, a channel is one partition, and a partition keeps its order: the
# order of arrival is the order of the sequence. Time attributes have milliseconds in Flink, which is why a window must
# be a whole number of them; the start that is stored is computed from the nanoseconds.
FLINK = Dialect(
    name="flink",
    quote="`",
    divide="({0} / {1})",
    modulo="MOD({0}, {1})",
    integer="{0}",
    first="FIRST_VALUE({0}) FILTER (WHERE {1})",
    last="LAST_VALUE({0}) FILTER (WHERE {1})",
    window_key="window_start, window_end",
    rows="TABLE(TUMBLE(TABLE {source}, DESCRIPTOR(event_time), {interval}))",
)


def bar_names() -> tuple[str, ...]:
    """Names of the columns in their order."""
    return tuple(column.name for column in BAR_COLUMNS)


def select_bars(dialect: Dialect, source: str, window_ns: int) -> str:
    """SELECT of all BAR_COLUMNS over the ticks in `source`; ValueError if the window is no whole number of ms."""
    if window_ns <= 0 or window_ns % 1_000_000:
        raise ValueError(f"window_ns: {window_ns} is not a positive number of whole milliseconds")
    lines = [
        f"    {expression} AS {dialect.quote}{name}{dialect.quote}"
        for name, expression in _expressions(dialect, window_ns).items()
    ]
    rows = dialect.rows.format(source=source, interval=interval(window_ns))
    window = dialect.window_key.format(window_ns=window_ns)
    columns = ",\n".join(lines)
    return (
        f"SELECT\n{columns}\nFROM {rows}\n"
        f"WHERE {dialect.quote}action{dialect.quote} <> {action_code('status')}\n"
        f"GROUP BY instrument_id, {window}"
    )


def interval(span_ns: int) -> str:
    """Flink's literal for a span of whole milliseconds; its fields have two digits before the point."""
    if span_ns % 1_000_000 == 0 and span_ns < 100 * 10**9:
        return f"INTERVAL '{span_ns / 1e9:.3f}' SECOND"
    for unit, unit_ns in (("MINUTE", 60 * 10**9), ("HOUR", 3_600 * 10**9)):
        if span_ns % unit_ns == 0 and span_ns < 100 * unit_ns:
            return f"INTERVAL '{span_ns // unit_ns}' {unit}"
    raise ValueError(f"a span of {span_ns} ns is neither under 100 s in whole milliseconds nor whole minutes or hours")


def _expressions(dialect: Dialect, window_ns: int) -> dict[str, str]:
    action = f"{dialect.quote}action{dialect.quote}"
    executions = ", ".join(str(action_code(name)) for name in ("execute_order", "trade", "cross"))
    printable = "MOD(flags, 2) = 1"  # bit 1 of the flags; no SQL operator for bits is common to both systems
    trade = f"{action} IN ({executions}) AND {printable}"
    bust = f"{action} = {action_code('bust')} AND {printable}"
    covered = f"LEAST(elapsed_ns, {dialect.modulo.format('event_time_ns', window_ns)})"

    def total(expression: str) -> str:
        return dialect.integer.format(f"SUM({expression})")

    def net(expression: str) -> str:
        return total(f"CASE WHEN {trade} THEN {expression} WHEN {bust} THEN -({expression}) ELSE 0 END")

    return {
        "instrument_id": "instrument_id",
        "window_start_ns": f"{dialect.divide.format('MIN(event_time_ns)', window_ns)} * {window_ns}",
        "open": dialect.first.format("price", trade),
        "high": f"MAX(price) FILTER (WHERE {trade})",
        "low": f"MIN(price) FILTER (WHERE {trade})",
        "close": dialect.last.format("price", trade),
        "volume": net("quantity"),
        "notional": net("price * quantity"),
        "trades": net("CAST(1 AS BIGINT)"),
        "order_flow_imbalance": total("order_flow_imbalance"),
        "spread_time": total(f"spread_before * {covered}"),
        "observed_time_ns": total(covered),
    }

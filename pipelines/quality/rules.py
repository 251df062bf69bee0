"""The rules a stored session must satisfy, each as one SQL query whose result rows are its violations.

A rule's query runs in DuckDB over the relations `ticks`, `order_events`, `bars` (what the store holds), `journal`
(kind, sequence, journal_offset of every journaled record), `tick_rules`, `positions` (what the engine reports) and
`drop_copy` (kind, match_number, order_id, instrument_id, side, price, quantity of what the venue says it executed),
with the bounds $messages (of the session), $from_start (1 where it begins with the day), $window_ns, $staleness_ns,
$open_ns and $close_ns, and yields one row per violation: `stored_row` names the row, `detail` says what is wrong.
`examined` counts the rows that the rule looked at, so that a rule that saw nothing is visible as such.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.records import action_code, flag

PRINTABLE, UNKNOWN_ORDER, REFUSED = flag("printable"), flag("unknown_order"), flag("refused")
NOT_CONTINUOUS = flag("halted") | flag("auction")
FEED_MESSAGE, ORDER_SENT, ORDER_ANSWER, RISK_REJECT = 1, 2, 3, 7


@dataclass(frozen=True)
class Rule:
    """One rule: `violations` and `examined` are SELECT statements in DuckDB's dialect."""

    name: str
    description: str
    table: str
    violations: str
    examined: str


def action(*names: str) -> str:
    """The SQL list of the codes of actions, such as action("add_order", "replace_order")."""
    return "(" + ", ".join(str(action_code(name)) for name in names) + ")"


BUST = action_code("bust")
TICK_ROW = "'ticks sequence=' || sequence || ' journal_offset=' || journal_offset"
BAR_ROW = "'bars instrument_id=' || instrument_id || ' window_start_ns=' || window_start_ns"

SEQUENCE_GAP = Rule(
    "sequence_gap",
    "Sequence numbers of the feed run from 1 to the session's last without a gap.",
    "ticks",
    f"""
    SELECT {TICK_ROW} AS stored_row,
           'sequence ' || (previous + 1) || ' to ' || (sequence - 1) || ' missing before it' AS detail
    FROM (SELECT sequence, journal_offset, lag(sequence, 1, 0) OVER (ORDER BY sequence, journal_offset) AS previous
          FROM ticks)
    WHERE sequence > previous + 1
    UNION ALL
    SELECT {TICK_ROW}, 'sequence ' || (sequence + 1) || ' to ' || $messages || ' missing after it'
    FROM (SELECT sequence, journal_offset FROM ticks ORDER BY sequence DESC, journal_offset LIMIT 1)
    WHERE sequence < $messages
    UNION ALL
    SELECT 'ticks', 'no row of ' || $messages || ' is there'
    WHERE $messages > 0 AND NOT EXISTS (FROM ticks)""",
    "SELECT count(*) FROM ticks",
)

SEQUENCE_DUPLICATE = Rule(
    "sequence_duplicate",
    "No message of the feed is stored twice.",
    "ticks",
    f"""
    SELECT {TICK_ROW} AS stored_row, 'sequence ' || sequence || ' stored before' AS detail
    FROM (SELECT sequence, journal_offset,
                 row_number() OVER (PARTITION BY sequence ORDER BY journal_offset) AS copy FROM ticks)
    WHERE copy > 1""",
    "SELECT count(*) FROM ticks",
)

EVENT_TIME_MONOTONE = Rule(
    "event_time_monotone",
    "Event time never goes back along the sequence of a feed channel.",
    "ticks",
    f"""
    SELECT {TICK_ROW} AS stored_row,
           'event time ' || (previous - event_time_ns) || ' ns before the message ahead of it' AS detail
    FROM (SELECT sequence, journal_offset, event_time_ns,
                 lag(event_time_ns) OVER (ORDER BY sequence, journal_offset) AS previous FROM ticks)
    WHERE event_time_ns < previous""",
    "SELECT count(*) FROM ticks",
)

STALENESS = Rule(
    "staleness",
    "Between open and close the feed is never silent for longer than the declared bound.",
    "ticks",
    f"""
    SELECT {TICK_ROW} AS stored_row, 'first message for ' || (event_time_ns - previous) || ' ns' AS detail
    FROM (SELECT sequence, journal_offset, event_time_ns,
                 lag(event_time_ns) OVER (ORDER BY sequence, journal_offset) AS previous
          FROM ticks WHERE event_time_ns BETWEEN $open_ns AND $close_ns)
    WHERE event_time_ns - previous > $staleness_ns""",
    "SELECT count(*) FROM ticks WHERE event_time_ns BETWEEN $open_ns AND $close_ns",
)

CROSSED_BOOK = Rule(
    "crossed_book",
    "The best bid is below the best ask, but for auctions and halts.",
    "ticks",
    f"""
    SELECT {TICK_ROW} AS stored_row, 'bid ' || bid_price || ' not below ask ' || ask_price AS detail
    FROM ticks
    WHERE bid_quantity > 0 AND ask_quantity > 0 AND bid_price >= ask_price AND flags & {NOT_CONTINUOUS} = 0""",
    f"SELECT count(*) FROM ticks WHERE bid_quantity > 0 AND ask_quantity > 0 AND flags & {NOT_CONTINUOUS} = 0",
)

TICK_GRID = Rule(
    "tick_grid",
    "Displayed prices lie on the grid of the tick rule in force.",
    "ticks",
    f"""
    SELECT {TICK_ROW} AS stored_row, 'price ' || price || ' off the grid of ' || tick_size AS detail
    FROM ticks ASOF JOIN tick_rules ON ticks.price >= tick_rules.price_from
    WHERE action IN {action("add_order", "replace_order")} AND price % tick_size <> 0""",
    f"SELECT count(*) FROM ticks WHERE action IN {action('add_order', 'replace_order')}",
)

EXECUTED_WITHIN_DISPLAYED = Rule(
    "executed_within_displayed",
    "Executions and cancellations of an order never exceed the quantity it displayed.",
    "ticks",
    f"""
    WITH displayed AS (
        SELECT instrument_id, order_id, sum(quantity) AS quantity FROM ticks
        WHERE action IN {action("add_order", "replace_order")} GROUP BY instrument_id, order_id),
    taken AS (
        SELECT instrument_id, order_id, sequence, journal_offset,
               sum(quantity) OVER (PARTITION BY instrument_id, order_id ORDER BY sequence, journal_offset) AS total
        FROM ticks WHERE action IN {action("execute_order", "cancel_order")} AND flags & {UNKNOWN_ORDER} = 0)
    SELECT {TICK_ROW} AS stored_row,
           total || ' taken from order ' || order_id || ' that displayed ' || coalesce(quantity, 0) AS detail
    FROM taken LEFT JOIN displayed USING (instrument_id, order_id)
    WHERE total > coalesce(quantity, 0)""",
    f"""
    SELECT count(*) FROM ticks
    WHERE action IN {action("execute_order", "cancel_order")} AND flags & {UNKNOWN_ORDER} = 0""",
)

ORDER_REFERENCES = Rule(
    "order_references",
    "Messages refer to orders that were added and are live, add none twice, and hold values that a book can hold.",
    "ticks",
    f"""
    SELECT {TICK_ROW} AS stored_row,
           CASE WHEN flags & {REFUSED} <> 0 THEN 'no book can apply it: order ' || order_id
                ELSE 'it refers to order ' || CASE WHEN action IN {action("replace_order", "bust")} THEN reference
                                                   ELSE order_id END || ', which is not there' END AS detail
    FROM ticks
    WHERE flags & {REFUSED} <> 0 OR (flags & {UNKNOWN_ORDER} <> 0 AND $from_start = 1)""",
    "SELECT count(*) FROM ticks WHERE order_id <> 0",
)

BAR_VOLUME = Rule(
    "bar_volume",
    "Volume, notional and trades of each bar equal those of its printable trades, busts taken back.",
    "bars",
    f"""
    WITH traded AS (
        SELECT instrument_id, event_time_ns // $window_ns * $window_ns AS window_start_ns,
               sum(CASE WHEN action = {BUST} THEN -quantity ELSE quantity END) AS volume,
               sum(CASE WHEN action = {BUST} THEN -quantity ELSE quantity END * price) AS notional,
               sum(CASE WHEN action = {BUST} THEN -1 ELSE 1 END) AS trades
        FROM ticks
        WHERE action IN {action("execute_order", "trade", "cross", "bust")} AND flags & {PRINTABLE} = {PRINTABLE}
        GROUP BY ALL)
    SELECT {BAR_ROW} AS stored_row,
           'bar has ' || coalesce(b.volume, 0) || ' in ' || coalesce(b.trades, 0) || ' trades, ticks have '
           || coalesce(t.volume, 0) || ' in ' || coalesce(t.trades, 0) AS detail
    FROM bars b FULL OUTER JOIN traded t USING (instrument_id, window_start_ns)
    WHERE coalesce(b.volume, 0) <> coalesce(t.volume, 0) OR coalesce(b.notional, 0) <> coalesce(t.notional, 0)
       OR coalesce(b.trades, 0) <> coalesce(t.trades, 0)""",
    "SELECT count(*) FROM bars",
)


def stored_equals_journaled(table: str, kinds: tuple[int, ...]) -> Rule:
    """The rule that `table` holds exactly the journaled records of `kinds`, by journal offset, once each."""
    journaled = f"(SELECT sequence, journal_offset FROM journal WHERE kind IN ({', '.join(map(str, kinds))}))"
    row = f"'{table} sequence=' || sequence || ' journal_offset=' || journal_offset"
    return Rule(
        f"{table}_equal_journal",
        f"Every journaled record is in {table} once, and nothing else is.",
        table,
        f"""
        SELECT {row} AS stored_row, 'journaled, not stored' AS detail
        FROM {journaled} ANTI JOIN {table} USING (journal_offset)
        UNION ALL
        SELECT {row} AS stored_row, 'stored, not journaled' AS detail
        FROM {table} ANTI JOIN {journaled} USING (journal_offset)
        UNION ALL
        SELECT {row} AS stored_row, 'stored more than once' AS detail
        FROM (SELECT sequence, journal_offset,
                     row_number() OVER (PARTITION BY journal_offset ORDER BY sequence) AS copy FROM {table})
        WHERE copy > 1""",
        f"SELECT count(*) FROM {journaled}",
    )


# Of the messages without an action of their own, a broken trade alone refers to something: to its match number.
BROKEN = f"action = {action_code('own_other')} AND reference <> 0"
POSITION_EQUALS_FILLS = Rule(
    "position_equals_fills",
    "The engine's position in each instrument equals the sum of its stored fills, less those that were broken.",
    "order_events",
    f"""
    WITH filled AS (
        SELECT instrument_id, sum(CASE WHEN side = {ord("B")} THEN quantity ELSE -quantity END) AS position
        FROM order_events WHERE action = {action_code("own_executed")}
        AND reference NOT IN (SELECT reference FROM order_events WHERE {BROKEN}) GROUP BY instrument_id)
    SELECT 'order_events instrument_id=' || instrument_id AS stored_row,
           'fills sum to ' || coalesce(f.position, 0) || ', the engine holds ' || coalesce(p.position, 0) AS detail
    FROM filled f FULL OUTER JOIN positions p USING (instrument_id)
    WHERE coalesce(f.position, 0) <> coalesce(p.position, 0)""",
    f"SELECT count(*) FROM order_events WHERE action = {action_code('own_executed')}",
)


def _fills(relation: str, match_number: str, of_a_fill: str) -> str:
    """One row a match number: how often it is there, and what was filled."""
    columns = ", ".join(f"min({name}) AS {name}" for name in ("order_id", "instrument_id", "side", "price", "quantity"))
    return f"""
        SELECT {match_number} AS match_number, count(*) AS times, {columns}
        FROM {relation} WHERE {of_a_fill} GROUP BY {match_number}"""


FILL = "%s.times || ' times ' || %s.quantity || ' at ' || %s.price || ' of order ' || %s.order_id"
FILLS_EQUAL_DROP_COPY = Rule(
    "fills_equal_drop_copy",
    "The venue's drop copy has every stored fill, with its order, side, price and quantity, and no other.",
    "order_events",
    f"""
    WITH ours AS ({_fills("order_events", "reference", f"action = {action_code('own_executed')}")}),
    venues AS ({_fills("drop_copy", "match_number", "kind = 'executed'")})
    SELECT 'order_events match_number=' || match_number AS stored_row,
           CASE WHEN ours.times IS NULL THEN 'the venue executed it, we have no such fill'
                WHEN venues.times IS NULL THEN 'a fill that the venue did not execute'
                ELSE {FILL.replace("%s", "ours")} || '; the venue has ' || {FILL.replace("%s", "venues")} END AS detail
    FROM ours FULL OUTER JOIN venues USING (match_number)
    WHERE (ours.times, ours.order_id, ours.instrument_id, ours.side, ours.price, ours.quantity)
          IS DISTINCT FROM
          (venues.times, venues.order_id, venues.instrument_id, venues.side, venues.price, venues.quantity)""",
    "SELECT count(*) FROM drop_copy WHERE kind = 'executed'",
)

POSITION_EQUALS_DROP_COPY = Rule(
    "position_equals_drop_copy",
    "The engine's position in each instrument equals what the venue executed for us, less what it broke.",
    "order_events",
    f"""
    WITH copied AS (
        SELECT instrument_id, sum(CASE WHEN side = {ord("B")} THEN quantity ELSE -quantity END
                                  * CASE WHEN kind = 'broken' THEN -1 ELSE 1 END) AS position
        FROM drop_copy GROUP BY instrument_id)
    SELECT 'drop_copy instrument_id=' || instrument_id AS stored_row,
           'executed: ' || coalesce(c.position, 0) || ', the engine holds ' || coalesce(p.position, 0) AS detail
    FROM copied c FULL OUTER JOIN positions p USING (instrument_id)
    WHERE coalesce(c.position, 0) <> coalesce(p.position, 0)""",
    "SELECT count(*) FROM drop_copy",
)

RULES: tuple[Rule, ...] = (
    SEQUENCE_GAP,
    SEQUENCE_DUPLICATE,
    EVENT_TIME_MONOTONE,
    STALENESS,
    CROSSED_BOOK,
    TICK_GRID,
    EXECUTED_WITHIN_DISPLAYED,
    ORDER_REFERENCES,
    BAR_VOLUME,
    stored_equals_journaled("ticks", (FEED_MESSAGE,)),
    stored_equals_journaled("order_events", (ORDER_SENT, ORDER_ANSWER, RISK_REJECT)),
    POSITION_EQUALS_FILLS,
    FILLS_EQUAL_DROP_COPY,
    POSITION_EQUALS_DROP_COPY,
)

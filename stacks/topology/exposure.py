"""Checks that every strategy trades inside limits: each level has its own, and none is wider than the one around it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from stacks.topology.errors import Problem
from stacks.topology.risk import EVERY_INSTRUMENT, RiskLevel, RiskLimits

if TYPE_CHECKING:
    from stacks.topology.order_entry import OrderSession
    from stacks.topology.site import Site
    from stacks.topology.strategy import StrategyPlacement

_NESTED = (
    "price_collar_bps",
    "last_trade_collar_bps",
    "order_quantity_max",
    "position_max",
    "notional_max",
    "gross_notional_max",
    "loss_max",
)


def exposure_problems(site: Site) -> list[Problem]:
    """Return the missing limits, the limits that do not nest, and the parameters that no limit would let through."""
    problems: list[Problem] = []
    for placement in site.strategies:
        session = placement.process.order_session
        if session is None:  # reported as a missing field of the process
            continue
        chain = _chain(site, placement, session, problems)
        for outer, inner in pairwise(chain):
            problems += _nesting_problems(outer, inner)
        for limits in chain:
            if limits.level == "session":
                problems += _throttle_problems(session, limits)
            if limits.level == "instrument":  # the tightest, as limits nest
                problems += _parameter_problems(placement, limits)
        problems += _session_problems(site, session) + _held_problems(placement, chain)
    return [
        *dict.fromkeys(problems),
        *_account_problems(site),
        *_self_trade_problems(site),
        *_restricted_problems(site),
    ]


def _chain(
    site: Site, placement: StrategyPlacement, session: OrderSession, problems: list[Problem]
) -> list[RiskLimits]:
    """Return the limits around a strategy from the widest to those of any instrument; name the missing ones."""
    wanted: tuple[tuple[RiskLevel, str], ...] = (
        ("firm", session.identity.mpid),
        ("account", session.identity.account),
        ("session", session.name),
        ("strategy", placement.name),
        ("instrument", EVERY_INSTRUMENT),
    )
    chain = []
    for level, name in wanted:
        limits = site.risk.of(level, name)
        if limits is None:
            problems.append(Problem("risk.limits", f"the limits of level {level} named {name} are missing"))
        else:
            chain.append(limits)
    return chain


def _nesting_problems(outer: RiskLimits, inner: RiskLimits) -> list[Problem]:
    path = f"risk.limits[{inner.level} {inner.name}]"
    around = f"{outer.level} {outer.name}"
    problems = [
        Problem(f"{path}.{field}", f"{getattr(inner, field)} is wider than the {getattr(outer, field)} of {around}")
        for field in _NESTED
        if getattr(inner, field) > getattr(outer, field)
    ]
    for field in ("message_rate_max", "order_rate_max"):
        inner_rate, outer_rate = getattr(inner, field), getattr(outer, field)
        if inner_rate.messages * outer_rate.window_ms > outer_rate.messages * inner_rate.window_ms:
            problems.append(Problem(f"{path}.{field}", f"is wider than that of {around}"))
    if inner.duplicate_orders_max.orders > outer.duplicate_orders_max.orders:
        problems.append(Problem(f"{path}.duplicate_orders_max", f"is wider than that of {around}"))
    return problems


def _session_problems(site: Site, session: OrderSession) -> list[Problem]:
    if session.cancel_on_disconnect or not site.risk.cancel_on_disconnect_required:
        return []
    return [
        Problem("risk.cancel_on_disconnect_required", f"order session {session.name} does not cancel on disconnect")
    ]


def _held_problems(placement: StrategyPlacement, chain: list[RiskLimits]) -> list[Problem]:
    """What the day begins with must fit the limits as what is traded does."""
    problems = []
    for limits in chain:
        for held in placement.opening_positions:
            if limits.level == "instrument" and abs(held.quantity) > limits.position_max:
                path = f"strategies[{placement.name}].opening_positions[{held.symbol}].quantity"
                sentence = (
                    f"{held.quantity} is above the position_max {limits.position_max} of instrument {limits.name}"
                )
                problems.append(Problem(path, sentence))
    return problems


def _restricted_problems(site: Site) -> list[Problem]:
    return [
        Problem(f"strategies[{placement.name}].instruments", f"{symbol} is on the restricted list")
        for placement in site.strategies
        for symbol in placement.instruments.symbols
        if symbol in site.risk.restricted
    ]


def _parameter_problems(placement: StrategyPlacement, limits: RiskLimits) -> list[Problem]:
    parameters = placement.parameters
    level = f"{limits.level} {limits.name}"
    path = f"strategies[{placement.name}].parameters"
    problems = []
    if parameters.quote_quantity > limits.order_quantity_max:
        sentence = f"{parameters.quote_quantity} is above the order_quantity_max {limits.order_quantity_max} of {level}"
        problems.append(Problem(f"{path}.quote_quantity", sentence))
    if parameters.inventory_max > limits.position_max:
        sentence = f"{parameters.inventory_max} is above the position_max {limits.position_max} of {level}"
        problems.append(Problem(f"{path}.inventory_max", sentence))
    return problems


def _account_problems(site: Site) -> list[Problem]:
    """An engine sees its own session only, so what all sessions of an account may have open must fit the account."""
    gross: dict[str, int] = {}
    for placement in site.strategies:
        session = placement.process.order_session
        limits = None if session is None else site.risk.of("session", session.name)
        if session is not None and limits is not None:
            gross[session.identity.account] = gross.get(session.identity.account, 0) + limits.gross_notional_max
    problems = []
    for account, total in gross.items():
        around = site.risk.of("account", account)
        if around is not None and total > around.gross_notional_max:
            sentence = f"{around.gross_notional_max} is below the {total} of all sessions of the account"
            problems.append(Problem(f"risk.limits[account {account}].gross_notional_max", sentence))
    return problems


def _self_trade_problems(site: Site) -> list[Problem]:
    """Two strategies on one instrument could trade with each other (FINRA rule 5210.02, self-trades)."""
    problems = []
    trader: dict[str, str] = {}
    for placement in site.strategies:
        path = f"strategies[{placement.name}].instruments"
        selection = placement.instruments
        for symbol in (*selection.symbols, *(("the most active",) if selection.else_most_active else ())):
            if symbol in trader:
                problems.append(Problem(path, f"{symbol} may already be traded by strategy {trader[symbol]}"))
            trader.setdefault(symbol, placement.name)
    return problems


def _throttle_problems(session: OrderSession, limits: RiskLimits) -> list[Problem]:
    rate, throttle = limits.message_rate_max, session.throttle
    if rate.messages * throttle.window_ms > throttle.messages * rate.window_ms:
        sentence = f"is wider than the venue's throttle of {throttle.messages} messages in {throttle.window_ms} ms"
        return [Problem(f"risk.limits[session {limits.name}].message_rate_max", sentence)]
    return []

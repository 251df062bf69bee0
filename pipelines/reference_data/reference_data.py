"""Makes reference_data.json of a trading day: what the session says, and what the venue's declaration adds to it.

The session gives symbols, the day's locates and round lots; the declaration gives tick rules, fees, timezone and
which symbols are traded. A single-symbol extract without directory messages works too: its symbols come from its
adds, its lots from the declaration.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pipelines.reference_data.opening_hours import opening_hours
from pipelines.reference_data.stable_id import stable_id
from pipelines.session.session_store import Session
from stacks.topology.errors import ColoError
from stacks.topology.instrument import Instrument, InstrumentSelection, ReferenceData, TickRule
from stacks.topology.venue import Venue


def make_reference_data(session: Session, venue: Venue, selections: Sequence[InstrumentSelection]) -> ReferenceData:
    """The reference data of the session's day at `venue`; traded is what any of the `selections` chooses."""
    if session.venue != venue.mic:
        raise ColoError(f"{session.itch}: was prepared for venue {session.venue}, not {venue.mic}")
    if not session.instruments:
        raise ColoError(f"{session.itch}: no message names an instrument, so there is nothing to trade")
    messages = {instrument.symbol: instrument.messages for instrument in session.instruments}
    traded = {symbol for selection in selections for symbol in selection.choose(messages)}
    tick_rules = venue.tick_rules_on(session.trading_day)
    if not tick_rules:
        raise ColoError(f"venue {venue.mic}: no tick rule is in force on {session.trading_day}")
    undigested = ReferenceData(
        mic=venue.mic,
        trading_day=session.trading_day.isoformat(),
        timezone=venue.timezone,
        midnight_ns=venue.midnight_ns(session.trading_day),
        session_digest=session.digest,
        synthetic_tracking_number=session.synthetic_tracking_number,
        instruments=_instruments(session, venue, tick_rules, traded),
        tick_rules=tick_rules,
        calendar=opening_hours(venue, session.trading_day),
        fees=venue.fees,
        digest="",
    )
    return undigested.model_copy(update={"digest": undigested.declared_digest()})


def store_reference_data(reference_data: ReferenceData, output_root: Path) -> Path:
    """Writes `output_root`/reference_data/<mic>/<day>-<digest>.json, whole or not at all, and returns its path."""
    folder = output_root / "reference_data" / reference_data.mic
    path = folder / f"{reference_data.trading_day}-{reference_data.digest[:12]}.json"
    if path.exists():
        return path
    text = json.dumps(reference_data.model_dump(mode="json"), indent=1) + "\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            os.fchmod(file.fileno(), 0o644)
        Path(temporary).replace(path)
    except OSError as error:
        raise ColoError(f"{path}: cannot be written: {error.strerror}") from error
    return path


def _instruments(
    session: Session, venue: Venue, tick_rules: Sequence[TickRule], traded: set[str]
) -> tuple[Instrument, ...]:
    ids: dict[int, str] = {}
    instruments = []
    for instrument in session.instruments:
        identity = stable_id(venue.mic, instrument.symbol)
        other = ids.setdefault(identity, instrument.symbol)
        if other != instrument.symbol:
            raise ColoError(f"{session.itch}: {other} and {instrument.symbol} have the same instrument id {identity}")
        instruments.append(
            Instrument(
                instrument_id=identity,
                symbol=instrument.symbol,
                locate=instrument.locate,
                tick_size=_tick_size(tick_rules, instrument.price),
                lot_size=instrument.round_lot or venue.lot_size,
                price_scale=venue.price_scale,
                traded=instrument.symbol in traded,
            )
        )
    return tuple(instruments)


def _tick_size(tick_rules: Sequence[TickRule], price: int | None) -> int:
    """The tick at the instrument's price level; without a price that of the highest prices, the coarsest one."""
    if price is None:
        return tick_rules[-1].tick_size
    return [rule.tick_size for rule in tick_rules if rule.price_from <= price][-1]

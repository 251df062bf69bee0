"""Reference data comes from the session and the declaration, with ids that stay and hours that know the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest

from pipelines.reference_data import make_reference_data, stable_id, store_reference_data
from pipelines.reference_data import reference_data as module
from pipelines.reference_data.opening_hours import opening_hours
from pipelines.reference_data.stable_id import crc32c
from pipelines.session import Session, SessionInstrument
from stacks.sites import load_site
from stacks.topology.errors import ColoError
from stacks.topology.instrument import InstrumentSelection, ReferenceData
from stacks.topology.venue import Calendar

HOUR_NS = 3600 * 10**9
VENUE = load_site("desk").venues[0]


def session(*instruments: SessionInstrument, day: date = date(2012, 6, 21)) -> Session:
    return Session(
        folder=Path("sessions/abc"),
        digest="abc",
        source="a test",
        venue="XNAS",
        trading_day=day,
        messages=100,
        bytes=3000,
        synthetic=0,
        synthetic_tracking_number=None,
        instruments=instruments,
    )


def instrument(symbol: str, locate: int = 1, messages: int = 10, round_lot: int | None = 100, price: int | None = None):
    return SessionInstrument(symbol=symbol, locate=locate, round_lot=round_lot, price=price, messages=messages)


def selection(*symbols: str, else_most_active: int = 1) -> InstrumentSelection:
    return InstrumentSelection(symbols=symbols, else_most_active=else_most_active)


def test_what_the_session_and_the_declaration_say():
    data = make_reference_data(
        session(instrument("AAPL", 13, round_lot=10), instrument("MSFT", 14, round_lot=None)),
        VENUE,
        [selection("MSFT")],
    )
    assert (data.mic, data.trading_day, data.timezone) == ("XNAS", "2012-06-21", "America/New_York")
    assert (data.session_digest, data.synthetic_tracking_number) == ("abc", None)
    assert data.fees == VENUE.fees
    assert [(i.symbol, i.locate, i.lot_size, i.traded) for i in data.instruments] == [
        ("AAPL", 13, 10, False),
        ("MSFT", 14, VENUE.lot_size, True),
    ]


@pytest.mark.parametrize(
    ("selections", "traded"),
    [
        ([selection("B", "Z")], {"B"}),
        ([selection("Z", else_most_active=2)], {"A", "C"}),
        ([selection("B"), selection("C")], {"B", "C"}),
        ([], set()),
    ],
)
def test_which_instruments_are_traded(selections, traded):
    held = session(instrument("A", 1, 30), instrument("B", 2, 10), instrument("C", 3, 20))
    assert {i.symbol for i in make_reference_data(held, VENUE, selections).traded} == traded


@pytest.mark.parametrize(("price", "tick_size"), [(None, 100), (9_999, 1), (10_000, 100), (5_000_000, 100)])
def test_the_tick_is_that_of_the_price_level(price, tick_size):
    data = make_reference_data(session(instrument("AAPL", price=price)), VENUE, [])
    assert data.instruments[0].tick_size == tick_size


def test_ids_are_stable_across_days_and_locates():
    days = [
        make_reference_data(session(instrument("AAPL", locate), day=day), VENUE, [])
        for locate, day in ((13, date(2020, 1, 30)), (1, date(2012, 6, 21)))
    ]
    assert days[0].instruments[0].instrument_id == days[1].instruments[0].instrument_id == stable_id("XNAS", "AAPL")
    assert crc32c(b"123456789") == 0xE3069283  # the check value of CRC-32C in RFC 3720 and in the CRC catalogue
    assert stable_id("XNAS", "AAPL") == 1575161420
    assert stable_id("XNYS", "AAPL") != stable_id("XNAS", "AAPL")


def test_a_collision_of_ids_is_an_error(monkeypatch):
    monkeypatch.setattr(module, "stable_id", lambda mic, symbol: 7)
    with pytest.raises(ColoError, match="AAPL and MSFT have the same instrument id 7"):
        make_reference_data(session(instrument("AAPL", 1), instrument("MSFT", 2)), VENUE, [])


@pytest.mark.parametrize(
    ("day", "open_hours", "close_hours", "utc_offset"),
    [
        (date(2012, 6, 21), 9.5, 16, -4),
        (date(2020, 1, 30), 9.5, 16, -5),
        (date(2012, 11, 23), 9.5, 13, -5),
        (date(2019, 7, 3), 9.5, 13, -4),
        (date(2012, 3, 9), 9.5, 16, -5),
        (date(2012, 3, 12), 9.5, 16, -4),
        (date(2012, 11, 2), 9.5, 16, -4),
        (date(2012, 11, 5), 9.5, 16, -5),
        (date(1999, 11, 26), 9.5, 13, -5),
    ],
)
def test_hours_and_midnight_know_half_days_and_daylight_saving(day, open_hours, close_hours, utc_offset):
    data = make_reference_data(session(instrument("AAPL"), day=day), VENUE, []) if day.year > 2006 else None
    hours = data.calendar if data else opening_hours(VENUE, day)
    assert (hours.open_ns, hours.close_ns) == (open_hours * HOUR_NS, close_hours * HOUR_NS)
    utc_midnight_ns = (day - date(1970, 1, 1)).days * 24 * HOUR_NS
    assert VENUE.midnight_ns(day) == utc_midnight_ns - utc_offset * HOUR_NS


@pytest.mark.parametrize("day", [date(2012, 7, 4), date(2012, 6, 23), date(2012, 10, 29)])
def test_a_day_without_trading_is_refused(day):
    with pytest.raises(ColoError, match=rf"XNAS does not trade on {day}, a {day:%A}"):
        make_reference_data(session(instrument("AAPL"), day=day), VENUE, [])


def test_a_venue_that_exchange_calendars_does_not_know_has_its_declared_hours():
    calendar = Calendar(
        open=time(9, 30),
        close=time(16),
        half_day_close=time(13),
        holidays=(date(2012, 7, 4),),
        half_days=(date(2012, 11, 23),),
    )
    venue = VENUE.model_copy(update={"mic": "XQQQ", "calendar": calendar})
    assert opening_hours(venue, date(2012, 6, 21)).close_ns == 16 * HOUR_NS
    assert opening_hours(venue, date(2012, 11, 23)).close_ns == 13 * HOUR_NS
    for closed in (date(2012, 7, 4), date(2012, 6, 23)):
        with pytest.raises(ColoError, match=f"XQQQ does not trade on {closed}"):
            opening_hours(venue, closed)


@pytest.mark.parametrize("day", [date(2012, 6, 21), date(2012, 11, 23)])
def test_the_declared_hours_are_those_of_the_exchanges_calendar(day):
    hours = opening_hours(VENUE, day)
    midnight = datetime.min
    closing = VENUE.calendar.close if day.month == 6 else VENUE.calendar.half_day_close
    for declared, hour_ns in ((VENUE.calendar.open, hours.open_ns), (closing, hours.close_ns)):
        assert (datetime.combine(midnight.date(), declared) - midnight).total_seconds() * 10**9 == hour_ns


def test_the_digest_is_of_the_content():
    held = session(instrument("AAPL"))
    data = make_reference_data(held, VENUE, [])
    assert data.digest == make_reference_data(held, VENUE, []).digest
    assert data.digest != make_reference_data(held, VENUE, [selection("AAPL")]).digest
    assert data.model_copy(update={"digest": ""}).declared_digest() == data.digest


def test_it_is_stored_and_read_back(tmp_path):
    data = make_reference_data(session(instrument("AAPL")), VENUE, [selection("AAPL")])
    path = store_reference_data(data, tmp_path)
    assert path == tmp_path / "reference_data" / "XNAS" / f"2012-06-21-{data.digest[:12]}.json"
    assert ReferenceData.from_json(path.read_text(), str(path)) == data
    assert store_reference_data(data, tmp_path) == path
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_is_refused(tmp_path):
    with pytest.raises(ColoError, match="no message names an instrument"):
        make_reference_data(session(), VENUE, [])
    with pytest.raises(ColoError, match="was prepared for venue XBOS, not XNAS"):
        make_reference_data(replace(session(instrument("AAPL")), venue="XBOS"), VENUE, [])
    with pytest.raises(ColoError, match="no tick rule is in force on 1999-11-26"):
        make_reference_data(session(instrument("AAPL"), day=date(1999, 11, 26)), VENUE, [])
    (tmp_path / "reference_data").touch()
    with pytest.raises(ColoError, match=r"reference_data.*cannot be written"):
        store_reference_data(make_reference_data(session(instrument("AAPL")), VENUE, []), tmp_path)

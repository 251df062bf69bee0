"""When a venue trades on a day: the exchange's calendar with its holidays and half days, in the venue's own time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import exchange_calendars
from exchange_calendars.errors import InvalidCalendarName

from stacks.topology.errors import ColoError
from stacks.topology.instrument import TradingHours
from stacks.topology.venue import Venue

_NANOSECONDS_PER_SECOND = 1_000_000_000


def opening_hours(venue: Venue, day: date) -> TradingHours:
    """Open and close in nanoseconds since the venue's midnight; a ColoError when the venue does not trade that day.

    exchange_calendars knows every year; the declared calendar serves venues that it does not know.
    """
    try:
        calendar = exchange_calendars.get_calendar(
            venue.mic, start=(day - timedelta(days=7)).isoformat(), end=(day + timedelta(days=7)).isoformat()
        )
    except InvalidCalendarName:
        return _declared_hours(venue, day)
    if not calendar.is_session(day.isoformat()):
        raise _closed(venue, day)
    midnight_ns = venue.midnight_ns(day)
    return TradingHours(
        open_ns=calendar.session_open(day.isoformat()).value - midnight_ns,
        close_ns=calendar.session_close(day.isoformat()).value - midnight_ns,
    )


def _declared_hours(venue: Venue, day: date) -> TradingHours:
    if day.weekday() >= 5 or day in venue.calendar.holidays:
        raise _closed(venue, day)
    return TradingHours(
        open_ns=_since_midnight_ns(venue.calendar.open), close_ns=_since_midnight_ns(venue.calendar.close_on(day))
    )


def _closed(venue: Venue, day: date) -> ColoError:
    return ColoError(f"{venue.mic} does not trade on {day}, a {day:%A}: is that the session's trading day?")


def _since_midnight_ns(local: time) -> int:
    midnight = datetime.combine(date.min, time())
    return int((datetime.combine(date.min, local) - midnight).total_seconds()) * _NANOSECONDS_PER_SECOND

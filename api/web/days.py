"""Days as an address names them: from midnight to midnight in the bureau's zone. Pure."""

from datetime import date, datetime, timedelta, tzinfo

from custody.log.canonical import EARLIEST, LATEST


def read_day(text: str, zone: tzinfo) -> datetime | None:
    """The beginning of a day ``2026-11-22`` in ``zone``; None where it is no day.

    The first and the last days of Python's calendar are none: no other zone could show them.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if not EARLIEST.date() <= day <= LATEST.date():
        return None
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def day_of(moment: datetime, zone: tzinfo) -> datetime:
    """The beginning of the day of ``moment`` in ``zone``."""
    return moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def read_end_of_day(text: str, zone: tzinfo) -> datetime | None:
    """The beginning of the day after; None where it is no day."""
    day = read_day(text, zone)
    return None if day is None else day + timedelta(days=1)

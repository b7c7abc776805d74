"""Days as an address names them: from midnight to midnight in the bureau's zone. Pure."""

from datetime import date, datetime, timedelta, tzinfo


def read_day(text: str, zone: tzinfo) -> datetime | None:
    """The beginning of a day ``2026-11-22`` in ``zone``; None where it is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def read_end_of_day(text: str, zone: tzinfo) -> datetime | None:
    """The beginning of the day after; None where it is no day, or the calendar's last."""
    day = read_day(text, zone)
    if day is None or day.date() == date.max:
        return None
    return day + timedelta(days=1)

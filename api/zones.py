"""A moment in a zone, whatever moment it is, for pages and commands. Pure."""

from datetime import UTC, datetime, tzinfo


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """``moment`` in ``zone``; in UTC at either end of the calendar, where a zone would leave it.

    An entry may say any time of the years 1 to 9999, and has to be shown all the same.
    """
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)

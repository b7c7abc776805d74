"""Moments as people type them into a form. Pure."""

from datetime import UTC, datetime, tzinfo

from ingest.filenames import FIRST_YEAR, LAST_YEAR


class MomentError(Exception):
    """What was typed is no time that a recording can have."""


def read_moment(text: str, zone: tzinfo) -> datetime | None:
    """A moment ``2026-11-22T17:21:38`` (as ``datetime-local`` sends it) in the bureau's zone.

    None where nothing is typed. Raises `MomentError` for what is in no calendar, and outside the
    years that a recorder's file name is believed.
    """
    typed = text.strip()
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError as error:
        raise MomentError(typed) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise MomentError(typed)
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)

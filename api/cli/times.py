"""Moments on the command line."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import click

from api.cli.language import spoken
from api.cli.words import say


def parse_moment(text: str | None, zone: ZoneInfo, option: str) -> datetime | None:
    """An ISO 8601 day or moment; without an offset it is in the bureau's ``zone``.

    Raises `click.BadParameter` naming ``option``, also for what no zone could show: the first and
    the last days of the calendar.
    """
    from custody.log.canonical import EARLIEST, LATEST

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _no_moment(text, option) from error
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
    if not EARLIEST <= moment <= LATEST:
        raise _no_moment(text, option)
    return moment


def _no_moment(text: str, option: str) -> click.BadParameter:
    return click.BadParameter(say(spoken(), "usage.moment", text=text), param_hint=option)


def require_case_day(day: date, option: str) -> date:
    """``day`` itself, of a year in which something can have been recorded.

    Raises `click.BadParameter` naming ``option``.
    """
    from ingest.filenames import FIRST_YEAR, LAST_YEAR

    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise click.BadParameter(
            say(spoken(), "usage.year", day=day, first=FIRST_YEAR, last=LAST_YEAR),
            param_hint=option,
        )
    return day

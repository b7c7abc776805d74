"""Moments on the command line."""

from datetime import datetime
from zoneinfo import ZoneInfo

import click


def parse_moment(text: str | None, zone: ZoneInfo, option: str) -> datetime | None:
    """An ISO 8601 day or moment; without an offset it is in the bureau's ``zone``.

    Raises `click.BadParameter` naming ``option``.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r}: expected 2026-11-22 or 2026-11-22T09:30", param_hint=option
        ) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)

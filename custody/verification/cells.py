"""Cells of rows in the form in which entries carry them, so that the two can be compared."""

import base64
from collections.abc import Mapping
from datetime import date, datetime

from custody.cells import Misfit
from custody.clips import media_digest
from custody.log.canonical import format_time


def as_logged(column: str, value: object) -> object:
    """A cell in the form in which entries carry it; a `Misfit` stays one."""
    if column == "media" and isinstance(value, Mapping):
        try:
            return media_digest(value)
        except (ValueError, RecursionError):
            return Misfit("description of a recording", "JSON")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, date):
        return value.isoformat()
    return value

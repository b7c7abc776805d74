"""What commands print: JSON for programs, tables for people, names that cannot play tricks."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from api.zones import in_zone


def visible(text: str) -> str:
    """``text`` with everything a terminal would act on instead of showing made visible.

    Control characters of C0 become their pictures (U+2400 …); other controls, formats that turn
    the reading direction, and lone surrogates become ``U+`` and their number, as on the pages. Line
    ends inside a name are controls too; messages of several lines are printed line by line.
    """
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return f"U+{code:04X}"
    return character


def print_json(value: object) -> None:
    """One JSON document; non-ASCII as it is, so that a name can be read."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return iso(value)
    raise TypeError(f"not for JSON: {value!r}")


def iso(moment: datetime) -> str:
    """RFC 3339, UTC, with ``Z``."""
    return moment.isoformat().replace("+00:00", "Z")


def local(moment: datetime | None, zone: ZoneInfo) -> str:
    """A moment for people, in the bureau's zone, to the second."""
    return "" if moment is None else in_zone(moment, zone).strftime("%Y-%m-%d %H:%M:%S")


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal, tab-separated lines elsewhere; the first line is the heads."""
    if not sys.stdout.isatty():
        click.echo("\t".join(heads))
        for row in rows:
            click.echo("\t".join(visible(cell) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    Console().print(table)

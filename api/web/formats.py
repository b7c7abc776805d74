"""How digests, times, sizes, durations and file names are written on a page. Pure functions."""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo

from markupsafe import Markup, escape

from api.zones import in_zone

#: Invisible or direction-changing: control, format, surrogate, private use, line and paragraph.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: As often an unseen character is shown one by one.
MAX_REPEATED = 8
#: A digest in hexadecimal inside a longer text.
_HASH = re.compile(r"[0-9a-f]{32,}")


def digest_groups(digest: str) -> tuple[str, str, str]:
    """The first two groups of four and the last: ``3f9a 21c4 … 88d0``."""
    return digest[:4], digest[4:8], digest[-4:]


def digest_in_full(digest: str) -> str:
    """The whole digest in groups of four."""
    return " ".join(digest[start : start + 4] for start in range(0, len(digest), 4))


def local_time(moment: datetime, zone: tzinfo) -> str:
    """``2026-11-22 17:21:38`` in the bureau's zone."""
    return in_zone(moment, zone).strftime("%Y-%m-%d %H:%M:%S")


def local_span(begin: datetime, end: datetime, zone: tzinfo) -> str:
    """``2026-11-22 17:21:38–17:30:00``; the second day is written where it is another."""
    first, second = local_time(begin, zone), local_time(end, zone)
    return f"{first}–{second.removeprefix(first[:11])}"


def utc_time(moment: datetime) -> str:
    """``2026-11-22T09:21:38.123Z``, exact to the millisecond."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def grouped(number: int) -> str:
    """``1,234,567``."""
    return f"{number:,}"


def duration(milliseconds: int) -> str:
    """``0:42``, ``12:05`` or ``1:02:03``."""
    seconds = round(milliseconds / 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def file_name(name: str) -> Markup:
    """A name as it is, set apart from the text around it, with what can't be seen made visible.

    A right-to-left override in a name could make ``gpj.exe`` read ``exe.jpg``; here it shows as
    ``U+202E`` and turns nothing round.
    """
    parts = [Markup('<bdi class="name">')]
    for character in name:
        parts.append(_visible(character))
        if character == "_":  # the parts of a recorder's name stay whole, lines break between
            parts.append(Markup("<wbr>"))
    parts.append(Markup("</bdi>"))
    return Markup("").join(parts)


def visible_text(text: str) -> Markup:
    """A text with what can't be seen made visible, as `file_name` does; its lines stay lines.

    Of a character that is repeated more than `MAX_REPEATED` times, one is shown, and how often.
    """
    hidden = {one for one in set(text) - {"\n", "\t"} if unicodedata.category(one) in _INVISIBLE}
    if not hidden:
        return escape(text)
    shown = {one: str(_visible(one)) for one in hidden}

    def show(run: re.Match[str]) -> str:
        count = len(run[0])
        return shown[run[1]] * count if count <= MAX_REPEATED else f"{shown[run[1]]}×{count} "

    # What is escaped is none of what is hidden.
    runs = re.compile(rf"([{re.escape(''.join(sorted(hidden)))}])\1*")
    return Markup(runs.sub(show, str(escape(text))))  # noqa: S704 - both parts are escaped


def hash_text(text: str) -> Markup:
    """``text`` with what can't be seen made visible and each digest in it in groups of four.

    A line may break between groups and never inside one. The groups are set apart by the style
    sheet, so that what is copied is the digest as it was.
    """
    parts: list[Markup] = []
    end = 0
    for found in _HASH.finditer(text):
        parts.append(visible_text(text[end : found.start()]))
        end = found.end()
        for start in range(0, len(found[0]), 4):
            group = found[0][start : start + 4]
            parts.append(Markup('<span class="group">{}</span><wbr>').format(group))
    parts.append(visible_text(text[end:]))
    return Markup("").join(parts)


def plain_name(name: str) -> str:
    """The same for an attribute or a title, as text."""
    return "".join(map(_plain, name))


def _visible(character: str) -> Markup:
    shown = _plain(character)
    return escape(character) if shown == character else _control(shown, character)


def _plain(character: str) -> str:
    """``character``, or what stands for it where it can't be seen: ``␊``, ``U+202E``."""
    if character == "\x7f":
        return "␡"
    if ord(character) < 0x20:
        return chr(0x2400 + ord(character))
    if unicodedata.category(character) in _INVISIBLE:
        return f"U+{ord(character):04X}"
    return character


def _control(shown: str, character: str) -> Markup:
    return Markup('<span class="ctl" title="U+{code}">{shown}</span>').format(
        code=f"{ord(character):04X}", shown=shown
    )

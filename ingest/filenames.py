"""What a file name tells: officer, recorder, time and mark, by the pattern table of the trade.

Rules only, no I/O. A name that fits no pattern is never refused; it goes to manual assignment.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from custody.codes import MAX_CODE_CHARACTERS, find_code

#: Longer names are not looked at; a file system gives 255 bytes at most.
MAX_NAME_CHARACTERS = 512
#: Digits that give a year outside are a number, not a time. 1970 stays in: it is what a recorder
#: writes after its battery has been empty.
FIRST_YEAR, LAST_YEAR = 1970, 2199


@dataclass(frozen=True, slots=True)
class FilenamePattern:
    """One row of the table. The groups that count: device, officer, ts, seq, mark."""

    name: str
    expression: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class ParsedName:
    """What one name said.

    ``officer`` and ``recorder`` are in their normal form (`custody.codes`). ``recorded_at`` is the
    recorder's own time, made UTC, never corrected.
    """

    pattern: str
    officer: str | None
    recorder: str | None
    recorded_at: datetime | None
    sequence: int | None
    important: bool


def compile_patterns(table: Iterable[tuple[str, str]]) -> tuple[FilenamePattern, ...]:
    """A pattern table from (name, regular expression) rows, tried in this order.

    Case is ignored, ``\\d`` and ``\\w`` are ASCII. Raises `re.error` for a bad expression.
    """
    flags = re.IGNORECASE | re.ASCII
    return tuple(FilenamePattern(name, re.compile(text, flags)) for name, text in table)


#: As seen in the wild: GA/T 947 (index and name), DSJ recorders, other brands, phones, counters.
#: Each repetition stands between characters it can't match itself, so none backtracks badly.
DEFAULT_PATTERNS = compile_patterns(
    (
        (
            "gat_index",
            (
                r"(?P<unit>\d{8})_?(?P<device>\d{20})(?P<ts>\d{14})(?P<kind>\d{2})(?P<mark>\d{2})"
                r"(?P<import_ts>\d{14})(?P<seq>\d{4,6})(?:\.\w{2,4})?"
            ),
        ),
        (
            "gat_name",
            (
                r"(?P<device>[A-Z0-9]{7})_(?P<officer>[A-Z0-9]{6})_(?P<ts>\d{8}_?\d{6})"
                r"(?:_(?P<seq>\d{3,4}))?(?P<mark>_(?:IMP|SOS))?\.\w{2,4}"
            ),
        ),
        (
            "dsj",
            (
                r"(?P<device>DSJ-?[A-Z0-9]+(?:-[A-Z0-9]+)*)_(?P<officer>[A-Z0-9]{4,12})"
                r"_(?P<ts>\d{8}_?\d{6})(?:_(?P<seq>\d{1,5}))?(?P<mark>_IMP)?\.\w{2,4}"
            ),
        ),
        (
            "brand",
            (
                r"(?P<brand>[A-Z]+)_(?P<device>[^_]+)_(?P<officer>[^_]+)_(?P<ts>\d{8}_\d{6})"
                r"(?P<mark>_IMP)?\.\w{2,4}"
            ),
        ),
        (
            "plain_time",
            (
                r"(?:VID|IMG|AUD|REC|MOV|PIC)?_?"
                r"(?P<ts>\d{4}-?\d{2}-?\d{2}[ _T-]?\d{2}[-:]?\d{2}[-:]?\d{2})"
                r"(?:[_-]?(?P<seq>\d{1,4}))?(?P<mark>_?IMP)?\.\w{2,4}"
            ),
        ),
        ("counter", r"(?:FILE|MOV|VID|DSC|IMG|REC)?_?(?P<seq>\d{3,6})\.\w{2,4}"),
    )
)


def parse_filename(
    name: str, zone: tzinfo, patterns: tuple[FilenamePattern, ...] = DEFAULT_PATTERNS
) -> ParsedName | None:
    """The first pattern that fits ``name`` whole, or None. Never raises, whatever the string.

    ``zone`` is where the recorders' clocks are set. A pattern whose time is no date of the
    calendar, or whose codes can't be printed or are too long, does not fit; the next is tried.
    What stands in the place of a code and may be several (a space in it) names nobody.
    """
    if len(name) > MAX_NAME_CHARACTERS:
        return None
    for pattern in patterns:
        match = pattern.expression.fullmatch(name)
        parsed = _read(pattern.name, match.groupdict(), zone) if match else None
        if parsed is not None:
            return parsed
    return None


def _read(pattern: str, groups: dict[str, str | None], zone: tzinfo) -> ParsedName | None:
    recorder, officer = groups.get("device"), groups.get("officer")
    if not all(_is_code(code) for code in (recorder, officer) if code is not None):
        return None
    recorded_at = None
    if (stamp := groups.get("ts")) is not None:
        recorded_at = _recorded_at(stamp, zone)
        if recorded_at is None:
            return None
    sequence = groups.get("seq")
    return ParsedName(
        pattern=pattern,
        officer=None if officer is None else find_code(officer),
        recorder=None if recorder is None else find_code(recorder),
        recorded_at=recorded_at,
        sequence=int(sequence) if sequence else None,
        # Where the mark is a number (gat_index), "00" says that the key was not pressed.
        important=groups.get("mark") not in {None, "", "00"},
    )


def _is_code(text: str) -> bool:
    return 0 < len(text) <= MAX_CODE_CHARACTERS and text.isprintable() and text == text.strip()


def _recorded_at(stamp: str, zone: tzinfo) -> datetime | None:
    digits = re.sub(r"\D", "", stamp)
    try:
        local = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if FIRST_YEAR <= local.year <= LAST_YEAR else None


def decode_name(raw: bytes) -> str:
    """A file name as readable text: UTF-8, else GB18030 (recorders from before), else escapes.

    The result can always be stored: no NUL (PostgreSQL) and no lone surrogate.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
            text.encode("utf-8")
        except UnicodeError:
            continue
        return text.replace("\x00", "\\x00")
    return raw.decode("ascii", errors="backslashreplace").replace("\x00", "\\x00")

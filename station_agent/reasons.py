"""Why a file is not archived: codes in the journal, words for people, names made visible."""

import os
import re

EMPTY = "empty"
UNREADABLE = "unreadable"
READ_ERROR = "read_error"
VANISHED = "vanished"
CHANGED = "changed_while_read"
NOT_REGULAR = "not_a_regular_file"
SERVER_REFUSED = "server_refused"
DIGEST_MISMATCH = "digest_mismatch"
INTERRUPTED = "interrupted"
SERVER_ERROR = "server_error"
SERVER_FULL = "server_full"
NOT_WATCHED = "not_watched"
UPLOAD_GONE = "upload_gone"
BYTES_NEEDED = "bytes_needed"
RECEIPT_WRONG = "receipt_wrong"
MISNAMED = "misnamed"
STATION_REFUSED = "station_refused"
MANIFEST_LOST = "manifest_lost"
LOG_ROLLED_BACK = "log_rolled_back"
UNFORESEEN = "unforeseen"

#: What the administrator has to hear of: the archive can't be believed about a file.
ALARMING = frozenset({RECEIPT_WRONG, MISNAMED})

#: Skipped entries of a folder (never opened), as the manifest and the display name them.
SYMLINK = "symlink"
FIFO = "fifo"
SOCKET = "socket"
DEVICE = "device"
FOLDER = "folder"
IGNORED = "ignored"
OWN = "station_home"

SEPARATOR = os.sep.encode()
_MARKED = re.compile(rb"(?:_(?:IMP|SOS)|(?<=[0-9])IMP)(?:\.[^.]*)?$", re.IGNORECASE)


def base_name(path: bytes) -> bytes:
    """The last part of a path, as raw as it came."""
    return path.rsplit(SEPARATOR, 1)[-1]


def is_marked(path: bytes) -> bool:
    """Whether the recorder's key for "important" left its mark in the name (domain.md)."""
    return _MARKED.search(base_name(path)) is not None


def visible(name: bytes) -> str:
    r"""A name as one line of printable text: UTF-8, else GBK, else bytes as ``\xNN``.

    Control characters become their pictures (``␊``), format and other unprintable characters
    (direction overrides among them) ``U+NNNN``; a space stays a space.
    """
    for encoding in ("utf-8", "gb18030"):
        try:
            text = name.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = name.decode("utf-8", "backslashreplace")
    return printable(text)


def printable(text: str) -> str:
    """What others said (the server, a file that anybody may have written), as one line in which
    nothing moves the cursor of a terminal; the characters become what `visible` makes of them.

    Everything from outside passes here before it is printed, stored or logged.
    """
    if text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return character if character.isprintable() else f"U+{code:04X}"


def compose(reason: str, detail: str = "") -> str:
    """The one string the journal keeps: the code, and what the system or the server said."""
    return f"{reason}: {printable(detail)}" if detail else reason


def described(error: Exception) -> str:
    """An error that nobody foresaw, for the reason it becomes."""
    return printable(f"{type(error).__name__}: {error}")


def code_of(reason: str) -> str:
    """The code at the head of a composed reason."""
    return reason.split(":", 1)[0]

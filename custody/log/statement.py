"""Statements: signed notes over a title line, which says the kind, and a line of canonical JSON."""

from collections.abc import Mapping, Sequence

from custody.log.canonical import Json, canonical_json, parse_canonical
from custody.log.errors import NoteError
from custody.log.note import NoteSigner, NoteVerifier, open_note, sign_note

_MARKS = (b",", b"[", b"{")


def sign_statement(
    title: str,
    value: Mapping[str, Json],
    signer: NoteSigner,
    *,
    max_bytes: int,
    max_marks: int | None = None,
) -> str:
    """The signed statement. Raises `LogError` if it has no canonical form or grows too long."""
    line = canonical_json(value)
    _check_marks(line, max_marks)
    note = sign_note(f"{title}\n{line.decode()}\n", [signer])
    if len(note.encode()) > max_bytes:
        raise NoteError(f"longer than {max_bytes} bytes")
    return note


def open_statement(
    note: str | bytes,
    title: str,
    verifier: NoteVerifier | Sequence[NoteVerifier],
    *,
    max_bytes: int,
    max_marks: int | None = None,
) -> Json:
    """What ``verifier``, or any of several, states in a note of this kind. Raises `LogError`.

    ``max_marks`` bounds the memory that a long one takes: no value comes without a comma or an
    opening bracket before it, and 3 bytes of ``[],`` make an object of 64.
    """
    # 1. A key has signed it.
    verifiers = [verifier] if isinstance(verifier, NoteVerifier) else verifier
    text = open_note(note, verifiers, max_bytes=max_bytes).text
    # 2. It is of this kind: the title and one line.
    first, *lines = text.split("\n")
    if first != title or len(lines) != 2 or lines[1]:
        raise NoteError(f"not {title!r} and one line")
    # 3. The line is canonical JSON, and of no more values than there may be.
    line = lines[0].encode()
    _check_marks(line, max_marks)
    return parse_canonical(line)


def _check_marks(line: bytes, most: int | None) -> None:
    if most is not None and sum(line.count(mark) for mark in _MARKS) > most:
        raise NoteError(f"more than {most} commas and opening brackets")

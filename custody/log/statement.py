"""Statements: signed notes over a title line, which says the kind, and a line of canonical JSON."""

from collections.abc import Mapping

from custody.log.canonical import Json, canonical_json, parse_canonical
from custody.log.errors import NoteError
from custody.log.note import NoteSigner, NoteVerifier, open_note, sign_note


def sign_statement(
    title: str, value: Mapping[str, Json], signer: NoteSigner, *, max_bytes: int
) -> str:
    """The signed statement. Raises `LogError` if it has no canonical form or grows too long."""
    note = sign_note(f"{title}\n{canonical_json(value).decode()}\n", [signer])
    if len(note.encode()) > max_bytes:
        raise NoteError(f"longer than {max_bytes} bytes")
    return note


def open_statement(
    note: str | bytes, title: str, verifier: NoteVerifier, *, max_bytes: int
) -> Json:
    """What ``verifier`` states in a note of this kind. Raises `LogError`."""
    # 1. The key has signed it.
    text = open_note(note, [verifier], max_bytes=max_bytes).text
    # 2. It is of this kind: the title and one line.
    first, *lines = text.split("\n")
    if first != title or len(lines) != 2 or lines[1]:
        raise NoteError(f"not {title!r} and one line")
    # 3. The line is canonical JSON.
    return parse_canonical(lines[0].encode())

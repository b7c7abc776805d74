"""What counts as a purpose: the words under which evidence is opened. Rules without I/O."""

from custody.errors import PurposeMissingError, PurposeTooLongError
from custody.readable_text import is_visible

MAX_PURPOSE_CHARACTERS = 500


def read_purpose(text: str) -> str:
    """The purpose as it goes into the log: trimmed, NUL made visible (PostgreSQL has no place
    for it).

    Raises `PurposeMissingError` where nothing in it can be seen, and `PurposeTooLongError`.
    """
    purpose = text.replace("\x00", "\ufffd").strip()
    if not is_visible(purpose):
        raise PurposeMissingError
    if len(purpose) > MAX_PURPOSE_CHARACTERS:
        raise PurposeTooLongError(f"at most {MAX_PURPOSE_CHARACTERS} characters")
    return purpose

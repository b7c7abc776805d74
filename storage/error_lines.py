"""What a foreseen error says in one line of a log; tracebacks are for mistakes of ours."""

from sqlalchemy.exc import DBAPIError

_MOST = 300


def line_of(error: Exception) -> str:
    """Name and message in one printable line. Of what a database says: its own words, without the
    statement and its values."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = f"{type(said).__name__}: {said}"
    return "".join(one if one.isprintable() else " " for one in text)[:_MOST]

"""How PostgreSQL says that a database takes nothing, though it can be read."""

from sqlalchemy.exc import DBAPIError

#: Its word (SQLSTATE) for a transaction that may only read.
_READ_ONLY = "25006"


def is_read_only(error: BaseException) -> bool:
    """Whether ``error`` says that the database can't be written at the moment.

    An administrator sets it so, or the server is a standby that follows another.
    """
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == _READ_ONLY

"""What can go wrong with bytes and rows; the docstring is the message."""


class StorageError(Exception):
    """The storage layer could not do what was asked."""

    def __str__(self) -> str:
        message = " ".join((type(self).__doc__ or "").split())
        detail = super().__str__()
        return f"{message} ({detail})" if detail else message


class ObjectExistsError(StorageError):
    """An object already stands under this key and objects are written once."""


class ObjectNotFoundError(StorageError):
    """No object stands under this key."""


class ObjectLockedError(StorageError):
    """The object is under retention and can't be removed yet."""


class StoreFullError(StorageError):
    """There is no room left on the disk that should hold the bytes."""


class StoreUnavailableError(StorageError):
    """The object store does not answer or refuses us; nothing was changed."""


class DatabaseReplacedError(StorageError):
    """The database's file is not the one this service opened: it was replaced, moved or deleted."""


class DatabaseUnreadableError(StorageError):
    """The database's file can't be read."""


class ReadOnlyError(StorageError):
    """This was opened to be read only, so nothing is written."""


class SchemaUnknownError(StorageError):
    """The database holds our tables under no version that this program knows; verify everything,
    then put back alembic_version or a copy of the database."""


class StagingBusyError(StorageError):
    """Another request is writing to this upload."""


class StagingUnusableError(StorageError):
    """Something that is no regular file stands where an upload is staged; remove it."""


class StagingMissingError(StorageError):
    """The staged bytes of this upload are not there."""

"""Reading small objects of the log without letting one bad sector end the run."""

from collections.abc import Iterator

from custody.said import said
from custody.verification.findings import Unchecked, VerificationImpossibleError
from custody.verification.reports import Report
from storage.errors import ObjectNotFoundError, StorageError
from storage.objects import ObjectStore


class UnreadableError(Exception):
    """This one object can't be read; that is in the report already and says nothing about it."""


class LogObjects:
    """Objects under ``log/``; what can't be read is noted in the report once."""

    def __init__(self, store: ObjectStore, report: Report) -> None:
        self._store = store
        self._report = report
        self._noted: set[str] = set()

    def find(self, key: str) -> bytes | None:
        """The bytes, or None where there is no such object.

        Raises `UnreadableError`, and `VerificationImpossibleError` if the store does not answer.
        """
        try:
            return self._store.read_bytes(key)
        except ObjectNotFoundError:
            return None
        except (StorageError, OSError) as error:
            ensure_available(self._store)
            if key not in self._noted:
                self._noted.add(key)
                self._report.unchecked.append(Unchecked(key, said("unreadable", error=error)))
            raise UnreadableError(key) from error

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys under ``prefix``, in order. Raises `VerificationImpossibleError`."""
        try:
            for stat in self._store.list(prefix):
                yield stat.key
        except (StorageError, OSError) as error:
            raise VerificationImpossibleError(str(error)) from error


def ensure_available(store: ObjectStore) -> None:
    """Raise `VerificationImpossibleError` unless the store answers, so that one object is bad."""
    try:
        store.check()
    except (StorageError, OSError) as error:
        raise VerificationImpossibleError(str(error)) from error

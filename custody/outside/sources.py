"""Where a log is read from: a folder (a mirror, a copied home), or its address."""

import http.client
import ssl
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from custody.log.entry import MAX_ENTRY_BYTES
from custody.log.tiles import WIDTH
from custody.outside.errors import SourceError, SourceMissingError
from storage.regular_files import open_regular_file

#: A full bundle of the longest entries.
MAX_FILE_BYTES = WIDTH * (MAX_ENTRY_BYTES + 2)
TIMEOUT_S = 30.0


class Source(Protocol):
    """The static files of one log, by their C2SP names."""

    def fetch(self, path: str) -> bytes:
        """The bytes of ``checkpoint`` or ``tile/…``.

        Raises `SourceMissingError` where there are none, `SourceError` where that can't be told.
        """
        ...


class FolderSource:
    """A folder with ``checkpoint`` and ``tile/`` in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fetch(self, path: str) -> bytes:
        try:
            descriptor = open_regular_file(self._folder / path, 0)
            with open(descriptor, "rb") as reader:  # noqa: PTH123 - a descriptor is no path
                return _bounded(reader.read(MAX_FILE_BYTES + 1), path)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SourceMissingError(path) from error
        except OSError as error:
            raise SourceError(f"{path}: {error}") from error


class HttpSource:
    """A log under an address such as ``https://archive.example/log``; one kept-alive connection.

    Redirects are not followed. Raises `SourceError` for an address that is none.
    """

    def __init__(self, address: str, *, ca_file: Path | None = None) -> None:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise SourceError(f"{address}: {error}") from error
        if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment:
            raise SourceError(f"{address}: an address begins with http:// or https://")
        self._address = address
        self._prefix = parts.path.rstrip("/")
        self._http: http.client.HTTPConnection
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=ca_file)
            self._http = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
        else:
            self._http = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)

    def close(self) -> None:
        """Hang up; another `fetch` would connect anew."""
        self._http.close()

    def fetch(self, path: str) -> bytes:
        # A kept connection may have been closed by the other side: then once more on a new one.
        for attempt in (1, 2):
            kept = self._http.sock is not None
            try:
                self._http.request("GET", f"{self._prefix}/{path}")
                with self._http.getresponse() as answer:
                    data = answer.read(MAX_FILE_BYTES + 1)
                    status = answer.status
            except (OSError, http.client.HTTPException) as error:
                self._http.close()
                if kept and attempt == 1:
                    continue
                raise SourceError(f"{self._address}/{path}: {error}") from error
            break
        if len(data) > MAX_FILE_BYTES:
            self._http.close()
        if status == 404:
            raise SourceMissingError(f"{self._address}/{path}")
        if status != 200:
            raise SourceError(f"{self._address}/{path}: answered {status}")
        return _bounded(data, path)


def source_of(place: str) -> Source:
    """The source at an address or in a folder. Raises `SourceError`."""
    if "://" in place:
        return HttpSource(place)
    folder = Path(place)
    if not folder.is_dir():
        raise SourceError(f"{place}: no folder and no address")
    return FolderSource(folder)


def _bounded(data: bytes, path: str) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise SourceError(f"{path}: longer than any file of a log")
    return data

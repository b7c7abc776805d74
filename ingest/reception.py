"""The bytes of one request on their way into staging, hashed as they come."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from ingest.digests import DigestPair
from ingest.errors import ChecksumMismatchError, UploadTooLargeError
from ingest.uploads import Upload
from storage.staging import StagedFile

#: How much may come before it is made durable and the upload's offset moved, in bytes.
DURABLE_EVERY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Checksum:
    """What a request says of its own bytes (tus checksum extension); a name that hashlib knows."""

    algorithm: str
    digest: bytes


class Reception:
    """One request's bytes; used by one thread at a time.

    ``move_offset`` writes the upload's offset into its row and commits. It is called only with
    what is durable, so after a crash at any moment the row says no more than what is there.
    """

    def __init__(
        self,
        upload: Upload,
        staged: StagedFile,
        digests: DigestPair,
        checksum: Checksum | None,
        move_offset: Callable[[int], None],
    ) -> None:
        self.upload = upload
        self.staged = staged
        self.digests = digests
        self.durable_offset = upload.offset_bytes
        #: The upload was admitted or refused; nothing of this reception is needed any more.
        self.is_settled = False
        self._is_broken = False
        self._move_offset = move_offset
        self._checksum = checksum
        self._own = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None

    @property
    def is_complete(self) -> bool:
        """All bytes of the upload are here and durable; what is left is to admit it."""
        return self.durable_offset == self.upload.size_bytes

    def write(self, chunks: list[bytes]) -> None:
        """Take the next bytes; durable every 64 MiB, unless a checksum must speak for them first.

        Raises `UploadTooLargeError`, `StoreFullError` and what the database raises; then nothing
        beyond `durable_offset` counts, and what was handed over behind it is passed over.
        """
        if self._is_broken:
            return
        try:
            self._take(chunks)
        except BaseException:
            self._is_broken = True
            raise

    def _take(self, chunks: list[bytes]) -> None:
        data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
        if self.staged.size + len(data) > self.upload.size_bytes:
            raise UploadTooLargeError(f"{self.upload.size_bytes} bytes were announced")
        self.staged.write(data)
        self.digests.update(data)
        if self._own is not None:
            self._own.update(data)
        elif self.staged.size - self.durable_offset >= DURABLE_EVERY_BYTES:
            self._make_durable()

    def end(self, *, whole: bool) -> None:
        """The request is over: ``whole``, or cut off because its sender went away.

        What has come is kept, but where a checksum speaks for a request, all of it or nothing.
        Raises `ChecksumMismatchError`.
        """
        if self._own is not None and self._checksum is not None:
            if not whole:
                return
            if not compare_digest(self._own.digest(), self._checksum.digest):
                raise ChecksumMismatchError
        self._make_durable()

    def _make_durable(self) -> None:
        if self.staged.size > self.durable_offset:
            self.staged.sync()
            self._move_offset(self.staged.size)
            self.durable_offset = self.staged.size

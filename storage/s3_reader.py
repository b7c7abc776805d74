"""An object of S3 as a stream that picks itself up when the connection breaks."""

import io
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError

from storage.s3_client import S3Settings, speaking

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from botocore.response import StreamingBody
    from mypy_boto3_s3.client import S3Client

#: How often one stream is taken up again without a byte in between, after pauses of 1, 2, 4 s.
RESUMES = 3
PAUSE_S = 1.0


class S3Reader(io.RawIOBase):
    """Reads one version of an object from byte ``start`` on, at most ``length`` bytes.

    Raises `ObjectNotFoundError` when it is made, `StoreUnavailableError` then and later.
    """

    def __init__(
        self,
        client: "S3Client",
        settings: S3Settings,
        name: str,
        start: int,
        length: int | None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._name = name
        self._position = start
        self._end = None if length is None else start + length
        self._etag: str | None = None
        self._body: StreamingBody | None = None
        self._body = self._request()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        with speaking(self._settings, self._name):
            data = self._read(len(view))
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, size: int) -> bytes:
        failures = 0
        while True:
            if self._body is None:
                self._body = self._request()
            try:
                return self._body.read(size)
            except BotoCoreError:
                self._drop()
                if failures == RESUMES:
                    raise
                time.sleep(PAUSE_S * 2**failures)
                failures += 1

    def _request(self) -> "StreamingBody":
        options: dict[str, Any] = {}
        if self._position or self._end is not None:
            last = "" if self._end is None else str(self._end - 1)
            options["Range"] = f"bytes={self._position}-{last}"
        if self._etag is not None:
            options["IfMatch"] = self._etag  # the same bytes, or none
        with speaking(self._settings, self._name):
            answer = self._client.get_object(
                Bucket=self._settings.bucket, Key=self._name, **options
            )
        self._etag = answer["ETag"]
        return answer["Body"]

    def close(self) -> None:
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
